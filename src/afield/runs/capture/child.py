"""The command itself: found as a shell finds it, started, waited for, its end understood.

Its console goes through `pump`, its signals through `signals`. What is recorded of it is
decided elsewhere; here nothing is kept.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from afield.kernel.clock import Clock
from afield.runs.capture import terminal as terminals
from afield.runs.capture.console import STDERR, STDOUT, ConsoleWriter
from afield.runs.capture.errors import CommandNotExecutable, CommandNotFound
from afield.runs.capture.pump import Pump
from afield.runs.capture.signals import Forwarder

_SIGNAL_EXIT = 128


@dataclass(frozen=True, slots=True)
class Exit:
    """How the command ended and what it used.

    `code` is None when a signal ended it, `signal` then has its name. `shell_code` is what a
    shell would report. CPU and memory are those of all processes that were waited for.
    """

    code: int | None
    signal: str | None
    shell_code: int
    wall_s: float
    cpu_s: float
    memory_peak_bytes: int
    console_complete: bool


def find_command(argv: Sequence[str], folder: str, environ: Mapping[str, str]) -> str:
    """Return the path of the program, found as a shell in `folder` would find it.

    Raises:
        CommandNotFound: there is none of this name.
        CommandNotExecutable: there is, but it may not be run.
    """
    name = argv[0] if argv else ""
    if not name:
        raise CommandNotFound("cannot run", name, "no command was given")
    found = _search(name, folder, environ)
    with contextlib.suppress(OSError), open(found, "rb") as stream:
        words = stream.readline(512).split() if stream.read(2) == b"#!" else []
        if words and os.path.isabs(words[0]) and not os.path.exists(words[0]):
            raise CommandNotFound(
                "cannot run",
                name,
                f"its first line names {os.fsdecode(words[0])}, which is not there",
            )
    return found


def _search(name: str, folder: str, environ: Mapping[str, str]) -> str:
    if os.path.dirname(name):
        path = os.path.join(folder, name)
        found = shutil.which(path) if os.path.exists(path) else None
        if not os.path.exists(path) and found is None:
            raise CommandNotFound("cannot run", name, "no such file")
        if os.path.isdir(path):
            raise CommandNotExecutable("cannot run", name, "is a folder")
        if found is None:
            raise CommandNotExecutable(
                "cannot run", name, "not executable", hint=f"chmod +x {name}"
            )
        return found
    search = os.pathsep.join(
        os.path.join(folder, part) for part in environ.get("PATH", os.defpath).split(os.pathsep)
    )
    found = shutil.which(name, path=search)
    if found is None:
        near = os.path.isfile(os.path.join(folder, name))
        hint = f"./{name}" if near else None
        raise CommandNotFound("command not found", name, hint=hint)
    return found


def run_child(
    argv: Sequence[str],
    *,
    folder: str,
    environ: Mapping[str, str],
    out: BinaryIO | None,
    err: BinaryIO | None,
    terminal: bool,
    console: ConsoleWriter,
    clock: Clock,
    forwarder: Forwarder,
    channels: Channels,
    started: Callable[[int], None],
) -> Exit:
    """Run the command to its end.

    Raises:
        CommandNotFound, CommandNotExecutable: the system would not start it.
    """
    begin_s = time.monotonic()
    ends = channels.open(out, err, terminal=terminal)
    try:
        process = _start(argv, folder, environ, ends)
    except BaseException:
        channels.close()
        raise
    finally:
        for end in ends:
            if end is not None:
                os.close(end)
    forwarder.started(process.pid)
    lock = threading.Lock()
    pumps = [
        Pump(stream, end, target, console=console, lock=lock, clock=clock)
        for stream, end, target in channels.reading
    ]
    for pump in pumps:
        pump.start()
    started(process.pid)
    try:
        code, usage = _wait(process)
    finally:
        forwarder.ended()
    wall_s = time.monotonic() - begin_s
    channels.forget()
    ended = [pump.finish() for pump in pumps]
    return _exit(code, usage, wall_s, complete=all(ended))


class Channels:
    """Our reading ends of the command's stdout and stderr, and their window sizes."""

    def __init__(self) -> None:
        self.reading: list[tuple[int, int, BinaryIO]] = []
        self._terminals: list[tuple[int, BinaryIO]] = []

    def open(
        self, out: BinaryIO | None, err: BinaryIO | None, *, terminal: bool
    ) -> tuple[int | None, int | None]:
        """Open both; return the command's ends of stdout and stderr, None for one that is closed.

        The command finds that closed, too: nothing that it may inherit stands at its number.
        """
        ends: list[int | None] = []
        for stream, target in ((STDOUT, out), (STDERR, err)):
            if target is None:
                ends.append(None)
                continue
            wanted = terminal
            if stream == STDERR:
                wanted = terminals.is_terminal(target, otherwise=terminal)
            reading, writing, is_terminal = terminals.open_channel(terminal=wanted, like=target)
            self.reading.append((stream, reading, target))
            if is_terminal:
                self._terminals.append((reading, target))
            ends.append(writing)
        return ends[0], ends[1]

    def resize(self) -> None:
        """Hand the window size of the real terminals on."""
        for master, target in list(self._terminals):
            terminals.resize(master, target)

    def forget(self) -> None:
        """Touch the window sizes no more."""
        self._terminals.clear()

    def close(self) -> None:
        """Close our ends; for a command that did not start."""
        for _, reading, _ in self.reading:
            os.close(reading)
        self.reading.clear()


def _start(
    argv: Sequence[str],
    folder: str,
    environ: Mapping[str, str],
    ends: tuple[int | None, int | None],
) -> subprocess.Popen[bytes]:
    program = find_command(argv, folder, environ)
    options: dict[str, Any] = {
        "cwd": folder,
        "env": dict(environ),
        "stdout": ends[0],
        "stderr": ends[1],
        "close_fds": False,  # what a shell opened for the command (`<(...)`) stays open
    }
    try:
        return subprocess.Popen(list(argv), executable=program, **options)
    except OSError as error:
        if error.errno == errno.ENOEXEC:  # a script without `#!`: shells run it themselves
            return subprocess.Popen(["/bin/sh", program, *argv[1:]], **options)
        if isinstance(error, FileNotFoundError):
            raise CommandNotFound("cannot run", argv[0], _why(error, program)) from error
        raise CommandNotExecutable("cannot run", argv[0], _why(error, program)) from error


def _why(error: OSError, program: str) -> str:
    if isinstance(error, FileNotFoundError) and os.path.exists(program):
        return "the interpreter its first line names does not exist"
    return (error.strerror or str(error)).lower()


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, Any]:
    if not hasattr(os, "wait4"):  # pragma: no cover - Windows
        return process.wait(), None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage


def _exit(code: int, usage: Any, wall_s: float, *, complete: bool) -> Exit:
    name = None
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"SIG{-code}"
    return Exit(
        code=None if code < 0 else code,
        signal=name,
        shell_code=_SIGNAL_EXIT - code if code < 0 else code,
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime if usage else 0.0,
        memory_peak_bytes=usage.ru_maxrss * _maxrss_unit() if usage else 0,
        console_complete=complete,
    )


def _maxrss_unit() -> int:
    return 1 if os.uname().sysname == "Darwin" else 1024
