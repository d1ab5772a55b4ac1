"""What the hub takes as a file of its remote: the layout's own names, and what proves itself.

Packs by their digest, chunks by their lines, chain and seal, heads by their signature. The hub
holds nobody's key: what is checked here, every reader checks again.
"""

from __future__ import annotations

from collections.abc import Callable

from afield.kernel.errors import NotAllowed, Refused
from afield.kernel.ids import WorkspaceId
from afield.sync import layout
from afield.sync.chunk import decode_chunk
from afield.sync.errors import Corrupt
from afield.sync.limits import CHUNK_BYTES_MAX, FORMAT_BYTES_MAX, HEAD_BYTES_MAX
from afield.sync.stores.sliced import SLICES, slice_of
from afield.vault.errors import Corrupt as PackCorrupt
from afield.vault.limits import PACK_BYTES_MAX
from afield.vault.packs import check

FOLDERS = (layout.HEADS, SLICES, *layout.PACKS.values())


class NotAdmitted(Refused):
    """What was sent is not what its name says."""

    code = "hub.not_admitted"
    status = 422


class NoSuchName(NotAllowed):
    """A name that no file of a remote has."""

    code = "hub.no_such_name"
    status = 400


class Admitted:
    """Decides what may lie in a workspace's remote.

    Args:
        workspace: whose record it is.
    """

    def __init__(self, workspace: WorkspaceId) -> None:
        self._workspace = workspace

    def folder(self, prefix: str) -> bool:
        """Tell whether a folder is one of a remote's."""
        device = layout.log_device(prefix)
        return prefix in FOLDERS or (device is not None and prefix == layout.log_folder(device))

    def bytes_max(self, name: str) -> int | None:
        """Return how large the file of a name may be; None when no file has it."""
        return None if name.startswith("/") else _bytes_max(name)

    def check(self, name: str, data: bytes, before: Callable[[], bytes | None]) -> None:
        """Do nothing when bytes are what their name says; `before` reads what lies there now.

        Of a slice only its size can be said: the file that slices make up is checked by readers,
        the hub among them.

        Raises:
            NotAdmitted: they are not.
        """
        try:
            self._check(name, data, before)
        except (Corrupt, PackCorrupt) as error:
            raise NotAdmitted("not taken", name, str(error)) from None

    def _check(self, name: str, data: bytes, before: Callable[[], bytes | None]) -> None:
        if name.startswith(SLICES):
            if len(data) != _bytes_max(name):
                raise Corrupt("the slice has another size than its name says")
            return
        device = layout.head_device(name) if name.startswith(layout.HEADS) else None
        if device is not None:
            head = layout.decode_head(data, device, self._workspace)
            held = before()
            if held is not None and _reach(layout.decode_head(held, device, self._workspace)) > (
                _reach(head)
            ):
                raise Corrupt("the head names less of the device's own log than the one before")
            return
        log = layout.log_device(name)
        if log is not None:
            piece = layout.piece_of(log, name)
            assert piece is not None, "names are looked at first"
            decode_chunk(piece, data)
            return
        for role in layout.PACKS:
            pack = layout.pack_of(role, name)
            if pack is not None:
                check(pack, data)
                return
        raise Corrupt("the hub itself writes it")

    def may_go(self, name: str, data: bytes) -> bool:
        """Tell whether a file may be removed: a slice, or one that is not what its name says."""
        if name.startswith(SLICES):
            return True
        try:
            self._check(name, data, lambda: None)
        except (Corrupt, PackCorrupt):
            return name != layout.FORMAT
        return False


def _bytes_max(name: str) -> int | None:
    if name == layout.FORMAT:
        return FORMAT_BYTES_MAX
    if name.startswith(SLICES):
        return _slice_bytes(name)
    if name.startswith(layout.HEADS):
        return HEAD_BYTES_MAX if layout.head_device(name) is not None else None
    device = layout.log_device(name)
    if device is not None:
        return CHUNK_BYTES_MAX if layout.piece_of(device, name) is not None else None
    if any(
        layout.pack_of(role, name) for role in layout.PACKS if name.startswith(layout.PACKS[role])
    ):
        return PACK_BYTES_MAX
    return None


def _slice_bytes(name: str) -> int | None:
    """Return how large a slice is by its name; None when it is none of a file that may be."""
    found = slice_of(name)
    most = None if found is None else _bytes_max(found[0])
    if found is None or most is None or found[1].whole > most:
        return None
    return found[1].end - found[1].start


def _reach(head: layout.Head) -> int:
    """Return up to which number a head names its own device's log."""
    return max((seq for device, seq, _ in head.tips if device == head.device), default=0)
