"""Taking single things from a remote again: a pack by its name, lines of a log by their numbers.

For whoever mends this copy. Everything is verified before it is given; what is damaged there is
passed over. Nothing is written, there or here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from afield.journal.carry import Carried
from afield.kernel.ids import DeviceId
from afield.sync import layout
from afield.sync.chunk import decode_chunk
from afield.sync.errors import Corrupt, RemoteUnreachable
from afield.sync.layout import PACKS, Piece
from afield.sync.limits import CHUNK_BYTES_MAX, PAUSES_S
from afield.sync.pace import Pace
from afield.sync.stores.store import Item, RemoteStore
from afield.vault.errors import Corrupt as PackCorrupt
from afield.vault.limits import PACK_BYTES_MAX
from afield.vault.packs import check

T = TypeVar("T")


class Refetch:
    """Reads a remote.

    Args:
        store: the remote.
        pace: how fast, and how long to wait before what cannot be reached is tried again.
    """

    def __init__(self, store: RemoteStore, pace: Pace) -> None:
        self._store = store
        self._pace = pace
        self._packs: dict[str, str] | None = None
        self._pieces: dict[DeviceId, list[Piece]] = {}

    def has(self, pack: str) -> bool:
        """Tell whether a pack of this name is listed.

        Raises:
            RemoteUnreachable: the remote cannot be read.
        """
        if self._packs is None:
            self._packs = {}
            for role in PACKS:
                for item in self._list(PACKS[role]):
                    name = layout.pack_of(role, item.name)
                    if name is not None:
                        self._packs[name] = item.name
        return pack in self._packs

    def pack(self, pack: str) -> bytes | None:
        """Return a pack's bytes, which match its name; None when they are not to be had.

        Raises:
            RemoteUnreachable: the remote cannot be read.
        """
        if not self.has(pack) or self._packs is None:
            return None
        data = self._read(self._packs[pack], PACK_BYTES_MAX)
        try:
            if data is not None:
                check(pack, data)
        except PackCorrupt:
            return None
        return data

    def lines(self, device: DeviceId, first: int, below: int | None) -> Iterator[Carried]:
        """Yield the lines of a device's log and branches with these numbers, each verified.

        Raises:
            RemoteUnreachable: the remote cannot be read.
        """
        if device not in self._pieces:
            listed = self._list(layout.log_folder(device))
            found = (layout.piece_of(device, item.name) for item in listed)
            self._pieces[device] = sorted(filter(None, found), key=lambda piece: piece.first)
        for piece in self._pieces[device]:
            if piece.last < first or (below is not None and piece.first >= below):
                continue
            data = self._read(piece.name, CHUNK_BYTES_MAX)
            try:
                lines = [] if data is None else decode_chunk(piece, data)
            except Corrupt:
                continue
            for each in lines:
                if first <= each.entry.seq and (below is None or each.entry.seq < below):
                    yield each

    def _list(self, prefix: str) -> list[Item]:
        return self._patiently(lambda: list(self._store.list(prefix)))

    def _read(self, name: str, bytes_max: int) -> bytes | None:
        try:
            data = self._patiently(lambda: self._store.get(name, 0, bytes_max + 1))
        except FileNotFoundError:
            return None
        self._pace.spend(len(data))
        return data

    def _patiently(self, work: Callable[[], T]) -> T:
        """Try again what could not be reached, a few times."""
        for pause_s in PAUSES_S:
            try:
                return work()
            except RemoteUnreachable:
                self._pace.pause(pause_s)
        return work()
