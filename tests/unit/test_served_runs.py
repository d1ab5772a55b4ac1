"""Runs that a server records: no process owns them, points may come twice, an end may be undone."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest

from afield.runs.live_owner import Ending
from afield.runs.orphans import sweep_orphans
from afield.runs.served.writer import Served
from afield.workspace.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    with Workspace.init(tmp_path / "w") as found:
        yield found


def _start(served):
    return served.start(project="default", experiment="e", name="n", started_ms=5, tags={"a": "b"})


def _sealed(workspace, run):
    ((inline, found),) = workspace.query(
        "SELECT inline, object FROM run_series WHERE run = ?", (run,)
    )
    if found is not None:
        return workspace.record.vault.get(found)
    import base64

    return base64.b64decode(inline)


def _latest(workspace, run):
    sql = "SELECT name, latest, latest_step, latest_ms, count FROM metrics WHERE run = ?"
    return {name: tuple(rest) for name, *rest in workspace.query(sql, (run,))}


def test_a_served_run_is_not_swept_while_it_is_running(workspace):
    served = Served(workspace.record)
    run = _start(served)
    assert sweep_orphans(workspace.record) == []
    assert workspace.run(run).status == "running"
    served.settle()
    assert workspace.run(run).status == "running"


def test_equal_points_are_kept_once_and_the_latest_is_that_of_the_highest_step(workspace):
    served = Served(workspace.record)
    run = _start(served)
    served.log(run, [("m", 3, 9_000_000, 0.5), ("m", 1, 99_000_000, 7.0), ("n", 0, 0, math.nan)])
    served.log(run, [("m", 3, 9_000_000, 0.5), ("m", 3, 9_000_000, 0.25)])
    assert workspace.run(run).metrics["m"].last == 0.25
    served.end(run, status="finished", ended_ms=77)
    view = workspace.run(run)
    assert (view.status, view.metrics["m"].count) == ("finished", 3)
    assert _latest(workspace, run) == {"m": (0.5, 3, 9, 3), "n": (None, 0, 0, 1)}
    assert workspace.points(run, "m").value.tolist() == [0.5, 7.0, 0.25]


def test_a_run_that_is_opened_again_keeps_its_points_and_its_end_can_stay(workspace):
    served = Served(workspace.record)
    run = _start(served)
    served.log(run, [("m", 0, 0, 1.0)])
    served.end(run, status="failed", ended_ms=77)
    workspace.refresh()
    served.reopen(run, _sealed(workspace, run), keeps=Ending("failed", None, None, 77))
    served.log(run, [("m", 1, 1, 2.0)])
    assert served.watched.look(run).summaries["m"].count == 2
    served.settle()
    view = workspace.run(run)
    assert (view.status, view.metrics["m"].count) == ("failed", 2)


def test_points_of_a_killed_server_are_there_and_another_goes_on(workspace):
    served = Served(workspace.record)
    run = _start(served)
    code = (
        "import os, sys; from afield.workspace.workspace import Workspace;"
        "from afield.runs.served.writer import Served;"
        "served = Served(Workspace.open(sys.argv[1]).record);"
        "served.log(sys.argv[2], [('m', 0, 0, 1.0)]); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(workspace.path), run], check=False)
    served.log(run, [("m", 1, 0, 2.0)])
    assert served.watched.look(run).records == 2
    assert sweep_orphans(workspace.record) == []
    served.end(run, status="finished", ended_ms=1)
    assert workspace.run(run).metrics["m"].count == 2


def test_an_end_that_was_cut_short_is_finished_by_the_next_who_looks(workspace):
    served = Served(workspace.record)
    run = _start(served)
    served.log(run, [("m", 0, 0, 1.0)])
    code = (
        "import os, sys; from afield.workspace.workspace import Workspace;"
        "from afield.runs.served import folder; from afield.runs.live_owner import *;"
        "record = Workspace.open(sys.argv[1]).record; at = record.live_folder(sys.argv[2]);"
        "folder.ending_here(at); write_ending(at, Ending('finished', None, None, 9)); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(workspace.path), run], check=False)
    view = workspace.run(run)
    assert (view.status, view.metrics["m"].count) == ("finished", 1)
    assert not Path(workspace.live_folder(run)).exists()


def test_a_run_that_is_watched_all_day_fills_no_journal(workspace):
    served = Served(workspace.record)
    run = _start(served)
    told = 0
    for step in range(100):
        served.log(run, [("m", step, step, 1.0)])
        told += len(served.measure([run]))
    assert 20 <= told <= 40  # of a hundred looks within a few seconds
