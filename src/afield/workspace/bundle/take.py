"""Taking in a part of the record from a file: verified as from any remote, then named gaps.

Twice is harmless. What builds on entries that are not here is not taken, and is said with what
to ask for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from afield.journal.places import LogName
from afield.kernel.clock import stamp_to_ms
from afield.kernel.ids import DeviceId
from afield.sync import layout as remote_layout
from afield.sync.elsewhere import Elsewhere
from afield.sync.errors import RemoteForeign
from afield.sync.layout import FORMAT
from afield.sync.limits import FORMAT_BYTES_MAX, LISTED_MAX
from afield.sync.messages import Report
from afield.sync.pace import Pace
from afield.sync.stores.archive import ArchiveRemote
from afield.vault.check import SENDER
from afield.vault.errors import Corrupt
from afield.vault.layout import read_index_file
from afield.workspace import layout
from afield.workspace.bundle.record import LEFT
from afield.workspace.errors import BundleUnreadable
from afield.workspace.remotes import Remote
from afield.workspace.store import make_store
from afield.workspace.sync import Watch, Wishes, sync
from afield.workspace.workspace import Workspace

_INDEX_BYTES_MAX = 64 << 20
_PACK_CHARS = 64


@dataclass(frozen=True, slots=True)
class Gap:
    """Entries of a device that must be here before those in the file can be.

    Attributes:
        first: the first one that is missing.
        last: the last one.
        since: what to ask for: a day, or `start`.
    """

    device: DeviceId
    first: int
    last: int
    since: str


def take_record(
    workspace: Workspace,
    path: str,
    pace: Pace,
    *,
    dry: bool = False,
    watch: Watch = lambda _report, _label: None,
) -> tuple[Report, list[Gap]]:
    """Take in what is new in a file; return what that was, and what it needs first.

    Raises:
        RemoteForeign: it is of another workspace.
        RemoteDamaged: it is no such file, or cut off.
        Busy: another sync is under way.
    """
    with ArchiveRemote(path) as store:
        _require_record(store, path)
        remote = Remote(SENDER, path)
        wishes = Wishes(dry=dry, take=True)
        report, _ = sync(workspace, remote, pace, wishes, watch=watch, store=store)
        if not dry:
            _note_left(workspace, store)
        gaps = [] if dry else list(_gaps(workspace, store, report))
    return report, gaps


def clone_record(path: str, folder: str, *, person: Callable[[], str]) -> Workspace:
    """Make an empty copy of the workspace that a file is of, to be filled by `take_record`.

    Raises:
        RemoteForeign: the folder holds another workspace.
        RemoteDamaged: it is no such file, or cut off.
    """
    with ArchiveRemote(path) as store:
        _require_record(store, path)
        found = remote_layout.decode_format(store.get(FORMAT, 0, FORMAT_BYTES_MAX), path)
    founder = remote_layout.founder_of(found)
    there = layout.folder_for(folder)
    record, config = make_store(there, person=person, joins=(found.workspace, founder))
    if config.workspace != found.workspace:
        why = f"it holds another workspace, {config.workspace}"
        raise RemoteForeign("cannot clone into", folder, why, hint="name an empty folder")
    return Workspace(record, config)


def _require_record(store: ArchiveRemote, path: str) -> None:
    if not any(item.name == FORMAT for item in store.list("")):
        why = "it holds no part of a record"
        raise BundleUnreadable("cannot take in", path, why, hint=f"afield show {path}")


def _note_left(workspace: Workspace, store: ArchiveRemote) -> None:
    """Remember what stayed with the sender, so that it is a phantom and no damage."""
    root = (workspace.path / layout.ELSEWHERE / SENDER).as_posix()
    elsewhere = Elsewhere(root, workspace.record.files)
    here = set(workspace.record.vault.packs.names())
    for item in list(store.list(LEFT))[:LISTED_MAX]:
        pack = item.name.removeprefix(LEFT).removesuffix(".idx")
        if len(pack) != _PACK_CHARS or pack in here or item.size_bytes > _INDEX_BYTES_MAX:
            continue
        try:
            block, size_bytes = read_index_file(bytes.fromhex(pack), store.get(item.name))
        except (Corrupt, ValueError):
            continue  # it only says where bytes are
        elsewhere.keep(pack, size_bytes, block)


def _gaps(workspace: Workspace, store: ArchiveRemote, report: Report) -> list[Gap]:
    heads = workspace.record.journal.heads()
    found: dict[DeviceId, Gap] = {}
    for device, seq in report.behind:
        listed = store.list(remote_layout.log_folder(device))
        chunks = [remote_layout.piece_of(device, item.name) for item in listed]
        first = min((piece.first for piece in chunks if piece), default=seq + 1)
        head = heads.get(LogName(device))
        here = 0 if head is None else head.seq
        word = _day(workspace, device, here)
        if here + 1 < first:
            found[device] = Gap(device, here + 1, first - 1, word)
    return [found[device] for device in sorted(found)]


def _day(workspace: Workspace, device: DeviceId, seq: int) -> str:
    """Return the day of an entry that is here; `start` when none of the device is."""
    entry = workspace.record.journal.entry_at(LogName(device), seq) if seq else None
    if entry is None:
        return "start"
    return datetime.fromtimestamp(stamp_to_ms(entry.at) / 1000, UTC).strftime("%Y-%m-%d")
