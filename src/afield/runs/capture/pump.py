"""Hands the command's output on at once, unchanged, and gives the console its copy.

One thread for each stream: read, write to the user, then keep. When the reader of our output
goes away the command's pipe is closed too, so that it ends as it would in a pipeline without
us. What still holds the pipe after the command's end gets a small relay of its own.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import threading
import time
from typing import BinaryIO

from afield.kernel.clock import Clock
from afield.runs.capture.console import ConsoleWriter
from afield.runs.capture.limits import CONSOLE_READ_BYTES, DRAIN_BYTES_MAX, DRAIN_QUIET_S, DRAIN_S
from afield.runs.capture.terminal import descriptor

_FLUSH_MS = 250
_CAN_POLL = hasattr(select, "poll")


class Pump:
    """The reading end of one stream of the command."""

    def __init__(
        self,
        stream: int,
        read_end: int,
        target: BinaryIO,
        *,
        console: ConsoleWriter,
        lock: threading.Lock,
        clock: Clock,
    ) -> None:
        self.read_end = read_end
        self.ended = False
        self._stream = stream
        self._target = target
        self._target_fd = descriptor(target)
        self._console = console
        self._lock = lock
        self._clock = clock
        self._stop_read, self._stop_write = os.pipe()
        self._last_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="afield-console", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        if self._target_fd is not None:
            self._target.flush()  # what was written before us goes out before us
        self._thread.start()

    def finish(self) -> bool:
        """Read what is left, in bounded time; tell whether the stream came to its end.

        Call it after the command has ended.
        """
        now_s = begin_s = time.monotonic()
        while self._thread.is_alive() and now_s < begin_s + DRAIN_S:
            self._thread.join(DRAIN_QUIET_S / 2)
            now_s = time.monotonic()
            if now_s - max(self._last_s, begin_s) > DRAIN_QUIET_S:
                break
        if self._thread.is_alive() and _CAN_POLL:
            os.write(self._stop_write, b".")
            self._thread.join()
        if not self._thread.is_alive():
            self._leave()
        return self.ended

    def _leave(self) -> None:
        if not self.ended and self._target_fd is not None and _CAN_POLL:
            with contextlib.suppress(OSError):
                relay = subprocess.Popen(  # its end is nobody's business
                    ["cat"],
                    stdin=self.read_end,
                    stdout=self._target_fd,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
                relay.returncode = 0
        if not self.ended:
            os.close(self.read_end)
        os.close(self._stop_read)
        os.close(self._stop_write)

    def _run(self) -> None:
        dirty = False
        flushed_s = 0.0
        left_bytes: int | None = None
        poll = select.poll() if _CAN_POLL else None
        if poll:
            poll.register(self.read_end, select.POLLIN | select.POLLHUP)
            poll.register(self._stop_read, select.POLLIN)
        while True:
            if poll:
                wait_ms = 0 if left_bytes is not None else _FLUSH_MS if dirty else None
                ready = {fd for fd, _ in poll.poll(wait_ms)}
                if self._stop_read in ready:
                    poll.unregister(self._stop_read)
                    left_bytes = DRAIN_BYTES_MAX
                    continue
                if left_bytes is not None and (not ready or left_bytes <= 0):
                    return
                if not ready:
                    with self._lock:
                        self._console.flush()
                    dirty = False
                    continue
            try:
                chunk = os.read(self.read_end, CONSOLE_READ_BYTES)
            except OSError:  # a pseudo-terminal ends so
                chunk = b""
            if not chunk or not self._pass_on(chunk):
                self.ended = True
                os.close(self.read_end)  # at once: a command that writes on is told so
                return
            self._last_s = time.monotonic()
            due = self._last_s - flushed_s >= _FLUSH_MS / 1000  # busy ones are followed, too
            self._keep(chunk, flush=due)
            flushed_s = self._last_s if due else flushed_s
            dirty = not due
            if left_bytes is not None:
                left_bytes -= len(chunk)

    def _keep(self, chunk: bytes, *, flush: bool) -> None:
        with self._lock:
            try:
                self._console.feed(self._stream, chunk, self._clock.wall_ns())
                if flush:
                    self._console.flush()
            except Exception as error:  # noqa: BLE001 - the command's output must go on
                self._console.give_up(f"{type(error).__name__}: {error}")

    def _pass_on(self, chunk: bytes) -> bool:
        try:
            if self._target_fd is None:
                self._target.write(chunk)
            else:
                _write_all(self._target_fd, chunk)
        except (OSError, ValueError):  # nobody reads us any more: neither do we
            return False
        return True


def _write_all(fd: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            select.select([], [fd], [])
