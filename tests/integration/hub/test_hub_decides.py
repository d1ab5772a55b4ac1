"""`/api/v1/decisions`, `/reviews` and `/tasks`: what people make together, by a hub's rights."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from afield.hub.api.decisions import Decision, Decisions
from afield.hub.api.reviews import Review, Reviews, Suggestions
from afield.hub.api.tasks import DayTasks, Matrix, Task
from afield.hub.api.team_items import links_named, readable, shown
from afield.hub.app import local_app
from afield.members.caller import Caller
from afield.members.errors import ActionNotAllowed
from afield.members.roles import Role
from afield.runs.record import end_run, start_run
from afield.workspace.hosted import Hosted
from afield.workspace.team.decisions import decide, decision_part
from afield.workspace.workspace import Workspace


@pytest.fixture
def folder(tmp_path):
    with Workspace.init(tmp_path) as workspace:
        for name, project in (("otter", "vision"), ("fox", "audio")):
            run = start_run(workspace.record, kind="python", name=name, project=project)
            end_run(workspace.record, run, status="finished", exit_code=0)
    return tmp_path


@pytest.fixture
def client(folder):
    with (
        Hosted(folder) as hosted,
        TestClient(local_app(hosted), base_url="http://127.0.0.1:5151") as found,
    ):
        yield found


def told(answer, shape, status=200):
    assert answer.status_code == status, answer.text
    TypeAdapter(shape).validate_python(answer.json())
    return answer.json()


def test_a_decision_goes_from_draft_to_settled(client):
    at = "/api/v1/decisions"
    given = {"title": "Keep the split", "evidence": ["run:otter"], "context": "two were tried"}
    made = told(client.post(at, json=given), Decision, 201)
    assert made["labels"] == {made["evidence"][0]: "run otter"}
    here = f"{at}/{made['id']}"
    assert told(client.patch(here, json={"way": "one-way"}), Decision)["way"] == "one-way"
    assert told(client.post(f"{here}/propose", json={}), Decision)["state"] == "proposed"
    settled = client.post(f"{here}/settle", json={"outcome": "accepted", "text": "so be it"})
    assert told(settled, Decision)["state"] == "accepted"
    again = client.patch(here, json={"context": "other"})
    assert (again.status_code, again.json()["code"]) == (400, "team.move_refused")
    found = told(client.get(at, params={"state": "accepted"}), Decisions)["decisions"]
    assert [one["title"] for one in found] == ["Keep the split"]


def test_a_review_is_asked_for_and_taken_back(client):
    at = "/api/v1/reviews"
    made = told(client.post(at, json={"about": "run:otter", "detail": "the seed"}), Review, 201)
    assert (made["title"], made["project"], made["state"]) == ("run otter", "vision", "open")
    own = client.post(f"{at}/{made['id']}/verdicts", json={"verdict": "approve"})
    assert (own.status_code, own.json()["code"]) == (400, "team.move_refused")
    who = client.get("/api/v1/review-suggestions", params={"about": "run:otter"})
    assert told(who, Suggestions)["suggested"] == []
    assert len(told(client.get(at, params={"about": "run:otter"}), Reviews)["reviews"]) == 1
    gone = client.post(f"{at}/{made['id']}/withdraw", json={})
    assert told(gone, Review)["state"] == "withdrawn"
    assert told(client.get(at), Reviews)["reviews"] == []


def test_tasks_have_parts_a_matrix_and_six_of_a_day(client):
    at = "/api/v1/tasks"
    whole = told(client.post(at, json={"title": "Sweep", "about": ["run:otter"]}), Task, 201)
    given = {"title": "Rates", "part_of": whole["id"], "important": True, "due": "1h"}
    part = told(client.post(at, json=given), Task, 201)
    assert (part["project"], part["part_of"]) == ("vision", f"task:{whole['id']}")
    matrix = told(client.get("/api/v1/task-matrix"), Matrix)["matrix"]
    assert [one["id"] for one in matrix["do"]] == [part["id"]]
    day = "/api/v1/task-days/2026-12-01"
    chosen = client.put(day, json={"tasks": [part["id"], whole["id"]]})
    assert [one["title"] for one in told(chosen, DayTasks)["tasks"]] == ["Rates", "Sweep"]
    assert len(told(client.get(day), DayTasks)["tasks"]) == 2
    later = told(client.get("/api/v1/task-days/next"), DayTasks)
    assert (later["day"] > "2026", later["tasks"]) == (True, [])
    asked = f"/api/v1/task-days/{later['day']}"
    moved = told(client.put("/api/v1/task-days/next", json={"tasks": [whole["id"]]}), DayTasks)
    assert moved == told(client.get(asked), DayTasks)
    assert [one["title"] for one in moved["tasks"]] == ["Sweep"]
    assert [one["title"] for one in told(client.get(day), DayTasks)["tasks"]] == ["Rates"]
    assert client.post(f"{at}/{whole['id']}/finish", json={}).status_code == 400
    done = client.post(f"{at}/{part['id']}/finish", json={"text": "three of them"})
    assert told(done, Task)["state"] == "done"
    assert told(client.patch(f"{at}/{part['id']}", json={"due": None}), Task)["due"] is None
    assert told(client.post(f"{at}/{part['id']}/reopen", json={}), Task)["state"] == "open"


def test_nobody_reads_or_links_what_is_of_a_project_closed_to_them(folder):
    caller = Caller("m" * 16, {"vision": frozenset({Role.VIEWER})}, how="session")
    with Workspace.open(folder) as workspace:
        workspace.refresh()
        fox = f"run:{workspace.run('fox').id}"
        ours = decide(workspace, "Ours", {"evidence": [fox]}, project="vision")
        theirs = decide(workspace, "Theirs", {}, project="audio")
        assert readable(caller, [ours, theirs]) == [ours]
        assert shown(workspace, caller, decision_part(workspace, ours))["labels"] == {fox: fox}
        with pytest.raises(ActionNotAllowed):
            links_named(workspace, caller, ["run:fox"])
