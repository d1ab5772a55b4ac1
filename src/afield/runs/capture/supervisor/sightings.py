"""What a question of the kernel tells: which files are about to be read, written, moved, removed.

The answer is always "go on", so how a call ends is never learnt. What stands on disk just before
tells it: what is not there cannot be read, what is there now is what will be read. The first
sight of a path counts; a later one costs nothing but the question.
"""

from __future__ import annotations

import os
import stat
from time import monotonic_ns

from afield.runs.capture.supervisor.known import KnownPaths, Nobodys
from afield.runs.capture.supervisor.log import EventLog
from afield.runs.capture.supervisor.memory import TargetMemory, Unreadable
from afield.runs.capture.supervisor.numbers import (
    AT_EMPTY_PATH,
    AT_FDCWD,
    RENAME_EXCHANGE,
    RENAME_NOREPLACE,
    Machine,
)
from afield.runs.capture.supervisor.paths import absolute, forget_folders, is_no_data, start_of

TYPE_CHECKING = False  # of `typing`, which takes longer than all else here
if TYPE_CHECKING:
    from collections.abc import Callable

    Handler = Callable[[int, tuple[int, ...]], None]

Place = tuple[int, int]
"""A descriptor to start from and the address of a path, as a call has them."""

_CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_MAKE_NEW = os.O_CREAT | os.O_EXCL
_TMPFILE = getattr(os, "O_TMPFILE", 0)
_PIDS_MAX = 100_000
_SYSTEM = (b"/proc/", b"/dev/")
_WITH_RIGHTS = stat.S_ISUID | stat.S_ISGID

UNSEEN = {
    "chroot": "a program changed its root folder",
    "pivot_root": "a program changed its root folder",
    "mount": "a program mounted a file system",
    "umount2": "a program unmounted a file system",
    "setns": "a program entered another namespace",
    "unshare": "a program took a mount namespace of its own",
    "open_tree": "a program mounted a file system",
    "move_mount": "a program mounted a file system",
    "open_by_handle_at": "a program opened files by handles",
    "io_uring_setup": "a program used io_uring, which can open files unseen",
}
OTHER_VIEW = "a process saw another file system than ours"
UNREADABLE = "the memory of a process could not be read"
FOREIGN = "a program of another processor's kind ran"


