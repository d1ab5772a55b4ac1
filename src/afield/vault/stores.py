"""Where packs and indexes lie: a folder, or memory; `bucketed.py` has the bucket.

A store knows names and bytes, never what they mean. Files in it are written once and whole.
"""

from __future__ import annotations

import errno
import os
from typing import Protocol

from afield.kernel.files import FileSystem
from afield.vault.limits import TEMPORARY_AGE_NS


class Store(Protocol):
    """A flat set of named, write-once files. Faults are `OSError`."""

    def names(self) -> list[str]:
        """Return all names, sorted."""
        ...

    def read(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part (-1: to the end); short at the end.

        Raises:
            FileNotFoundError: nothing has the name.
        """
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file; durable, and whole or absent whatever happens."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens when it is missing."""
        ...

    def rename(self, name: str, new: str) -> None:
        """Give a file another name, durably; what has that name is replaced.

        Raises:
            FileNotFoundError: nothing has the name.
        """
        ...

    def size(self, name: str) -> int | None:
        """Return a file's size in bytes, or None."""
        ...

    def settle(self) -> None:
        """Return once all names that can be seen are durable, whoever wrote them."""
        ...

    def truth(self) -> Store:
        """Return what holds the files themselves, where this reads copies of them."""
        ...

    def doubt(self, name: str) -> bool:
        """Hear that a file does not verify; tell whether another copy of it is read from now on."""
        ...


class FolderStore:
    """A folder of a file system; made at the first write."""

    def __init__(self, root: str, files: FileSystem) -> None:
        self.root = root
        self._files = files
        self._made = False
        self._last = ""

    def names(self) -> list[str]:
        """Return all names, sorted; half-written files are not among them."""
        return [name for name in self._files.list(self.root) if ".tmp-" not in name]

    def read(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part (-1: to the end); short at the end."""
        return self._files.read(f"{self.root}/{name}", offset, size_bytes)

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file; durable, and whole or absent whatever happens."""
        if not self._made:
            self._files.make_folder(self.root)
            self._made = True
        self._files.write_new(f"{self.root}/{name}", data)
        self._last = name

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens when it is missing."""
        self._files.remove(f"{self.root}/{name}")

    def rename(self, name: str, new: str) -> None:
        """Give a file another name, durably; what has that name is replaced."""
        self._files.rename(f"{self.root}/{name}", f"{self.root}/{new}")

    def size(self, name: str) -> int | None:
        """Return a file's size in bytes, or None."""
        found = self._files.stat(f"{self.root}/{name}")
        return None if found is None else found.size_bytes

    def settle(self) -> None:
        """Return once all names that can be seen are durable, whoever wrote them.

        Another process may have renamed a pack into place and not have synced the folder yet.
        """
        if self._files.stat(self.root) is not None:
            self._files.sync_folder(self.root)

    def truth(self) -> Store:
        """Return this."""
        return self

    def doubt(self, name: str) -> bool:  # noqa: ARG002 - a store's signature
        """Tell that there is no other copy."""
        return False

    def sweep_temporaries(self) -> int:
        """Remove half-written files of dead processes; return how many.

        Old is what is a day older than the last file that was written here: by the file
        system's own clock, so that a skewed one across a network mount does no harm.
        """
        newest = self._files.stat(f"{self.root}/{self._last}")
        if newest is None:
            return 0
        swept = 0
        for name in self._files.list(self.root):
            found = self._files.stat(f"{self.root}/{name}") if ".tmp-" in name else None
            if found is not None and newest.mtime_ns - found.mtime_ns > TEMPORARY_AGE_NS:
                self.remove(name)
                swept += 1
        return swept


class MemoryStore:
    """A store that lives and dies with the process."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def names(self) -> list[str]:
        """Return all names, sorted."""
        return sorted(self._files)

    def read(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part (-1: to the end); short at the end."""
        if name not in self._files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return self._files[name][offset : None if size_bytes < 0 else offset + size_bytes]

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file."""
        self._files[name] = bytes(data)

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens when it is missing."""
        self._files.pop(name, None)

    def rename(self, name: str, new: str) -> None:
        """Give a file another name; what has that name is replaced."""
        if name not in self._files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        self._files[new] = self._files.pop(name)

    def size(self, name: str) -> int | None:
        """Return a file's size in bytes, or None."""
        return len(self._files[name]) if name in self._files else None

    def settle(self) -> None:
        """Return at once."""

    def truth(self) -> Store:
        """Return this."""
        return self

    def doubt(self, name: str) -> bool:  # noqa: ARG002 - a store's signature
        """Tell that there is no other copy."""
        return False
