"""The reading side: which packs there are, and one record at a time, verified.

Nothing that was read is believed before it has matched its digest. Nothing here writes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

import zstandard
from blake3 import blake3

from afield.vault import header, layout
from afield.vault.catalog import Catalog, Place
from afield.vault.errors import Corrupt, ObjectDamaged, ObjectMissing
from afield.vault.limits import FRESH_PACKS_MIN, FRESH_PACKS_SHARE, RECIPE_DEPTH_MAX
from afield.vault.recalled import Recalled
from afield.vault.stores import Store

Parts = list[tuple[bytes, int]]
"""Digest and size in bytes of the objects that make up another one, in order."""


Content = bytes | memoryview
"""An object's bytes, or a view of where they were read."""

Guard = Callable[[bytes, bytes], bool]
"""Tells whether bytes have a digest."""


def matches(digest: bytes, content: bytes) -> bool:
    """Tell whether `content` has this digest: the guard of every read."""
    return blake3(content).digest() == digest


class Shelf:
    """All packs of a store, as one process sees them.

    Args:
        store: where the packs lie.
        lock: held while the list of packs is used or changed.
        waiting: returns a record that is in no pack yet, and the size of its object.
        guard: tells whether content has a digest; tests take it away to prove its worth.
        recalled: keeps the list of packs between processes; None: each reads every index.
    """

    def __init__(
        self,
        store: Store,
        lock: threading.RLock,
        waiting: Callable[[bytes], tuple[bytes, int] | None],
        guard: Guard,
        recalled: Recalled | None = None,
    ) -> None:
        self.store = store
        self.catalog = Catalog(self._load_index)
        self.unsettled = False
        self._lock = lock
        self._waiting = waiting
        self._guard = guard
        self._listed = False
        self._unreadable: dict[str, str] = {}
        self._recalled = recalled
        self._unsure: set[str] = set()
        self._fresh = 0

    def refresh(self) -> None:
        """Take in packs that other processes have written, and forget those that are gone.

        Raises:
            FormatUnknown: a later version wrote the packs.
            HeaderDamaged: what names the format cannot be read.
        """
        with self._lock:
            if not self._listed:
                header.check(self.store)
            names = self.store.names()
            there = {name[:-5] for name in names if name.endswith(".pack")}
            if not self._listed and self._recalled is not None:
                self._recalled.into(self.catalog, there)
                self.unsettled = bool(self.catalog.packs())
            self._listed = True
            known = self.catalog.packs()
            for pack in known - there:
                self.catalog.drop(pack)
            for pack in sorted(there - known):
                if is_pack(f"{pack}.pack"):
                    self._take_in(pack)
            self._keep()

    def _keep(self) -> None:
        """Keep the list of packs for other processes, once enough of it is news."""
        packs = len(self.catalog.packs())
        if self._recalled is not None and self._fresh > max(
            FRESH_PACKS_MIN, packs // FRESH_PACKS_SHARE
        ):
            self._recalled.save(self.catalog, self._unsure)
            self._fresh = 0

    def forget(self) -> None:
        """List and read everything anew at the next look."""
        with self._lock:
            self.catalog = Catalog(self._load_index)
            self._listed = False
            if self._recalled is not None:
                self._recalled.forget()

    def see(self) -> None:
        """Take in what is there, unless that was done before."""
        if not self._listed:
            self.refresh()

    def holds(self, digest: bytes) -> bool:
        """Tell whether a pack that is known has the object."""
        with self._lock:
            self.see()
            return self.catalog.holds(digest)

    def pack_of(self, digest: bytes) -> str | None:
        """Return a pack that is known and has the object."""
        with self._lock:
            self.see()
            return self.catalog.pack_of(digest)

    def locate(self, digest: bytes) -> int | None:
        """Return the place of an object in a pack that is known; see `Catalog.locate`."""
        with self._lock:
            self.see()
            return self.catalog.locate(digest)

    def locate_all(self, digests: Iterable[bytes]) -> dict[bytes, int]:
        """Return the places of many objects, of those that packs have; see `Catalog`."""
        with self._lock:
            self.see()
            return self.catalog.locate_all(digests)

    def digests(self) -> Iterator[bytes]:
        """Yield the digest of every record in a pack."""
        for _, block in self.blocks():
            for entry in layout.entries_of(block):
                yield entry.digest

    def blocks(self) -> Iterator[tuple[str, bytes]]:
        """Yield each pack with its index lines, as they are now."""
        self.refresh()
        for pack in list(self.catalog.packs()):
            yield pack, self._load_index(pack)

    def take(self, pack: str, block: bytes) -> None:
        """Take in a pack that was just written, by its index lines."""
        with self._lock:
            self.catalog.add(pack, block)

    def digests_of(self, pack: str) -> list[bytes]:
        """Return the digest of every record in one pack."""
        return [entry.digest for entry in layout.entries_of(self._load_index(pack))]

    def size(self, digest: bytes) -> int:
        """Return the size of an object in bytes.

        Raises:
            ObjectMissing: no pack has it.
        """
        for _ in range(2):
            with self._lock:
                waiting = self._waiting(digest)
                if waiting is not None:
                    return waiting[1]
                self.see()
                place = next(self.catalog.find(digest), None)
            if place is not None:
                return place.entry.size_bytes
            self.refresh()
        raise self.missing(digest)

    def load(self, digest: bytes) -> bytes | Parts:
        """Return the content of a chunk or the parts of a recipe, verified.

        Raises:
            ObjectMissing: no pack has it.
            ObjectDamaged: no pack has it whole.
        """
        why: str | None = None
        for _ in range(2):
            with self._lock:
                waiting = self._waiting(digest)
                if waiting is not None:
                    return self.decode(digest, waiting[0])
                self.see()
                places = list(self.catalog.find(digest))
            for place in places:
                try:
                    return self._read_whole(digest, place)
                except FileNotFoundError:
                    continue
                except (Corrupt, OSError) as error:
                    why = f"{error} (in pack {place.pack})"
            if why:
                raise damaged(digest, why)
            self.refresh()
        raise self.missing(digest)

    def contents(
        self,
        digest: bytes,
        size_bytes: int | None = None,
        depth: int = 0,
        load: Callable[[bytes], Content | Parts] | None = None,
    ) -> Iterator[Content]:
        """Yield an object's bytes in order, record by record, each verified.

        The whole is for the caller to verify: only it knows whether all was taken. Sizes are
        checked before parts are read, so that no recipe gives more than it says it will.
        """
        found = (load or self.load)(digest)
        parts = found if isinstance(found, list) else []
        whole = sum([size for _, size in found]) if isinstance(found, list) else len(found)
        if size_bytes is not None and whole != size_bytes:
            raise damaged(digest, "it has another size than the recipe that lists it says")
        if depth == RECIPE_DEPTH_MAX or any(size >= whole for _, size in parts):
            raise damaged(digest, "its recipes are nested too deep")
        if not isinstance(found, list):
            yield found
        for part, part_bytes in parts:
            yield from self.contents(part, part_bytes, depth + 1, load)

    def read(self, place: Place) -> bytes:
        """Read the bytes of a record."""
        wanted = layout.RECORD.size + place.entry.stored_bytes
        return self.store.read(f"{place.pack}.pack", place.entry.offset, wanted)

    def _read_whole(self, digest: bytes, place: Place) -> bytes | Parts:
        """Return what a record holds; a copy of its pack that does not verify is read anew."""
        try:
            return self.decode(digest, self.read(place))
        except Corrupt:
            if not self.store.doubt(f"{place.pack}.pack"):
                raise
            return self.decode(digest, self.read(place))

    def decode(self, digest: bytes, data: bytes, at: int = 0) -> bytes | Parts:
        """Return what the record at `at` holds, if that is the object with this digest.

        Raises:
            Corrupt: it is not.
        """
        record = layout.read_record(data, at)
        if record.digest != digest:
            raise Corrupt("another object stands in its place")
        content = record.payload
        if record.codec == layout.ZSTD:
            content = _decompress(content, record.size_bytes)
        if len(content) != record.size_bytes:
            raise Corrupt("the content has another size than the record says")
        if record.kind == layout.RECIPE:
            return layout.read_recipe(digest, content)
        if not self._guard(digest, content):
            raise Corrupt("the content does not match its digest")
        return content

    def missing(self, digest: bytes) -> ObjectMissing:
        """Word that no pack has an object."""
        why = "no pack of this workspace has it"
        if self._unreadable:
            why = f"no readable pack has it, and {len(self._unreadable)} cannot be read"
        name = digest.hex()
        return ObjectMissing("no such object", name, why, hint="afield verify", object=name)

    def _take_in(self, pack: str) -> None:
        try:
            self.catalog.add(pack, self._load_index(pack))
        except OSError as error:
            # One bad sector must not take the other packs away; verify names this one.
            self._unreadable[pack] = str(error)
            return
        self._unreadable.pop(pack, None)
        self._fresh += 1
        self.unsettled = True

    def _load_index(self, pack: str) -> bytes:
        """Return a pack's index lines: from its index, else its end, else its records."""
        try:
            data = self.store.read(f"{pack}.idx")
            return layout.read_index_file(bytes.fromhex(pack), data)[0]
        except (OSError, Corrupt):
            self._unsure.add(pack)  # an index only repeats what the pack says itself
        try:
            return pack_index(self.store.read(f"{pack}.pack"))
        except FileNotFoundError:
            return b""


