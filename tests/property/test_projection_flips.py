"""Bits that flip in the file of the tables: no question fails for it, and no fault is told.

A flip that leaves a value a value cannot be seen from within: `afield verify` compares the tables
with the journal. Guards: drop `ProjectionDoubtful` in `Projection.read`, or the check of a
position in `bookkeeping.py`, and a test here fails.
"""

from __future__ import annotations

import contextlib
import logging
import random

import pytest

import afield
from afield.runs import events
from afield.runs.record import end_run, start_run

RUNS, FILES, FLIPS_MAX = 12, 150, 40
QUERIES = (
    "",
    "metrics.a > 0",
    "params.p1 > 0.1 order by params.p2 desc",
    'status = "failed"',
    'params.m = "tree" and tags.b != "3"',
    'name ilike "%1%" order by duration',
)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """A workspace with runs, and the bytes of its tables."""
    root = tmp_path_factory.mktemp("flips")
    with afield.Workspace.init(root) as workspace:
        for index in range(RUNS):
            run = start_run(workspace.record, kind="python", name=f"run-{index}")
            params = {f"p{number}": number / 7 for number in range(6)}
            workspace.record.journal.append_many(
                [
                    events.params(run, {**params, "m": "tree", "n": index, "b": True}),
                    events.tagged(run, {"a": "x", "b": str(index)}, []),
                    events.captured(run, {"branch": "main", "dirty": True}, "0" * 64),
                ]
            )
            end_run(workspace.record, run, status="finished", exit_code=0)
        workspace.refresh()
    return root, (root / ".afield" / "projection.db").read_bytes()


def put(root, data):
    path = root / ".afield" / "projection.db"
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()
    path.write_bytes(data)


def ask_everything(workspace):
    found = []
    for query in QUERIES:
        for run in workspace.runs(query):
            parts = (run.params, run.metrics, run.tags, run.facts, run.notes, run.saved)
            found.append((run.id, run.name, parts, run.reproductions, run.summary, run.user))
            found.append((run.host, run.duration_s, run.started))
        found.append(workspace.count(query))
    return found, workspace.damage(), workspace.projection.set_aside()


@pytest.mark.parametrize("part", range(5))
def test_no_question_fails_for_flipped_bits(record, part):
    root, whole = record
    for seed in range(part, FILES, 5):
        rng = random.Random(seed)
        data = bytearray(whole)
        for _ in range(rng.randint(1, FLIPS_MAX)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        put(root, data)
        with afield.Workspace.open(root) as workspace:
            ask_everything(workspace)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"branch": "main"', b'{"branch"; "main"'),
        (b"0.14285714285714285", b"0.14285714x85714285"),
        (b"CREATE TABLE", b"CREATE\xa0TABLE"),
    ],
)
def test_what_is_seen_to_be_damaged_is_folded_anew_and_said_once(record, caplog, old, new):
    root, whole = record
    put(root, whole)
    with afield.Workspace.open(root) as workspace:
        wanted = ask_everything(workspace)
    assert old in whole
    put(root, whole.replace(old, new))
    with caplog.at_level(logging.WARNING), afield.Workspace.open(root) as workspace:
        assert ask_everything(workspace) == wanted
    assert len(caplog.records) <= 1, caplog.text


def test_rows_that_nobody_can_read_even_when_folded_anew_are_a_bug(record):
    root, whole = record
    put(root, whole)
    with afield.Workspace.open(root) as workspace:
        workspace.refresh()
        with pytest.raises(ZeroDivisionError):
            workspace.read("SELECT 1", (), lambda rows: 1 // (rows[0][0] - 1))
