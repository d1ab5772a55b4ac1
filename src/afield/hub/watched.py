"""Every request, seen from outside: counted, written into the log, and traced when asked.

The outermost layer of the app. Paths are written without their query: that is where people put
tokens. Nothing here answers, or changes an answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import Protocol

from afield.hub.asgi import App, Message, Receive, Scope, Send
from afield.hub.counts import Counts

ACCESS = logging.getLogger("afield.hub.access")
_CLOSED = 499
"""What proxies log when the client has gone before the answer began."""


class Seen(Protocol):
    """A request that is being traced."""

    def answered(self, status: int) -> None:
        """Note the status of the answer."""
        ...


Tracing = Callable[[Scope], AbstractContextManager[Seen]]


class Watched:
    """Counts, logs and traces what passes.

    Args:
        app: what answers.
        counts: of this worker.
        tracing: begins a span; None: nobody asked for traces.
    """

    def __init__(self, app: App, counts: Counts, tracing: Tracing | None = None) -> None:
        self._app = app
        self._counts = counts
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, and note what came of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["afield.counts"] = self._counts
        begun = perf_counter()
        status, sent_bytes = _CLOSED, 0

        async def noted(message: Message) -> None:
            nonlocal status, sent_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                sent_bytes += len(message.get("body", b""))
            await send(message)

        path = scope["path"]  # before a mount takes its part of it
        self._counts.begin()
        try:
            with nullcontext() if self._tracing is None else self._tracing(scope) as span:
                try:
                    await self._app(scope, receive, noted)
                finally:
                    if span is not None:
                        span.answered(status)
        finally:
            took_s = perf_counter() - begun
            self._counts.end(path, scope["method"], status, took_s, sent_bytes)
            if ACCESS.isEnabledFor(logging.INFO):
                _log(scope, path, status, took_s, sent_bytes)


def _log(scope: Scope, path: str, status: int, took_s: float, sent_bytes: int) -> None:
    caller = scope.get("afield.caller")
    client = scope.get("client")
    ACCESS.info(
        "%s %s %d",
        scope["method"],
        path,
        status,
        extra={
            "http": {
                "method": scope["method"],
                "path": path,
                "status": status,
                "took_ms": round(took_s * 1000, 2),
                "sent_bytes": sent_bytes,
                "client": client[0] if client else None,
                "member": getattr(caller, "member", None),
            }
        },
    )
