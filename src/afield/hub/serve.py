"""Running the app: the socket, one process's loop, and an end that loses no request.

Several processes are `workers.py`'s matter; each of them runs `serve`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import Any

import msgspec
import uvicorn

from afield.hub.app import local_app
from afield.hub.asgi import App
from afield.hub.config import LOOPBACK, HubConfig
from afield.hub.counts import Counts
from afield.hub.logs import set_up_logs
from afield.hub.patience import patient
from afield.hub.spans import asked_for, make_spans
from afield.hub.watched import Watched
from afield.kernel.clock import Clock
from afield.kernel.errors import Busy, Refused
from afield.workspace.hosted import Hosted

PORT = 5151
STOP_WITHIN_S = 30
END_WITHIN_S = STOP_WITHIN_S + 10
"""After the answers: what was logged to ended runs is sealed, and the record signed."""

_BACKLOG = 2048
_TRIED_PORTS = 20
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class PortTaken(Busy):
    """Another program listens where the server should."""

    code = "hub.port_taken"


class HostRefused(Refused):
    """A server without accounts may listen on this machine's own addresses only."""

    code = "hub.host_refused"


class Setup(msgspec.Struct, frozen=True):
    """What a process of the server is started with.

    Attributes:
        workspace: the folder of the record.
        team: the hub's configuration; None: the server of the person at this machine.
        json_logs: whether the log is JSON lines, with every request.
        environ: OpenTelemetry's variables.
        counts: the file in which several processes count; None: there is one.
        workers: how many processes there are.
        database: where in PostgreSQL the tables are; None: in a file.
        clock: the time; None: this machine's.
    """

    workspace: str
    team: HubConfig | None = None
    json_logs: bool = False
    environ: dict[str, str] = {}
    counts: str | None = None
    workers: int = 1
    database: str | None = None
    clock: Clock | None = None


def listen(host: str, port: int, *, team: bool = False) -> socket.socket:
    """Return a socket that listens; port 0 takes any that is free.

    Args:
        host: an address of this machine.
        port: its number.
        team: accounts are asked for, so that others may come.

    Raises:
        HostRefused: others could reach it, and nobody asks who they are.
        PortTaken: somebody else has the port.
    """
    if not team and host not in LOOPBACK:
        why = "without accounts the server answers this machine alone"
        raise HostRefused("not started on", host, why, hint="afield hub --help")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, or asyncio leaves Nagle's algorithm on: each answer would wait 40 ms for an ACK.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name != "nt":  # there it would share a port that is in use
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(_BACKLOG)
    except (OSError, UnicodeError) as error:
        found.close()
        why = getattr(error, "strerror", None) or str(error)
        raise PortTaken("not started: port", port, why, hint=_hint(host, port, team=team)) from None
    found.setblocking(False)  # noqa: FBT003 - the socket's own signature
    return found


def serve(
    setup: Setup,
    listener: socket.socket,
    *,
    when_ready: Callable[[], None],
    worker: int = 0,
    ending: threading.Event | None = None,
) -> None:
    """Answer requests until a signal ends it; what was accepted is answered first.

    Args:
        setup: what to serve.
        listener: where.
        when_ready: called once it answers.
        worker: which of the processes this is, from 0.
        ending: ends it when it is set, as a signal does.
    """
    set_up_logs(json=setup.json_logs)
    with contextlib.ExitStack() as ends:
        hosted = ends.enter_context(
            Hosted(setup.workspace, database=setup.database, clock=setup.clock)
        )
        counts = Counts(setup.counts, worker, setup.workers)
        ends.callback(counts.close)
        spans = make_spans(setup.environ) if asked_for(setup.environ) else None
        if spans is not None:
            ends.callback(spans.close)
        app = Watched(_app(setup, hosted, ends, worker), counts, spans)
        server = Server(_uvicorn(setup, app), hosted, when_ready, ending)
        server.run(sockets=[listener])


def _app(setup: Setup, hosted: Hosted, ends: contextlib.ExitStack, worker: int) -> App:
    if setup.team is None:
        return local_app(hosted)
    from afield.hub.team import team_app  # accounts are not loaded where there are none

    return ends.enter_context(team_app(hosted, setup.team, delivers=worker == 0))


def _uvicorn(setup: Setup, app: App) -> uvicorn.Config:
    more: dict[str, Any] = {"proxy_headers": False}
    team = setup.team
    if team is not None and team.proxy is not None:
        more = {"proxy_headers": True, "forwarded_allow_ips": ",".join(team.proxy.trusted)}
    if team is not None and team.tls is not None:
        more |= {"ssl_certfile": team.tls.certificate, "ssl_keyfile": team.tls.key}
    return uvicorn.Config(
        app,
        http=patient(),
        log_config=None,
        access_log=False,
        lifespan="on",
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=STOP_WITHIN_S,
        **more,
    )


_LATE_S = 0.05


class Server(uvicorn.Server):
    """Says when it answers, and tells those who wait for news when it ends.

    A signal ends it and is not raised again, so that the record is sealed afterwards; a second
    Ctrl-C waits for nobody.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        hosted: Hosted,
        when_ready: Callable[[], None],
        ending: threading.Event | None,
    ) -> None:
        super().__init__(config)
        self._hosted = hosted
        self._when_ready = when_ready
        self._ending = ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if self.started:
            self._when_ready()

    async def on_tick(self, counter: int) -> bool:
        """Look ten times a second whether to go on."""
        if self._ending is not None and self._ending.is_set():
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what was accepted, then stop."""
        self._hosted.is_ending = True
        late = asyncio.create_task(self._end_late())
        try:
            await super().shutdown(sockets)
        finally:
            late.cancel()

    async def _end_late(self) -> None:
        """End connections that were accepted just before the end, after their answer.

        Their clients would otherwise go on asking for as long as a stop may take.
        """
        while True:
            await asyncio.sleep(_LATE_S)
            for connection in list(self.server_state.connections):
                connection.shutdown()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals as the wish to end; in other threads than the main one there are none."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self._asked_to_end) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _asked_to_end(self, number: int, frame: FrameType | None) -> None:
        self.handle_exit(number, frame)


def _hint(host: str, port: int, *, team: bool) -> str:
    free = next(filter(partial(_is_free, host), range(port + 1, port + _TRIED_PORTS)), 0)
    return f"listen.port = {free}" if team else f"afield up --port {free}"


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((host, port))
        except (OSError, OverflowError):
            return False
    return True