class Sightings:
    """Turns questions into events of a log.

    `is_valid` tells whether the process that was asked about still waits: only then what was
    read of it is true. `handlers` are by system call number.
    """

    def __init__(
        self, machine: Machine, log: EventLog, nobodys: Nobodys, is_valid: Callable[[], bool]
    ) -> None:
        self._machine = machine
        self._log = log
        self._is_valid = is_valid
        self._memory = memory = TargetMemory()
        self._text = memory.text
        self._words = memory.words
        self._piece = memory.piece
        self._nobodys = nobodys
        self._known = known_paths = KnownPaths()
        self._read, self._written = known_paths.read, known_paths.written
        self._crowds = known_paths.crowds
        self._programs: set[bytes] = set()
        self._pids: set[int] = set()
        self._told: set[str] = set()
        self._view = _view_of(b"self")
        self._openat = machine.calls["openat"]
        self.handlers: dict[int, Handler] = {}
        known: dict[str, Handler] = {
            "open": lambda pid, a: self._open(pid, AT_FDCWD, a[0], a[1]),
            "openat": lambda pid, a: self._open(pid, a[0], a[1], a[2]),
            "openat2": self._openat2,
            "creat": lambda pid, a: self._open(
                pid, AT_FDCWD, a[0], os.O_CREAT | os.O_WRONLY | os.O_TRUNC
            ),
            "truncate": lambda pid, a: self._open(pid, AT_FDCWD, a[0], os.O_RDWR),
            "execve": lambda pid, a: self._exec(pid, (AT_FDCWD, a[0]), a[1], 0),
            "execveat": lambda pid, a: self._exec(pid, (a[0], a[1]), a[2], a[4]),
            "rename": lambda pid, a: self._rename(pid, (AT_FDCWD, a[0]), (AT_FDCWD, a[1]), 0),
            "renameat": lambda pid, a: self._rename(pid, (a[0], a[1]), (a[2], a[3]), 0),
            "renameat2": lambda pid, a: self._rename(pid, (a[0], a[1]), (a[2], a[3]), a[4]),
            "unlink": lambda pid, a: self._remove(pid, AT_FDCWD, a[0]),
            "unlinkat": lambda pid, a: self._remove(pid, a[0], a[1]),
            "link": lambda pid, a: self._link(pid, (AT_FDCWD, a[0]), (AT_FDCWD, a[1])),
            "linkat": lambda pid, a: self._link(pid, (a[0], a[1]), (a[2], a[3])),
            "symlink": lambda pid, a: self._symlink(pid, a[0], AT_FDCWD, a[1]),
            "symlinkat": lambda pid, a: self._symlink(pid, a[0], a[1], a[2]),
        }
        known |= {name: _saying(self.gap, text) for name, text in UNSEEN.items()}
        for name, handler in known.items():
            if name in machine.calls:
                self.handlers[machine.calls[name]] = handler

    def gap(self, text: str) -> None:
        """Write down, once, why not everything is seen."""
        if text not in self._told:
            self._told.add(text)
            self._put(b"gap", 0, text.encode())

    def meet(self, pid: int) -> None:
        """Look at a thread that asks for the first time: does it see the files that we see?"""
        if len(self._pids) > _PIDS_MAX:
            self._pids.clear()
        self._pids.add(pid)
        view = _view_of(b"%d" % pid)
        if view is not None and view != self._view:
            self.gap(OTHER_VIEW)

    def take(self, question: tuple[int, ...]) -> None:
        """Take in one question, in the order of `QUESTION`.

        Raises:
            OSError: the log cannot be written any more.
        """
        _, pid, number, _, first, second, third, _, _ = question
        if pid not in self._pids:
            self.meet(pid)
        try:
            if number == self._openat:  # most by far
                self._open(pid, first, second, third)
            elif (handler := self.handlers.get(number)) is not None:
                handler(pid, question[4:])
        except Unreadable:
            self.gap(UNREADABLE)

    def close(self) -> None:
        """Let go of the processes that were looked at."""
        self._memory.close()

    def _put(
        self,
        verb: bytes,
        pid: int,
        path: bytes,
        *,
        target: bytes = b"",
        found: os.stat_result | None = None,
        rest: list[bytes] | None = None,
    ) -> None:
        facts = b"0\0000\0000\0000"
        if found is not None:
            facts = b"%d\0%d\0%d\0%d" % (
                *(found.st_dev, found.st_ino),
                *(found.st_size, found.st_mtime_ns),
            )
        parts = [verb, b"%d" % monotonic_ns(), b"%d" % pid, path, target, facts, *(rest or ())]
        self._log.put(b"\0".join(parts))

    def _path(self, pid: int, dirfd: int, address: int) -> bytes | None:
        raw = self._text(pid, address)
        return None if raw is None else absolute(raw, pid, dirfd)

    def _open(self, pid: int, dirfd: int, address: int, flags: int) -> None:
        path = self._text(pid, address)
        if path is None or self._is_known(path, changes := flags & _CHANGES):
            return
        if path[:1] != b"/" or b"/." in path or b"//" in path or path.startswith(_SYSTEM):
            path = absolute(path, pid, dirfd)
            if path is None or self._is_known(path, changes) or is_no_data(path):
                return
        if self._nobodys.has(path):
            self._known.skip(path)
        elif not changes:
            self._first_read(pid, path, flags)
        elif flags & _TMPFILE != _TMPFILE:
            self._first_write(pid, path, flags)

    def _is_known(self, path: bytes, changes: int) -> bool:
        """Tell whether an open of a path needs no telling; a path that is not clean is unknown."""
        if not changes:
            crowds = self._crowds
            if path in self._read or (crowds and path.rpartition(b"/")[0] in crowds):
                return True
        return path in self._written

    def _openat2(self, pid: int, arguments: tuple[int, ...]) -> None:
        how = self._piece(pid, arguments[2], 8)
        if how is None or len(how) < 8:  # noqa: PLR2004 - the field `flags` of `struct open_how`
            return
        flags = int.from_bytes(how, "little")
        if not flags & (os.O_PATH | self._machine.o_directory) or flags & _TMPFILE == _TMPFILE:
            self._open(pid, arguments[0], arguments[1], flags)

    def _first_read(self, pid: int, path: bytes, flags: int) -> None:
        try:
            found = os.stat(path)
        except OSError:
            return
        if not stat.S_ISREG(found.st_mode) or (flags & os.O_NOFOLLOW and os.path.islink(path)):
            return
        if os.access(path, os.R_OK) and self._is_valid():
            folder = self._known.reading(path)
            if folder is None:
                self._put(b"read", pid, path, found=found)
            else:
                self._put(b"folder", pid, folder)

    def _first_write(self, pid: int, path: bytes, flags: int) -> None:
        try:
            found = os.stat(path)
        except FileNotFoundError:
            self._new(pid, path, flags)
            return
        except OSError:
            return
        if not stat.S_ISREG(found.st_mode) or flags & _MAKE_NEW == _MAKE_NEW:
            return
        access = flags & os.O_ACCMODE
        if not (access or flags & os.O_TRUNC):  # O_CREAT alone, of what is there
            if path not in self._read:
                self._first_read(pid, path, flags)
            return
        if os.access(path, os.W_OK) and self._is_valid():
            self._known.writing(path)
            self._put(b"write" if flags & os.O_TRUNC else b"update", pid, path, found=found)

    def _new(self, pid: int, path: bytes, flags: int) -> None:
        folder = os.path.dirname(path)
        if flags & os.O_CREAT and os.access(folder, os.W_OK) and self._is_valid():
            self._known.writing(path)
            self._put(b"new", pid, path)

    def _exec(self, pid: int, place: Place, words: int, flags: int) -> None:
        try:
            self._program(pid, place, words, flags)
        finally:
            self._memory.close()  # the process will have another

    def _program(self, pid: int, place: Place, words: int, flags: int) -> None:
        dirfd, address = place
        raw = self._text(pid, address)
        if raw == b"" and flags & AT_EMPTY_PATH:
            path = start_of(pid, dirfd)
        else:
            path = None if raw is None else absolute(raw, pid, dirfd)
        if path is None or not os.access(path, os.X_OK):
            return
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            return
        argv = self._words(pid, words)
        folder = start_of(pid, AT_FDCWD) or b""
        if not self._is_valid():
            return
        self._put(b"exec", pid, path, target=folder, found=found, rest=argv)
        if path not in self._programs:
            self._programs.add(path)
            self._look_at_program(path, found)

    def _look_at_program(self, path: bytes, found: os.stat_result) -> None:
        if found.st_mode & _WITH_RIGHTS:
            self._put(b"rights", 0, path)
        try:
            with open(path, "rb", buffering=0) as stream:
                start = stream.read(20)
        except OSError:
            return
        own = b"\x7fELF\x02\x01"  # 64 bits, little-endian
        machine = int.from_bytes(start[18:20], "little")
        if start[:4] == own[:4] and (start[:6] != own or machine != self._machine.elf):
            self.gap(FOREIGN)

    def _rename(self, pid: int, source: Place, aim: Place, flags: int) -> None:
        path, target = self._path(pid, *source), self._path(pid, *aim)
        if path is None or target is None or path == target:
            return
        there = os.path.lexists(target)
        if not os.path.lexists(path) or (there and flags & RENAME_NOREPLACE):
            return
        if flags & RENAME_EXCHANGE and not there:
            return
        if not self._is_valid():
            return
        for one, other in ((path, target), (target, path)):
            if os.path.isdir(one) and not os.path.islink(one):
                self._known.forget_all()
                forget_folders()
            self._known.forget(one)
            if flags & RENAME_EXCHANGE:
                self._put(b"write", pid, other)
        if flags & RENAME_EXCHANGE:
            return
        if self._nobodys.has(target):
            self._put(b"remove", pid, path)
        else:
            fresh = [b"" if there else b"new"]
            self._put(b"rename", pid, path, target=target, rest=fresh)

    def _remove(self, pid: int, dirfd: int, address: int) -> None:
        path = self._path(pid, dirfd, address)
        if path is None or is_no_data(path):
            return
        try:
            found = os.lstat(path)
        except OSError:
            return
        if stat.S_ISDIR(found.st_mode) or not self._is_valid():
            return
        self._known.forget(path)
        self._put(b"remove", pid, path, found=found)

    def _link(self, pid: int, source: Place, aim: Place) -> None:
        from_fd, from_at = source
        raw = self._text(pid, from_at)
        target = self._path(pid, *aim)
        if raw is None or target is None or self._nobodys.has(target) or os.path.lexists(target):
            return
        path = absolute(raw, pid, from_fd) or start_of(pid, from_fd) or b""
        through = path.startswith(b"/proc/")  # how a file without a name is given one
        if (through or os.path.lexists(path)) and self._is_valid():
            self._known.forget(target)
            self._put(b"link", pid, path, target=target)

    def _symlink(self, pid: int, text_at: int, dirfd: int, address: int) -> None:
        text = self._text(pid, text_at)
        target = self._path(pid, dirfd, address)
        if text is None or target is None or self._nobodys.has(target):
            return
        if os.path.lexists(target) or not self._is_valid():
            return
        self._known.forget(target)
        forget_folders()
        source = os.path.join(os.path.dirname(target), text)
        self._put(b"link", pid, source, target=target)


def _saying(gap: Callable[[str], None], text: str) -> Handler:
    return lambda pid, arguments: gap(text)  # noqa: ARG005 - a handler's shape


def _view_of(who: bytes) -> tuple[int, bytes] | None:
    """Return what tells one view of the file system from another; None when it is gone."""
    try:
        return os.stat(b"/proc/%s/ns/mnt" % who).st_ino, os.readlink(b"/proc/%s/root" % who)
    except OSError:
        return None
