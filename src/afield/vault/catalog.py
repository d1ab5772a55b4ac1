"""Which pack holds an object, for one process: eight bytes of memory a record.

All packs' digests stand in a few sorted arrays of words, 44 bits of the digest over 20 bits
of pack number, so that a miss costs a bisection in C however many packs there are. The rest
of a line comes from the pack's own index, of which the last used stay in memory.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Iterator, KeysView
from typing import NamedTuple

from afield.vault.layout import ENTRY, Entry, find_line, keys_of, offset_in
from afield.vault.limits import INDEXES_HELD, PACKS_MAX

PACK_MASK = PACKS_MAX - 1
WORDS_OF_AN_ENTRY = ENTRY.size // 8
OFFSET_BITS = 32
_LINES_A_LOOK = 8  # so many lines are looked through in the time of one bisection


class Place(NamedTuple):
    """Where an object's record is."""

    pack: str
    entry: Entry


class Catalog:
    """The objects of all known packs.

    Args:
        load: returns the index lines of a pack by name; may raise `OSError`.
    """

    def __init__(self, load: Callable[[str], bytes]) -> None:
        self._load = load
        self._packs: list[str] = []
        self._numbers: dict[str, int] = {}
        self._runs: list[array[int]] = []
        self._held: OrderedDict[int, tuple[bytes, array[int]]] = OrderedDict()

    def resume(self, packs: list[str], runs: list[array[int]], there: Container[str]) -> None:
        """Start from the columns of another catalog, in place of reading an index a pack.

        Args:
            packs: names by number.
            runs: as `columns` returned them.
            there: which packs still are; of the others words stay and lead nowhere.
        """
        self._packs, self._runs = packs, runs
        self._numbers = {pack: at for at, pack in enumerate(packs) if pack in there}

    def columns(self) -> tuple[list[str], list[array[int]]]:
        """Return what `resume` takes, for whoever keeps it; not to be changed."""
        return self._packs, self._runs

    def packs(self) -> KeysView[str]:
        """Return the names of the packs, in the order they were added."""
        return self._numbers.keys()

    def __contains__(self, pack: str) -> bool:
        return pack in self._numbers

    def add(self, pack: str, block: bytes) -> None:
        """Add a pack by its index lines; nothing happens when it is known."""
        if pack in self._numbers:
            return
        number = len(self._packs)
        if number == PACKS_MAX:
            raise ValueError(f"more than {PACKS_MAX} packs")
        self._packs.append(pack)
        self._numbers[pack] = number
        self._hold(number, block)
        words = memoryview(block).cast("Q")[::WORDS_OF_AN_ENTRY].tolist()
        run = array("Q", sorted([word & ~PACK_MASK | number for word in words]))
        # As in a merge sort: a run is merged once another of half its size has come.
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = array("Q", sorted(self._runs.pop().tolist() + run.tolist()))
        self._runs.append(run)

    def drop(self, pack: str) -> None:
        """Forget a pack that is gone; its words stay and lead nowhere."""
        number = self._numbers.pop(pack, None)
        if number is not None:
            self._held.pop(number, None)

    def holds(self, digest: bytes) -> bool:
        """Tell whether some pack has the object."""
        return self.locate(digest) is not None

    def pack_of(self, digest: bytes) -> str | None:
        """Return a pack that has the object."""
        place = self.locate(digest)
        return None if place is None else self.name_of(place >> OFFSET_BITS)

    def name_of(self, number: int) -> str:
        """Return the name of a pack by the number that `locate` gave."""
        return self._packs[number]

    def locate(self, digest: bytes) -> int | None:
        """Return the number of a pack that has the object, over the offset of its record.

        Asked for every file: without any detour.
        """
        low = int.from_bytes(digest[:8], sys.byteorder) & ~PACK_MASK
        for run in self._runs:
            at = bisect_left(run, low)
            while at < len(run) and run[at] & ~PACK_MASK == low:
                number = run[at] & PACK_MASK
                if self._packs[number] in self._numbers:
                    block, keys = self._lines(number)
                    start = find_line(block, keys, digest)
                    if start is not None:
                        return number << OFFSET_BITS | offset_in(block, start)
                at += 1
        return None

    def locate_all(self, digests: Iterable[bytes]) -> dict[bytes, int]:
        """Return what `locate` does, for many objects at once; those that no pack has lack."""
        wanted = set(digests)
        if sum(map(len, self._runs)) > _LINES_A_LOOK * len(wanted):
            found = ((digest, self.locate(digest)) for digest in wanted)
            return {digest: place for digest, place in found if place is not None}
        places: dict[bytes, int] = {}
        for pack, number in self._numbers.items():
            held = self._held.get(number)
            block = self._load(pack) if held is None else held[0]
            above = number << OFFSET_BITS
            for digest, offset, _, _ in ENTRY.iter_unpack(block):
                if digest in wanted:
                    places[digest] = above | offset
        return places

    def find(self, digest: bytes) -> Iterator[Place]:
        """Yield every place that has the object."""
        low = int.from_bytes(digest[:8], sys.byteorder) & ~PACK_MASK
        for run in self._runs:
            at = bisect_left(run, low)
            while at < len(run) and run[at] & ~PACK_MASK == low:
                number = run[at] & PACK_MASK
                pack = self._packs[number]
                if pack in self._numbers:
                    block, keys = self._lines(number)
                    start = find_line(block, keys, digest)
                    if start is not None:
                        yield Place(pack, Entry(*ENTRY.unpack_from(block, start)))
                at += 1

    def _lines(self, number: int) -> tuple[bytes, array[int]]:
        found = self._held.get(number)
        if found is None:
            return self._hold(number, self._load(self._packs[number]))
        self._held.move_to_end(number)
        return found

    def _hold(self, number: int, block: bytes) -> tuple[bytes, array[int]]:
        held = self._held[number] = (block, keys_of(block))
        if len(self._held) > INDEXES_HELD:
            self._held.popitem(last=False)
        return held
