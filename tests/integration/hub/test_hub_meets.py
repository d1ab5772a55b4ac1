"""`/api/v1/meetings` and `/overlap` of a person's own server."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from afield.hub.api.meetings import Meeting, Meetings, Overlap
from afield.hub.api.talks import Person
from afield.hub.app import local_app
from afield.workspace.hosted import Hosted
from afield.workspace.workspace import Workspace

AT = "/api/v1"


@pytest.fixture
def client(tmp_path):
    Workspace.init(tmp_path).close()
    with (
        Hosted(tmp_path) as hosted,
        TestClient(local_app(hosted), base_url="http://127.0.0.1:5151") as found,
    ):
        yield found


def told(answer, shape, status=200):
    assert answer.status_code == status, answer.text
    TypeAdapter(shape).validate_python(answer.json())
    return answer.json()


def test_a_meeting_is_called_where_people_overlap_noted_and_not_called_off_afterwards(client):
    found = told(client.get(f"{AT}/overlap", params={"minutes": 45, "who": "me"}), Overlap)
    best = found["slots"][0]
    assert [(one["outside"], one["asleep"]) for one in best["costs"]] == [(0, 0)]
    given = {"title": "The split", "from_ms": best["start_ms"], "until_ms": best["end_ms"]}
    made = told(client.post(f"{AT}/meetings", json=given), Meeting, 201)
    here = f"{AT}/meetings/{made['id']}"
    assert [one["id"] for one in told(client.get(f"{AT}/meetings"), Meetings)["meetings"]] == [
        made["id"]
    ]
    noted = told(client.post(f"{here}/notes", json={"notes": "- [ ] label\n! keep it"}), Meeting)
    assert {one.partition(":")[0] for one in noted["raised"]} == {"task", "decision"}
    assert client.post(f"{here}/read").json()["code"] == "team.move_refused"
    gone = told(client.post(f"{here}/cancel", json={"text": "no need"}), Meeting)
    assert gone["state"] == "cancelled"
    late = client.post(f"{here}/notes", json={"notes": "after all"})
    assert (late.status_code, late.json()["code"]) == (400, "team.move_refused")
    bad = client.post(f"{AT}/meetings", json={**given, "until_ms": 1})
    assert (bad.status_code, bad.json()["code"]) == (400, "team.item_bad")


def test_people_say_when_they_work_and_when_they_are_away(client):
    at = f"{AT}/people/me"
    assert told(client.get(at), Person)["assumed"]
    given = {"zone": "Asia/Kolkata", "hours": ["Mon-Fri 10:00-18:00"], "holidays": "IN"}
    said = told(client.patch(at, json=given), Person)
    assert (said["zone"], said["assumed"]) == ("Asia/Kolkata", False)
    assert [one["value"] for one in said["hours"]] == [["Mon-Fri 10:00-18:00"]]
    away = {"first": "2030-01-01", "last": "2030-01-04", "note": "skiing"}
    (leave,) = told(client.post(f"{at}/leave", json=away), Person, 201)["leave"]
    assert leave["note"] == "skiing"
    assert told(client.delete(f"{at}/leave/{leave['id']}"), Person)["leave"] == []
    for bad in ({"zone": "Mars/Olympus"}, {"hours": ["whenever"]}, {"holidays": "XX"}):
        refused = client.patch(at, json=bad)
        assert refused.status_code == 400, bad
        assert refused.json()["hint"] or refused.json()["detail"]
