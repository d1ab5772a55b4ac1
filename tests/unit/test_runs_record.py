"""Runs begin and end through `Record`: what is durable, what is swept, what never raises."""

from __future__ import annotations

import errno
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from afield.journal import DeviceKey, Journal, KeyMissing
from afield.kernel.ids import new_member_id
from afield.members.events import device_introduced
from afield.runs import events
from afield.runs.live_owner import Ending, born, is_alive, write_ending
from afield.runs.names import default_name
from afield.runs.orphans import sweep_orphans
from afield.runs.record import Record, end_run, start_run
from afield.runs.series.live import LiveSeries
from afield.runs.tracker import Run
from afield.testing.clock import ManualClock
from afield.testing.disk import SimulatedDisk
from afield.vault import Vault


@pytest.fixture
def disk():
    return SimulatedDisk()


@pytest.fixture
def record(tmp_path, disk):
    """Journal and vault on a simulated disk, live folders on a real one."""
    clock, key, member = ManualClock(step_ns=1_000_000), DeviceKey.generate(), new_member_id()
    journal = Journal(
        "/w/journal", disk, clock, key=key, device=key.device, member=member, sync_within_s=None
    )
    journal.append_many([device_introduced(key.device, public_key=key.public, member=member)])
    live = tmp_path / "live"
    live.mkdir()
    disk.make_folder(str(tmp_path))  # for the lock of sweepers
    return Record(
        journal=journal,
        vault=Vault("/w/packs", disk),
        live=str(live),
        files=disk,
        clock=clock,
        workspace=str(tmp_path),
    )


def _kinds(record, run):
    found = [entry for batch in record.journal.read() for entry in batch.entries]
    return [entry for entry in found if entry.about == run]


def _tracked(record, run):
    return Run(record, run, name="n", project="p", experiment="e")


def _live(record, run):
    return Path(record.live_folder(run))


def _dead_pid():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def _fail_from_now(disk, error):
    first = len(disk.operations) + 1
    disk.fail_at = dict.fromkeys(range(first, first + 10_000), error)


def test_the_end_of_a_run_survives_a_loss_of_power(record, disk):
    run = start_run(record, params={"lr": 0.1})
    tracked = _tracked(record, run)
    for number in range(3_000):
        tracked.log({"loss": number * 0.37, "acc": 1 / (number + 1)})
    tracked.finish()
    assert tracked.faults == 0
    after = disk.after_crash()
    journal = Journal(
        "/w/journal", after, record.clock, key=DeviceKey.generate,
        device=record.journal.device, member=record.journal.member, sync_within_s=None,
    )  # fmt: skip
    (ended,) = [e for batch in journal.read() for e in batch.entries if e.kind == events.ENDED]
    assert ended.body["metrics"]["loss"]["count"] == 3_000
    assert len(Vault("/w/packs", after).get(ended.body["series"]["object"])) > 4_096
    assert not [finding for finding in journal.verify() if finding.damaged]


def test_a_run_ends_with_a_seal(record):
    run = start_run(record)
    end_run(record, run, status="finished", exit_code=0)
    last = [entry for batch in record.journal.read() for entry in batch.entries][-1]
    assert last.kind == "journal.sealed"


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_disk_that_fails_at_the_end_does_not_reach_the_training(record, disk, caplog, error):
    run = start_run(record, pid=_dead_pid())
    tracked = _tracked(record, run)
    tracked.log({"loss": 1.0})
    _fail_from_now(disk, error)
    with caplog.at_level(logging.WARNING, "afield"):
        tracked.config["late"] = 1
        tracked.note("late")
        tracked.finish()
    assert tracked.faults >= 2
    assert tracked.finished
    assert sum("not everything could be recorded" in text for text in caplog.messages) == 1
    assert _live(record, run).is_dir()  # kept for the next sweep


def test_what_could_not_be_ended_is_ended_by_the_next_sweep_as_it_was(record, disk):
    run = start_run(record, pid=_dead_pid())
    part = LiveSeries(record.live_folder(run), _dead_pid(), "gone")
    part.introduce("loss")
    part.close()
    _fail_from_now(disk, errno.ENOSPC)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        end_run(record, run, status="failed", exit_code=3, ended_ms=77)
    disk.fail_at = {}
    assert sweep_orphans(record) == [run]
    (ended,) = [entry for entry in _kinds(record, run) if entry.kind == events.ENDED]
    assert (ended.body["status"], ended.body["exit_code"], ended.body["ended_ms"]) == (
        "failed",
        3,
        77,
    )
    assert sweep_orphans(record) == []


def test_an_orphan_is_interrupted_when_it_was_last_heard_of(record):
    run = start_run(record, pid=_dead_pid())
    os.utime(_live(record, run), (5_000, 5_000))
    for path in _live(record, run).iterdir():
        os.utime(path, (6_000, 6_000))
    assert sweep_orphans(record) == [run]
    (ended,) = [entry for entry in _kinds(record, run) if entry.kind == events.ENDED]
    assert ended.body["status"] == "interrupted"
    assert ended.body["ended_ms"] == 6_000_000


