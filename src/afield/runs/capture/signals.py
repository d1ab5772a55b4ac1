"""Signals while a command runs under us: each reaches the command exactly once.

The command stays in our process group, so that the terminal's keys (Ctrl-C, Ctrl-Z, a
hang-up) reach it as they would without us, and job control needs no help. What is sent to us
alone is forwarded. The two are told apart by a canary: a small process of the same group
that dies of whatever the whole group is sent.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from afield.runs.capture.limits import SIGNAL_SETTLE_S

_FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
_PATIENCE = 2


class Forwarder:
    """Holds the signals of this process for the time of a command; a context manager.

    Does nothing outside the main thread, where Python lets nobody handle signals. After the
    command's end the first interrupts are held back, so that the record can be finished;
    more of them raise `KeyboardInterrupt`.
    """

    def __init__(self, on_resize: Callable[[], None]) -> None:
        self.pid: int | None = None
        self._early: list[int] = []
        self._on_resize = on_resize
        self._before: dict[int, Any] = {}
        self._canary: subprocess.Popen[bytes] | None = None
        self._over = False
        self._late = 0

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        for name in _FORWARDED:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)
        if hasattr(signal, "SIGWINCH"):
            self._before[signal.SIGWINCH] = signal.signal(signal.SIGWINCH, self._resized)
        return self

    def started(self, pid: int) -> None:
        """Forward to this process from now on."""
        if self._before and os.name != "nt":
            self._canary = _canary()
        self.pid = pid
        while self._early:
            self._forward(self._early.pop(0))

    def ended(self) -> None:
        """Forward no more: the process is gone, its number may be another's soon."""
        self.pid = None
        self._over = True
        self._end_canary()

    def _end_canary(self) -> None:
        if self._canary is not None:
            if self._canary.stdin is not None:
                self._canary.stdin.close()
            with contextlib.suppress(OSError):
                self._canary.kill()
            self._canary.wait()
            self._canary = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ended()
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - its shape
        if self._over:
            self._late += 1
            if self._late > _PATIENCE:
                raise KeyboardInterrupt
            return
        if self.pid is None:
            self._early.append(number)
        else:
            self._forward(number)

    def _forward(self, number: int) -> None:
        if self._canary is not None:
            time.sleep(SIGNAL_SETTLE_S)
            if _was_hit(self._canary):  # the whole group had it, the command too
                self._end_canary()
                self._canary = _canary()
                return
        if self.pid is not None:
            with contextlib.suppress(OSError):
                os.kill(self.pid, number)

    def _resized(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - its shape
        self._on_resize()
        if self.pid is not None:
            with contextlib.suppress(OSError):
                os.kill(self.pid, number)


def _was_hit(canary: subprocess.Popen[bytes]) -> bool:
    """Tell whether a signal has reached it; on a busy machine it may not have had time to die."""
    if canary.poll() is not None:
        return True
    with contextlib.suppress(OSError), open(f"/proc/{canary.pid}/status", "rb") as stream:
        for line in stream:
            if line.startswith((b"SigPnd:", b"ShdPnd:")) and int(line.split()[1], 16):
                return True
    return canary.poll() is not None


def _canary() -> subprocess.Popen[bytes] | None:
    """Start a process that does nothing, dies of any signal, and ends when we do."""
    with contextlib.suppress(OSError):
        return subprocess.Popen(
            ["cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    return None
