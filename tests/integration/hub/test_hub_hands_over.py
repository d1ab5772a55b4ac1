"""`/api/v1/handovers`: drawn up, filled in, offered and taken back over the API."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from afield.hub.api.handovers import Draft, Handover, Handovers
from afield.hub.app import local_app
from afield.members.query import waiting
from afield.runs.record import end_run, start_run
from afield.sync.pace import Pace
from afield.workspace.hosted import Hosted
from afield.workspace.membership import let_in
from afield.workspace.remotes import add_remote
from afield.workspace.sync import Wishes, clone, sync
from afield.workspace.workspace import Workspace

PACE = Pace(None, monotonic_s=lambda: 0.0, sleep=lambda _: None)
AT = "/api/v1/handovers"
CARE = {"assessment": "flaky", "condition": "it fails again", "then": "leave it", "call": "me"}


@pytest.fixture
def client(tmp_path):
    """Ann's server; her otter failed, and Bob takes part."""
    with Workspace.init(tmp_path / "ann") as ann:
        remote = add_remote(ann, "team", str(tmp_path / "team"))
        run = start_run(ann.record, kind="python", name="otter", project="vision")
        end_run(ann.record, run, status="failed", exit_code=1)
        sync(ann, remote, PACE, Wishes())
        bob, origin = clone(str(tmp_path / "team"), str(tmp_path / "bob"), person=lambda: "bob")
        with bob:
            sync(bob, origin, PACE, Wishes())
        sync(ann, remote, PACE, Wishes())
        (device,) = waiting(ann.projection)
        let_in(ann, device)
    with (
        Hosted(tmp_path / "ann") as hosted,
        TestClient(local_app(hosted), base_url="http://127.0.0.1:5151") as found,
    ):
        yield found


def told(answer, shape, status=200):
    assert answer.status_code == status, answer.text
    TypeAdapter(shape).validate_python(answer.json())
    return answer.json()


def test_a_handover_is_drawn_up_filled_in_offered_and_taken_back(client):
    draft = told(client.get(f"{AT}/draft"), Draft)
    assert [(one["topic"], one["severity"]) for one in draft["lines"]] == [("failed", "watch")]
    assert list(draft["labels"].values()) == ["run otter"]
    made = told(client.post(AT, json={"to": "bob", "summary": "one failed"}), Handover, 201)
    here = f"{AT}/{made['id']}"
    early = client.post(f"{here}/offer", json={})
    assert (early.status_code, early.json()["code"]) == (400, "team.move_refused")
    assert "handover fill" in early.json()["hint"]
    told(client.post(f"{here}/lines", json={"facts": "the proxy is off"}), Handover)
    lines = told(client.patch(f"{here}/lines/1", json=CARE), Handover)["lines"]
    assert [(one["topic"], one["missing"]) for one in lines] == [("failed", []), ("note", [])]
    assert len(told(client.delete(f"{here}/lines/2"), Handover)["lines"]) == 1
    gone = client.delete(f"{here}/lines/2")
    assert (gone.status_code, gone.json()["code"]) == (400, "team.item_bad")
    offered = told(client.post(f"{here}/offer", json={"safe_state": "leave it"}), Handover)
    assert (offered["state"], offered["stage"]) == ("offered", "receiver")
    assert [offered["names"][one] for one in offered["waits_for"]] == ["bob"]
    mine = client.post(f"{here}/accept", json={"text": "I keep it"})
    assert (mine.status_code, mine.json()["code"]) == (400, "team.move_refused")
    assert client.post(f"{here}/eat", json={}).status_code == 422
    assert len(told(client.get(AT), Handovers)["handovers"]) == 1
    back = told(client.post(f"{here}/withdraw", json={"text": "I stay"}), Handover)
    assert back["state"] == "withdrawn"
    assert told(client.get(AT, params={"closed": True}), Handovers)["handovers"]
    assert told(client.get(AT), Handovers)["handovers"] == []
