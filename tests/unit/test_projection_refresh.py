"""The projection over a real journal: following it, mending itself, sharing its file."""

from __future__ import annotations

import itertools
import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from afield.journal import DeviceKey, Draft, Journal
from afield.kernel.files import OsFileSystem
from afield.members.events import device_introduced
from afield.members.fold import ROOM as MEMBERS
from afield.projection import Column, Projection, Put, Room, Table
from afield.projection.gate import WAITS
from afield.testing.clock import ManualClock

THINGS = Table(
    "things",
    key=(Column("id", "text"),),
    groups={"named": (Column("name", "text"),)},
    indexes=(("name",),),
)


def fold_named(entry):
    yield Put("things", (entry.about,), "named", (entry.body["name"],))


ROOMS = (MEMBERS, Room("things", (THINGS,), {"thing.named": fold_named}))
HOURS = itertools.count()
"""Journals opened later write later."""
NAMES = "SELECT id, name FROM things ORDER BY id"


def open_journal(root, *, introduced=True, segment_bytes_max=1 << 20):
    key = DeviceKey.generate()
    journal = Journal(
        str(root / "journal"),
        OsFileSystem(),
        ManualClock(1_763_000_000_000_000_000 + next(HOURS) * 10**12, step_ns=1_000_000),
        key=key,
        device=key.device,
        member="ann",
        sync_within_s=None,
        segment_bytes_max=segment_bytes_max,
    )
    if introduced:
        draft = device_introduced(key.device, public_key=key.public, member="ann")
        journal.append_many([draft])
    return journal


def name(journal, *names, start=0):
    journal.append_many(
        [Draft("thing.named", f"t{start + i}", {"name": each}) for i, each in enumerate(names)]
    )


@pytest.fixture
def journal(tmp_path):
    journal = open_journal(tmp_path)
    yield journal
    journal.close()


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "projection.db")


@pytest.fixture
def projection(path):
    projection = Projection(path, ROOMS)
    yield projection
    projection.close()


def rebuilt(journal):
    fresh = Projection(":memory:", ROOMS)
    fresh.refresh(journal)
    dump = fresh.dump()
    fresh.close()
    return dump


def test_a_refresh_folds_what_is_new_and_only_that(journal, projection):
    name(journal, "a", "b")
    assert projection.refresh(journal) == 3
    assert projection.refresh(journal) == 0
    name(journal, "c", start=2)
    assert projection.refresh(journal) == 1
    assert projection.query(NAMES) == [("t0", "a"), ("t1", "b"), ("t2", "c")]


def test_bit_by_bit_and_all_at_once_give_equal_tables(journal, projection):
    for round_ in range(5):
        name(journal, f"n{round_}", "b", "c", start=round_)
        projection.refresh(journal)
    assert projection.dump() == rebuilt(journal)


def test_another_process_goes_on_where_the_last_one_stopped(journal, path):
    name(journal, "a")
    first = Projection(path, ROOMS)
    first.refresh(journal)
    second = Projection(path, ROOMS)
    assert second.refresh(journal) == 0
    name(journal, "b", start=1)
    assert second.refresh(journal) == 1
    assert first.refresh(journal) == 0
    assert first.query(NAMES) == second.query(NAMES) == [("t0", "a"), ("t1", "b")]
    first.close()
    second.close()


def test_entries_wait_until_their_device_is_introduced(tmp_path, projection):
    stranger = open_journal(tmp_path, introduced=False)
    name(stranger, "a")
    projection.refresh(stranger)
    assert projection.query(NAMES) == []
    assert [each.why for each in projection.set_aside()] == [WAITS]
    stranger.close()


def test_two_devices_are_folded_side_by_side(tmp_path, journal, projection):
    other = open_journal(tmp_path)
    name(journal, "a")
    name(other, "z", "b")
    projection.refresh(journal)
    assert projection.query(NAMES) == [("t0", "z"), ("t1", "b")]
    assert projection.dump() == rebuilt(journal)
    other.close()


def test_indexes_are_there_after_the_first_fold(journal, projection):
    name(journal, "a")
    projection.refresh(journal)
    plan = str(projection.query("EXPLAIN QUERY PLAN SELECT id FROM things WHERE name = 'a'"))
    assert "things_by_name" in plan


def damage_nothing(_):
    pass


def damage_all(path):
    Path(path).write_bytes(os.urandom(8192))


def damage_end(path):
    os.truncate(path, 4096 * 2 + 100)


def damage_pages(path):
    with Path(path).open("r+b") as stream:
        size_bytes = stream.seek(0, os.SEEK_END)
        stream.seek(4096)
        stream.write(b"\xff" * (size_bytes - 4096))


def damage_empty(path):
    Path(path).write_bytes(b"")


