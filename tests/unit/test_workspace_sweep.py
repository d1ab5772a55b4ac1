"""Sweeping: only what nothing live reaches, in two steps, and never under a writer."""

from __future__ import annotations

import random
import time

import pytest

from afield.datasets import events as data
from afield.kernel.errors import Busy
from afield.runs import events as runs
from afield.runs.live_owner import Owner, write_owner
from afield.sync.pace import Pace
from afield.testing.clock import ManualClock
from afield.vault import ObjectMissing, TreeEntry
from afield.workspace import layout
from afield.workspace.errors import SweepBlind
from afield.workspace.remotes import add_remote
from afield.workspace.sweep import ORPHAN, bring_back, plan, sweep, undo
from afield.workspace.swept import swept_packs
from afield.workspace.sync import Wishes, sync
from afield.workspace.workspace import Workspace

DAY_S = 24 * 3600.0
GRACE_MS = 14 * 24 * 3600 * 1000


@pytest.fixture
def clock(tmp_path):
    """A clock a month after what the file system says of the packs of now."""
    return ManualClock(tmp_path.stat().st_mtime_ns + int(30 * DAY_S * 1e9))


@pytest.fixture
def place(tmp_path, clock):
    Workspace.init(tmp_path / "w", clock=clock).close()
    return tmp_path / "w"


@pytest.fixture
def opened(place, clock):
    """Open the workspace as a process of its own would, as often as one likes."""
    found = []

    def open_it():
        found.append(Workspace.open(place, clock=clock))
        return found[-1]

    yield open_it
    for workspace in found:
        workspace.close()


def noise(seed, size_bytes=50_000):
    return random.Random(seed).randbytes(size_bytes)


def add_version(workspace, name, *contents):
    vault = workspace.record.vault
    tree = vault.put_tree(
        TreeEntry(f"{number}.bin", 0o644, len(each), vault.put(each))
        for number, each in enumerate(contents)
    )
    vault.flush()
    size_bytes = sum(map(len, contents))
    draft = data.added(name, tree=tree, files=len(contents), size_bytes=size_bytes)
    return tree, workspace.record.journal.append_many([draft], durable=True)[0]


def drop(workspace, name, entry, *, gone=True):
    draft = data.dropped(name, [(entry.device, entry.seq)], gone=gone)
    workspace.record.journal.append_many([draft])


def put_orphan(workspace, content):
    found = workspace.record.vault.put(content)
    workspace.record.vault.flush()
    return found


def packs_bytes(place):
    return sum(each.stat().st_size for each in (place / ".afield" / "packs").iterdir())


def a_dropped_version(opened):
    with opened() as workspace:
        tree, entry = add_version(workspace, "d", noise(1))
        drop(workspace, "d", entry)
    return tree, entry


def test_what_was_dropped_is_put_away_rests_and_is_freed_after_the_grace(opened, place, clock):
    tree, _ = a_dropped_version(opened)
    before = packs_bytes(place)
    with opened() as workspace:
        found = sweep(workspace)
        assert [(share.kind, share.label) for share in found.shares] == [("version", "d@1")]
        assert found.away_bytes > 50_000
        assert not found.freed
        assert not workspace.record.vault.has(tree)
        assert packs_bytes(place) > before - 1_000, "it rests"
        clock.advance(13 * DAY_S)
        assert not sweep(workspace).freed
        clock.advance(1 * DAY_S)
        assert sweep(workspace).freed_bytes > 50_000
        assert packs_bytes(place) < before - 50_000


def test_undo_brings_everything_back(opened):
    tree, _ = a_dropped_version(opened)
    with opened() as workspace:
        sweep(workspace)
        assert undo(workspace)
        (file,) = workspace.record.vault.get_tree(tree)
        assert workspace.record.vault.get(file.object) == noise(1)
        assert not swept_packs(workspace.record)
        assert undo(workspace) == []


def test_what_was_dropped_and_is_wanted_again_comes_back_from_its_rest(opened):
    tree, entry = a_dropped_version(opened)
    with opened() as workspace:
        sweep(workspace)
        drop(workspace, "d", entry, gone=False)
        assert bring_back(workspace)
        (file,) = workspace.record.vault.get_tree(tree)
        assert workspace.record.vault.get(file.object) == noise(1)


def test_a_sweep_brings_back_by_itself_what_is_needed_again(opened, clock):
    tree, entry = a_dropped_version(opened)
    with opened() as workspace:
        sweep(workspace)
        drop(workspace, "d", entry, gone=False)
        clock.advance(100 * DAY_S)
        found = sweep(workspace)
        assert found.back
        assert not found.freed
        (file,) = workspace.record.vault.get_tree(tree)
        assert workspace.record.vault.get(file.object) == noise(1)


