"""Objects written to real files: many of them in the order in which they lie in the packs.

Packs are read ahead, so that a version of many small files costs few reads. Every record is
verified as it is anywhere else, and a file that people see is whole or not there at all.
"""

from __future__ import annotations

import contextlib
import os
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from blake3 import blake3

from afield.kernel.ids import ObjectId
from afield.vault.catalog import OFFSET_BITS
from afield.vault.errors import Corrupt
from afield.vault.layout import RECORD, stored_at
from afield.vault.limits import AHEAD_BYTES, LOCATED_AT_ONCE
from afield.vault.records import Chunks
from afield.vault.shelf import Content, Parts, Shelf, damaged

_NOWHERE = (1 << 64) - 1
_OFFSET_MASK = (1 << OFFSET_BITS) - 1
_FLAGS = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_TRUNC
    | getattr(os, "O_NOFOLLOW", 0)  # nobody else's link takes the bytes elsewhere
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class Copies:
    """Writes objects to files; for one thread.

    Args:
        shelf: the packs.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._suffix = f".tmp-{os.getpid()}-{threading.get_ident()}"
        self._pack = -1
        self._start = 0
        self._window = memoryview(b"")
        self._chunk_at = Chunks().at
        self._ahead = AHEAD_BYTES[0]

    def in_order(self, objects: Iterable[ObjectId]) -> Iterator[tuple[int, int]]:
        """Yield the number of each object and its place, as they lie in the packs."""
        places = array("Q")
        left = iter(objects)
        while some := [bytes.fromhex(each) for each in islice(left, LOCATED_AT_ONCE)]:
            found = self._shelf.locate_all(some)
            places.extend([found.get(digest, _NOWHERE) for digest in some])
        for number in sorted(range(len(places)), key=places.__getitem__):
            yield number, places[number]

    def write(
        self,
        object_id: ObjectId,
        path: str,
        place: int | None = None,
        told: Callable[[int], object] | None = None,
        *,
        hidden: bool = False,
    ) -> int:
        """Write an object to a file, whole or not at all; return its size in bytes.

        Args:
            object_id: the object's id.
            path: of the file; what has that name is replaced.
            place: what `in_order` gave for it.
            told: is told of the bytes of an object of several parts, as they are written.
            hidden: nobody sees the file yet: it need not be whole under its name from the start.

        Raises:
            ObjectMissing: no pack here has it, or a part of it.
            ObjectDamaged: what is stored does not match.
            OSError: the file cannot be written.
        """
        digest = bytes.fromhex(object_id)
        found = self.load(digest, place)
        temporary = path if hidden else path + self._suffix
        try:
            fd = os.open(temporary, _FLAGS, 0o666)
            try:
                if isinstance(found, list):
                    size_bytes = self._write_parts(fd, digest, told)
                else:  # one record, which has just been verified
                    size_bytes = _write(fd, found)
            finally:
                os.close(fd)
            if not hidden:
                os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        return size_bytes

    def _write_parts(self, fd: int, digest: bytes, told: Callable[[int], object] | None) -> int:
        hasher = blake3()
        size_bytes = 0
        for part in self._shelf.contents(digest, load=self.load):
            hasher.update(part)
            size_bytes += _write(fd, part)
            if told is not None:
                told(len(part))
        if hasher.digest() != digest:
            raise damaged(digest, "its parts do not make it up")
        return size_bytes

    def load(self, digest: bytes, place: int | None = None) -> Content | Parts:
        """Return what `Shelf.load` does, from what was read ahead where that has it.

        Args:
            digest: of the object.
            place: what `in_order` gave for it.
        """
        if place is None:
            place = self._shelf.locate(digest)
        if place is not None and place != _NOWHERE:
            pack, offset = place >> OFFSET_BITS, place & _OFFSET_MASK
            if pack == self._pack and offset >= self._start:
                found = self._chunk_at(self._window, offset - self._start, digest)
                if found is not None:
                    return found
            with contextlib.suppress(Corrupt, OSError):  # it may be whole elsewhere
                at = self._reach(pack, offset)
                found = self._chunk_at(self._window, at, digest)
                if found is not None:
                    return found
                record = self._window[at : at + _size_at(self._window, at)]
                return self._shelf.decode(digest, bytes(record))
        return self._shelf.load(digest)

    def _reach(self, pack: int, offset: int) -> int:
        """Return where in the window the record at `offset` of a pack starts; read when needed."""
        at = offset - self._start
        if pack != self._pack or at < 0 or at + _size_at(self._window, at) > len(self._window):
            self._read(pack, offset)
            at = offset - self._start
            size_bytes = _size_at(self._window, at)
            if at + size_bytes > len(self._window):
                self._fill(pack, offset, size_bytes)
                at = 0
        return at

    def _read(self, pack: int, offset: int) -> None:
        """Read on from where the window ends, more each time; little at a place far away."""
        end = self._start + len(self._window) if pack == self._pack else 0
        start = min(offset, end)
        if self._start <= offset <= end + self._ahead or (
            pack != self._pack and offset < self._ahead
        ):
            self._ahead = min(2 * self._ahead, AHEAD_BYTES[1])
        else:
            start, self._ahead = offset, AHEAD_BYTES[0]
        self._fill(pack, start, offset - start + self._ahead)

    def _fill(self, pack: int, start: int, size_bytes: int) -> None:
        name = self._shelf.catalog.name_of(pack)
        data = self._shelf.store.read(f"{name}.pack", start, size_bytes)
        self._window = memoryview(data)
        self._pack, self._start = pack, start


def _size_at(window: memoryview, at: int) -> int:
    """Return the size of the record at `at`, head and all; that of a head when it is cut off."""
    if at + RECORD.size > len(window):
        return RECORD.size
    return RECORD.size + stored_at(window, at)


def _write(fd: int, data: Content) -> int:
    """Write all of `data`; return its size."""
    done = os.write(fd, data)
    while done < len(data):
        done += os.write(fd, data[done:])
    return done
