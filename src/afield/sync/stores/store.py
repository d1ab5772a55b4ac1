"""What sync needs of a remote: named files, most of them written once, no locks.

A store may list what is gone and not list what is new: nothing rests on a listing being
complete. Every byte that is read is checked by whoever asked for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol


class Item(NamedTuple):
    """A file of a remote: its whole name, with `/` between the parts, and its size."""

    name: str
    size_bytes: int


class Abilities(NamedTuple):
    """What a store was found to be able to do.

    Attributes:
        exclusive: `put_if_absent` never replaces, whoever else writes.
    """

    exclusive: bool


class RemoteStore(Protocol):
    """The files of a remote. Faults are `RemoteUnreachable`."""

    @property
    def address(self) -> str:
        """Where it is, for people."""
        ...

    def list(self, prefix: str) -> Iterator[Item]:
        """Yield the files directly in the folder `prefix` (which ends in `/`), in any order."""
        ...

    def get(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part (-1: to the end); short at the end.

        Raises:
            FileNotFoundError: nothing has the name.
        """
        ...

    def put(self, name: str, data: bytes) -> None:
        """Write a whole file, durably, over what may be there; it is whole or as it was."""
        ...

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Write a whole file unless one is there; tell whether it was written."""
        ...

    def delete(self, name: str) -> None:
        """Remove a file; nothing happens when it is missing."""
        ...

    def probe(self) -> Abilities:
        """Find out by trying whether the store can be read and written, and what it can do."""
        ...


class SizedStore(RemoteStore, Protocol):
    """A store that tells how large a file is, as who serves one has to."""

    def size(self, name: str) -> int | None:
        """Return a file's size in bytes, or None."""
        ...
