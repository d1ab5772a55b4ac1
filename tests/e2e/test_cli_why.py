"""`afield why`: from a number back to its run, who said what of it, and what repeats it."""

from __future__ import annotations

import pytest

from afield import init
from afield.kernel.ids import ObjectId
from afield.runs.events import reproduced
from afield.workspace.team.asks import ask
from afield.workspace.team.standups import write_standup
from afield.workspace.workspace import Workspace


@pytest.fixture
def judged(project):
    """The first run's repetition by the second, a question about it, and one in another project."""
    with Workspace.init(project) as workspace:
        first, second = workspace.run("first"), workspace.run("second")
        report = workspace.record.vault.put(b"{}", meta=True)
        workspace.record.vault.flush()
        told = reproduced(first.id, run=second.id, verdict="identical", report=ObjectId(report))
        workspace.record.journal.append_many([told])
        ask(workspace, "Which split?", workspace.config.member, about=[f"run:{first.id}"])
    return project


def test_a_number_is_traced_to_its_run_its_repetitions_and_what_names_it(afield, judged):
    document = afield("why", "first:metrics.acc", "--json").json
    assert document["schema"] == "afield.why/1"
    assert (document["object"]["kind"], document["object"]["facts"]["count"]) == ("metric", 5)
    (run,) = document["object"]["sources"]
    assert run["facts"]["params"] == {"lr": 0.1, "model": "linear"}
    assert [one["verdict"] for one in run["facts"]["reproductions"]] == ["identical"]
    assert [(one["sort"], one["label"]) for one in run["said"]] == [("ask", "Which split?")]
    lines = afield("why", "first:metrics.acc").out.splitlines()
    assert lines[0] == "acc = 0.9, the last of 5 points between 0.5 and 0.9"
    assert lines[1].startswith("└─ run first")
    assert any("identical" in line for line in lines)
    assert any("ask by" in line and "Which split?" in line for line in lines)


def test_names_with_colons_in_them_are_told_apart_by_the_run_that_is_called_so(afield, project):
    for name in ("sweep", "sweep:2"):
        with init("digits", "sweep", name=name, workspace=project) as run:
            run.log({"val:acc": 0.5, "acc": 0.25})
    with Workspace.init(project) as workspace:
        known = {name: workspace.run(name).id for name in ("sweep", "sweep:2")}
    for words, label, run in (
        ("sweep:metrics.val:acc", "val:acc", "sweep"),
        ("sweep:2:metrics.val:acc", "val:acc", "sweep:2"),
        (f"run:{known['sweep'][:12]}:metrics.val:acc", "val:acc", "sweep"),
        ("sweep:2:metrics.acc", "acc", "sweep:2"),
    ):
        found = afield("why", words, "--json").json["object"]
        assert (found["label"], found["sources"][0]["id"]) == (label, known[run])
    assert afield("why", "sweep:2", "--json").json["object"]["id"] == known["sweep:2"]
    assert "run has no such file: `3:x`" in afield("why", "run:sweep:3:x").err
    assert "no such metric: `val:b`" in afield("why", "sweep:2:metrics.val:b").err


def test_a_stand_up_is_told_by_who_and_which_day(afield, project):
    with Workspace.init(project) as workspace:
        item = write_standup(workspace, {"day": "2026-11-23", "slot": "evening", "state": "x"})
        name = workspace.name_of(workspace.config.member)
    lines = afield("why", f"standup:{item.id}").out.splitlines()
    assert lines[0].startswith(f"standup evening of 2026-11-23 by {name}, ")


def test_what_names_nothing_or_several_things_is_refused_with_what_to_say(afield, judged):
    assert afield("why", "first:metrics.none").err.startswith("error: no such metric: `none`")
    nothing = afield("why", "who-knows")
    assert (nothing.code, "RUN:metrics.acc" in nothing.err) == (1, True)
    (judged / "first.txt").write_text("x")
    assert "no run that is known here" in afield("why", "first.txt").out
    assert afield("data", "add", "first.txt", "--name", "first").code == 0
    several = afield("why", "first")
    assert (several.code, "afield why run:first" in several.err) == (1, True)
    assert "in no repository" not in afield("why", "data:first").out
