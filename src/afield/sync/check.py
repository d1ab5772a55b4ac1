"""The full check of a remote: every head, chunk and pack that is there, read and verified.

Nothing is mended here; names that are nobody's are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator

from afield.kernel.findings import Finding
from afield.kernel.ids import DeviceId, WorkspaceId
from afield.sync import layout
from afield.sync.chunk import decode_chunk
from afield.sync.errors import Corrupt
from afield.sync.limits import CHUNK_BYTES_MAX, HEAD_BYTES_MAX
from afield.sync.pace import Pace
from afield.sync.stores.store import RemoteStore
from afield.vault.errors import Corrupt as PackCorrupt
from afield.vault.limits import PACK_BYTES_MAX
from afield.vault.packs import check


class RemoteCheck:
    """Reads a remote.

    Attributes:
        files: how many files were read.
        size_bytes: how many bytes of them.

    Args:
        store: the remote.
        workspace: whose record it should hold.
        pace: how fast.
    """

    def __init__(self, store: RemoteStore, workspace: WorkspaceId, pace: Pace) -> None:
        self.files = 0
        self.size_bytes = 0
        self._store = store
        self._workspace = workspace
        self._pace = pace

    def findings(self) -> Iterator[Finding]:
        """Yield what does not verify; raises nothing for damage.

        Raises:
            RemoteUnreachable: the remote cannot be read.
        """
        devices: set[DeviceId] = set()
        for item in self._store.list(layout.HEADS):
            device = layout.head_device(item.name)
            data = None if device is None else self._read(item.name, HEAD_BYTES_MAX)
            if device is None or data is None:
                continue
            try:
                head = layout.decode_head(data, device, self._workspace)
            except Corrupt as error:
                yield Finding("head", item.name, str(error), damaged=True)
            else:
                devices.update(tip[0] for tip in head.tips)
        for device in sorted(devices):
            yield from self._chunks(layout.log_folder(device))
        for role in layout.PACKS:
            yield from self._packs(role)

    def _chunks(self, folder: str) -> Iterator[Finding]:
        device = layout.log_device(folder)
        assert device is not None, "a log's folder names its device"
        for item in self._store.list(folder):
            piece = layout.piece_of(device, item.name)
            data = None if piece is None else self._read(item.name, CHUNK_BYTES_MAX)
            if piece is None or data is None:
                continue
            try:
                decode_chunk(piece, data)
            except Corrupt as error:
                yield Finding("chunk", item.name, str(error), damaged=True)

    def _packs(self, role: str) -> Iterator[Finding]:
        for item in self._store.list(layout.PACKS[role]):
            pack = layout.pack_of(role, item.name)
            data = None if pack is None else self._read(item.name, PACK_BYTES_MAX)
            if pack is None or data is None:
                continue
            try:
                check(pack, data)
            except PackCorrupt as error:
                yield Finding("pack", item.name, str(error), damaged=True)

    def _read(self, name: str, bytes_max: int) -> bytes | None:
        try:
            data = self._store.get(name, 0, bytes_max + 1)
        except FileNotFoundError:
            return None
        self._pace.spend(len(data))
        self.files += 1
        self.size_bytes += len(data)
        return data
