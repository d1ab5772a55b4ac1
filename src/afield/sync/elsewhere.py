"""What is known to be at remotes and not here: the indexes of their packs, kept on this machine.

A cache: it can be deleted, and comes back with the next sync. What is named here and nowhere in
the vault is a *phantom*: everything but its content works.
"""

from __future__ import annotations

from collections.abc import Iterator

from afield.kernel.files import FileSystem
from afield.vault import layout
from afield.vault.catalog import Catalog, Place
from afield.vault.errors import Corrupt

_SUFFIX = ".idx"
_PACK_CHARS = 64


class Elsewhere:
    """The packs of one remote whose content is not here.

    Args:
        root: the folder of the remote's indexes; made at the first write.
        files: the file system.
    """

    def __init__(self, root: str, files: FileSystem) -> None:
        self._root = root
        self._files = files
        self._catalog: Catalog | None = None

    def packs(self) -> list[str]:
        """Return the packs whose index is kept, sorted."""
        names = self._files.list(self._root)
        return [
            name[:_PACK_CHARS]
            for name in names
            if name.endswith(_SUFFIX) and len(name) == _PACK_CHARS + len(_SUFFIX)
        ]

    def keep(self, pack: str, size_bytes: int, block: bytes) -> None:
        """Keep the index lines of a pack."""
        self._files.make_folder(self._root)
        data = layout.index_file(bytes.fromhex(pack), size_bytes, block)
        self._files.write_new(f"{self._root}/{pack}{_SUFFIX}", data)
        if self._catalog is not None:
            self._catalog.add(pack, block)

    def forget(self, pack: str) -> None:
        """Forget a pack: it is here now."""
        self._files.remove(f"{self._root}/{pack}{_SUFFIX}")
        if self._catalog is not None:
            self._catalog.drop(pack)

    def forget_all(self) -> None:
        """Forget all packs: the remote is gone."""
        for pack in self.packs():
            self.forget(pack)

    def knows(self, pack: str) -> bool:
        """Tell whether the index of a pack is kept."""
        return self._files.stat(f"{self._root}/{pack}{_SUFFIX}") is not None

    def digests(self, pack: str) -> list[bytes]:
        """Return the digests of what a pack holds, going by its index."""
        return [entry.digest for entry in layout.entries_of(self._load(pack))]

    def holders(self, digest: bytes) -> Iterator[str]:
        """Yield the packs that hold an object."""
        return (place.pack for place in self.places(digest))

    def places(self, digest: bytes) -> Iterator[Place]:
        """Yield where in which packs the record of an object is."""
        if self._catalog is None:
            self._catalog = Catalog(self._load)
            for pack in self.packs():
                self._catalog.add(pack, self._load(pack))
        return self._catalog.find(digest)

    def holds(self, digest: bytes) -> bool:
        """Tell whether a pack there holds an object."""
        return next(self.holders(digest), None) is not None

    def _load(self, pack: str) -> bytes:
        try:
            data = self._files.read(f"{self._root}/{pack}{_SUFFIX}")
            return layout.read_index_file(bytes.fromhex(pack), data)[0]
        except (FileNotFoundError, Corrupt):
            return b""
