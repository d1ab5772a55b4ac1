"""How a request becomes a call of a handler: decode, ask who may, run in a thread, encode.

Plain ASGI, since these are hot paths; a fault of ours is one line in the log and a JSON answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from afield.kernel.errors import AfieldError
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.mlflow_rest.decode import Query, decode, read_body
from afield.mlflow_rest.errors import INTERNAL, UNKNOWN, Rest, to_rest
from afield.runs.served.writer import Served
from afield.workspace.hosted import Hosted
from afield.workspace.workspace import Workspace

PUBLIC = "public"
"""Stands in place of an action where everybody may ask, known or not."""

CALLER = "afield.caller"
"""Where whoever knows the caller puts it into a request's scope."""

UNKEPT = "afield.unkept"
"""Stands in a request's scope once its client was told something else than was answered."""

log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Call:
    """What a handler is handed beside the message.

    Attributes:
        workspace: the tables as of now, for this thread alone.
        served: the runs that this server records.
        caller: who asks.
        path: the parts of the path that the route names.
        headers: the request's.
        after: called when the answer is on its way to the client: True if it can be.
    """

    workspace: Workspace
    served: Served
    caller: Caller
    path: Mapping[str, str]
    headers: Mapping[str, str]
    after: list[Callable[[bool], None]] = field(default_factory=list)

    def need(self, action: Action, project: str | None) -> None:
        """Do nothing when the caller may do something.

        Raises:
            ActionNotAllowed: the caller may not.
        """
        self.caller.need(action, project)

    def now_ms(self) -> int:
        """Return the wall clock in Unix milliseconds."""
        return self.served.record.now_ms()

    def append(self, *drafts: Any) -> None:
        """Append entries on behalf of the caller; durable soon."""
        if drafts:
            self.served.record.journal.append_many(drafts, by=self.caller.member)
            self.workspace.catch_up()


Handler = Callable[[Call, Any], Any]


@dataclass(frozen=True, slots=True)
class Rpc:
    """One call of the protocol.

    Attributes:
        method: of HTTP.
        path: behind `/api/2.0`, with `{names}` of its parts.
        action: what the caller does; the handler asks for the project, once it is known.
        message: what the request is decoded to.
        handler: answers with a struct, or with None for an empty object.
        versions: the API's versions that have it.
        quick: tells of a message that it is answered sooner than a thread is woken.
        other: another action that lets in, too; which one is needed is the handler's to say.
    """

    method: str
    path: str
    action: Action
    message: type[msgspec.Struct]
    handler: Handler
    versions: tuple[str, ...] = ("2.0",)
    quick: Callable[[Any], bool] | None = None
    other: Action | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """A route that reads or writes streams; its `endpoint` is ASGI and answers for itself.

    `action` None means that everybody may ask.
    """

    method: str
    path: str
    action: Action | None
    endpoint: ASGIApp
    versions: tuple[str, ...] = ("2.0",)


def starlette_route(path: str, rpc: Rpc | Raw, hosted: Hosted, served: Served) -> Route:
    """Return a route that carries its action, for whoever walks all routes."""
    app = _asked(rpc) if isinstance(rpc, Raw) else _endpoint(rpc, hosted, served)
    app = guarded(app)
    route = Route(path, app, methods=[rpc.method])
    route.methods = {rpc.method}
    route.afield_action = PUBLIC if rpc.action is None else rpc.action  # type: ignore[attr-defined]
    return route


def caller_of(scope: MutableMapping[str, Any]) -> Caller:
    """Return who asks, as somebody before us found out.

    Raises:
        Rest: nobody did, or found that it is nobody that is known.
    """
    found = scope.get(CALLER)
    if not isinstance(found, Caller):
        raise Rest(UNKNOWN, "log in first: send a token, as MLFLOW_TRACKING_TOKEN says it")
    return found


class guarded:  # noqa: N801 - an ASGI middleware that is used like a function
    """Answers whatever goes wrong inside as MLflow's client expects it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            await self._app(scope, receive, send)
        except AfieldError as error:
            await send_error(to_rest(error), send)
        except OSError as error:
            log.exception("the disk refused")
            await send_error(Rest(INTERNAL, f"the disk refused: {error.strerror}"), send)
        except Exception:
            log.exception("a bug of ours in %s %s", scope["method"], scope["path"])
            await send_error(Rest(INTERNAL, "a bug of the server; its log has more"), send)


async def send_error(error: Rest, send: Send) -> None:
    """Send an error."""
    body = _encode({"error_code": error.error, "message": error.message})
    asks = ((b"www-authenticate", b'Basic realm="afield"'),) if error.error == UNKNOWN else ()
    await send_json(body, send, *asks, status=error.status)


async def send_json(body: bytes, send: Send, *more: tuple[bytes, bytes], status: int = 200) -> None:
    """Send a JSON answer, with `more` headers."""
    headers = [
        *more,
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _asked(raw: Raw) -> ASGIApp:
    """Return the endpoint of a route that lets nobody in who may do its action nowhere."""
    action = raw.action
    if action is None:
        return raw.endpoint

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        caller = caller_of(scope)
        if not caller.may_anywhere(action):
            caller.need(action)
        await raw.endpoint(scope, receive, send)

    return endpoint


def _endpoint(rpc: Rpc, hosted: Hosted, served: Served) -> ASGIApp:
    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        caller = caller_of(scope)
        if not caller.may_anywhere(rpc.action) and (
            rpc.other is None or not caller.may_anywhere(rpc.other)
        ):
            caller.need(rpc.action)
        body = await read_body(scope, receive)
        asked = decode(rpc.message, scope, body)
        path = scope.get("path_params", {})
        after: list[Callable[[bool], None]] = []

        def work(workspace: Workspace) -> bytes:
            workspace.catch_up()
            call = Call(workspace, served, caller, path, Query(scope).headers, after)
            found = rpc.handler(call, asked)
            return b"{}" if found is None else _encode(found)

        if rpc.quick is not None and rpc.quick(asked):
            answer = hosted.read_here(work)
        else:
            answer = await hosted.read(work)
        here = not (after and await Request(scope, receive).is_disconnected())
        await send_json(answer, send)
        for each in after:
            each(here and UNKEPT not in scope)

    return endpoint
