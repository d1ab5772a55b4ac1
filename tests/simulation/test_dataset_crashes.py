"""Power loss, a full disk and a broken one at every step of adding versions.

Whatever happens, the record shows whole versions only, and the next add carries on.
"""

from __future__ import annotations

import contextlib
import errno
import itertools

import pytest

from afield.datasets import events
from afield.journal import DeviceKey, Journal
from afield.kernel.ids import new_member_id, new_workspace_id
from afield.members import device_introduced
from afield.runs.record import Record
from afield.testing.clock import ManualClock
from afield.testing.disk import PowerLoss, SimulatedDisk
from afield.vault import Vault
from afield.workspace.config import Config
from afield.workspace.datasets import add, files_of, history
from afield.workspace.workspace import Workspace

KEY = DeviceKey.generate()
MEMBER = new_member_id()


def silent(files, size_bytes):
    pass


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for number in range(4):
        (folder / f"f{number}.bin").write_bytes(bytes([number]) * 900 + b"%d" % number)
    (folder / "t.csv").write_text("a\n1\n2\n")
    return folder


_fresh = itertools.count()


def opened(disk, tmp_path):
    """A workspace whose journal and packs lie on the disk, with caches and tables of its own."""
    journal = Journal(
        "/w/journal", disk, ManualClock(), key=lambda: KEY, device=KEY.device, member=MEMBER
    )
    place = tmp_path / f"w{next(_fresh)}" / ".afield"
    place.mkdir(parents=True)
    record = Record(
        journal=journal,
        vault=Vault("/w/packs", disk, pack_bytes=1_500),
        live=str(place / "live"),
        files=disk,
        clock=ManualClock(),
        workspace=str(place),
    )
    return Workspace(record, Config(new_workspace_id(), KEY.device, MEMBER))


def work(workspace, data):
    """Add two versions; yield the tree of each once it is acknowledged."""
    if not workspace.record.journal.heads():
        draft = device_introduced(KEY.device, public_key=KEY.public, member=MEMBER)
        workspace.record.journal.append_many([draft])
    for text in ("a\n1\n2\n", "a\n1\n2\n3\n"):
        (data / "t.csv").write_text(text)
        yield add(workspace, str(data), "d", progress=silent, profiling=silent).version.tree


def steps(data, tmp_path):
    disk = SimulatedDisk()
    with opened(disk, tmp_path) as workspace:
        list(work(workspace, data))
    return len(disk.operations)


def check(disk, acknowledged, data, tmp_path):
    """Look at the record after a fault: whole versions only; then carry on."""
    with opened(disk, tmp_path) as workspace:
        found = history(workspace)
        assert [one.tree for one in found][: len(acknowledged)] == acknowledged
        assert len(found) <= len(acknowledged) + 1
        vault = workspace.record.vault
        for one in found:
            for entry in files_of(workspace, one):
                assert len(vault.get(entry.object)) == entry.size_bytes
        trees = list(work(workspace, data))
        assert history(workspace)[-1].tree == trees[-1]
        entries = [one for batch in workspace.record.journal.read() for one in batch.entries]
        refs = [ref for entry in entries for ref in entry.refs]
        assert not [one for one in vault.verify(roots=refs) if one.damaged]


def test_power_is_lost_at_any_step_of_an_add_and_no_half_version_is_seen(data, tmp_path):
    points = range(1, steps(data, tmp_path) + 1)
    assert len(points) > 20
    for stop_at in points:
        disk = SimulatedDisk(stop_at, stop_at=stop_at)
        acknowledged = []
        with pytest.raises(PowerLoss), opened(disk, tmp_path) as workspace:
            acknowledged.extend(work(workspace, data))
        check(disk.after_crash(), acknowledged, data, tmp_path)


def test_the_disk_refuses_any_step_of_an_add_and_the_next_one_carries_on(data, tmp_path):
    errors = itertools.cycle((errno.ENOSPC, errno.EIO))
    for fail_at, error in zip(range(1, steps(data, tmp_path) + 1, 2), errors, strict=False):
        disk = SimulatedDisk(fail_at, fail_at={fail_at: error})
        acknowledged = []
        with contextlib.suppress(OSError), opened(disk, tmp_path) as workspace:
            acknowledged.extend(work(workspace, data))
        check(disk, acknowledged, data, tmp_path)


def test_bytes_are_durable_before_the_entry_that_names_them(data, tmp_path):
    """The order that all of this rests on, looked at itself."""
    disk = SimulatedDisk()
    workspace = opened(disk, tmp_path)
    order = []
    flush, append = workspace.record.vault.flush, workspace.record.journal.append_many
    workspace.record.vault.flush = lambda: (order.append("flush"), flush())[1]

    def noted(drafts, **more):
        order.extend(draft.kind for draft in drafts)
        return append(drafts, **more)

    workspace.record.journal.append_many = noted
    with workspace:
        draft = device_introduced(KEY.device, public_key=KEY.public, member=MEMBER)
        append([draft])
        add(
            workspace,
            str(data),
            "d",
            message="m",
            card={"origin": "here"},
            progress=silent,
            profiling=silent,
        )
    assert order[-3:] == ["flush", events.CARDED, events.ADDED]
