"""The door of the vault: put bytes, get bytes by digest.

Data is digested, cut, compressed and collected in packs; what `flush()` has returned for is
durable. Reading trusts nothing: every record is checked against its digest.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import threading
from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast

import zstandard
from blake3 import blake3

from afield.kernel.digest import digest_stream
from afield.kernel.files import FileSystem
from afield.kernel.findings import Finding
from afield.kernel.ids import ObjectId
from afield.vault import chunking, format, header, tree
from afield.vault.builder import PackBuilder
from afield.vault.catalog import Catalog, Place
from afield.vault.errors import Corrupt, NotAFile, ObjectDamaged, ObjectMissing
from afield.vault.format import CHUNK, DATA, META, RECIPE, STORED, ZSTD
from afield.vault.limits import (
    BLOCK_BYTES,
    PACK_BYTES,
    RECIPE_DEPTH_MAX,
    RECIPE_ITEMS,
    SAVING_MIN,
    WHOLE_READ_BYTES,
)
from afield.vault.reader import ObjectFile
from afield.vault.stores import FolderStore, Store
from afield.vault.tree import TreeEntry

COMPRESS_BYTES_MIN = 64


class Vault:
    """Objects by digest.

    Several threads may use one; several processes may write to one folder at once, each its
    own packs.

    Args:
        root: the folder of the packs; made at the first write.
        files: the file system.
        level: of zstd.
        store: where packs lie instead of in the folder.
    """

    def __init__(
        self, root: str, files: FileSystem, *, level: int = 1, store: Store | None = None
    ) -> None:
        self._store: Store = FolderStore(root, files) if store is None else store
        self._level = level
        self._lock = threading.RLock()
        self._local = threading.local()
        self._building = {DATA: PackBuilder(DATA), META: PackBuilder(META)}
        self._catalog = Catalog(self._load_index)
        self._fresh = False

    # -- writing --------------------------------------------------------------------------

    def put(self, data: bytes, *, meta: bool = False) -> ObjectId:
        """Keep `data`; return its id. Kept once, however often it is put."""
        digest = blake3(data).digest()
        if not self._known(digest):
            self._put_bytes(digest, data, rows=False, role=META if meta else DATA)
        return ObjectId(digest.hex())

    def put_file(self, path: str, *, rows: bool | None = None) -> tuple[ObjectId, int]:
        """Keep a real file; return its id and size. Memory is bounded whatever its size.

        Args:
            path: of a regular file; symbolic links are followed.
            rows: whether it holds rows of text; None: told by its suffix.

        Raises:
            OSError: it cannot be read.
            NotAFile: it is a folder, a pipe or a device.
        """
        if rows is None:
            rows = chunking.is_rows(path)
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        fd = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                raise NotAFile("cannot keep", path, "it is not a regular file")
            if found.st_size <= WHOLE_READ_BYTES:
                data = _read_up_to(fd, WHOLE_READ_BYTES + 1)
                if len(data) <= WHOLE_READ_BYTES:
                    digest = blake3(data).digest()
                    if not self._known(digest):
                        self._put_bytes(digest, data, rows=rows, role=DATA)
                    return ObjectId(digest.hex()), len(data)
            with open(fd, "rb", buffering=0, closefd=False) as stream:
                if self._catalogued():
                    # Digesting costs a tenth of cutting and keeping, and often saves both.
                    stream.seek(0)
                    object_id, size_bytes = digest_stream(cast("BinaryIO", stream))
                    if self._known(bytes.fromhex(object_id)):
                        return object_id, size_bytes
                stream.seek(0)
                return self.put_stream(cast("BinaryIO", stream), rows=rows)
        finally:
            os.close(fd)

    def put_stream(
        self, stream: BinaryIO, *, rows: bool = False, meta: bool = False
    ) -> tuple[ObjectId, int]:
        """Keep all that a stream gives; return its id and size."""
        role = META if meta else DATA
        digest, size_bytes = self._put_cut(chunking.cut_stream(stream, rows=rows), role)
        return ObjectId(digest.hex()), size_bytes

    def put_tree(self, entries: Iterable[TreeEntry]) -> ObjectId:
        """Keep a tree; the order of `entries` does not matter."""
        return self.put(tree.encode(entries), meta=True)

    def flush(self) -> None:
        """Return once all that was put is durable and other processes can see it.

        When it raises, nothing is lost: it may be called again.
        """
        with self._lock:
            self._close(DATA)
            self._close(META)

    def _put_bytes(self, digest: bytes, data: bytes, *, rows: bool, role: int) -> None:
        if len(data) <= chunking.smallest(rows=rows):
            self._put_chunk(digest, data, role)
        else:
            self._put_cut(chunking.cut(data, rows=rows), role)

    def _put_cut(self, chunks: Iterator[memoryview], role: int) -> tuple[bytes, int]:
        """Keep chunks and the recipes over them; return the whole's digest and size."""
        whole = blake3()
        part = whole  # digests the open recipe's bytes; the first recipe starts at the start
        items: list[tuple[bytes, int]] = []
        recipes: list[tuple[bytes, int]] = []
        for chunk in chunks:
            digest = blake3(chunk).digest()
            whole.update(chunk)
            if part is not whole:
                part.update(chunk)
            if not self._known(digest):
                self._put_chunk(digest, chunk, role)
            items.append((digest, len(chunk)))
            if len(items) == RECIPE_ITEMS:
                recipes.append(self._put_recipe(part.digest(), items, role))
                items = []
                part = blake3()
        if recipes and items:
            items = [*recipes, self._put_recipe(part.digest(), items, role)]
        elif recipes:
            items = recipes
        digest = whole.digest()
        if not items:
            self._put_chunk(digest, b"", role)
            return digest, 0
        return self._put_recipe(digest, items, role)

    def _put_recipe(
        self, digest: bytes, items: list[tuple[bytes, int]], role: int
    ) -> tuple[bytes, int]:
        size_bytes = sum([size for _, size in items])
        if len(items) > 1 and not self._known(digest):
            payload = format.recipe(digest, items)
            self._add(digest, payload, RECIPE, STORED, len(payload), size_bytes, role)
        return digest, size_bytes

    def _put_chunk(self, digest: bytes, data: bytes | memoryview, role: int) -> None:
        size_bytes = len(data)
        codec, payload = STORED, bytes(data)
        if size_bytes >= COMPRESS_BYTES_MIN:
            packed = self._compressor().compress(data)
            if len(packed) <= size_bytes * (1 - SAVING_MIN):
                codec, payload = ZSTD, packed
        self._add(digest, payload, CHUNK, codec, size_bytes, size_bytes, role)

    def _add(
        self,
        digest: bytes,
        payload: bytes,
        kind: int,
        codec: int,
        raw_bytes: int,
        size_bytes: int,
        role: int,
    ) -> None:
        with self._lock:
            if self._known(digest):  # another thread was faster
                return
            if self._building[role].size_bytes + len(payload) > PACK_BYTES:
                if role == META:
                    self._close(DATA)  # what metadata names must be there before it
                self._close(role)
            self._building[role].add(
                digest, payload, kind=kind, codec=codec, raw_bytes=raw_bytes, size_bytes=size_bytes
            )

    def _close(self, role: int) -> None:
        """Write the open pack of a role, then its index."""
        builder = self._building[role]
        if not len(builder):
            return
        self._catalogued()
        header.write(self._store)
        name, data, block = builder.finish()
        self._store.write(f"{name}.pack", data)
        self._store.write(f"{name}.idx", format.index_file(bytes.fromhex(name), len(data), block))
        self._catalog.add(name, block)
        self._building[role] = PackBuilder(role)

    def _compressor(self) -> zstandard.ZstdCompressor:
        found: zstandard.ZstdCompressor | None = getattr(self._local, "compressor", None)
        if found is None:
            found = self._local.compressor = zstandard.ZstdCompressor(level=self._level)
        return found

    # -- reading --------------------------------------------------------------------------

    def get(self, object_id: ObjectId) -> bytes:
        """Return an object's bytes, verified.

        Raises:
            ObjectMissing: no pack here has it.
            ObjectDamaged: what is stored does not match.
        """
        digest = bytes.fromhex(object_id)
        found = self._load(digest)
        if isinstance(found, bytes):
            return found
        parts = list(self._contents(digest))
        data = b"".join(parts)
        try:
            self._check(digest, data)
        except Corrupt as error:
            raise self._damaged(digest, str(error)) from error
        return data

    def open(self, object_id: ObjectId) -> BinaryIO:
        """Open an object for reading and seeking; each chunk is verified as it is read."""
        digest = bytes.fromhex(object_id)
        raw = ObjectFile(digest, self.size(object_id), self._load)
        return io.BufferedReader(raw, buffer_size=BLOCK_BYTES // 16)

    def copy_to(self, object_id: ObjectId, path: str) -> int:
        """Write an object to a real file, whole or not at all; return its size in bytes."""
        digest = bytes.fromhex(object_id)
        hasher = blake3()
        size_bytes = 0
        temporary = f"{path}.tmp-{os.getpid()}-{threading.get_ident()}"
        try:
            with open(temporary, "wb") as file:
                for part in self._contents(digest):
                    hasher.update(part)
                    size_bytes += file.write(part)
            if hasher.digest() != digest:
                raise self._damaged(digest, "its parts do not make up its digest")
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        return size_bytes

    def has(self, object_id: ObjectId) -> bool:
        """Tell whether the object is here; looks for packs of other processes on a miss."""
        digest = bytes.fromhex(object_id)
        if self._known(digest):
            return True
        self.refresh()
        return self._known(digest)

    def size(self, object_id: ObjectId) -> int:
        """Return an object's size in bytes, without reading it."""
        digest = bytes.fromhex(object_id)
        for _ in range(2):
            with self._lock:
                for builder in self._building.values():
                    waiting = builder.record(digest)
                    if waiting is not None:
                        return waiting[1]
                self._catalogued()
                place = next(self._catalog.find(digest), None)
            if place is not None:
                return place.entry.size_bytes
            self.refresh()
        raise self._missing(digest)

    def get_tree(self, object_id: ObjectId) -> tuple[TreeEntry, ...]:
        """Return the entries of a tree, sorted by path."""
        data = self.get(object_id)
        try:
            return tree.decode(data)
        except Corrupt as error:
            raise self._damaged(bytes.fromhex(object_id), str(error)) from error

    def refresh(self) -> None:
        """Take in packs that other processes have written, and forget those that are gone."""
        with self._lock:
            if not self._fresh:
                header.check(self._store)
                self._fresh = True
            names = {name[:-5] for name in self._store.names() if name.endswith(".pack")}
            for pack in self._catalog.packs():
                if pack not in names:
                    self._catalog.drop(pack)
            for pack in sorted(names):
                if pack not in self._catalog:
                    with contextlib.suppress(FileNotFoundError):
                        self._catalog.add(pack, self._load_index(pack))

    def _catalogued(self) -> bool:
        """See that the packs were listed once; return whether there are any objects."""
        if not self._fresh:
            self.refresh()
        return bool(self._catalog.packs()) or any(map(len, self._building.values()))

    def _known(self, digest: bytes) -> bool:
        with self._lock:
            if digest in self._building[DATA] or digest in self._building[META]:
                return True
            self._catalogued()
            return self._catalog.holds(digest)

    def _contents(self, digest: bytes, depth: int = 0) -> Iterator[bytes]:
        """Yield an object's bytes in order, record by record."""
        found = self._load(digest)
        if isinstance(found, bytes):
            yield found
            return
        if depth == RECIPE_DEPTH_MAX:
            raise self._damaged(digest, "its recipes are nested too deep")
        for part, size_bytes in found:
            seen = 0
            for data in self._contents(part, depth + 1):
                seen += len(data)
                yield data
            if seen != size_bytes:
                raise self._damaged(digest, "a part has another size than the recipe says")

    def _load(self, digest: bytes) -> bytes | list[tuple[bytes, int]]:
        """Return the content of a chunk or the parts of a recipe, verified."""
        why: str | None = None
        for _ in range(2):
            with self._lock:
                for builder in self._building.values():
                    waiting = builder.record(digest)
                    if waiting is not None:
                        return self._decode(digest, waiting[0])
                self._catalogued()
                places = list(self._catalog.find(digest))
            for place in places:
                try:
                    return self._decode(digest, self._read(place))
                except FileNotFoundError:
                    continue
                except Corrupt as error:
                    why = f"{error} (pack {place.pack})"
            if why:
                raise self._damaged(digest, why)
            self.refresh()
        raise self._missing(digest)

    def _read(self, place: Place) -> bytes:
        entry = place.entry
        wanted = format.RECORD.size + entry.stored_bytes
        return self._store.read(f"{place.pack}.pack", entry.offset, wanted)

    def _decode(self, digest: bytes, data: bytes) -> bytes | list[tuple[bytes, int]]:
        record = format.read_record(data)
        if record.digest != digest:
            raise Corrupt("another object stands in its place")
        content = record.payload
        if record.codec == ZSTD:
            try:
                content = zstandard.ZstdDecompressor().decompress(
                    content, max_output_size=record.size_bytes
                )
            except zstandard.ZstdError as error:
                raise Corrupt("the stored bytes cannot be decompressed") from error
        if len(content) != record.size_bytes:
            raise Corrupt("the content has another size than the record says")
        if record.kind == RECIPE:
            return format.read_recipe(digest, content)
        self._check(digest, content)
        return content

    def _check(self, digest: bytes, content: bytes) -> None:
        if blake3(content).digest() != digest:
            raise Corrupt("the content does not match its digest")

    def _load_index(self, pack: str) -> bytes:
        """Return a pack's index lines: from its index, else its end, else its records."""
        raw = bytes.fromhex(pack)
        try:
            return format.read_index_file(raw, self._store.read(f"{pack}.idx"))[0]
        except (FileNotFoundError, Corrupt):
            pass
        data = self._store.read(f"{pack}.pack")
        try:
            return format.read_pack_index(data)
        except Corrupt:
            return format.index_block(
                format.Entry(record.digest, offset, len(record.payload), record.size_bytes)
                for offset, record in format.walk_records(data)
            )

    def _missing(self, digest: bytes) -> ObjectMissing:
        return ObjectMissing(
            "no such object",
            digest.hex(),
            "no pack of this workspace has it",
            hint="afield verify",
            object=digest.hex(),
        )

    def _damaged(self, digest: bytes, why: str) -> ObjectDamaged:
        return ObjectDamaged(
            "object is damaged", digest.hex(), why, hint="afield verify", object=digest.hex()
        )


def _read_up_to(fd: int, size_bytes: int) -> bytes:
    """Read to the end, or to `size_bytes`."""
    parts = []
    while size_bytes > 0 and (part := os.read(fd, min(size_bytes, BLOCK_BYTES))):
        parts.append(part)
        size_bytes -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
