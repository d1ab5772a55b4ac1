"""Power loss, a full disk, a broken one and one that is read only, at every step of sync and sweep.

Whatever happens nothing that is needed is lost, the fault is one that a person can read, and the
same command again carries on with no hand in between.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import random

import pytest

from afield.cli.faults import as_fault
from afield.datasets import events as data
from afield.journal import DeviceKey, Journal
from afield.kernel.errors import AfieldError
from afield.kernel.ids import new_member_id, new_workspace_id
from afield.members import device_introduced
from afield.runs.record import Record
from afield.sync.driver import drive
from afield.sync.elsewhere import Elsewhere
from afield.sync.job import Job
from afield.sync.pace import Pace
from afield.sync.reconcile import Reconciler
from afield.sync.replica import Replica
from afield.sync.stores.folder import FolderRemote
from afield.testing.clock import ManualClock
from afield.testing.disk import PowerLoss, SimulatedDisk
from afield.vault import TreeEntry, Vault
from afield.workspace.config import Config
from afield.workspace.sweep import GRACE_MS, plan, sweep, undo
from afield.workspace.workspace import Workspace

KEYS = [DeviceKey.generate() for _ in range(2)]
MEMBER = new_member_id()
WORKSPACE = new_workspace_id()
KINDS = {"full": errno.ENOSPC, "broken": errno.EIO, "read only": errno.EROFS}
BLOBS = {"a": b"a" * 900, "b": random.Random(1).randbytes(70_000), "c": b"c" * 800}


def record_of(disk, number, place):
    journal = Journal(
        f"/w{number}/journal",
        disk,
        ManualClock(),
        key=lambda: KEYS[number],
        device=KEYS[number].device,
        member=MEMBER,
        sync_within_s=None,
    )
    disk.make_folder(str(place))
    return Record(
        journal=journal,
        vault=Vault(f"/w{number}/packs", disk, pack_bytes=30_000),
        live=f"{place}/live",
        files=disk,
        clock=ManualClock(4_000_000_000_000_000_000),  # far behind the packs lie then
        workspace=str(place),
    )


def add_version(record, *names):
    vault = record.vault
    if not record.journal.heads():
        key = next(key for key in KEYS if key.device == record.journal.device)
        draft = device_introduced(key.device, public_key=key.public, member=MEMBER)
        record.journal.append_many([draft])
    tree = vault.put_tree(
        TreeEntry(name, 0o644, len(BLOBS[name]), vault.put(BLOBS[name])) for name in names
    )
    vault.flush()
    draft = data.added("d", tree=tree, files=len(names), size_bytes=1)
    return record.journal.append_many([draft], durable=True)[0]


def readable(vault, entry):
    found = vault.get_tree(entry.refs[0])
    return all(vault.get(each.object) == BLOBS[each.path] for each in found)


def arm(disk, at, kind):
    """Let a disk refuse one step, or from that one on all."""
    start = len(disk.operations) + at
    last = start + (20_000 if kind == "read only" else 1)
    disk.fail_at = dict.fromkeys(range(start, last), KINDS[kind])


def steps_of(disk, work):
    start = len(disk.operations)
    work()
    return len(disk.operations) - start


def meets_a_fault(work, *arguments):
    """Do some work; tell whether it failed, in words that a person can read."""
    fault = None
    try:
        work(*arguments)
    except (AfieldError, OSError) as error:
        fault = as_fault(error)
    if fault is not None:
        assert fault.code != "afield.bug", fault.message
        assert fault.exit_code in {1, 12, 13, 14}, fault.message
        assert fault.hint, fault.message
    return fault is not None


# -- sweep --------------------------------------------------------------------------------


class Swept:
    """A workspace on a disk: a version that is needed, one that was dropped, and an orphan."""

    def __init__(self, tmp_path):
        self.place = tmp_path / "w" / ".afield"
        self.place.mkdir(parents=True, exist_ok=True)
        self.disk = SimulatedDisk()
        with self.open() as workspace:
            self.kept = add_version(workspace.record, "a", "b")
            gone = add_version(workspace.record, "b", "c")
            workspace.record.vault.put(b"orphan" * 3_000)
            workspace.record.vault.flush()
            drop = data.dropped("d", [(gone.device, gone.seq)], gone=True)
            workspace.record.journal.append_many([drop], durable=True)
            self.gone = gone
        self.disk.sync_folder(str(self.place))

    def open(self):
        for path in self.place.glob("projection.db*"):
            path.unlink()
        record = record_of(self.disk, 0, self.place)
        return Workspace(record, Config(WORKSPACE, KEYS[0].device, MEMBER))

    def work(self, grace_ms):
        with self.open() as workspace:
            sweeps(workspace, grace_ms)

    def check(self, grace_ms):
        """After a fault: all that is needed is there; the same work again comes to its end."""
        self.disk.fail_at = {}
        with self.open() as workspace:
            vault = workspace.record.vault
            workspace.refresh()
            assert readable(vault, self.kept)
            sweeps(workspace, grace_ms)
            assert readable(vault, self.kept)
            assert not plan(workspace, grace_ms).packs
            assert not [one for one in vault.verify(roots=self.kept.refs) if one.damaged]
            if grace_ms:
                undo(workspace)
                assert readable(vault, self.gone)


def sweeps(workspace, grace_ms):
    sweep(workspace, grace_ms)
    if grace_ms:
        undo(workspace)
        sweep(workspace, grace_ms)


@pytest.mark.parametrize("grace_ms", [0, GRACE_MS], ids=["at once", "with a grace"])
def test_the_disk_refuses_any_step_of_a_sweep_and_the_next_one_carries_on(tmp_path, grace_ms):
    whole = Swept(tmp_path)
    steps = steps_of(whole.disk, lambda: whole.work(grace_ms))
    assert steps > 20
    said = 0
    for at, kind in zip(range(1, steps + 1), itertools.cycle(KINDS), strict=False):
        world = Swept(tmp_path)
        arm(world.disk, at, kind)
        said += meets_a_fault(world.work, grace_ms)
        world.check(grace_ms)
    assert said > steps / 3


@pytest.mark.parametrize("grace_ms", [0, GRACE_MS], ids=["at once", "with a grace"])
def test_power_is_lost_at_any_step_of_a_sweep_and_nothing_needed_with_it(tmp_path, grace_ms):
    whole = Swept(tmp_path)
    steps = steps_of(whole.disk, lambda: whole.work(grace_ms))
    for at in range(1, steps + 1, 2 if grace_ms else 1):
        world = Swept(tmp_path)
        world.disk.stop_at = len(world.disk.operations) + at
        with contextlib.suppress(PowerLoss):
            world.work(grace_ms)
        world.disk = world.disk.after_crash()
        world.check(grace_ms)


# -- sync ---------------------------------------------------------------------------------


class Synced:
    """Two people who meet in a folder; each on a disk of their own, and so is the folder."""

    def __init__(self, tmp_path):
        self.place = tmp_path
        self.disks = [SimulatedDisk(1), SimulatedDisk(2)]
        self.remote = SimulatedDisk(3)
        records = [record_of(disk, n, tmp_path) for n, disk in enumerate(self.disks)]
        self.entries = [add_version(records[0], "a", "b"), add_version(records[1], "b", "c")]
        for record in records:
            record.journal.seal()
            record.journal.sync()
        self.sync(1)

    def record(self, number):
        return record_of(self.disks[number], number, self.place)

    def sync(self, number):
        record = self.record(number)
        elsewhere = Elsewhere(f"/w{number}/elsewhere", record.files)
        replica = Replica(record.journal, record.vault, elsewhere, record.clock)
        job = Job(WORKSPACE, KEYS[0].public, KEYS[number], "remote")
        pace = Pace(None, monotonic_s=lambda: 0.0, sleep=lambda _s: None)
        drive(Reconciler(job), FolderRemote("/r", self.remote), replica, pace)
        record.vault.close()

    def check(self):
        """After a fault: nothing is lost; two syncs later both have all, and so has the folder."""
        for disk in (*self.disks, self.remote):
            disk.fail_at = {}
        assert readable(self.record(0).vault, self.entries[0])
        for number in (0, 1, 0):
            self.sync(number)
        logs = []
        for number in range(2):
            record = self.record(number)
            assert all(readable(record.vault, entry) for entry in self.entries)
            assert not [one for one in record.journal.verify() if one.damaged]
            assert not [one for one in record.vault.verify() if one.damaged]
            logs.append({device: head.seq for device, head in record.journal.heads().items()})
        assert logs[0].keys() == logs[1].keys()


@pytest.mark.parametrize("side", ["here", "there"])
def test_a_disk_refuses_any_step_of_a_sync_and_the_next_one_carries_on(tmp_path, side):
    whole = Synced(tmp_path)
    disk = whole.disks[0] if side == "here" else whole.remote
    steps = steps_of(disk, lambda: whole.sync(0))
    assert steps > 15
    said = 0
    for at, kind in zip(range(1, steps + 1), itertools.cycle(KINDS), strict=False):
        world = Synced(tmp_path)
        arm(world.disks[0] if side == "here" else world.remote, at, kind)
        said += meets_a_fault(world.sync, 0)
        world.check()
    assert said > steps / 4


@pytest.mark.parametrize("side", ["here", "there"])
def test_power_is_lost_at_any_step_of_a_sync_and_the_next_one_carries_on(tmp_path, side):
    whole = Synced(tmp_path)
    disk = whole.disks[0] if side == "here" else whole.remote
    for at in range(1, steps_of(disk, lambda: whole.sync(0)) + 1):
        world = Synced(tmp_path)
        struck = world.disks[0] if side == "here" else world.remote
        struck.stop_at = len(struck.operations) + at
        with contextlib.suppress(PowerLoss):
            world.sync(0)
        if side == "here":
            world.disks[0] = struck.after_crash()
        else:
            world.remote = struck.after_crash()
        world.check()
