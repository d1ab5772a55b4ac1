"""A filter that comes late: how a hooked Python calls for the supervisor, and who takes the call.

The hook (`inside/hook/_afield_late.py`) puts the filter on its own process and hands the listener
over by a socket whose name only this run knows. Both `stand` and `afield` hold the door, so that
one of them opens. Which commands are started so is decided in `hooked`.
"""

from __future__ import annotations

import os
import select
import sys
from _socket import (
    AF_UNIX,
    CMSG_SPACE,
    SCM_RIGHTS,
    SO_PEERCRED,
    SOCK_CLOEXEC,
    SOCK_STREAM,
    SOL_SOCKET,
    socket,
)

from afield.runs.capture.supervisor.numbers import MARKED, Machine

TYPE_CHECKING = False  # of `typing`, which takes longer than all else here
if TYPE_CHECKING:
    from collections.abc import Sequence

FILE_NAME = "late"
READY, TAKEN, LISTENER = b"g", b"k", b"l"
_UNSAID, _WAITS, _ON = 0, 1, 3
_MISSED = 100
_HEAD_BYTES = 1 << 14
_CALL_PATIENCE_S = 10.0
_UCRED_BYTES = 12


Door = socket


class Call:
    """A listener that was handed over, and the caller, who waits to be told that it was."""

    def __init__(self, listener: int, caller: socket) -> None:
        self.listener = listener
        self.caller = caller


def open_door() -> tuple[socket, bytes]:
    """Return a socket that takes calls, and its name, of no folder and known to nobody."""
    name = b"afield-" + os.urandom(16).hex().encode()
    door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC)
    door.bind(b"\0" + name)
    door.listen(4)
    return door, name


def write_recipe(
    folder: str, name: bytes, *, machine: Machine, flags: int, packages: Sequence[str]
) -> None:
    """Leave the hook what it needs; the first Python of the run takes it away.

    `flags` are those of the call that puts the filter on. `packages` are the folders whose `.pth`
    files are known to read nothing.

    Raises:
        OSError: it cannot be written.
    """
    from afield.runs.capture.supervisor.bpf import build  # `stand` needs none

    calls, program = machine.calls, build(machine, marked=True).hex()
    words = [name, b"%d" % calls["seccomp"], b"%d" % flags, program.encode()]
    words += [b"%d" % calls["openat"], b"%d" % MARKED, *map(os.fsencode, packages)]
    path = os.path.join(folder, FILE_NAME)
    with open(path + ".new", "xb") as stream:
        stream.write(b"\0".join(words))
    os.rename(path + ".new", path)


def take_call(door: socket, *others: int) -> Call | None:
    """Wait for a call and take it; None as soon as one of `others` can be read, or is closed."""
    poll = select.poll()
    for fd in (door.fileno(), *others):
        poll.register(fd, select.POLLIN)
    while True:
        if any(fd != door.fileno() for fd, _ in poll.poll()):
            return None
        try:
            call = _take(door)
        except OSError:
            continue
        if call is not None:
            return call


def _take(door: socket) -> Call | None:
    """Take a call of this user's.

    Raises:
        OSError: the caller went away or does not speak.
    """
    fd, _ = door._accept()  # type: ignore[attr-defined]  # noqa: SLF001 - `socket` is slow
    caller = socket(AF_UNIX, SOCK_STREAM, 0, fd)
    try:
        peer = caller.getsockopt(SOL_SOCKET, SO_PEERCRED, _UCRED_BYTES)
        if int.from_bytes(peer[4:8], sys.byteorder) not in (os.geteuid(), 0):
            caller.close()
            return None
        caller.settimeout(_CALL_PATIENCE_S)
        caller.send(READY)
        listener = receive(caller)
    except BaseException:
        caller.close()
        raise
    if listener is None:
        caller.close()
        return None
    return Call(listener, caller)


def receive(channel: socket) -> int | None:
    """Wait for a listener; None when nobody sends one any more."""
    data, extra, _, _ = channel.recvmsg(1, CMSG_SPACE(4))
    if not data or not extra:
        return None
    return int.from_bytes(extra[0][2][:4], sys.byteorder)


def send(channel: socket, listener: int) -> None:
    """Hand a copy of a listener over.

    Raises:
        OSError: nobody is there any more.
    """
    rights = listener.to_bytes(4, sys.byteorder)
    channel.sendmsg([LISTENER], [(SOL_SOCKET, SCM_RIGHTS, rights)])


class Said:
    """What the hook said of itself: how far it came, and what ran before it, in words."""

    def __init__(self, state: int = _UNSAID, why: str = "") -> None:
        self.state = state
        self.why = why

    @property
    def is_on(self) -> bool:
        """Whether the filter was put on and handed over."""
        return self.state % _MISSED == _ON

    @property
    def gap(self) -> str | None:
        """What may have been missed before the filter came; None when that is nothing."""
        if self.state == _UNSAID:
            return "the command's Python did not load the hook"
        if self.why:
            return f"something ran before the hook: {self.why}"
        if self.state not in (_WAITS, _ON):
            return "the hook failed, or could not call the supervisor in time"
        return None


def said(folder: str, pid: int) -> Said:
    """Return what the hook of a process wrote into the first segment of its trace."""
    try:
        for name in sorted(os.listdir(folder)):
            if name.startswith(f"{pid}-") and name.endswith(".0.events"):
                with open(os.path.join(folder, name), "rb") as stream:
                    found = _find(stream.read(_HEAD_BYTES))
                if found is not None:
                    return found
    except OSError:
        pass
    return Said()


def _find(data: bytes) -> Said | None:
    """Return what a record of the kind `q` says; the layout is in `docs/format/trace.md`."""
    at = 0
    while size := int.from_bytes(data[at : at + 4], "little"):
        payload = data[at + 4 : at + 4 + size]
        if payload[:1] == b"q" and payload[-1:] == b"\x1e":
            why = payload[9:-1].split(b"\0")[-1]
            return Said(int.from_bytes(payload[1:9], "little"), os.fsdecode(why))
        at += 4 + size
    return None
