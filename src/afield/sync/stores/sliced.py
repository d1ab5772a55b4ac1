"""A remote behind a link that breaks off before a whole file is over: files in slices.

Any store will do. A slice is a file of its own under `slices/`, whose name says of which file it
is, from where to where, and how large the whole is; what is there counts as the file. Slices may
overlap and be of any size. Nothing is believed of them: whoever reads the file checks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from afield.sync.layout import HEADS, PACKS
from afield.sync.limits import LISTED_MAX
from afield.sync.stores.store import Abilities, Item, RemoteStore

SLICES = "slices/"
_SLICED = (*PACKS.values(), "journal/")
_SLICE = re.compile(r"([a-z0-9!.-]+)!([0-9]{12})-([0-9]{12})-([0-9]{12})")


class Slice(NamedTuple):
    """A part of a file: the bytes from `start` to `end` of `whole` ones."""

    start: int
    end: int
    whole: int


def may_be_sliced(name: str) -> bool:
    """Tell whether a file may lie in slices: those whose name says what must be in them."""
    return name.startswith(_SLICED)


Parts = list[Slice]


def slice_name(name: str, part: Slice) -> str:
    """Return the name of a slice of a file."""
    numbers = f"{part.start:012d}-{part.end:012d}-{part.whole:012d}"
    return f"{SLICES}{name.replace('/', '!')}!{numbers}"


def slice_of(name: str) -> tuple[str, Slice] | None:
    """Return of which file a name is a slice; None when it is none's."""
    found = _SLICE.fullmatch(name.removeprefix(SLICES))
    if found is None:
        return None
    of, part = found[1].replace("!", "/"), Slice(int(found[2]), int(found[3]), int(found[4]))
    sound = may_be_sliced(of) and part.start < part.end <= part.whole
    return (of, part) if sound else None


def reached(parts: Parts, whole: int) -> Parts:
    """Return the slices that lead from the start as far as they do, without a gap."""
    path: Parts = []
    at = 0
    best: Slice | None = None
    for part in sorted(parts):
        if part.whole != whole:
            continue
        if part.start > at:
            if best is None or best.end <= at:
                break
            path.append(best)
            at, best = best.end, None
            if part.start > at:
                break
        if best is None or part.end > best.end:
            best = part
    if best is not None and best.end > at:
        path.append(best)
    return path


class Sliced:
    """A `RemoteStore` that shows files which lie in slices as whole ones.

    Args:
        inner: the store.
    """

    def __init__(self, inner: RemoteStore) -> None:
        self._inner = inner
        self._parts: dict[str, Parts] | None = None
        self._whole: set[str] = set()

    @property
    def address(self) -> str:
        """Where it is, for people."""
        return self._inner.address

    def list(self, prefix: str) -> Iterator[Item]:
        """Yield the files directly in a folder, in slices or not."""
        if prefix == HEADS:  # the first look of a sync or a check
            self._parts = None
        known: set[str] = set()
        for item in self._inner.list(prefix):
            known.add(item.name)
            yield item
        if not may_be_sliced(prefix):
            return
        self._whole |= known
        for name in sorted(self._slices()):
            path = self._path(name)
            if path and name not in known and name.rpartition("/")[0] == prefix[:-1]:
                yield Item(name, path[0].whole)

    def get(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part (-1: to the end); short at the end."""
        try:
            return self._inner.get(name, offset, size_bytes)
        except FileNotFoundError:
            path = self._path(name) if may_be_sliced(name) else []
            if not path:
                raise
        end = path[0].whole if size_bytes < 0 else min(path[0].whole, offset + size_bytes)
        found: list[bytes] = []
        for part in path:
            if part.start <= offset < min(part.end, end):
                wanted = min(part.end, end) - offset
                data = self._inner.get(slice_name(name, part), offset - part.start, wanted)
                found.append(data)
                offset += len(data)
                if len(data) < wanted:
                    break
        return b"".join(found)

    def put(self, name: str, data: bytes) -> None:
        """Write a whole file over what may be there."""
        self._inner.put(name, data)

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Write a whole file unless one is there; tell whether it was written."""
        return self._inner.put_if_absent(name, data)

    def delete(self, name: str) -> None:
        """Remove a file and its slices; nothing happens when it is missing."""
        self._inner.delete(name)
        for part in self._slices().pop(name, []) if may_be_sliced(name) else []:
            self._inner.delete(slice_name(name, part))

    def probe(self) -> Abilities:
        """Find out by trying what the store can do."""
        return self._inner.probe()

    def begin(self, name: str, whole_bytes: int, *, replace: bool) -> int:
        """Return up to where the slices of a file are there that is to be written in slices.

        What is to be replaced goes first: a reader would take it before any slice.
        """
        if name in self._whole or self._path(name):
            if not replace:
                return whole_bytes
            self.delete(name)
            self._whole.discard(name)
        path = reached(self._slices().get(name, []), whole_bytes)
        return path[-1].end if path else 0

    def put_slice(self, name: str, start: int, data: bytes, whole_bytes: int) -> None:
        """Write the bytes of a file from `start` on that are in `data`."""
        part = Slice(start, start + len(data), whole_bytes)
        self._inner.put(slice_name(name, part), data)
        self._slices().setdefault(name, []).append(part)

    def _path(self, name: str) -> Parts:
        """Return the slices that make up a file, in order; none when it is not whole."""
        parts = self._slices().get(name, [])
        for whole in sorted({part.whole for part in parts}):
            path = reached(parts, whole)
            if path and path[-1].end == whole:
                return path
        return []

    def _slices(self) -> dict[str, Parts]:
        if self._parts is None:
            found: dict[str, Parts] = {}
            for item in islice(self._inner.list(SLICES), LISTED_MAX):
                of = slice_of(item.name)
                if of is not None and item.size_bytes == of[1].end - of[1].start:
                    found.setdefault(of[0], []).append(of[1])
            self._parts = found
        return self._parts


def sliced(store: RemoteStore) -> Sliced:
    """Return a store that shows files which lie in slices as whole ones."""
    return store if isinstance(store, Sliced) else Sliced(store)
