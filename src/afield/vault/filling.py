"""The writing side: cut, compress, collect, and write packs that are full.

What comes in is already digested by the caller or is digested here; it is kept once. Write
order is pack, then its index; data before the metadata that names it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Iterator

import zstandard
from blake3 import blake3

from afield.vault import chunking, header, layout
from afield.vault.builder import PackBuilder
from afield.vault.layout import CHUNK, DATA, META, RECIPE, STORED, ZSTD
from afield.vault.limits import (
    COMPRESS_BYTES_MIN,
    DULL_CHUNKS,
    RECIPE_ITEMS,
    SAVING_MIN,
    WHOLE_READ_BYTES,
)
from afield.vault.recalled import Recalled
from afield.vault.shelf import Guard, Parts, Shelf
from afield.vault.stores import Store
from afield.vault.using import Using


class Filling:
    """The packs that are being filled, one of data and one of metadata.

    Args:
        store: where full packs go.
        lock: held while a record is added and while a pack is written.
        level: of zstd.
        pack_bytes: a pack is closed before it would pass this.
        guard: what reading trusts, see `Shelf`.
        using: names the packs that this process relies on; None: nobody sweeps this store.
        recalled: keeps the list of packs between processes.
    """

    def __init__(
        self,
        store: Store,
        lock: threading.RLock,
        *,
        level: int,
        pack_bytes: int,
        guard: Guard,
        using: Using | None = None,
        recalled: Recalled | None = None,
    ) -> None:
        self._store = store
        self._using = using
        self._lock = lock
        self._level = level
        self._pack_bytes = pack_bytes
        self._local = threading.local()
        self._building = {DATA: PackBuilder(DATA), META: PackBuilder(META)}
        self._data, self._meta = self._building[DATA], self._building[META]
        self._reused = False
        self._last = 0
        self.shelf = Shelf(store, lock, self.waiting, guard, recalled)
        _FILLING.add(self)

    def hold(self) -> None:
        """Let no thread add or write until `release`."""
        self._lock.acquire()

    def release(self) -> None:
        """End `hold`."""
        self._lock.release()

    def waiting(self, digest: bytes) -> tuple[bytes, int] | None:
        """Return a record that is in no pack yet, and the size of its object."""
        return self._data.record(digest) or self._meta.record(digest)

    def is_empty(self) -> bool:
        """Tell whether nothing waits to be written."""
        return not len(self._data) and not len(self._meta)

    def known(self, digest: bytes) -> bool:
        """Tell whether an object need not be kept again."""
        with self._lock:
            if digest in self._data or digest in self._meta:
                return True
            found = self._relies_on(digest)
            self._reused |= found
            return found

    def holds(self, digest: bytes) -> bool:
        """Tell whether an object is here now; nothing may be built on it."""
        with self._lock:
            return digest in self._data or digest in self._meta or self.shelf.holds(digest)

    def _relies_on(self, digest: bytes) -> bool:
        """Find an object in a pack that is there and stays there while this process lives."""
        pack = self.shelf.pack_of(digest)
        if self._using is None:
            return pack is not None
        while pack is not None and not self._using.holds(pack):
            with contextlib.suppress(OSError):  # where nothing can be written, nothing is swept
                self._using.add(pack)
            if self._store.size(f"{pack}.pack") is not None:
                return True
            self._using.discard(pack)
            self.shelf.refresh()
            pack = self.shelf.pack_of(digest)
        return pack is not None

    def put_bytes(self, digest: bytes, data: bytes, *, rows: bool, role: int) -> None:
        """Keep `data`, unless it is known."""
        if self.known(digest):
            return
        if len(data) <= chunking.smallest(rows=rows):
            self._put_chunk(digest, data, role)
        elif len(data) <= WHOLE_READ_BYTES:
            self._put_parts(digest, chunking.cut(data, rows=rows), len(data), role)
        else:
            self.put_chunks(chunking.cut(data, rows=rows), role)

    def _put_parts(
        self, whole: bytes, chunks: Iterator[memoryview], size_bytes: int, role: int
    ) -> None:
        """Keep an object of few chunks whose digest is known: nothing is digested twice."""
        items: Parts = []
        for chunk in chunks:
            if len(chunk) == size_bytes:
                self._put_chunk(whole, chunk, role)
                return
            digest = blake3(chunk).digest()
            if not self.known(digest):
                self._put_chunk(digest, chunk, role)
            items.append((digest, len(chunk)))
        self._put_recipe(whole, items, role)

    def put_chunks(self, chunks: Iterator[memoryview], role: int) -> tuple[bytes, int]:
        """Keep chunks and the recipes over them; return the whole's digest and size."""
        whole = blake3()
        part = whole  # digests the bytes of the open recipe; the first one starts at the start
        items: Parts = []
        recipes: Parts = []
        dull = 0  # chunks in a row that compression did not help: then few more are tried
        for chunk in chunks:
            digest = blake3(chunk).digest()
            whole.update(chunk)
            if part is not whole:
                part.update(chunk)
            if not self.known(digest):
                tries = dull < DULL_CHUNKS or dull % DULL_CHUNKS == 0
                helped = self._put_chunk(digest, chunk, role, tries=tries)
                dull = 0 if helped else dull + 1
            items.append((digest, len(chunk)))
            if len(items) == RECIPE_ITEMS:
                recipes.append(self._put_recipe(part.digest(), items, role))
                items = []
                part = blake3()
        if recipes and items:
            recipes.append(self._put_recipe(part.digest(), items, role))
        digest = whole.digest()
        if not recipes and not items:
            self._put_chunk(digest, b"", role)
        return self._put_recipe(digest, recipes or items, role)

    def flush(self) -> None:
        """Return once all that was put is durable. May be called again when it has raised."""
        with self._lock:
            if self.is_empty():
                if self._reused and self.shelf.unsettled:
                    self._store.settle()
                    self.shelf.unsettled = False
            else:
                self._close(DATA)
                self._close(META)
            self._reused = False

    def _put_recipe(self, digest: bytes, items: Parts, role: int) -> tuple[bytes, int]:
        size_bytes = sum([size for _, size in items])
        if len(items) > 1 and not self.known(digest):
            payload = layout.recipe(digest, items)
            self._add(
                digest,
                payload,
                kind=RECIPE,
                codec=STORED,
                raw_bytes=len(payload),
                size_bytes=size_bytes,
                role=role,
            )
        return digest, size_bytes

    def _put_chunk(
        self, digest: bytes, data: bytes | memoryview, role: int, *, tries: bool = True
    ) -> bool:
        """Keep a chunk, compressed when that is tried and helps; tell whether it did."""
        size_bytes = len(data)
        codec, payload = STORED, b""
        if tries and size_bytes >= COMPRESS_BYTES_MIN:
            payload = self._compressor().compress(data)
            codec = ZSTD
        if codec == STORED or len(payload) > size_bytes * (1 - SAVING_MIN):
            codec, payload = STORED, bytes(data)
        self._add(
            digest,
            payload,
            kind=CHUNK,
            codec=codec,
            raw_bytes=size_bytes,
            size_bytes=size_bytes,
            role=role,
        )
        return codec == ZSTD

    def _add(
        self,
        digest: bytes,
        payload: bytes,
        *,
        kind: int,
        codec: int,
        raw_bytes: int,
        size_bytes: int,
        role: int,
    ) -> None:
        with self._lock:
            thread = threading.get_ident()
            if self._last != thread and self.known(digest):  # another one was faster
                return
            self._last = thread
            if self._building[role].size_bytes + len(payload) > self._pack_bytes:
                if role == META:
                    self._close(DATA)
                self._close(role)
            self._building[role].add(
                digest, payload, kind=kind, codec=codec, raw_bytes=raw_bytes, size_bytes=size_bytes
            )

    def _close(self, role: int) -> None:
        """Write the pack of a role, then its index."""
        builder = self._building[role]
        if not len(builder):
            return
        self.shelf.see()
        header.write(self._store)
        name, data, block = builder.finish()
        if self._using is not None:
            self._using.add(name)
        self._store.write(f"{name}.pack", data)
        self._store.write(f"{name}.idx", layout.index_file(bytes.fromhex(name), len(data), block))
        self.shelf.catalog.add(name, block)
        self.shelf.unsettled = False  # the rename has synced the folder
        self._building[role] = PackBuilder(role)
        self._data, self._meta = self._building[DATA], self._building[META]

    def _compressor(self) -> zstandard.ZstdCompressor:
        # One a thread: they are not safe to share.
        found: zstandard.ZstdCompressor | None = getattr(self._local, "compressor", None)
        if found is None:
            found = self._local.compressor = zstandard.ZstdCompressor(level=self._level)
        return found


_FILLING: weakref.WeakSet[Filling] = weakref.WeakSet()


class _Forks:
    """Lets no fork happen in the middle of a record: the child could never take the lock."""

    def __init__(self) -> None:
        self._held: list[Filling] = []
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self.hold, after_in_parent=self.release, after_in_child=self.release
            )

    def hold(self) -> None:
        self._held = list(_FILLING)
        for filling in self._held:
            filling.hold()

    def release(self) -> None:
        for filling in self._held:
            filling.release()
        self._held = []


_FORKS = _Forks()
