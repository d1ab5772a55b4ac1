"""How the table of runs is read: its cost must not grow with runs that it does not show."""

from __future__ import annotations

from afield.runs import events
from afield.runs.record import start_run
from afield.workspace.listing import preload
from afield.workspace.workspace import Workspace


class Overheard:
    """A workspace that keeps what it is asked."""

    def __init__(self, workspace):
        self._workspace = workspace
        self.asked = []

    def read(self, sql, args, decode):
        self.asked.append((sql, args))
        return self._workspace.read(sql, args, decode)


def test_values_of_a_page_are_found_by_their_runs_and_not_by_a_name_that_all_runs_have(tmp_path):
    with Workspace.init(tmp_path) as workspace:
        for value in (0.5, 0.25):
            run = start_run(workspace.record, kind="python", name="otter", project="vision")
            one = {"last": value, "min": 0.0, "max": 1.0, "mean": 0.5, "count": 1}
            metrics = {"loss": one, "acc": one}
            body = {"status": "finished", "exit_code": 0, "metrics": metrics}
            workspace.record.journal.append(events.ENDED, run, body)
        workspace.refresh()
        views = workspace.runs()
        overheard = Overheard(workspace)
        preload(overheard, views, {"params": [], "tags": [], "metrics": ["loss", "acc"]})
        assert [list(view.metrics) for view in views] == [["acc", "loss"]] * 2
        (asked,) = [each for each in overheard.asked if " FROM metrics " in each[0]]
        plan = str(workspace.query(f"EXPLAIN QUERY PLAN {asked[0]}", asked[1]))
        assert "(run=? AND name=?)" in plan
