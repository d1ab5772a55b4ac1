"""The command itself: found as a shell finds it, started, waited for, its end understood.

Its console goes through `pump`, its signals through `signals`. What is recorded of it is
decided elsewhere; here nothing is kept.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, BinaryIO

import msgspec

from afield.kernel.clock import Clock
from afield.runs.capture import terminal as terminals
from afield.runs.capture.console import STDERR, STDOUT, ConsoleWriter
from afield.runs.capture.errors import CommandNotExecutable, CommandNotFound
from afield.runs.capture.limits import SIGNAL_HEARD_S
from afield.runs.capture.programs import find_program
from afield.runs.capture.pump import Pump
from afield.runs.capture.signals import Forwarder

Starting = Callable[[], subprocess.Popen[bytes]]
"""A call that starts the command."""

_SIGNAL_EXIT = 128


class Launch(msgspec.Struct, frozen=True):
    """How the command is started: what is executed, with which words and variables.

    `argv` goes to `program` as it stands, so that another program can be put in front; it must
    become the command itself (`exec`), as the same process. Each of `within` is handed a call
    that starts the command, and returns what it returns: from a thread of its own, say. The
    last one is outermost. Descriptors that may be inherited are.
    """

    program: str
    argv: tuple[str, ...]
    environ: Mapping[str, str]
    within: tuple[Callable[[Starting], subprocess.Popen[bytes]], ...] = ()


class Exit(msgspec.Struct, frozen=True):
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
        found = find_program(path, "")
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
    found = find_program(name, search)
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
    prepare: Callable[[Launch], Launch],
    started: Callable[[int], None],
) -> Exit:
    """Run the command to its end; `prepare` has the last word on how it is started.

    Raises:
        CommandNotFound, CommandNotExecutable: the system would not start it.
    """
    begin_s = time.monotonic()
    ends = channels.open(out, err, terminal=terminal)
    try:
        process = _start(argv, folder, environ, ends, prepare)
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
    prepare: Callable[[Launch], Launch],
) -> subprocess.Popen[bytes]:
    program = find_command(argv, folder, environ)
    launch = prepare(Launch(program, tuple(argv), environ))
    plain = msgspec.structs.replace(launch, program=program, argv=tuple(argv), within=())
    if launch != plain:
        process = _start_within(launch, folder, ends)
        if process is not None:
            return process
    try:
        return _spawn(plain, folder, ends)
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise CommandNotFound("cannot run", argv[0], _why(error, program)) from error
        raise CommandNotExecutable("cannot run", argv[0], _why(error, program)) from error


def _start_within(
    launch: Launch, folder: str, ends: tuple[int | None, int | None]
) -> subprocess.Popen[bytes] | None:
    """Start the command as somebody wants it; None when that fails before it runs."""
    born: list[subprocess.Popen[bytes]] = []

    def spawn() -> subprocess.Popen[bytes]:
        born.append(_spawn(launch, folder, ends))
        return born[0]

    start: Starting = spawn
    for around in launch.within:
        start = partial(around, start)
    with contextlib.suppress(Exception):  # whatever it is, the command is started, and once
        start()
    return born[0] if born else None


def _spawn(
    launch: Launch, folder: str, ends: tuple[int | None, int | None]
) -> subprocess.Popen[bytes]:
    options: dict[str, Any] = {
        "cwd": folder,
        "env": dict(launch.environ),
        "stdout": ends[0],
        "stderr": ends[1],
        "close_fds": False,  # what a shell opened for the command (`<(...)`) stays open
    }
    try:
        return subprocess.Popen(list(launch.argv), executable=launch.program, **options)
    except OSError as error:
        if error.errno == errno.ENOEXEC:  # a script without `#!`: shells run it themselves
            return subprocess.Popen(["/bin/sh", launch.program, *launch.argv[1:]], **options)
        raise


def _why(error: OSError, program: str) -> str:
    if isinstance(error, FileNotFoundError) and os.path.exists(program):
        return "the interpreter its first line names does not exist"
    return (error.strerror or str(error)).lower()


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, Any]:
    """Wait for the command's end, and hear signals meanwhile.

    Not in this thread: a signal that comes just before a system call that blocks, or that the
    system hands to another thread, would only be heard after that call, at the command's end.
    """
    if not hasattr(os, "wait4"):  # pragma: no cover - Windows
        return process.wait(), None
    ends: list[tuple[int, int, Any]] = []
    waiter = threading.Thread(
        target=lambda: ends.append(os.wait4(process.pid, 0)), name="afield-wait", daemon=True
    )
    waiter.start()
    while waiter.is_alive():
        waiter.join(SIGNAL_HEARD_S)
    _, status, usage = ends[0]
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
