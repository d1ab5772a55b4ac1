"""Several processes that answer at one socket: started, replaced when one dies, ended together.

They share nothing but the socket, the workspace on disk and the file of counts. A worker whose
first process has gone ends by itself.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType

import msgspec

from afield.hub.serve import END_WITHIN_S, Setup, serve
from afield.kernel.errors import AfieldError

log = logging.getLogger("afield.hub")
_READY, _STOP = b"ready", b"stop"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGAIN_S = 1.0
_LOOK_S = 0.2


class WorkersFail(AfieldError):
    """A worker ended before it had answered anything; its log says why."""

    code = "hub.workers_fail"


class _Worker:
    """One of them: its process, and the two ends of what is said between us."""

    def __init__(self, setup: Setup, listener: socket.socket, number: int) -> None:
        context = multiprocessing.get_context("spawn")  # threads of ours survive no fork
        self.number = number
        self.ready = False
        self.ours, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(
            target=_work, args=(msgspec.json.encode(setup), listener, number, theirs)
        )
        with _held_back():  # the new process takes signals when it knows what to do with them
            self.process.start()
        theirs.close()

    def ask_to_end(self) -> None:
        """Ask it to stop; one that is gone is not asked."""
        with contextlib.suppress(OSError):
            self.ours.send_bytes(_STOP)


def serve_many(setup: Setup, listener: socket.socket, *, when_ready: Callable[[], None]) -> None:
    """Answer with as many processes as the setup says until a signal ends them all.

    Raises:
        WorkersFail: they cannot begin.
    """
    with tempfile.TemporaryDirectory(prefix="afield-") as folder:
        counted = msgspec.structs.replace(setup, counts=f"{folder}/counts")
        team = _Team(counted, listener, when_ready)
        with _signals(team.end):
            team.run()


class _Team:
    """All workers of a server."""

    def __init__(
        self, setup: Setup, listener: socket.socket, when_ready: Callable[[], None]
    ) -> None:
        self._setup = setup
        self._listener = listener
        self._when_ready = when_ready
        self._told = False
        self._ending = threading.Event()
        self._workers: list[_Worker] = []

    def end(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal's handler
        """Ask for the end of all."""
        self._ending.set()

    def run(self) -> None:
        """Look after the workers until they are to end, then wait for them."""
        try:
            for number in range(self._setup.workers):
                self._workers.append(_Worker(self._setup, self._listener, number))
            while not self._ending.is_set():
                self._look()
        finally:
            self._stop()

    def _look(self) -> None:
        by_pipe = {one.ours: one for one in self._workers}
        for heard in wait(list(by_pipe), _LOOK_S):
            assert isinstance(heard, Connection)
            worker = by_pipe[heard]
            try:
                worker.ready = heard.recv_bytes() == _READY
            except (EOFError, OSError):
                self._replace(worker)
        if not self._told and all(one.ready for one in self._workers):
            self._told = True
            self._when_ready()

    def _replace(self, gone: _Worker) -> None:
        gone.process.join()
        gone.ours.close()
        if self._ending.is_set():
            return
        if not self._told:
            code = gone.process.exitcode
            raise WorkersFail("not started: a worker ended", code, "its log says why")
        log.warning("worker %d ended with %s: replaced", gone.number, gone.process.exitcode)
        time.sleep(_AGAIN_S)
        self._workers[gone.number] = _Worker(self._setup, self._listener, gone.number)

    def _stop(self) -> None:
        for worker in self._workers:
            worker.ask_to_end()
        end = time.monotonic() + END_WITHIN_S
        for worker in self._workers:
            worker.process.join(max(0.0, end - time.monotonic()))
            if worker.process.exitcode is None:
                log.error("worker %d did not end in time: killed", worker.number)
                worker.process.kill()
                worker.process.join()
            worker.ours.close()


def _work(encoded: bytes, listener: socket.socket, number: int, pipe: Connection) -> None:
    """Be one worker; runs in its own process."""
    ending = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ending.set()

    for each in _SIGNALS:
        signal.signal(each, end)
    if os.name != "nt":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    setup = msgspec.json.decode(encoded, type=Setup)

    def hear() -> None:
        with contextlib.suppress(EOFError, OSError):  # the first process has gone
            pipe.recv_bytes()
        ending.set()

    threading.Thread(target=hear, daemon=True).start()
    serve(
        setup,
        listener,
        when_ready=lambda: pipe.send_bytes(_READY),
        worker=number,
        ending=ending,
    )


@contextlib.contextmanager
def _held_back() -> Iterator[None]:
    """Let signals wait, also for a process that is begun meanwhile; none is lost."""
    if os.name == "nt":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {each: signal.signal(each, handler) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, kept in before.items():
            signal.signal(each, kept)
