"""All records of a vault by number: what marks them, or sums them up, needs no more than that.

Made of the indexes alone, in some 60 bytes of memory a record. A snapshot: packs that come
later are not in it. Nothing here reads content, except the parts that a recipe lists.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from afield.vault import layout
from afield.vault.errors import Corrupt
from afield.vault.layout import CHECKSUM_BYTES, DIGEST_BYTES, ENTRY, ITEM, RECORD, Entry
from afield.vault.shelf import Shelf

_KEY_BYTES = 8


class Ledger:
    """The records that the packs hold now, numbered from 0, pack by pack.

    Attributes:
        packs: the packs, in the order of their records.

    Args:
        shelf: the packs.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.packs: list[str] = []
        self._starts = array("Q")
        lines = bytearray()
        for pack, block in shelf.blocks():
            self.packs.append(pack)
            self._starts.append(len(lines) // ENTRY.size)
            lines += block
        self._lines = bytes(lines)
        self._count = len(lines) // ENTRY.size
        keys = [
            int.from_bytes(lines[at : at + _KEY_BYTES], "big")
            for at in range(0, len(lines), ENTRY.size)
        ]
        self._order = array("I", sorted(range(self._count), key=keys.__getitem__))
        self._keys = array("Q", [keys[number] for number in self._order])

    def __len__(self) -> int:
        return self._count

    def find(self, digest: bytes) -> list[int]:
        """Return the numbers of all records of an object; several packs may hold one."""
        key = int.from_bytes(digest[:_KEY_BYTES], "big")
        at = bisect_left(self._keys, key)
        found = []
        while at < self._count and self._keys[at] == key:
            number = self._order[at]
            start = number * ENTRY.size
            if self._lines[start : start + DIGEST_BYTES] == digest:
                found.append(number)
            at += 1
        return found

    def entry(self, number: int) -> Entry:
        """Return the index line of a record."""
        return Entry(*ENTRY.unpack_from(self._lines, number * ENTRY.size))

    def pack_of(self, number: int) -> str:
        """Return the pack that holds a record."""
        return self.packs[bisect_right(self._starts, number) - 1]

    def records(self) -> Iterator[tuple[str, range]]:
        """Yield each pack with the numbers of its records."""
        for index, pack in enumerate(self.packs):
            last = index + 1 == len(self.packs)
            end = self._count if last else self._starts[index + 1]
            yield pack, range(self._starts[index], end)

    def parts(self, number: int) -> list[bytes]:
        """Return what the recipe with this number lists; nothing for a chunk.

        Nearly every chunk is told by its line: a recipe's payload is not compressed, and so of a
        length that few chunks have. Only the others are read.

        Raises:
            Corrupt: the recipe does not verify.
            OSError: its pack cannot be read.
        """
        entry = self.entry(number)
        items_bytes = entry.stored_bytes - CHECKSUM_BYTES
        if items_bytes <= 0 or items_bytes % ITEM.size:
            return []
        name = f"{self.pack_of(number)}.pack"
        store = self._shelf.store
        head = store.read(name, entry.offset, RECORD.size)
        if len(head) < RECORD.size:
            raise Corrupt("the record is cut off")
        if head[0] != layout.RECIPE:
            return []
        record = layout.read_record(
            store.read(name, entry.offset, RECORD.size + entry.stored_bytes)
        )
        if record.digest != entry.digest:
            raise Corrupt("another object stands in its place")
        return [part for part, _ in layout.read_recipe(entry.digest, record.payload)]
