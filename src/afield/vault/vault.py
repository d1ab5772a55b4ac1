"""The door of the vault: put bytes, get bytes by digest.

Data is digested, cut, compressed and collected in packs; what `flush()` has returned for is
durable. Reading trusts nothing: every record is checked against its digest.
"""

from __future__ import annotations

import io
import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

from blake3 import blake3

from afield.kernel.digest import digest_stream
from afield.kernel.files import FileSystem
from afield.kernel.findings import Finding
from afield.kernel.ids import ObjectId
from afield.vault import chunking, layout, tree
from afield.vault.errors import Corrupt, NotAFile
from afield.vault.filling import Filling
from afield.vault.layout import DATA, META
from afield.vault.ledger import Ledger
from afield.vault.limits import BLOCK_BYTES, CHUNK_BYTES, PACK_BYTES, WHOLE_READ_BYTES
from afield.vault.packs import Packs
from afield.vault.reader import Beyond, ObjectFile, reaching
from afield.vault.recalled import Recalled
from afield.vault.shelf import Shelf, damaged, is_pack, matches, pack_index
from afield.vault.stores import FolderStore, Store
from afield.vault.tree import TreeEntry
from afield.vault.using import SUFFIX as USING
from afield.vault.using import Using

if TYPE_CHECKING:
    from afield.vault.check import Depth, Elsewhere
    from afield.vault.copies import Copies
    from afield.vault.mend import Aside, Mending
    from afield.vault.sweep import Sweeping


Told = Callable[[int], object]
"""Is told of bytes that went by."""


