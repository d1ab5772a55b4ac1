"""Packs as whole files: for whoever carries them to another copy of the record, or from there.

A pack that comes in is checked against its name and by every line of its index before it
is kept. What is in an object is nobody's business here.
"""

from __future__ import annotations

from collections.abc import Callable

from blake3 import blake3

from afield.vault import header, layout, records
from afield.vault.builder import PackBuilder
from afield.vault.errors import Corrupt, ObjectDamaged, ObjectMissing
from afield.vault.layout import DATA, META
from afield.vault.limits import CHUNK_BYTES, PACK_BYTES_MAX
from afield.vault.shelf import Parts, Shelf, damaged, is_pack, pack_index
from afield.vault.stores import Store
from afield.vault.using import Using


class Packs:
    """The packs of a vault.

    Args:
        store: where they lie.
        shelf: what reads them.
        using: names the packs that this process relies on.
    """

    def __init__(self, store: Store, shelf: Shelf, using: Using | None = None) -> None:
        self._store = store
        self._using = using
        self._shelf = shelf
        self._meta: dict[str, bool] = {}

    def names(self) -> list[str]:
        """Return the digests that packs are named by, sorted."""
        return [name[:-5] for name in self._store.names() if is_pack(name)]

    def size(self, pack: str) -> int:
        """Return the size of a pack in bytes; 0 when it is gone."""
        return self._store.size(f"{pack}.pack") or 0

    def is_meta(self, pack: str) -> bool:
        """Tell whether a pack holds metadata; False when its head cannot be read."""
        if pack not in self._meta:
            try:
                head = self._store.read(f"{pack}.pack", 0, layout.PACK_HEADER.size)
                self._meta[pack] = layout.read_pack_header(head) == META
            except (OSError, Corrupt):
                return False
        return self._meta[pack]

    def read(self, pack: str) -> bytes:
        """Return a pack's bytes.

        Raises:
            ObjectDamaged: they are not what it is named after.
            OSError: it cannot be read.
        """
        data = self._store.read(f"{pack}.pack")
        if blake3(data).hexdigest() != pack:
            raise damaged(bytes.fromhex(pack), "the bytes of the pack do not match its name")
        return data

    def digests(self, pack: str) -> list[bytes]:
        """Return the digests of all objects in a pack that is here."""
        return self._shelf.digests_of(pack)

    def keep(self, pack: str, data: bytes) -> None:
        """Keep a pack that came from elsewhere, durably.

        Raises:
            ObjectDamaged: it is not what it is named after, or no pack.
        """
        block = self.check_records(pack, data)
        self._shelf.see()
        header.write(self._store)
        if self._using is not None:
            self._using.add(pack)
        self._store.write(f"{pack}.pack", data)
        self._store.write(f"{pack}.idx", layout.index_file(bytes.fromhex(pack), len(data), block))
        self._shelf.take(pack, block)

    def check_records(self, pack: str, data: bytes) -> bytes:
        """Check a pack that came from elsewhere by every line of its index; return the lines.

        Raises:
            ObjectDamaged: it is not what it is named after, or no pack.
        """
        try:
            block = check(pack, data)
            for _, found in records.each(data, block, lambda entry: self._record(entry, data)):
                if isinstance(found, Corrupt):
                    raise found
        except Corrupt as error:
            raise damaged(bytes.fromhex(pack), str(error)) from error
        return block

    def reach(self, digest: bytes) -> list[bytes]:
        """Return an object and all that its recipes list, of what is here."""
        found = [digest]
        try:
            loaded = self._shelf.load(digest)
        except (ObjectDamaged, ObjectMissing):
            return found
        for part, size_bytes in [] if isinstance(loaded, bytes) else loaded:
            found += self.reach(part) if size_bytes > CHUNK_BYTES[-1] else [part]
        return found

    def known(self, digest: bytes) -> bool:
        """Tell whether an object, or a part of one, stands in a pack that this process knows."""
        return self._shelf.holds(digest)

    def _record(self, entry: layout.Entry, data: bytes) -> bytes | Parts:
        """Refuse a record that is not what its line says: it would hide a good one elsewhere."""
        if layout.stored_at(data, entry.offset) != entry.stored_bytes:
            raise Corrupt("its index gives a record another size")
        return self._shelf.decode(entry.digest, data, entry.offset)

    def absent(self, digest: bytes, known: Callable[[bytes], bool]) -> list[bytes]:
        """Return what of an object is not here: itself, or parts that its recipes list.

        Args:
            digest: the object's.
            known: tells whether a record is here.
        """
        if not known(digest):
            return [digest]
        try:
            found = self._shelf.load(digest)
        except ObjectDamaged:
            return []  # named by `verify`; it is here
        if isinstance(found, bytes):
            return []
        lost: list[bytes] = []
        for part, size_bytes in found:
            if size_bytes > CHUNK_BYTES[-1]:
                lost += self.absent(part, known)
            elif not known(part):
                lost.append(part)
        return lost


def check(pack: str, data: bytes) -> bytes:
    """Return the index lines of a pack that came from elsewhere.

    Raises:
        Corrupt: it is not what it is named after, too large, or no pack.
    """
    if len(data) > PACK_BYTES_MAX:
        raise Corrupt("it is larger than any pack may be")
    if blake3(data).hexdigest() != pack:
        raise Corrupt("its bytes do not match its name")
    layout.read_pack_header(data)
    return layout.read_pack_index(data)


def index_bytes(end: bytes) -> int:
    """Return how many bytes of a pack's end hold its index and trailer, going by the trailer.

    Raises:
        Corrupt: these are not the last bytes of a pack.
    """
    if len(end) < layout.TRAILER.size:
        raise Corrupt("the pack has no end")
    magic, count, _, _ = layout.TRAILER.unpack_from(end, len(end) - layout.TRAILER.size)
    if magic != layout.TRAILER_MAGIC:
        raise Corrupt("the pack has no end")
    return int(count) * layout.ENTRY.size + layout.TRAILER.size


def index_block_of(end: bytes) -> bytes:
    """Return the index lines out of a pack, or of as much of its end as has them.

    Raises:
        Corrupt: they do not verify.
    """
    return layout.read_pack_index(end)


def without(data: bytes, drop: Callable[[bytes], bool]) -> tuple[str, bytes] | None:
    """Return a pack, and its name, of those records whose digest may stay; None when none may.

    The same records always give the same pack.
    """
    builder = PackBuilder(layout.read_pack_header(data))
    entries = layout.entries_of(pack_index(data))
    for entry in sorted(entries, key=lambda entry: entry.offset):
        if drop(entry.digest):
            continue
        record = layout.read_record(data, entry.offset)
        builder.add(
            entry.digest,
            record.payload,
            kind=record.kind,
            codec=record.codec,
            raw_bytes=record.size_bytes,
            size_bytes=entry.size_bytes,
        )
    if not len(builder):
        return None
    name, made, _ = builder.finish()
    return name, made


ROLES = {DATA: "data", META: "meta"}
"""What the roles of packs are called where they stand apart."""
