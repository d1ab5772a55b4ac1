"""A remote that lives and dies with the process."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from afield.sync.stores.store import Abilities, Item


class MemoryRemote:
    """A `RemoteStore` in memory."""

    def __init__(self, address: str = "memory") -> None:
        self.address = address
        self.files: dict[str, bytes] = {}

    def list(self, prefix: str) -> Iterator[Item]:
        """Yield the files directly in a folder."""
        for name in sorted(self.files):
            if name.startswith(prefix) and "/" not in name[len(prefix) :]:
                yield Item(name, len(self.files[name]))

    def get(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part (-1: to the end); short at the end."""
        if name not in self.files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return self.files[name][offset : None if size_bytes < 0 else offset + size_bytes]

    def put(self, name: str, data: bytes) -> None:
        """Write a whole file over what may be there."""
        self.files[name] = bytes(data)

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Write a whole file unless one is there; tell whether it was written."""
        if name in self.files:
            return False
        self.files[name] = bytes(data)
        return True

    def delete(self, *names: str) -> None:
        """Remove files; nothing happens with those that are missing."""
        for name in names:
            self.files.pop(name, None)

    def probe(self) -> Abilities:
        """Return at once."""
        return Abilities(exclusive=True)
