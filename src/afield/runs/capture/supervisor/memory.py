"""Reading the memory of another process: the paths and words that its system calls point at.

Paths are read through `/proc/PID/mem`, a door that is kept open for a moment: half the cost of
`process_vm_readv`, which does the rest, and all where there is no such file. That one crosses no
page that it need not, for the next one may not be mapped.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
from time import monotonic

PATH_BYTES_MAX = 4096
WORDS_MAX = 64
DOOR_OPEN_S = 0.1
"""How long a door is used: within this no id of a thread can have come round to another one."""

_DOORS_MAX = 64
_PATH_BYTES = 256  # one path seldom has more
_PAGE = mmap.PAGESIZE


class Unreadable(Exception):
    """The system does not let us read that process's memory."""


class _Piece(ctypes.Structure):
    _fields_ = (("start", ctypes.c_void_p), ("size_bytes", ctypes.c_size_t))


class TargetMemory:
    """Reads strings of other processes into one buffer of its own; for one thread."""

    def __init__(self) -> None:
        call = ctypes.CDLL(None, use_errno=True).process_vm_readv
        number, pointer = ctypes.c_ulong, ctypes.c_void_p
        call.argtypes = (ctypes.c_int, pointer, number, pointer, number, number)
        call.restype = ctypes.c_ssize_t
        self._call = call
        self._buffer = ctypes.create_string_buffer(_PAGE + 1)
        self._here = _Piece(ctypes.addressof(self._buffer), _PAGE)
        self._there = _Piece()
        self._here_at = ctypes.addressof(self._here)
        self._there_at = ctypes.addressof(self._there)
        self._doors: dict[int, int] = {}
        self._doors_until_s = 0.0
        self._has_doors = _is_own_proc()

    def text(self, pid: int, address: int) -> bytes | None:
        """Return the string at an address, without its NUL; None when there is none.

        Raises:
            Unreadable: we may not look at this process.
        """
        if monotonic() < self._doors_until_s:
            door = self._doors.get(pid)
        else:
            self.close()
            door = None
        try:
            if door is None:
                door = self._open_door(pid)
            found, end, _ = os.pread(door, _PATH_BYTES, address).partition(b"\0")
        except (OSError, OverflowError):  # no door, or none to this address
            return self._text_slowly(pid, address)
        return found if end else self._text_slowly(pid, address)

    def _open_door(self, pid: int) -> int:
        """Open the memory of a process.

        Raises:
            OSError: the process is gone, or this is no way to read it.
        """
        if not self._has_doors:
            raise PermissionError
        if not self._doors:
            self._doors_until_s = monotonic() + DOOR_OPEN_S
        elif len(self._doors) >= _DOORS_MAX:
            self.close()
        door = self._doors[pid] = os.open(b"/proc/%d/mem" % pid, os.O_RDONLY)
        return door

    def close(self) -> None:
        """Close all doors: they are too old, or an exec gives a process another memory."""
        while self._doors:
            os.close(self._doors.popitem()[1])

    def _text_slowly(self, pid: int, address: int) -> bytes | None:
        there, buffer = self._there, self._buffer
        there.start = address
        size_bytes = there.size_bytes = _PAGE - address % _PAGE
        got = self._call(pid, self._here_at, 1, self._there_at, 1, 0)
        if got <= 0:
            _refuse()
            return None
        buffer[got] = b"\0"
        found = buffer.value
        if len(found) < got:
            return found
        if got < size_bytes or got >= PATH_BYTES_MAX:
            return None
        rest = self._next_page(pid, address + got)
        return None if rest is None else found + rest

    def _next_page(self, pid: int, address: int) -> bytes | None:
        """Return what follows on the next page; no path is longer than two."""
        found = self.piece(pid, address, PATH_BYTES_MAX)
        if found is None or b"\0" not in found:
            return None
        return found[: found.index(b"\0")]

    def piece(self, pid: int, address: int, size_bytes: int) -> bytes | None:
        """Return bytes up to the end of a page; None when the address is no memory."""
        there = self._there
        there.start = address
        there.size_bytes = min(size_bytes, _PAGE - address % _PAGE)
        got = self._call(pid, self._here_at, 1, self._there_at, 1, 0)
        if got <= 0:
            _refuse()
            return None
        return self._buffer.raw[:got]

    def words(self, pid: int, address: int) -> list[bytes]:
        """Return the first words of an argument list; an address of 0 ends it."""
        found: list[bytes] = []
        table = self.piece(pid, address, 8 * WORDS_MAX) or b""
        for at in range(0, len(table) - 7, 8):
            pointer = int.from_bytes(table[at : at + 8], "little")
            word = self.text(pid, pointer) if pointer else None
            if word is None:
                break
            found.append(word)
        return found


def _is_own_proc() -> bool:
    """Tell whether /proc knows processes by the ids that we are told."""
    try:
        return os.readlink(b"/proc/self") == b"%d" % os.getpid()
    except OSError:
        return False


def _refuse() -> None:
    """Say that a read was forbidden: a bad address is no news, it fails in the call, too."""
    if ctypes.get_errno() in (errno.EPERM, errno.EACCES, errno.ENOSYS):
        raise Unreadable