def damage_gone(path):
    Path(path).unlink()


def damage_foreign(path):
    Path(path).unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE things (id TEXT)")
    other.commit()
    other.close()


@pytest.mark.parametrize(
    "damage",
    [
        damage_nothing, damage_all, damage_end, damage_pages, damage_empty, damage_gone,
        damage_foreign,
    ],
)  # fmt: skip
def test_a_damaged_or_foreign_file_is_rebuilt_without_a_word(journal, path, damage):
    name(journal, *map(str, range(300)))
    first = Projection(path, ROOMS)
    first.refresh(journal)
    wanted = first.dump()
    first.close()
    damage(path)
    second = Projection(path, ROOMS)
    second.refresh(journal)
    assert len(second.query(NAMES)) == 300
    assert second.dump() == wanted
    second.close()
    third = Projection(path, ROOMS)
    assert third.refresh(journal) == 0, "the rebuilt file is kept"
    assert third.dump() == wanted
    third.close()


def test_damage_that_only_a_question_meets_is_mended_before_it_is_answered(journal, path):
    name(journal, *map(str, range(2000)))
    first = Projection(path, ROOMS)
    first.refresh(journal)
    first.close()
    with Path(path).open("r+b") as stream:
        middle = stream.seek(0, os.SEEK_END) // 2 // 4096 * 4096
        stream.seek(middle)
        stream.write(b"\xff" * 4096 * 4)
    second = Projection(path, ROOMS)
    assert second.refresh(journal) == 0
    assert len(second.query(NAMES)) == 2000
    assert len(second.query("SELECT name FROM things WHERE name > ''")) == 2000
    second.close()


def test_a_column_that_lost_its_name_is_mended_like_any_damage(journal, path):
    name(journal, *map(str, range(300)))
    first = Projection(path, ROOMS)
    first.refresh(journal)
    first.close()
    data = Path(path).read_bytes()
    assert b'"named_at"' in data
    Path(path).write_bytes(data.replace(b'"named_at"', b'"namex_at"', 1))
    name(journal, "one more")
    second = Projection(path, ROOMS)
    second.refresh(journal)
    assert len(second.query("SELECT id FROM things WHERE named_at IS NOT NULL")) == 300
    second.close()


def test_a_long_journal_is_folded_into_a_new_file_and_gives_the_same_tables(journal, path):
    name(journal, *map(str, range(300)))
    name(journal, "later", start=7)
    before = Projection(path, ROOMS)
    projection = Projection(path, ROOMS, chunk_entries=50, bulk_entries=100)
    first = Path(path).stat().st_ino
    assert projection.refresh(journal) == 302
    assert Path(path).stat().st_ino != first, "it was folded into the file as it stood"
    assert projection.dump() == rebuilt(journal)
    assert "things_by_name" in str(
        projection.query("EXPLAIN QUERY PLAN SELECT id FROM things WHERE name = 'a'")
    )
    assert projection.query("PRAGMA journal_mode") == [("wal",)]
    name(journal, "new", start=400)
    assert projection.refresh(journal) == 1
    assert before.refresh(journal) == 0, "who had the old file open takes the new one"
    assert before.dump() == projection.dump() == rebuilt(journal)
    assert not Path(f"{path}.new").exists()
    before.close()
    projection.close()


def test_what_a_stopped_build_left_is_in_nobodys_way(journal, path):
    name(journal, *map(str, range(300)))
    Path(f"{path}.new").write_bytes(b"half a file")
    Path(f"{path}.new-journal").write_bytes(b"and its journal")
    projection = Projection(path, ROOMS, bulk_entries=100)
    assert projection.refresh(journal) == 301
    assert projection.dump() == rebuilt(journal)
    projection.close()