def test_without_a_grace_the_space_comes_free_at_once(opened, place):
    a_dropped_version(opened)
    before = packs_bytes(place)
    with opened() as workspace:
        assert sweep(workspace, 0).freed_bytes > 50_000
    assert packs_bytes(place) < before - 50_000


def test_a_pack_that_is_needed_in_part_is_written_anew_without_the_rest(opened, place):
    with opened() as workspace:
        tree, _ = add_version(workspace, "kept", noise(1))
        vault = workspace.record.vault
        shared, gone = vault.put(noise(2)), vault.put(noise(3, 200_000))
        vault.flush()
        add_version(workspace, "kept", noise(2))
    before = packs_bytes(place)
    with opened() as workspace:
        found = sweep(workspace, 0)
        assert [share.kind for share in found.shares] == [ORPHAN]
        assert workspace.record.vault.get(shared) == noise(2)
        assert workspace.record.vault.has(tree)
        with pytest.raises(ObjectMissing):
            workspace.record.vault.get(gone)
        assert not [one for one in workspace.record.vault.verify() if one.damaged]
    assert packs_bytes(place) < before - 190_000


def test_bytes_that_nobody_names_stay_for_the_grace(opened, clock):
    with opened() as workspace:
        orphan = put_orphan(workspace, noise(1))
    clock.now_ns -= int(29 * DAY_S * 1e9)
    with opened() as workspace:
        sweep(workspace)
        assert workspace.record.vault.has(orphan)
    clock.advance(29 * DAY_S)
    with opened() as workspace:
        assert [share.kind for share in sweep(workspace).shares] == [ORPHAN]
        assert not workspace.record.vault.has(orphan)


def test_what_a_process_has_written_and_not_named_yet_stays(opened):
    writer = opened()
    orphan = put_orphan(writer, noise(1))
    with opened() as workspace:
        sweep(workspace, 0)
        assert workspace.record.vault.has(orphan)
    writer.close()
    with opened() as workspace:
        sweep(workspace, 0)
        assert not workspace.record.vault.has(orphan)


def test_what_a_process_has_found_and_not_named_yet_stays(opened):
    a_dropped_version(opened)
    writer = opened()
    found = writer.record.vault.put(noise(1))
    with opened() as workspace:
        sweep(workspace, 0)
    tree, _ = add_version(writer, "again", noise(1))
    writer.close()
    with opened() as workspace:
        sweep(workspace, 0)
        assert workspace.record.vault.get(found) == noise(1)
        assert workspace.record.vault.has(tree)


def test_a_reader_alone_holds_nothing_back(opened):
    tree, _ = a_dropped_version(opened)
    reader = opened()
    assert reader.record.vault.has(tree)
    with opened() as workspace:
        sweep(workspace, 0)
        assert not workspace.record.vault.has(tree)


def test_an_object_that_was_swept_is_kept_again_by_who_knew_it(opened):
    a_dropped_version(opened)
    writer = opened()
    writer.refresh()
    writer.record.vault.refresh()
    with opened() as workspace:
        sweep(workspace, 0)
    tree, _ = add_version(writer, "again", noise(1))
    writer.close()
    with opened() as workspace:
        (file,) = workspace.record.vault.get_tree(tree)
        assert workspace.record.vault.get(file.object) == noise(1)


def test_what_an_unfinished_run_has_kept_stays(opened, place, clock):
    clock.now_ns -= int(30 * DAY_S * 1e9)
    with opened() as workspace:
        orphan = put_orphan(workspace, noise(1))
    live = place / ".afield" / "live" / "somewhere-else"
    live.mkdir(parents=True)
    owner = Owner(pid=1, born="", host="another", name="n", project="p", experiment="e")
    write_owner(str(live), owner)
    (live / "before.json").write_text(f'{{"manifest": {{"code": "{orphan}"}}}}')
    with opened() as workspace:
        sweep(workspace, 0)
        assert workspace.record.vault.has(orphan)


def test_a_deleted_run_is_named_before_its_bytes_go(opened):
    with opened() as workspace:
        output = put_orphan(workspace, noise(1))
        host = put_orphan(workspace, b"host")
        drafts = [
            runs.started("r1", project="p", experiment="e", name="quick-fox", kind="python",
                         pid=1, host=host, started_ms=1),
            runs.deleted("r1", gone=True),
        ]  # fmt: skip
        workspace.record.journal.append_many(drafts)
        workspace.record.journal.append_many([data.added("d", tree=output, files=1, size_bytes=1)])
    with opened() as workspace:
        found = plan(workspace)
        assert [(share.kind, share.label) for share in found.shares] == [("run", "quick-fox")]
        assert found.away_bytes < 1_000, "what a version needs is no part of it"
        assert workspace.record.vault.has(host), "nothing was touched"


