"""Connections of clients that send or read so slowly that they only hold a place.

uvicorn waits for ever for the head of a request, for its body, and for a client to read. Here a
connection is looked at now and then, and ended when it has not come on since. What costs the
server time is its own matter: streams of news and long answers go on.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

WINDOW_S = 20.0
"""A head has to be whole before two looks have passed; they are this far apart."""

BODY_BYTES_MIN = 1024
"""So much of a body has to come between two looks, if the server has room for it."""

STUCK_LOOKS = 3
"""After so many looks at which a client had read nothing of what waits for it, it is gone."""


def patient(window_s: float = WINDOW_S) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol for HTTP, with connections looked at every `window_s`."""

    class Patient(AutoHTTPProtocol):  # type: ignore[misc, valid-type] # h11's or httptools'
        """One connection."""

        def connection_made(self, transport: Any) -> None:
            """Begin to look."""
            super().connection_made(transport)
            self._heard_bytes = 0
            self._cycle_before: Any = None
            self._unread_before = 0
            self._stuck = 0
            self._timer = self.loop.call_later(window_s, self._look)

        def data_received(self, data: bytes) -> None:
            """Count what comes."""
            self._heard_bytes += len(data)
            super().data_received(data)

        def connection_lost(self, exc: Exception | None) -> None:
            """Look no more."""
            self._timer.cancel()
            super().connection_lost(exc)

        def _look(self) -> None:
            cycle, heard = self.cycle, self._heard_bytes
            is_same = cycle is self._cycle_before
            self._cycle_before, self._heard_bytes = cycle, 0
            if is_same and (_no_head(cycle) or (_no_body(self, cycle) and heard < BODY_BYTES_MIN)):
                self.transport.abort()
                return
            unread = self.transport.get_write_buffer_size() if self.flow.write_paused else 0
            self._stuck = self._stuck + 1 if unread and unread == self._unread_before else 0
            self._unread_before = unread
            if self._stuck >= STUCK_LOOKS:
                self.transport.abort()
                return
            self._timer = self.loop.call_later(window_s, self._look)

    return Patient


def _no_head(cycle: Any) -> bool:
    """Tell whether the next request has not come whole to the end of its head."""
    return cycle is None or cycle.response_complete


def _no_body(connection: Any, cycle: Any) -> bool:
    """Tell whether more of a body is to come, and the server would take it."""
    waits = cycle.more_body and not connection.flow.read_paused
    return bool(waits and not cycle.waiting_for_100_continue)