def test_what_an_orphan_printed_is_kept(record):
    run = start_run(record, pid=_dead_pid())
    (_live(record, run) / "console.bin").write_bytes(b"framed bytes")
    assert sweep_orphans(record) == [run]
    (saved,) = [entry for entry in _kinds(record, run) if entry.kind == events.SAVED]
    assert saved.body["path"] == "console.bin"
    assert record.vault.get(saved.body["object"]) == b"framed bytes"


def test_a_run_whose_trainer_outlived_its_recorder_is_no_orphan(record):
    run = start_run(record, pid=_dead_pid())
    part = LiveSeries(record.live_folder(run), os.getpid(), born(os.getpid()))
    assert sweep_orphans(record) == []
    part.close()


def test_a_live_run_of_this_process_is_no_orphan(record):
    start_run(record)
    assert sweep_orphans(record) == []


def test_a_pid_that_came_again_is_another_process(record):
    run = start_run(record)
    owner = _live(record, run) / "owner.json"
    told = json.loads(owner.read_text("utf-8"))
    owner.write_text(json.dumps(told | {"born": "otherboot:1"}), "utf-8")
    expected = [] if born(os.getpid()) == "" else [run]  # start times are told on Linux only
    assert sweep_orphans(record) == expected


def test_a_run_of_another_host_is_an_orphan_after_a_day_of_silence(record):
    run = start_run(record, pid=_dead_pid())
    folder = record.live_folder(run)
    changed = Path(folder).stat().st_mtime_ns
    soon, late = changed + 3_600 * 10**9, changed + 2 * 86_400 * 10**9
    assert is_alive(folder, "another-host", soon, 86_400)
    assert not is_alive(folder, "another-host", late, 86_400)


def test_a_live_folder_without_an_owner_is_given_a_minute(record):
    run = start_run(record)
    folder = record.live_folder(run)
    Path(folder, "owner.json").unlink()
    changed = Path(folder).stat().st_mtime_ns
    assert is_alive(folder, "h", changed + 10**9, 86_400)
    assert not is_alive(folder, "h", changed + 120 * 10**9, 86_400)
    record.clock.now_ns = changed + 120 * 10**9
    assert sweep_orphans(record) == []  # there never was a run
    assert not _live(record, run).exists()


def test_a_torn_ending_counts_as_none(record):
    run = start_run(record, pid=_dead_pid())
    write_ending(record.live_folder(run), Ending("finished", 0, None, 5))
    (_live(record, run) / "ending.json").write_text('{"status": "fini')
    sweep_orphans(record)
    (ended,) = [entry for entry in _kinds(record, run) if entry.kind == events.ENDED]
    assert ended.body["status"] == "interrupted"


def test_small_series_stand_in_the_entry_and_large_ones_in_an_object(record):
    for points, where in ((10, "inline"), (2_000, "object"), (20_000, "object")):
        run = start_run(record)
        tracked = _tracked(record, run)
        for number in range(points):
            tracked.log({"loss": (number * 0.61803398875) % 1})
        tracked.finish()
        assert tracked.faults == 0
        (ended,) = [entry for entry in _kinds(record, run) if entry.kind == events.ENDED]
        assert list(ended.body["series"]) == [where]
        assert bool(ended.refs) == (where == "object")


def test_a_device_without_its_key_ends_runs_unsigned_durably_and_once(record, disk):
    run = start_run(record, pid=_dead_pid())

    def gone():
        raise KeyMissing("cannot load key", "x")

    journal = Journal(
        "/w/journal", record.files, record.clock, key=gone, device=record.journal.device,
        member=record.journal.member, sync_within_s=None,
    )  # fmt: skip
    keyless = msgspec.structs.replace(record, journal=journal)
    with pytest.raises(KeyMissing):
        end_run(keyless, run, status="finished", exit_code=0)
    assert not _live(record, run).exists()
    assert sweep_orphans(keyless) == []
    assert [entry.kind for entry in _kinds(record, run)] == [events.STARTED, events.ENDED]
    for _ in range(20):  # what is not synced may survive; each loss of power is another
        after = msgspec.structs.replace(keyless, journal=Journal(
            "/w/journal", disk.after_crash(), record.clock, key=gone,
            device=record.journal.device, member=record.journal.member, sync_within_s=None,
        ))  # fmt: skip
        assert [entry.kind for entry in _kinds(after, run)] == [events.STARTED, events.ENDED]


def test_names_are_made_from_ids_and_stay(record):
    run = start_run(record)
    assert default_name(run) == default_name(run)
    assert _kinds(record, run)[0].body["name"] == default_name(run)