def pack_index(data: bytes) -> bytes:
    """Return the index lines out of a pack: from its end, else from what records parse."""
    try:
        return layout.read_pack_index(data)
    except Corrupt:
        return layout.index_block(layout.entry_of(*found) for found in layout.walk_records(data))


def is_pack(name: str) -> bool:
    """Tell whether a name is that of a pack."""
    return len(name) == 69 and name.endswith(".pack") and _is_hex(name[:64])  # noqa: PLR2004


def is_index(name: str) -> bool:
    """Tell whether a name is that of a pack's index."""
    return len(name) == 68 and name.endswith(".idx") and _is_hex(name[:64])  # noqa: PLR2004


def damaged(digest: bytes, why: str) -> ObjectDamaged:
    """Word that an object does not match what was written."""
    name = digest.hex()
    return ObjectDamaged("object is damaged", name, why, hint="afield verify", object=name)


def _decompress(data: bytes, size_bytes: int) -> bytes:
    """Decompress a frame that must itself declare the size that is expected.

    The library believes a frame's size before any other bound, and takes that much memory.
    """
    try:
        if zstandard.frame_content_size(data) == size_bytes:
            return _decompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise Corrupt("the stored bytes cannot be decompressed") from error
    raise Corrupt("the stored bytes would decompress to another size")


_local = threading.local()


def _decompressor() -> zstandard.ZstdDecompressor:
    # One a thread: they are not safe to share, and to make one costs as much as a small record.
    found: zstandard.ZstdDecompressor | None = getattr(_local, "decompressor", None)
    if found is None:
        found = _local.decompressor = zstandard.ZstdDecompressor()
    return found


def _is_hex(text: str) -> bool:
    return not set(text) - set("0123456789abcdef")
