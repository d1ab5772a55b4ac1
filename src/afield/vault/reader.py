"""An object as a file that is open for reading, chunk by chunk; each chunk is verified."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Protocol

from afield.vault.errors import Corrupt, ObjectMissing
from afield.vault.limits import RECIPE_DEPTH_MAX
from afield.vault.shelf import Parts, Shelf, damaged


class Beyond(Protocol):
    """Where records are that no pack here has; asked only after the packs."""

    def size(self, digest: bytes, /) -> int:
        """Return the size of an object; raises what is to be said when it is nowhere."""
        ...

    def records(self, digest: bytes, /) -> Iterator[bytes]:
        """Yield records that are said to be an object's, until one verifies; then raise."""
        ...


Load = Callable[[bytes], bytes | Parts]
"""Returns an object's content, or the (digest, size) of its parts; verified."""


class ObjectFile(io.RawIOBase):
    """A seekable view of an object; holds one chunk and a path of recipes.

    Args:
        digest: the object's raw digest.
        size_bytes: its size.
        load: reads one record, verified.
    """

    def __init__(self, digest: bytes, size_bytes: int, load: Load) -> None:
        super().__init__()
        self._load = load
        self._digest = digest
        self._size_bytes = size_bytes
        self._position = 0
        self._recipes: list[tuple[int, int, list[int], Parts]] = []
        self._chunk = b""
        self._chunk_start = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position; past the end is allowed and reads nothing there."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size_bytes}
        position = start[whence] + offset
        if position < 0:
            raise ValueError(f"negative seek position {position}")
        self._position = position
        return position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from the chunk at the position; return how much."""
        at = self._position
        if at >= self._size_bytes:
            return 0
        if not self._chunk_start <= at < self._chunk_start + len(self._chunk):
            self._chunk_start, self._chunk = self._find(at)
        start = at - self._chunk_start
        part = self._chunk[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)

    def _find(self, at: int) -> tuple[int, bytes]:
        """Return the start and the content of the chunk that holds position `at`."""
        while self._recipes and not self._recipes[-1][0] <= at < self._recipes[-1][1]:
            self._recipes.pop()
        if self._recipes:
            start, digest, size_bytes = self._part(at)
        else:
            start, digest, size_bytes = 0, self._digest, self._size_bytes
        while True:
            found = self._load(digest)
            if isinstance(found, bytes):
                if len(found) != size_bytes:
                    raise damaged(self._digest, "a part has another size than its recipe says")
                return start, found
            ends = list(accumulate((size for _, size in found), initial=0))
            if ends[-1] != size_bytes or len(self._recipes) == RECIPE_DEPTH_MAX:
                raise damaged(self._digest, "the recipe's parts do not add up")
            self._recipes.append((start, start + size_bytes, ends, found))
            start, digest, size_bytes = self._part(at)

    def _part(self, at: int) -> tuple[int, bytes, int]:
        start, _, ends, items = self._recipes[-1]
        number = bisect_right(ends, at - start) - 1
        digest, size_bytes = items[number]
        return start + ends[number], digest, size_bytes


def reaching(digest: bytes, shelf: Shelf, beyond: Beyond) -> ObjectFile:
    """Open an object of which records may lie elsewhere.

    Raises:
        ObjectMissing: it is neither here nor there.
    """

    def load(part: bytes) -> bytes | Parts:
        try:
            return shelf.load(part)
        except ObjectMissing:
            for data in beyond.records(part):
                try:
                    return shelf.decode(part, data)
                except Corrupt:
                    continue
            raise

    try:
        size_bytes = shelf.size(digest)
    except ObjectMissing:
        size_bytes = beyond.size(digest)
    return ObjectFile(digest, size_bytes, load)
