"""Finding packs that are not as they were written, and putting sound ones in their place.

Nothing that is sound is ever out of reach on the way: first the sound copy is durable, then the
damaged file is laid aside, then it goes. Where good copies come from is the caller's business.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Iterable, Iterator
from typing import Literal

import msgspec
from blake3 import blake3

from afield.vault import header, layout, tree
from afield.vault.builder import PackBuilder
from afield.vault.errors import Corrupt, HeaderDamaged
from afield.vault.layout import DATA, META, RECORD, Entry, Record
from afield.vault.limits import PACK_BYTES, PACK_BYTES_MAX
from afield.vault.packs import Packs
from afield.vault.shelf import Shelf, is_index, is_pack, pack_index

Aside = Callable[[str], object]
"""Lays a copy of a file of the store aside, durably, before it is replaced or removed."""

Harm = Literal["index", "damaged", "gone"]


class Sick(msgspec.Struct, frozen=True):
    """A pack that needs mending.

    Attributes:
        pack: its name.
        harm: `index`: only its index is wrong or missing; `damaged`: its bytes are; `gone`: only
            the index is left.
        good: the lines of records that verify.
        bad: the lines of those that do not, as far as any index still tells.
        why: what was found, in words.
        told: whether an index still tells all its records: else more is lost than `bad` says.
    """

    pack: str
    harm: Harm
    good: tuple[Entry, ...] = ()
    bad: tuple[Entry, ...] = ()
    why: str = ""
    told: bool = True


class Mending:
    """Mends the packs of one store.

    Args:
        shelf: reads them.
        packs: keeps whole ones.
        aside: lays damaged files aside.
    """

    def __init__(self, shelf: Shelf, packs: Packs, aside: Aside) -> None:
        self._shelf = shelf
        self._store = shelf.store
        self._packs = packs
        self._aside = aside

    def header(self, *, dry: bool = False) -> bool:
        """Write the header anew when it is missing or damaged; tell whether it was.

        Raises:
            FormatUnknown: a later version wrote it.
        """
        try:
            if header.check(self._store) or not any(map(is_pack, self._store.names())):
                return False
        except HeaderDamaged:
            if not dry:
                self._aside(header.NAME)
        if not dry:
            self._store.write(header.NAME, header.encode(header.Header()))
        return True

    def survey(self, looked: Callable[[int, int], object]) -> Iterator[Sick]:
        """Yield every pack that is not whole; reads all bytes.

        Args:
            looked: told how many packs and bytes were read since it was told last.
        """
        names = self._store.names()
        packs = {name[:-5] for name in names if is_pack(name)}
        for pack in sorted(packs):
            found = self.look(pack)
            looked(1, self._store.size(f"{pack}.pack") or 0)
            if found is not None:
                yield found
        for name in names:
            if is_index(name) and name[:-4] not in packs:
                lines = tuple(layout.entries_of(self._index_lines(name[:-4])))
                told = bool(lines)
                yield Sick(name[:-4], "gone", bad=lines, why="only its index is left", told=told)

    def again(self, sick: Sick) -> Sick | None:
        """Return what is the matter with a pack by now."""
        if self._store.size(f"{sick.pack}.pack") is not None:
            return self.look(sick.pack)
        return sick if self._store.size(f"{sick.pack}.idx") is not None else None

    def look(self, pack: str) -> Sick | None:
        """Read a pack and decode all its records; None when it and its index are sound."""
        lines = self._index_lines(pack)
        try:
            data = self._store.read(f"{pack}.pack", 0, PACK_BYTES_MAX + 1)
        except OSError as error:
            listed = tuple(layout.entries_of(lines))
            why = f"it cannot be read: {error}"
            return Sick(pack, "damaged", bad=listed, why=why, told=bool(lines))
        why = _why_damaged(pack, data)
        good, bad = self._sorted_out(data, lines, whole=not why)
        if why or bad:
            told = bool(lines) or not why
            return Sick(pack, "damaged", good, bad, why or "records in it do not verify", told)
        if lines != pack_index(data):
            return Sick(pack, "index", good, why="its index is missing or not as written")
        return None

    def replace(self, sick: Sick, data: bytes) -> None:
        """Put the pack that `sick` once was in its place; `data` matches its name.

        Raises:
            ObjectDamaged: there is more wrong with the bytes; nothing was changed.
        """
        self._packs.check_records(sick.pack, data)
        self._keep(sick.pack, data)

    def reindex(self, sick: Sick) -> None:
        """Write the index of a sound pack anew, from the pack."""
        data = self._store.read(f"{sick.pack}.pack")
        index = layout.index_file(bytes.fromhex(sick.pack), len(data), pack_index(data))
        if self._store.size(f"{sick.pack}.idx") is not None:
            self._aside(f"{sick.pack}.idx")
        self._store.write(f"{sick.pack}.idx", index)

    def salvage(self, sick: Sick) -> str | None:
        """Move what is sound in a damaged pack to a new one, and the damaged one aside.

        Returns:
            The new pack's name; None when nothing in it was sound.
        """
        made = None
        if sick.good:
            made, whole = self._rebuilt(sick)
            self._keep(made, whole)
        if not self._stands(sick.pack):
            self._aside_both(sick.pack)
            for name in (f"{sick.pack}.pack", f"{sick.pack}.idx"):
                self._store.remove(name)
        return made

    def done(self) -> None:
        """Let the vault look at all packs anew."""
        self._shelf.forget()

    def adopt(self, wanted: Iterable[bytes], theirs: Mending) -> set[bytes]:
        """Copy the records that other packs have whole; return which these were."""
        return self._keep_all(theirs.copies(wanted))

    def take(self, data: bytes, wanted: Container[bytes]) -> set[bytes]:
        """Copy the records out of what may be a damaged pack; return which verified."""
        return self._keep_all(self._records_in(data, wanted))

    def copies(self, wanted: Iterable[bytes]) -> Iterator[tuple[int, Entry, Record]]:
        """Yield role, line and record of one sound copy of each object that is here."""
        for digest in wanted:
            self._shelf.see()
            for place in self._shelf.catalog.find(digest):
                with contextlib.suppress(Corrupt, OSError):
                    data = self._shelf.read(place)
                    self._shelf.decode(digest, data)
                    role = META if self._packs.is_meta(place.pack) else DATA
                    yield role, place.entry, layout.read_record(data)
                    break

    def _keep_all(self, found: Iterable[tuple[int, Entry, Record]]) -> set[bytes]:
        """Write records into new packs, and return their digests."""
        builders = {DATA: PackBuilder(DATA), META: PackBuilder(META)}
        kept: set[bytes] = set()
        for role, entry, record in found:
            if entry.digest in kept:
                continue
            kept.add(entry.digest)
            if builders[role].size_bytes + len(record.payload) > PACK_BYTES:
                self._close(builders[role])
                builders[role] = PackBuilder(role)
            _add(builders[role], entry, record)
        for builder in builders.values():
            self._close(builder)
        return kept

    def _close(self, builder: PackBuilder) -> None:
        if len(builder):
            name, data, _ = builder.finish()
            self._keep(name, data)

    def _keep(self, pack: str, data: bytes) -> None:
        """Write a pack; keep, too, what is sound in bytes not its own that stand in its place.

        They may be those of another pack, which has no other copy of them.
        """
        found = self.look(pack)
        there = b""
        if found is not None and found.good:
            there = self._store.read(f"{pack}.pack", 0, PACK_BYTES_MAX + 1)
        if not self._stands(pack):
            self._aside_both(pack)
        self._shelf.catalog.drop(pack)
        self._packs.keep(pack, data)
        if found is not None and found.good:
            ours = {entry.digest for entry in layout.entries_of(pack_index(data))}
            self.take(there, {entry.digest for entry in found.good} - ours)

    def _records_in(
        self, data: bytes, wanted: Container[bytes]
    ) -> Iterator[tuple[int, Entry, Record]]:
        listed = set(layout.entries_of(pack_index(data)))
        listed |= {layout.entry_of(*found) for found in layout.walk_records(data)}
        role = DATA
        with contextlib.suppress(Corrupt):
            role = layout.read_pack_header(data)
        for entry in sorted(listed):
            if entry.digest in wanted:
                with contextlib.suppress(Corrupt):
                    self._shelf.decode(entry.digest, _bytes_of(data, entry))
                    yield role, entry, layout.read_record(data, entry.offset)

    def _sorted_out(
        self, data: bytes, lines: bytes, *, whole: bool
    ) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
        """Return the lines of records that verify, and of those that do not.

        Of a damaged pack everything that names a record is heard: its own lines, those of its
        index, and what parses from its start.
        """
        listed = set(layout.entries_of(pack_index(data)))
        if not whole:
            listed |= set(layout.entries_of(lines))
            listed |= {layout.entry_of(*found) for found in layout.walk_records(data)}
        good: dict[bytes, Entry] = {}
        for entry in sorted(listed, key=lambda entry: entry.offset):
            with contextlib.suppress(Corrupt):
                found = self._shelf.decode(entry.digest, _bytes_of(data, entry))
                size = len(found) if isinstance(found, bytes) else sum([size for _, size in found])
                good.setdefault(entry.digest, entry._replace(size_bytes=size))
        bad = {entry.digest: entry for entry in sorted(listed) if entry.digest not in good}
        return tuple(good.values()), tuple(bad.values())

    def _rebuilt(self, sick: Sick) -> tuple[str, bytes]:
        """Return a pack of the sound records: its name and bytes."""
        data = self._store.read(f"{sick.pack}.pack", 0, PACK_BYTES_MAX + 1)
        builder = PackBuilder(self._role(data, sick.good))
        for entry in sorted(sick.good, key=lambda entry: entry.offset):
            _add(builder, entry, layout.read_record(data, entry.offset))
        name, whole, _ = builder.finish()
        return name, whole

    def _role(self, data: bytes, good: tuple[Entry, ...]) -> int:
        """Return a pack's role; where its head is damaged, that of packs with such records."""
        with contextlib.suppress(Corrupt):
            return layout.read_pack_header(data)
        for entry in good:
            found = self._shelf.decode(entry.digest, _bytes_of(data, entry))
            if isinstance(found, bytes) and (tree.is_tree(found) or found[:1] == b"{"):
                return META
        return DATA

    def _aside_both(self, pack: str) -> None:
        for name in (f"{pack}.pack", f"{pack}.idx"):
            if self._store.size(name) is not None:
                self._aside(name)

    def _stands(self, pack: str) -> bool:
        """Tell whether a pack is there, with the bytes that it is named after."""
        try:
            return blake3(self._store.read(f"{pack}.pack")).hexdigest() == pack
        except OSError:
            return False

    def _index_lines(self, pack: str) -> bytes:
        try:
            data = self._store.read(f"{pack}.idx")
            return layout.read_index_file(bytes.fromhex(pack), data)[0]
        except (OSError, Corrupt):
            return b""


def _why_damaged(pack: str, data: bytes) -> str:
    if len(data) > PACK_BYTES_MAX:
        return "it is larger than any pack may be"
    if blake3(data).hexdigest() != pack:
        return "its bytes do not match its name"
    try:
        layout.read_pack_header(data)
        layout.read_pack_index(data)
    except Corrupt as error:
        return str(error)
    return ""


def _bytes_of(data: bytes, entry: Entry) -> bytes:
    return data[entry.offset : entry.offset + RECORD.size + entry.stored_bytes]


def _add(builder: PackBuilder, entry: Entry, record: Record) -> None:
    builder.add(
        entry.digest,
        record.payload,
        kind=record.kind,
        codec=record.codec,
        raw_bytes=record.size_bytes,
        size_bytes=entry.size_bytes,
    )
