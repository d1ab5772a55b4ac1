"""ASGI: finds out who sends a request, before any route is asked, and turns strangers away."""

from __future__ import annotations

from afield.hub.accounts.endpoint import LoginNeeded
from afield.hub.accounts.errors import CrossSite, FactorNeeded
from afield.hub.accounts.who import SAFE, Who
from afield.hub.asgi import App, Receive, Scope, Send, problem
from afield.members.caller import Caller

CONTRACT = "/openapi.json"


class Identified:
    """Puts the caller into the scope as `afield.caller`; None for nobody that is known.

    Args:
        app: what answers.
        who: finds out.
    """

    def __init__(self, app: App, who: Who) -> None:
        self._app = app
        self._who = who

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, or answer 403 to what another site sent."""
        if scope["type"] == "http":
            try:
                scope["afield.caller"] = self._who.identify(scope)
            except (CrossSite, FactorNeeded) as error:
                await problem(send, error.status, error.code, error.message, error.hint)
                return
        await self._app(scope, receive, send)


class Known:
    """Answers 401 to nobody that is known, before a byte of what was sent is read.

    Args:
        app: what answers the others; its contract is for everybody.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request of somebody known on."""
        if scope["type"] == "http" and not isinstance(scope.get("afield.caller"), Caller):
            is_contract = scope["method"] in SAFE and scope["path"].endswith(CONTRACT)
            if not is_contract:
                why = "nobody that is known asks for this"
                await problem(send, 401, LoginNeeded.code, why)
                return
        await self._app(scope, receive, send)
