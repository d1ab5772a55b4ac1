"""Reading the memory of another process: the paths and words that its system calls point at.

`process_vm_readv` takes the id of any thread and needs no descriptor that an exec would make
stale. It crosses no page that it need not, for the next one may not be mapped.
"""

from __future__ import annotations

import ctypes
import errno
import mmap

PATH_BYTES_MAX = 4096
WORDS_MAX = 64
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

    def text(self, pid: int, address: int) -> bytes | None:
        """Return the string at an address, without its NUL; None when there is none.

        Raises:
            Unreadable: we may not look at this process.
        """
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


def _refuse() -> None:
    """Say that a read was forbidden: a bad address is no news, it fails in the call, too."""
    if ctypes.get_errno() in (errno.EPERM, errno.EACCES, errno.ENOSYS):
        raise Unreadable
