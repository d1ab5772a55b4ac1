"""Names for ASGI's own shapes, and the one answer that may be needed before any route is known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

import msgspec

from afield.members.caller import Caller

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PROBLEM = "application/problem+json"


class AsCaller:
    """Says of every request who sends it.

    Args:
        app: what answers; it refuses whoever nobody has named.
        caller: the one.
    """

    def __init__(self, app: App, caller: Caller) -> None:
        self._app = app
        self._caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        scope["afield.caller"] = self._caller
        await self._app(scope, receive, send)


class Problem(msgspec.Struct, omit_defaults=True):
    """A refusal as RFC 9457 writes it.

    Attributes:
        title: what failed, for people.
        status: the HTTP status.
        code: the stable name of the kind of fault, as `kernel.errors` gives it.
        detail: why, with the value.
        hint: what to do, when there is something.
        type: always `about:blank`: `code` tells the kinds apart.
    """

    title: str
    status: int
    code: str
    detail: str | None = None
    hint: str | None = None
    type: str = "about:blank"


async def problem(
    send: Send, status: int, code: str, detail: str | None = None, hint: str | None = None
) -> None:
    """Answer with a problem document."""
    body = msgspec.json.encode(Problem(HTTPStatus(status).phrase, status, code, detail, hint))
    headers = [
        (b"content-type", PROBLEM.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
