"""Killing a process amid a fold, again and again, leaves tables that the next one completes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from afield.journal import DeviceKey, Draft, Journal
from afield.kernel.clock import SystemClock
from afield.kernel.files import OsFileSystem
from afield.projection import Projection, Room
from afield.projection.ops import Put
from afield.projection.schema import Column, Table

THINGS = Table(
    "things",
    key=(Column("id", "text"), Column("name", "text")),
    groups={"value": (Column("value", "integer"),), "other": (Column("text", "text"),)},
    indexes=(("name", "value"),),
)
KILLS = 8


def fold(entry):
    for name, value in entry.body.items():
        yield Put("things", (entry.about, name), "value", (value,))
        yield Put("things", (entry.about, name), "other", (f"{value}",))


ROOMS = (Room("things", (THINGS,), {"thing.set": fold}),)
FOLD = """
    import sys
    from test_projection_kills import ROOMS, open_journal
    from afield.projection import Projection
    journal = open_journal(sys.argv[1])
    projection = Projection(
        sys.argv[2], ROOMS, chunk_entries=50, bulk_entries=int(sys.argv[3])
    )
    sys.stdout.write("folding\\n"); sys.stdout.flush()
    projection.refresh(journal)
"""


def open_journal(root):
    key = DeviceKey.generate()
    return Journal(
        root, OsFileSystem(), SystemClock(), key=key, device=key.device, member="ann",
        sync_within_s=None, segment_bytes_max=200_000,
    )  # fmt: skip


@pytest.mark.parametrize("bulk_entries", [10**9, 100], ids=["in place", "new file"])
def test_a_fold_that_is_killed_anywhere_is_completed_by_the_next(tmp_path, bulk_entries):
    rng = random.Random(3)
    journal = open_journal(str(tmp_path / "journal"))
    journal.append_many(
        [
            Draft("thing.set", f"t{rng.randrange(400)}", {name: rng.randrange(9) for name in "abc"})
            for _ in range(6000)
        ]
    )
    path = str(tmp_path / "projection.db")
    command = [sys.executable, "-c", textwrap.dedent(FOLD), journal.root, path, str(bulk_entries)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    amid = 0
    for kill in range(KILLS):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
            assert child.stdout.readline() == "folding\n"
            try:
                child.wait(timeout=rng.random() * 0.1 + 0.01 * kill)
            except subprocess.TimeoutExpired:
                child.kill()
                amid += 1
    assert amid > 0, "no process was killed amid its fold: fold more"
    survivor = Projection(path, ROOMS)
    survivor.refresh(journal)
    fresh = Projection(":memory:", ROOMS)
    fresh.refresh(journal)
    assert survivor.dump() == fresh.dump()
    assert survivor.query("PRAGMA integrity_check") == [("ok",)]
    for each in (survivor, fresh, journal):
        each.close()
