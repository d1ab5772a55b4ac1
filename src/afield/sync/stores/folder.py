"""A remote in a folder: a stick, NFS, a folder that a cloud client copies.

Files are written whole: temporary file, sync, rename, sync of the folder. A network mount may
show names late and a cloud client may show half a file or a second one called "conflicted
copy": names that are not ours are passed over, and bytes are checked by whoever reads them.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from afield.kernel.files import FileSystem
from afield.sync.errors import RemoteForbidden, RemoteFull, RemoteUnreachable
from afield.sync.stores.store import Abilities, Item

_PROBE = "probe"
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_HINTS = {
    errno.ENOTDIR: "name a folder: afield remote add NAME FOLDER",
}


class FolderRemote:
    """A `RemoteStore` in a folder; made at the first write.

    Args:
        root: the folder.
        files: the file system.
    """

    def __init__(self, root: str, files: FileSystem) -> None:
        self.address = root
        self._root = root
        self._files = files
        self._made: set[str] = set()

    def list(self, prefix: str) -> Iterator[Item]:
        """Yield the files directly in a folder."""
        folder = f"{self._root}/{prefix}".rstrip("/")
        with self._reached():
            names = self._files.list(folder)
        for name in names:
            if ".tmp-" in name:
                continue
            with self._reached():
                found = self._files.stat(f"{folder}/{name}")
            if found is not None:
                yield Item(prefix + name, found.size_bytes)

    def get(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part (-1: to the end); short at the end."""
        with self._reached():
            try:
                return self._files.read(f"{self._root}/{name}", offset, size_bytes)
            except IsADirectoryError as error:  # somebody's folder under the name of a file
                raise FileNotFoundError(errno.ENOENT, "it is a folder", name) from error

    def size(self, name: str) -> int | None:
        """Return a file's size in bytes, or None."""
        with self._reached():
            found = self._files.stat(f"{self._root}/{name}")
        return None if found is None else found.size_bytes

    def put(self, name: str, data: bytes) -> None:
        """Write a whole file, durably, over what may be there."""
        path = f"{self._root}/{name}"
        try:
            with self._reached():
                self._write(path, data)
        except FileNotFoundError as error:
            why = "no folder can be made there"
            hint = "look at the path: afield remote list"
            raise RemoteUnreachable("cannot reach remote", self.address, why, hint=hint) from error

    def _write(self, path: str, data: bytes) -> None:
        folder = path.rpartition("/")[0]
        if folder in self._made:
            try:
                self._files.write_new(path, data)
            except FileNotFoundError:  # the folder was taken away meanwhile
                self._made.clear()
            else:
                return
        self._files.make_folder(folder)
        self._files.write_new(path, data)
        self._made.add(folder)

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Write a whole file unless one is there.

        Two writers may both find nothing: the later one stays. What is written this way is read
        again by whoever relies on it.
        """
        with self._reached():
            if self._files.stat(f"{self._root}/{name}") is not None:
                return False
        self.put(name, data)
        return True

    def delete(self, name: str) -> None:
        """Remove a file; nothing happens when it is missing."""
        with self._reached():
            self._files.remove(f"{self._root}/{name}")

    def probe(self) -> Abilities:
        """Write, replace, read, list and remove a file."""
        name = f"{_PROBE}-{os.getpid()}"
        for data in (b"one", b"two"):
            self.put(name, data)
            if self.get(name) != data:
                raise RemoteUnreachable("cannot use remote", self.address, "it forgets writes")
        self.delete(name)
        return Abilities(exclusive=False)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Word faults of the file system as a remote that cannot be reached."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            if error.errno in _FORBIDDEN:
                what, hint = "may not use remote", "look at the rights of the folder, or its mount"
                raise RemoteForbidden(what, self.address, why, hint=hint) from error
            if error.errno in _FULL:
                hint = "free space there"
                raise RemoteFull("cannot reach remote", self.address, why, hint=hint) from error
            hint = _HINTS.get(error.errno or 0, "afield sync, once it is there again")
            raise RemoteUnreachable("cannot reach remote", self.address, why, hint=hint) from error
