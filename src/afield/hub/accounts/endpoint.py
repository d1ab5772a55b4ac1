"""One route with its action: what is asked of `decide` before its handler runs.

`action` None marks what anybody may call. Every route of this room is made here, so none is
without a decision.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from afield.hub.accounts.who import body_of
from afield.kernel.errors import NotAllowed, Usage
from afield.members.actions import Action
from afield.members.caller import Caller

Handler = Callable[[Request], Awaitable[Response]]
PUBLIC = None
_T = TypeVar("_T")


class LoginNeeded(NotAllowed):
    """Nobody that is known asks for something that not everybody may."""

    code = "accounts.login_needed"
    status = 401


class Endpoint(NamedTuple):
    """A route: method, path in Starlette's form, the action that it needs, what answers.

    `takes` is what `said` reads of the body, for whoever writes the contract down.
    """

    method: str
    path: str
    action: Action | None
    handler: Handler
    takes: type[Any] | None = None


def as_route(endpoint: Endpoint) -> Route:
    """Return a route that asks first; the caller stands in the scope as `afield.caller`.

    The action is needed on the record as a whole, or in any project where that is enough.
    """

    async def ask(request: Request) -> Response:
        if endpoint.action is not None:
            caller_of(request).need(endpoint.action)
        return await endpoint.handler(request)

    route = Route(endpoint.path, ask, methods=[endpoint.method])
    route.afield_action = endpoint.action  # type: ignore[attr-defined] # for who walks all routes
    return route


def caller_of(request: Request) -> Caller:
    """Return who asks.

    Raises:
        LoginNeeded: nobody that is known.
    """
    found = request.scope.get("afield.caller")
    if not isinstance(found, Caller):
        raise LoginNeeded("log in first", why="nobody that is known asks for this")
    return found


async def said(request: Request, type_: type[_T]) -> _T:
    """Return the JSON that came with a request.

    Raises:
        Usage: it is not that.
    """
    try:
        return msgspec.json.decode(await body_of(request.receive), type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Usage("cannot read request", why=str(error)) from None


def answer(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON answer that nobody keeps."""
    plain = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    body = b"" if document is None else msgspec.json.encode(document)
    return Response(body, status, {**plain, **(headers or {})}, media_type="application/json")


def address_of(request: Request) -> str:
    """Return from where a request came, as the server in front of us says."""
    client = request.scope.get("client")
    return str(client[0]) if client else ""
