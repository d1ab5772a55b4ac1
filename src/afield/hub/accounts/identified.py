"""ASGI: finds out who sends a request, before any route is asked."""

from __future__ import annotations

from afield.hub.accounts.errors import CrossSite
from afield.hub.accounts.who import Who
from afield.hub.asgi import App, Receive, Scope, Send, problem


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
            except CrossSite as error:
                await problem(send, error.status, error.code, error.message)
                return
        await self._app(scope, receive, send)