def test_threads_that_meet_an_empty_file_at_once_build_it_once_or_follow(journal, path):
    name(journal, *map(str, range(2000)))
    projections = [Projection(path, ROOMS, bulk_entries=100) for _ in range(4)]
    threads = [threading.Thread(target=each.refresh, args=(journal,)) for each in projections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wanted = rebuilt(journal)
    for each in projections:
        each.refresh(journal)
        assert each.dump() == wanted
        each.close()


def test_another_schema_is_rebuilt(journal, path):
    name(journal, "a")
    first = Projection(path, ROOMS)
    first.refresh(journal)
    first.close()
    changed = Room("things", (THINGS,), {"thing.named": fold_named}, version=2)
    second = Projection(path, (MEMBERS, changed))
    assert second.query(NAMES) == []
    second.refresh(journal)
    assert second.query(NAMES) == [("t0", "a")]
    second.close()


def test_a_file_replaced_under_an_open_projection_is_noticed(journal, path, projection):
    name(journal, "a")
    projection.refresh(journal)
    for each in (path, f"{path}-wal", f"{path}-shm"):
        Path(each).unlink(missing_ok=True)
    assert projection.refresh(journal) == 2
    assert Path(path).exists()
    assert projection.query(NAMES) == [("t0", "a")]


def test_where_no_file_can_be_written_memory_serves(journal, tmp_path):
    name(journal, "a")
    blocker = tmp_path / "file"
    blocker.write_text("in the way")
    projection = Projection(str(blocker / "projection.db"), ROOMS)
    projection.refresh(journal)
    assert projection.query(NAMES) == [("t0", "a")]
    projection.close()


def test_a_file_that_may_not_be_written_is_replaced_by_memory(journal, path):
    name(journal, "a")
    first = Projection(path, ROOMS)
    first.refresh(journal)
    name(journal, "b", start=1)
    first._place.database._connection.execute("PRAGMA query_only = ON")
    first.refresh(journal)
    assert first.query(NAMES) == [("t0", "a"), ("t1", "b")]
    first.close()


def test_a_journal_that_lost_its_end_is_folded_anew(journal, projection):
    name(journal, "kept", "lost")
    projection.refresh(journal)
    journal.close()
    (log,) = Path(journal.root, journal.device).glob("*.log")
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:2]))
    again = Journal(
        journal.root, OsFileSystem(), ManualClock(), key=journal._key, device=journal.device,
        member="ann", sync_within_s=None,
    )  # fmt: skip
    name(again, "other", start=5)
    projection.refresh(again)
    assert projection.query(NAMES) == [("t0", "kept"), ("t5", "other")]
    again.close()


def test_damage_in_one_log_is_named_and_blocks_no_other(tmp_path, journal, projection):
    other = open_journal(tmp_path)
    name(journal, "a", "b", "c")
    name(other, "x", start=7)
    (log,) = Path(journal.root, journal.device).glob("*.log")
    whole = log.read_bytes()
    log.write_bytes(whole.replace(b'"name":"b"', b'"name":"B"'))
    projection.refresh(journal)
    (finding,) = projection.damage()
    assert finding.damaged
    assert journal.device in finding.name
    assert ("t7", "x") in projection.query(NAMES)
    assert ("t1", "b") not in projection.query(NAMES)
    log.write_bytes(whole)
    name(other, "y", start=8)
    projection.refresh(journal)
    assert projection.damage() == []
    assert projection.dump() == rebuilt(journal)
    other.close()


REFRESH = """
    import sys
    from test_projection_refresh import ROOMS, open_reader
    from afield.projection import Projection
    journal = open_reader(sys.argv[1])
    projection = Projection(sys.argv[2], ROOMS)
    sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
    for _ in range(20):
        projection.refresh(journal)
    projection.close()
"""


def open_reader(root):
    key = DeviceKey.generate()
    return Journal(
        root, OsFileSystem(), ManualClock(), key=key, device=key.device, member="ann",
        sync_within_s=None,
    )  # fmt: skip


def test_several_processes_refresh_at_once_while_one_writes(journal, path):
    name(journal, *map(str, range(3000)))
    command = [sys.executable, "-c", textwrap.dedent(REFRESH), journal.root, path]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    readers = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(3)
    ]
    for reader in readers:
        assert reader.stdout.readline() == "ready\n"
    for reader in readers:
        reader.stdin.write("go\n")
        reader.stdin.flush()
    for round_ in range(20):
        name(journal, "again", start=round_)
    for reader in readers:
        reader.communicate(timeout=240)
        assert reader.returncode == 0
    last = Projection(path, ROOMS)
    last.refresh(journal)
    assert last.dump() == rebuilt(journal)
    last.close()


def test_threads_share_one_projection(journal, projection):
    name(journal, *map(str, range(100)))
    counts = []

    def read():
        projection.refresh(journal)
        counts.append(len(projection.query(NAMES)))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [100] * 8


def test_small_transactions_come_to_the_same_tables(tmp_path, path):
    journal = open_journal(tmp_path, segment_bytes_max=2000)
    other = open_journal(tmp_path)
    for round_ in range(30):
        name(journal, "a", "b", start=round_)
        name(other, "c", start=round_)
    projection = Projection(path, ROOMS, chunk_entries=7)
    assert projection.refresh(journal) >= 92
    assert projection.refresh(journal) == 0
    assert projection.dump() == rebuilt(journal)
    for each in (projection, journal, other):
        each.close()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_a_connection_of_its_own(journal, projection):
    name(journal, "a")
    projection.refresh(journal)
    parent = projection._place.database
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        rows = projection.query(NAMES)
        os._exit(0 if rows == [("t0", "a")] and projection._place.database is not parent else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert projection.query(NAMES) == [("t0", "a")]
