"""A bound on what a request may carry, for parts of the server that read bodies whole."""

from __future__ import annotations

import contextlib

from afield.hub.asgi import App, Message, Receive, Scope, Send, problem


class TooLarge(Exception):
    """More has come than the bound."""


class Bounded:
    """Answers 413 to a request whose body is larger than a bound, without reading all of it.

    Args:
        app: what answers the others.
        size_bytes_max: the bound.
    """

    def __init__(self, app: App, size_bytes_max: int) -> None:
        self._app = app
        self._max = size_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on that says a size within the bound, or none, and count what comes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not said.isdigit() or int(said) > self._max:
            await self._refuse(send)
            return
        taken, answered = 0, False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._max:
                raise TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal answered
            if taken <= self._max:
                answered = True
                await send(message)
            elif not answered:  # whatever the app makes of it
                answered = True
                await self._refuse(send)

        with contextlib.suppress(TooLarge):
            await self._app(scope, counted, noted)
        if taken > self._max and not answered:
            await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        why = f"its body is larger than {self._max} bytes"
        await problem(send, 413, "http.too_large", why)
