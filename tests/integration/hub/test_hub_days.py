"""`/api/v1/brief`, `/standups`, `/digest` and `/oncall` of a person's own server."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from afield.hub.api.days import Brief, Turn, Turns
from afield.hub.api.standups import DayEnded, Digest, Prefill, Standup, Standups
from afield.hub.api.talks import People
from afield.hub.app import local_app
from afield.runs.record import end_run, start_run
from afield.workspace.hosted import Hosted
from afield.workspace.workspace import Workspace

AT = "/api/v1"


@pytest.fixture
def client(tmp_path):
    with Workspace.init(tmp_path) as workspace:
        run = start_run(workspace.record, kind="python", name="otter", project="vision")
        end_run(workspace.record, run, status="failed", exit_code=1)
    with (
        Hosted(tmp_path) as hosted,
        TestClient(local_app(hosted), base_url="http://127.0.0.1:5151") as found,
    ):
        yield found


def told(answer, shape, status=200):
    assert answer.status_code == status, answer.text
    TypeAdapter(shape).validate_python(answer.json())
    return answer.json()


def test_a_standup_is_drawn_up_said_and_found(client):
    draft = told(client.get(f"{AT}/standups/draft"), Prefill)
    assert "failed: otter" in draft["state"]
    given = {"next": "- label", "blockers": ["no access"]}
    said = told(client.post(f"{AT}/standups", json=given), Standup, 201)
    assert said["state"] == draft["state"]
    assert [one.partition(":")[0] for one in said["raised"]] == ["blocker"]
    found = told(client.get(f"{AT}/standups", params={"day": said["day"]}), Standups)
    assert [one["id"] for one in found["standups"]] == [said["id"]]
    digest = told(client.get(f"{AT}/digest"), Digest)
    assert [one["kind"] for one in digest["needs"]] == ["blocker"]
    assert (digest["standups"], digest["silent"]) == ([], [])


def test_a_time_for_stand_ups_is_chosen_and_a_day_is_ended_and_goes_on(client):
    assert client.put(f"{AT}/standups/time", json={"at": "09:15"}).status_code == 204
    (person,) = told(client.get(f"{AT}/people"), People)["members"]
    assert person["standup"] == "09:15"
    assert client.put(f"{AT}/standups/time", json={"at": None}).status_code == 204
    assert client.put(f"{AT}/standups/time", json={"at": "soon"}).status_code == 422
    going_on = told(client.put(f"{AT}/day", json={"over": False}), DayEnded)
    ended = told(client.put(f"{AT}/day", json={}), DayEnded)
    assert ended["next_working_ms"] >= going_on["next_working_ms"]
    draft = told(client.get(f"{AT}/standups/draft", params={"day": "2026-01-05"}), Prefill)
    assert (draft["day"], draft["slot"]) == ("2026-01-05", "evening")
    ahead = client.get(f"{AT}/standups/draft", params={"day": "2999-01-05"})
    assert (ahead.status_code, ahead.json()["code"]) == (400, "team.item_bad")


def test_a_brief_is_marked_when_asked_to_and_says_why_it_looks_back(client):
    first = told(client.get(f"{AT}/brief", params={"since": "3d"}), Brief)
    assert (first["by"], first["sections"]) == ("asked", [])
    away = told(client.get(f"{AT}/brief"), Brief)
    assert away["by"] == "away"
    looked = client.post(f"{AT}/brief/looked", json={"until_ms": away["until_ms"]})
    assert looked.status_code == 204
    assert told(client.get(f"{AT}/brief"), Brief)["by"] == "looked"
    bad = client.get(f"{AT}/brief", params={"since": "soon"})
    assert (bad.status_code, bad.json()["code"]) == (400, "team.item_bad")


def test_a_turn_on_call_is_taken_and_taken_back(client):
    now_ms = 4_000_000_000_000
    given = {"from_ms": now_ms, "until_ms": now_ms + 1000}
    turn = told(client.post(f"{AT}/oncall", json=given), Turn, 201)
    assert len(told(client.get(f"{AT}/oncall"), Turns)["turns"]) == 1
    assert told(client.delete(f"{AT}/oncall/{turn['id']}"), Turn)["withdrawn"]
    assert told(client.get(f"{AT}/oncall"), Turns)["turns"] == []
    bad = client.post(f"{AT}/oncall", json={"from_ms": 2, "until_ms": 1})
    assert (bad.status_code, bad.json()["code"]) == (400, "team.item_bad")
