"""Taking packs out of the way that nobody needs, and bringing them back.

A pack that is swept only gets another name: `<digest>.pack.swept-<ms>`. It rests under it until it
is freed or brought back. What is needed is the caller's to say; here is only how nothing is lost
in between, whoever writes at the same time and wherever this is cut off.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator

import msgspec

from afield.kernel.files import FileSystem
from afield.vault import header, layout
from afield.vault.errors import Corrupt
from afield.vault.layout import PACK_HEADER, RECIPE, RECORD, TRAILER
from afield.vault.ledger import Ledger
from afield.vault.limits import SWEPT_SHARE_MIN
from afield.vault.packs import without
from afield.vault.shelf import Shelf, pack_index
from afield.vault.stores import FolderStore, Store
from afield.vault.using import SUFFIX, named

_SWEPT = re.compile(r"([0-9a-f]{64})\.pack\.swept-([0-9]{1,15})")


class Candidate(msgspec.Struct, frozen=True):
    """A pack that holds what nobody needs.

    Attributes:
        whole: nothing in it is needed.
        dead_bytes: what goes: of the whole pack, or of the records that nobody needs.
        dead: the numbers of these records.
    """

    pack: str
    size_bytes: int
    dead_bytes: int
    whole: bool
    dead: tuple[int, ...]


class Swept(msgspec.Struct, frozen=True):
    """A pack that rests: since when, in Unix milliseconds, and its size."""

    pack: str
    at_ms: int
    size_bytes: int

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.pack}.pack.swept-{self.at_ms}"


def is_swept(name: str) -> bool:
    """Tell whether a name is that of a pack that rests."""
    return _SWEPT.fullmatch(name) is not None


class Sweeping:
    """What moves packs of one store.

    Args:
        store: where they lie.
        shelf: what reads them.
        files: the file system, for the lists of what processes rely on.
    """

    def __init__(self, store: Store, shelf: Shelf, files: FileSystem) -> None:
        self._store = store
        self._shelf = shelf
        self._files = files

    def relied_on(self) -> set[str]:
        """Return the packs that living processes rely on, or are writing."""
        root = self._store.root if isinstance(self._store, FolderStore) else None
        return set() if root is None else named(root + SUFFIX, self._files)

    def candidates(self, ledger: Ledger, needed: bytearray) -> Iterator[Candidate]:
        """Yield the packs of which nothing, or only a part, is needed.

        A pack that is mostly needed stays as it is, unless it holds a recipe that nobody needs:
        whoever found that one would think its parts were here.

        Args:
            ledger: the records.
            needed: by number, 1 for those that must stay, with the parts of all recipes.
        """
        for pack, numbers in ledger.records():
            dead = tuple(number for number in numbers if not needed[number])
            if not dead and len(numbers):
                continue
            size_bytes = self._store.size(f"{pack}.pack") or 0
            if len(dead) == len(numbers):
                yield Candidate(pack, size_bytes, size_bytes, whole=True, dead=dead)
                continue
            dead_bytes = sum(RECORD.size + ledger.entry(each).stored_bytes for each in dead)
            enough = SWEPT_SHARE_MIN * (size_bytes - PACK_HEADER.size - TRAILER.size)
            if dead_bytes >= enough or any(_may_be_recipe(ledger, each) for each in dead):
                yield Candidate(pack, size_bytes, dead_bytes, whole=False, dead=dead)

    def keep_rest(self, one: Candidate, ledger: Ledger) -> str | None:
        """Write the records of a pack that are needed into a pack of their own, durably.

        Returns its name; None when the pack cannot be trusted: then it stays as it is.

        Raises:
            OSError: the pack cannot be read, or the disk is full or broken.
        """
        gone = {ledger.entry(number).digest for number in one.dead}
        data = self._store.read(f"{one.pack}.pack")
        try:
            entries = list(layout.entries_of(layout.read_pack_index(data)))
            for entry in entries:
                if entry.digest not in gone:
                    end = entry.offset + RECORD.size + entry.stored_bytes
                    self._shelf.decode(entry.digest, data[entry.offset : end])
            made = without(data, gone.__contains__)
        except Corrupt:
            return None
        assert made is not None, "a pack of which nothing is needed is not written anew"
        name, rest = made
        header.write(self._store)
        self._write(name, rest)
        return name

    def put_away(self, pack: str, at_ms: int) -> None:
        """Let a pack rest; what is in it is not found any more.

        Raises:
            OSError: it cannot be renamed.
        """
        self._store.remove(f"{pack}.idx")  # a pack without an index is whole, not the reverse
        self._store.rename(f"{pack}.pack", f"{pack}.pack.swept-{at_ms}")
        self._shelf.refresh()

    def written_ns(self, pack: str) -> int:
        """Return when a pack was written, by the file system's clock; 0 when that is not known."""
        if not isinstance(self._store, FolderStore):
            return 0
        found = self._files.stat(f"{self._store.root}/{pack}.pack")
        return 0 if found is None else found.mtime_ns

    def resting(self) -> list[Swept]:
        """Return the packs that rest, in the order of their time."""
        found = []
        for name in self._store.names():
            match = _SWEPT.fullmatch(name)
            if match is not None:
                size_bytes = self._store.size(name)
                if size_bytes is not None:
                    found.append(Swept(match[1], int(match[2]), size_bytes))
        return sorted(found, key=lambda each: (each.at_ms, each.pack))

    def bring_back(self, resting: Iterable[Swept]) -> list[Swept]:
        """Put packs back in their place, with those that hold parts of what is in them.

        Of a pack with a recipe whose parts are nowhere any more, the rest is brought back. Returns
        the packs that came.

        Raises:
            OSError: one cannot be read or renamed.
        """
        left = set(self.resting())
        waiting = [one for one in resting if one in left]
        held = {one: set(self._digests(one)) for one in left} if waiting else {}
        brought: list[Swept] = []
        while waiting:
            self._shelf.refresh()
            one = waiting.pop()
            if one not in left:
                continue
            left.discard(one)
            brought.append(one)
            for part in self._parts_missing(one):
                waiting += [each for each in left if part in held[each]]
        for one in brought:
            self._put_back(one, {digest for each in brought for digest in held[each]})
        self._shelf.refresh()
        return brought

    def bring_back_what(self, missing: Callable[[], set[bytes]]) -> list[Swept]:
        """Bring back the packs that hold what is missing, and what that then shows to be missing.

        Args:
            missing: returns the digests that are needed and not here; asked again each time.

        Raises:
            OSError: one cannot be read or renamed.
        """
        brought: list[Swept] = []
        left = self.resting()
        while left and (lost := missing()):
            found = [one for one in left if not lost.isdisjoint(self._digests(one))]
            if not found:
                break
            brought += self.bring_back(found)
            left = self.resting()
        return brought

    def _digests(self, one: Swept) -> list[bytes]:
        """Return what a pack that rests holds, as far as it can be read."""
        try:
            data = self._store.read(one.name)
        except OSError:
            return []
        return [entry.digest for entry in layout.entries_of(pack_index(data))]

    def _recipes(self, one: Swept) -> Iterator[tuple[bytes, list[bytes]]]:
        """Yield the recipes in a pack that rests, with their parts."""
        for _, record in layout.walk_records(self._store.read(one.name)):
            if record.kind == RECIPE:
                with contextlib.suppress(Corrupt):
                    parts = layout.read_recipe(record.digest, record.payload)
                    yield record.digest, [part for part, _ in parts]

    def _parts_missing(self, one: Swept) -> set[bytes]:
        parts = {part for _, parts in self._recipes(one) for part in parts}
        return {part for part in parts if not self._shelf.holds(part)}

    def _put_back(self, one: Swept, coming: set[bytes]) -> None:
        """Put a pack back, without the recipes that have lost a part."""
        broken = {
            digest
            for digest, parts in self._recipes(one)
            if not all(part in coming or self._shelf.holds(part) for part in parts)
        }
        if broken:
            made = without(self._store.read(one.name), broken.__contains__)
            if made is not None:
                self._write(*made)
            return
        self._store.rename(one.name, f"{one.pack}.pack")
        data = self._store.read(f"{one.pack}.pack")
        index = layout.index_file(bytes.fromhex(one.pack), len(data), pack_index(data))
        self._store.write(f"{one.pack}.idx", index)

    def free(self, resting: Iterable[Swept]) -> None:
        """Remove packs that rest, for good.

        Raises:
            OSError: one cannot be removed.
        """
        for one in resting:
            self._store.remove(one.name)

    def _write(self, pack: str, data: bytes) -> None:
        self._store.write(f"{pack}.pack", data)
        block = layout.read_pack_index(data)
        self._store.write(f"{pack}.idx", layout.index_file(bytes.fromhex(pack), len(data), block))
        self._shelf.take(pack, block)


def with_parts(ledger: Ledger, numbers: Iterable[int]) -> set[int]:
    """Return records with those of all parts that recipes among them list.

    Raises:
        OSError: a pack cannot be read.
    """
    found: set[int] = set()
    waiting = list(numbers)
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            with contextlib.suppress(Corrupt):
                for part in ledger.parts(number):
                    waiting += ledger.find(part)
    return found


def _may_be_recipe(ledger: Ledger, number: int) -> bool:
    try:
        return bool(ledger.parts(number))
    except Corrupt:
        return True