def test_a_sweep_refuses_when_something_needed_is_missing(opened, place):
    with opened() as workspace:
        tree, _ = add_version(workspace, "d", noise(1))
    (place / ".afield" / "packs" / "keep").mkdir()
    with opened() as workspace:
        pack = workspace.record.vault.packs
        name = next(each for each in pack.names() if bytes.fromhex(tree) in pack.digests(each))
        (place / ".afield" / "packs" / f"{name}.pack").unlink()
    with opened() as workspace, pytest.raises(SweepBlind):
        sweep(workspace)


def test_two_sweeps_or_a_sync_and_a_sweep_do_not_meet(opened, place):
    with opened() as workspace:
        files = workspace.record.files
        with files.lock(str(place / ".afield" / layout.SYNC_LOCK)), pytest.raises(Busy):
            sweep(workspace)
        sweep(workspace)


def test_a_sweep_that_was_cut_off_is_put_right_by_any_command(opened, place):
    tree, _ = a_dropped_version(opened)
    with opened() as workspace:
        found = sweep(workspace)
        (place / ".afield" / layout.UNSETTLED).write_text(str(found.at_ms))
    with opened() as workspace:
        workspace.refresh()
        assert workspace.record.vault.has(tree)
        assert not (place / ".afield" / layout.UNSETTLED).exists()


BIG = noise(7, 300_000)
LONGER = BIG + noise(8, 20_000)


def is_kept_again(opened, content):
    """Add a version with this content, and tell whether all of it can be read then."""
    with opened() as workspace:
        tree, _ = add_version(workspace, "again", content)
    with opened() as workspace:
        (file,) = workspace.record.vault.get_tree(tree)
        return workspace.record.vault.get(file.object) == content


def test_a_recipe_does_not_stay_behind_when_its_parts_go(opened):
    with opened() as workspace:
        _, first = add_version(workspace, "d", BIG)
        drop(workspace, "d", first)
    with opened() as workspace:
        workspace.record.vault.put(noise(3, 2_000_000))  # so that its pack is mostly needed
        _, second = add_version(workspace, "e", LONGER)
        add_version(workspace, "live", noise(3, 2_000_000))
        drop(workspace, "e", second)
    with opened() as workspace:
        sweep(workspace, 0)
        assert not [one for one in workspace.record.vault.verify() if one.damaged]
    assert is_kept_again(opened, LONGER)


def test_parts_stay_for_a_recipe_that_is_too_young_to_go(opened, clock):
    clock.now_ns -= int(29 * DAY_S * 1e9)
    with opened() as workspace:
        _, entry = add_version(workspace, "d", BIG)
        drop(workspace, "d", entry)
    with opened() as workspace:
        put_orphan(workspace, LONGER)
    with opened() as workspace:
        sweep(workspace)
        assert not [one for one in workspace.record.vault.verify() if one.damaged]
    assert is_kept_again(opened, LONGER)


def sync_with(workspace, folder):
    pace = Pace(None, monotonic_s=time.monotonic, sleep=time.sleep)
    report, whole = sync(workspace, add_remote(workspace, "team", str(folder)), pace, Wishes())
    assert whole
    return report


def test_a_sync_does_not_bring_again_what_was_swept_until_it_is_needed(opened, tmp_path):
    with opened() as workspace:
        tree, entry = add_version(workspace, "d", noise(1))
        sync_with(workspace, tmp_path / "remote")
        drop(workspace, "d", entry)
    with opened() as workspace:
        sweep(workspace, 0)
        report = sync_with(workspace, tmp_path / "remote")
        assert (report.packs_in, report.left) == (0, 0)
        assert not workspace.record.vault.has(tree)
        drop(workspace, "d", entry, gone=False)
        assert sync_with(workspace, tmp_path / "remote").packs_in
        (file,) = workspace.record.vault.get_tree(tree)
        assert workspace.record.vault.get(file.object) == noise(1)


def test_what_is_restored_while_its_bytes_rest_is_whole_after_a_sync(opened, tmp_path):
    with opened() as workspace:
        tree, entry = add_version(workspace, "d", noise(1))
        drop(workspace, "d", entry)
        sync_with(workspace, tmp_path / "remote")
    with opened() as workspace:
        sweep(workspace)
        drop(workspace, "d", entry, gone=False)
        sync_with(workspace, tmp_path / "remote")
        (file,) = workspace.record.vault.get_tree(tree)
        assert workspace.record.vault.get(file.object) == noise(1)


def test_lists_of_dead_processes_do_not_pile_up(opened, place):
    for number in range(3):
        with opened() as workspace:
            put_orphan(workspace, noise(number))
    folder = place / ".afield" / layout.USING
    assert [each.name for each in folder.iterdir()] == ["gate"]
