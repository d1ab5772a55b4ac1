"""Running the app: the socket, the server's loop, and an end that loses no request."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import uvicorn

from afield.hub.app import local_app
from afield.kernel.errors import Busy, Refused
from afield.workspace.hosted import Hosted

PORT = 5151
LOOPBACK = "127.0.0.1"
_BACKLOG = 2048
_STOP_WITHIN_S = 30
_TRIED_PORTS = 20


class PortTaken(Busy):
    """Another program listens where the server should."""

    code = "hub.port_taken"


class HostRefused(Refused):
    """A server without accounts may listen on this machine's own addresses only."""

    code = "hub.host_refused"


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes any that is free.

    Raises:
        HostRefused: others could reach it.
        PortTaken: somebody else has the port.
    """
    if host not in {LOOPBACK, "localhost", "::1"}:
        why = "without accounts the server answers this machine alone"
        raise HostRefused("not started on", host, why, hint="afield hub --help")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name != "nt":  # there it would share a port that is in use
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(_BACKLOG)
    except OSError as error:
        found.close()
        why, hint = error.strerror or str(error), f"afield up --port {_free_after(host, port)}"
        raise PortTaken("not started: port", port, why, hint=hint) from None
    found.setblocking(False)  # noqa: FBT003 - the socket's own signature
    return found


def serve(hosted: Hosted, listener: socket.socket, *, when_ready: Callable[[], None]) -> None:
    """Answer requests until a signal ends it; what was accepted is answered first."""
    config = uvicorn.Config(
        local_app(hosted),
        log_config=None,
        access_log=False,
        lifespan="on",
        server_header=False,
        timeout_graceful_shutdown=_STOP_WITHIN_S,
    )
    server = _Server(config, hosted, when_ready)
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Says when it answers, and tells those who wait for news when it ends."""

    def __init__(
        self, config: uvicorn.Config, hosted: Hosted, when_ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._hosted = hosted
        self._when_ready = when_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._when_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hosted.is_ending = True
        await super().shutdown(sockets)


def _free_after(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port + 1, port + _TRIED_PORTS):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return candidate
    return 0