class Vault:
    """Objects by digest.

    Several threads may use one; several processes may write to one folder at once, each its
    own packs.

    Args:
        root: the folder of the packs; made at the first write.
        files: the file system.
        level: of zstd.
        pack_bytes: a pack is closed before it would pass this.
        store: where packs lie instead of in the folder.
        recalled: a file that keeps the list of packs for the next process; it may be lost.
    """

    _guard = staticmethod(matches)  # a test takes it away, to see that others would notice

    def __init__(
        self,
        root: str,
        files: FileSystem,
        *,
        level: int = 1,
        pack_bytes: int = PACK_BYTES,
        store: Store | None = None,
        recalled: str | None = None,
    ) -> None:
        self._store: Store = FolderStore(root, files) if store is None else store
        self._files = files
        self._lock = threading.RLock()
        self._using = Using(root + USING, files) if store is None else None
        self._filling = Filling(
            self._store,
            self._lock,
            level=level,
            pack_bytes=pack_bytes,
            guard=self._guard,
            using=self._using,
            recalled=None if recalled is None else Recalled(recalled),
        )
        self._shelf = self._filling.shelf
        self._swept = False
        self.packs = Packs(self._store, self._shelf, self._using)

    def put(self, data: bytes, *, meta: bool = False) -> ObjectId:
        """Keep `data`; return its id. Kept once, however often it is put.

        Args:
            data: any bytes.
            meta: whether they describe other objects (trees, manifests, prose): those stand
                in packs of their own, which peers fetch first.
        """
        hasher = blake3(data)
        self._filling.put_bytes(hasher.digest(), data, rows=False, role=META if meta else DATA)
        return ObjectId(hasher.hexdigest())

    def put_file(
        self, path: str, *, rows: bool | None = None, told: Told | None = None
    ) -> tuple[ObjectId, int]:
        """Keep a real file; return its id and size. Memory is bounded whatever its size.

        Args:
            path: of a regular file; symbolic links are followed.
            rows: whether it holds rows of text; None: told by its suffix.
            told: is told of the bytes of a large file while it is kept, as they go by.

        Raises:
            OSError: it cannot be read.
            NotAFile: it is a folder, a pipe or a device.
        """
        if rows is None:
            rows = chunking.is_rows(path)
        fd = os.open(path, _READ_FLAGS)
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                raise NotAFile("cannot keep", path, "it is not a regular file")
            if found.st_size <= WHOLE_READ_BYTES:
                data = _read_up_to(fd, WHOLE_READ_BYTES + 1, found.st_size)
                if len(data) <= WHOLE_READ_BYTES:
                    hasher = blake3(data)
                    self._filling.put_bytes(hasher.digest(), data, rows=rows, role=DATA)
                    return ObjectId(hasher.hexdigest()), len(data)
            return self._put_large(fd, rows=rows, told=told)
        finally:
            os.close(fd)

    def put_stream(
        self,
        stream: BinaryIO,
        *,
        rows: bool = False,
        meta: bool = False,
        told: Told | None = None,
    ) -> tuple[ObjectId, int]:
        """Keep all that a stream gives; return its id and size. Memory is bounded."""
        chunks = chunking.cut_stream(stream, rows=rows)
        if told is not None:
            chunks = _telling(chunks, told)
        digest, size_bytes = self._filling.put_chunks(chunks, META if meta else DATA)
        return ObjectId(digest.hex()), size_bytes

    def put_tree(self, entries: Iterable[TreeEntry]) -> ObjectId:
        """Keep a tree; the order of `entries` does not matter.

        Raises:
            ValueError: a path is no plain relative path, or stands twice.
        """
        return self.put(cast("bytes", tree.lines(entries)), meta=True)

    def flush(self) -> None:
        """Return once all that was put is durable and other processes can see it.

        Raises:
            OSError: the disk is full or broken. Nothing is lost; it may be called again.
        """
        wrote = not self._filling.is_empty()
        self._filling.flush()
        if wrote and not self._swept and isinstance(self._store, FolderStore):
            self._swept = True  # once a process is often enough
            self._store.sweep_temporaries()

    def get(self, object_id: ObjectId) -> bytes:
        """Return an object's bytes, verified.

        Raises:
            ObjectMissing: no pack here has it.
            ObjectDamaged: what is stored does not match.
        """
        digest = bytes.fromhex(object_id)
        found = self._shelf.load(digest)
        if isinstance(found, bytes):
            return found
        data = b"".join(self._shelf.contents(digest))
        _require(digest, blake3(data).digest())
        return data

    def open(self, object_id: ObjectId, beyond: Beyond | None = None) -> BinaryIO:
        """Open an object for reading and seeking.

        Each chunk is verified when it is read; that the chunks are the right ones rests on
        the checksum of the recipe.

        Args:
            object_id: the object.
            beyond: is asked for records that no pack here has.

        Raises:
            ObjectMissing: no pack here has it.
        """
        digest = bytes.fromhex(object_id)
        if beyond is None:
            raw = ObjectFile(digest, self._shelf.size(digest), self._shelf.load)
        else:
            raw = reaching(digest, self._shelf, beyond)
        return io.BufferedReader(raw, buffer_size=BLOCK_BYTES // 16)

    def copy_to(self, object_id: ObjectId, path: str) -> int:
        """Write an object to a real file, whole or not at all; return its size in bytes.

        Raises:
            ObjectMissing: no pack here has it, or a part of it.
            ObjectDamaged: what is stored does not match.
            OSError: the file cannot be written.
        """
        return self.copies().write(object_id, path)

    def copies(self) -> Copies:
        """Return what writes many objects to files."""
        from afield.vault.copies import Copies  # whoever only writes needs none

        return Copies(self._shelf)

    def has(self, object_id: ObjectId) -> bool:
        """Tell whether the object is here; looks for packs of other processes on a miss."""
        digest = bytes.fromhex(object_id)
        if self._filling.holds(digest):
            return True
        self._shelf.refresh()
        return self._filling.holds(digest)

    def keeps(self, object_id: ObjectId) -> bool:
        """Tell whether the object is here, and will not be swept while this process lives.

        For whoever does not put an object again because it is here.
        """
        digest = bytes.fromhex(object_id)
        if self._filling.known(digest):
            return True
        self._shelf.refresh()
        return self._filling.known(digest)

    def close(self) -> None:
        """Rely on no pack any more: all that is to name them has been appended.

        What was put and not flushed is lost; the vault may be used again.
        """
        if self._using is not None:
            self._using.close()

    def sweeping(self) -> Sweeping:
        """Return what takes packs out of the way, for whoever knows what is needed."""
        from afield.vault.sweep import Sweeping  # seldom

        return Sweeping(self._store, self._shelf, self._files)

    def size(self, object_id: ObjectId) -> int:
        """Return an object's size in bytes, without reading it.

        Raises:
            ObjectMissing: no pack here has it.
        """
        return self._shelf.size(bytes.fromhex(object_id))

    def get_tree(self, object_id: ObjectId) -> tuple[TreeEntry, ...]:
        """Return the entries of a tree, sorted by path.

        Raises:
            ObjectMissing: no pack here has it.
            ObjectDamaged: what is stored does not match, or is no tree.
        """
        return tuple(self.open_tree(object_id))

    def open_tree(self, object_id: ObjectId) -> tree.Tree:
        """Return a tree that may be large: its entries take memory only while they are used.

        Raises:
            ObjectMissing: no pack here has it.
            ObjectDamaged: what is stored does not match, or is no tree.
        """
        data = self.get(object_id)
        try:
            return tree.Tree(data)
        except Corrupt as error:
            raise damaged(bytes.fromhex(object_id), str(error)) from error

    def objects(self) -> Iterator[ObjectId]:
        """Yield the ids of all objects in the packs, chunks and recipes alike.

        One that stands in several packs comes several times.
        """
        return (ObjectId(digest.hex()) for digest in self._shelf.digests())

    def mending(self, aside: Aside) -> Mending:
        """Return what mends packs, for whoever knows where good copies are.

        Args:
            aside: lays a copy of a file of the store aside, durably.
        """
        from afield.vault.mend import Mending  # seldom

        return Mending(self._true_shelf(), self.packs, aside)

    def ledger(self) -> Ledger:
        """Return all records in the packs by number, for whoever marks or sums them up."""
        return Ledger(self._shelf)

    def refresh(self) -> None:
        """Take in packs that other processes have written, and forget those that are gone.

        `get`, `size` and `has` do so by themselves when they do not find something.
        """
        self._shelf.refresh()

    def verify(
        self,
        *,
        roots: Iterable[ObjectId] = (),
        elsewhere: Elsewhere | None = None,
        depth: Depth | None = None,
    ) -> Iterator[Finding]:
        """Read everything and yield what is damaged or odd; raises nothing for damage.

        Args:
            roots: objects that must be here, with all that the trees among them list.
            elsewhere: tells where an object is that may be missing here; None: nowhere.
            depth: which packs are read whole; all unless given.
        """
        from afield.vault.check import EVERY_BYTE, nowhere, verify  # seldom

        return verify(self._true_shelf(), roots, elsewhere or nowhere, depth or EVERY_BYTE)

    def reindex(self) -> None:
        """Write every index again, from the packs alone."""
        with self._lock:
            for name in filter(is_pack, self._store.names()):
                data = self._store.read(name)
                pack = name[:-5]
                index = layout.index_file(bytes.fromhex(pack), len(data), pack_index(data))
                self._store.write(f"{pack}.idx", index)
            self._shelf.forget()

    def _true_shelf(self) -> Shelf:
        """Return what reads the packs themselves, where copies of them are read otherwise."""
        truth = self._store.truth()
        if truth is self._store:
            return self._shelf
        return Shelf(truth, self._lock, self._filling.waiting, self._guard)

    def _put_large(self, fd: int, *, rows: bool, told: Told | None) -> tuple[ObjectId, int]:
        with open(fd, "rb", buffering=0, closefd=False) as stream:
            stream.seek(0)
            if self._begins_known(stream, rows=rows):
                # Digesting costs a fifth of cutting and compressing, and may save both.
                stream.seek(0)
                object_id, size_bytes = digest_stream(cast("BinaryIO", stream))
                if self._filling.known(bytes.fromhex(object_id)):
                    return object_id, size_bytes
            stream.seek(0)
            return self.put_stream(cast("BinaryIO", stream), rows=rows, told=told)

    def _begins_known(self, stream: io.RawIOBase, *, rows: bool) -> bool:
        """Tell whether the first chunk is here: without it, the whole is not."""
        head = stream.read(CHUNK_BYTES[-1]) or b""
        first = next(chunking.cut(head, rows=rows), b"")
        return self._filling.holds(blake3(first).digest())


_READ_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a pipe without a writer is refused, not waited for
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def _read_up_to(fd: int, limit_bytes: int, expected_bytes: int) -> bytes:
    """Read to the end, or to `limit_bytes`; in one go when the size is as expected."""
    first = os.read(fd, min(expected_bytes + 1, limit_bytes))
    if len(first) == expected_bytes > 0:
        return first
    parts = [first]
    left = limit_bytes - len(first)
    while left > 0 and (part := os.read(fd, min(left, BLOCK_BYTES))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _telling(chunks: Iterator[memoryview], told: Told) -> Iterator[memoryview]:
    """Yield chunks, and tell of each once it was dealt with."""
    for chunk in chunks:
        size_bytes = len(chunk)
        yield chunk
        told(size_bytes)


def _require(digest: bytes, found: bytes) -> None:
    """Refuse an object whose parts are each what they should be, and the whole is not."""
    if found != digest:
        raise damaged(digest, "its parts do not make it up")
