"""Syncing this copy of the workspace with its remotes, cloning one, fetching bytes.

Joins the room `sync` with the workspace's journal, vault, members and labels; the decisions
are the reconciler's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator

import msgspec

from afield.datasets.query import Version
from afield.journal import DeviceKey
from afield.journal.places import LogName, device_of_log
from afield.journal.seals import public_key
from afield.kernel.clock import Clock, stamp_to_ms
from afield.kernel.errors import Busy
from afield.kernel.ids import DeviceId, ObjectId
from afield.sync import layout as remote_layout
from afield.sync.driver import Stopped, drive
from afield.sync.errors import RemoteForeign, RemoteUnreachable
from afield.sync.job import Job, Policy
from afield.sync.limits import CLOCK_AHEAD_MAX_MS, FORMAT_BYTES_MAX
from afield.sync.messages import Report
from afield.sync.pace import Pace
from afield.sync.reconcile import Reconciler
from afield.sync.replica import Replica
from afield.sync.stores.store import RemoteStore
from afield.sync.wanted import absent
from afield.workspace import layout
from afield.workspace.phantoms import phantoms
from afield.workspace.remotes import (
    Remote,
    add_remote,
    elsewhere_of,
    mark_synced,
    open_remote,
)
from afield.workspace.residency import filter_for
from afield.workspace.store import make_store
from afield.workspace.swept import swept_packs
from afield.workspace.workspace import Workspace

Watch = Callable[[Report, str], None]


class Wishes(msgspec.Struct, frozen=True):
    """How to sync.

    Attributes:
        data: which bytes of files travel.
        dry: only count.
        anew: look at everything again, and write again what is missing or in `bad`.
        bad: names of files at the remote that were found damaged.
        only: fetch these objects and nothing else.
        take: write nothing at the remote, and heed what any head says of it: somebody chose it.
    """

    data: Policy = "all"
    dry: bool = False
    anew: bool = False
    bad: frozenset[str] = frozenset()
    only: Collection[ObjectId] | None = None
    take: bool = False


def sync(
    workspace: Workspace,
    remote: Remote,
    pace: Pace,
    wishes: Wishes,
    *,
    watch: Watch = lambda _report, _label: None,
    go_on: Callable[[], bool] = lambda: True,
    store: RemoteStore | None = None,
) -> tuple[Report, bool]:
    """Sync with one remote; return what was done, and whether it came to its end.

    Its files are those of `store` when one is handed in.

    Raises:
        Unreachable: the remote cannot be reached; what was transferred stays.
        Refused: it is another workspace's, or another sync is under way here.
    """
    store = open_remote(remote.url) if store is None else store
    workspace.refresh()
    founder = _founder(workspace, store, remote)
    job = Job(
        workspace.config.workspace,
        founder,
        DeviceKey.load(os.fspath(workspace.path / layout.KEYS)),
        remote.url,
        data=wishes.data,
        dry=wishes.dry,
        anew=wishes.anew,
        bad=wishes.bad,
        heeds=None if wishes.take else _counting(workspace),
        take=wishes.take,
        fetch=wishes.only is not None,
    )
    replica = _replica(workspace, remote, wishes)
    try:
        with workspace.record.files.lock(os.fspath(workspace.path / layout.SYNC_LOCK), wait_s=0):
            drive(Reconciler(job), store, replica, pace, watch=watch, go_on=go_on)
    except Stopped:
        return job.report, False
    except Busy as error:
        why = "another sync, or a sweep, of this workspace is under way"
        raise Busy("cannot sync now", remote.name, why, hint="wait for it to end") from error
    finally:
        if not wishes.dry:
            workspace.refresh()
            _bring_back(workspace)
    if not wishes.dry and not wishes.take:
        mark_synced(workspace, remote)
    return job.report, True


def _replica(workspace: Workspace, remote: Remote, wishes: Wishes) -> Replica:
    """Return this side of a sync."""
    record = workspace.record
    return Replica(
        record.journal,
        record.vault,
        elsewhere_of(workspace, remote),
        record.clock,
        data=wishes.data,
        may_send=filter_for(workspace, remote),
        wanted=wishes.only or (),
        swept=swept_packs(record),
        needed=lambda: _live_roots(workspace),
    )


def _live_roots(workspace: Workspace) -> list[ObjectId]:
    from afield.workspace.sweep import live_roots  # few syncs ask what a sweep would keep

    return live_roots(workspace)


def _bring_back(workspace: Workspace) -> None:
    """Bring back what a sweep had put away and is needed again."""
    if workspace.record.vault.sweeping().resting():
        from afield.workspace.sweep import bring_back

        bring_back(workspace)


def clone(
    url: str, folder: str, *, person: Callable[[], str], clock: Clock | None = None
) -> tuple[Workspace, Remote]:
    """Make an empty copy of the workspace at a remote, to be filled by `sync`.

    May be repeated: a copy of the same workspace is opened. `clock` is this machine's when None.

    Raises:
        RemoteForeign: the address holds no workspace, or the folder holds another one.
    """
    found = workspace_at(url)
    founder = remote_layout.founder_of(found)
    there = layout.folder_for(folder)
    record, config = make_store(there, person=person, clock=clock, joins=(found.workspace, founder))
    if config.workspace != found.workspace:
        why = f"it holds another workspace, {config.workspace}"
        raise RemoteForeign("cannot clone into", folder, why, hint="name an empty folder")
    workspace = Workspace(record, config)
    return workspace, add_remote(workspace, "origin", url)


def workspace_at(url: str) -> remote_layout.Format:
    """Return what a remote says of itself: whose workspace it holds.

    Raises:
        RemoteForeign: it holds none.
    """
    found = _format(open_remote(url))
    if found is None:
        why = "no workspace was ever synced there"
        raise RemoteForeign("cannot clone", url, why, hint=f"afield remote add team {url}")
    return found


def roots_of_run(workspace: Workspace, run: str) -> list[ObjectId]:
    """Return the objects that the entries about a run name."""
    return list(dict.fromkeys(_refs_about(workspace, run)))


def roots_of_version(version: Version) -> list[ObjectId]:
    """Return the objects that a version of data is made of."""
    found = (version.tree, version.profile, version.message, version.source)
    return [one for one in found if one is not None]


def missing(workspace: Workspace, roots: Collection[ObjectId]) -> set[bytes]:
    """Return what the roots name, directly or not, that is not here and known to be elsewhere."""
    where = phantoms(workspace.record.workspace, workspace.record.files)
    lost = absent(workspace.record.vault, roots)
    named = {bytes.fromhex(root) for root in roots}
    return {digest for digest in lost if digest in named or where(digest) is not None}


def _refs_about(workspace: Workspace, run: str) -> Iterator[ObjectId]:
    for batch in workspace.record.journal.read():
        for entry in batch.entries:
            if entry.about == run:
                yield from entry.refs


def _format(store: RemoteStore) -> remote_layout.Format | None:
    try:
        data = store.get(remote_layout.FORMAT, 0, FORMAT_BYTES_MAX)
    except FileNotFoundError:
        return None
    return remote_layout.decode_format(data, store.address)


def _founder(workspace: Workspace, store: RemoteStore, remote: Remote) -> bytes:
    """Return the key of the device that founded the workspace: from here, else from the remote.

    Raises:
        RemoteUnreachable: the remote was there once and now is an empty folder.
    """
    found = _format(store)
    if found is None and remote.synced:
        why = "nothing of the record is there; is it mounted?"
        hint = f"afield remote add {remote.name} {remote.url}, after remove, to begin anew"
        raise RemoteUnreachable("cannot reach remote", remote.url, why, hint=hint)
    key = key_of(workspace, workspace.config.founded_by)
    if key is None and found is not None:
        if remote_layout.founder_of(found) != workspace.config.founded_by:
            why = "it names another founder than this copy does"
            raise RemoteForeign("cannot sync with remote", remote.url, why)
        key = bytes.fromhex(found.founder)
    if key is None:
        why = "neither this copy nor the remote has the founder's key"
        raise RemoteForeign("cannot sync with remote", remote.url, why, hint="afield verify")
    return key


def key_of(workspace: Workspace, device: DeviceId) -> bytes | None:
    """Return the public key that a device's log introduces, when the log is here."""
    first = next(workspace.record.journal.lines_after(LogName(device), 0), None)
    return None if first is None else public_key(first.entry)


def devices_ahead(workspace: Workspace) -> dict[DeviceId, int]:
    """Return by device that counts up to which Unix ms its entries are stamped, if far ahead."""
    journal = workspace.record.journal
    latest = workspace.record.now_ms() + CLOCK_AHEAD_MAX_MS
    counts = _counting(workspace)
    found: dict[DeviceId, int] = {}
    for log, head in journal.heads().items():
        device = device_of_log(log)
        entry = journal.entry_at(log, head.seq) if device in counts else None
        at_ms = 0 if entry is None else stamp_to_ms(entry.at)
        if at_ms > max(latest, found.get(device, 0)):
            found[device] = at_ms
    return found


def _counting(workspace: Workspace) -> frozenset[DeviceId]:
    """Return the devices that count in this workspace."""
    found = {DeviceId(device) for (device,) in workspace.query("SELECT id FROM devices")}
    counts = (found | workspace.config.roots) - workspace.config.removed.keys()
    return frozenset(counts | {workspace.config.device})
