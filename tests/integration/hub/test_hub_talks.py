"""`/api/v1/asks`, `/blockers`, `/threads`, `/inbox` and `/people`."""

from __future__ import annotations

from test_hub_decides import client, folder, told

from afield.hub.api.asks import Ask, Asks, Blocker, Blockers
from afield.hub.api.models import ModelShape
from afield.hub.api.talks import Inbox, People, PeopleBands, Thread
from afield.workspace.models import register
from afield.workspace.workspace import Workspace

__all__ = ["client", "folder"]


def test_an_ask_is_made_answered_and_closed_and_waits_in_the_inbox_meanwhile(client):
    at = "/api/v1/asks"
    given = {"title": "Which split?", "to": "me", "due": "4h", "about": ["run:otter"]}
    made = told(client.post(at, json=given), Ask, 201)
    assert (made["state"], made["project"]) == ("open", "vision")
    assert made["labels"] == {made["about"][0]: "run otter"}
    (letter,) = told(client.get("/api/v1/inbox"), Inbox)["items"]
    assert (letter["kind"], letter["due_ms"]) == ("asked", made["due"])
    assert letter["unread"]
    read = client.post("/api/v1/inbox/read", json={"keys": [letter["key"]]})
    assert read.status_code == 204
    assert not told(client.get("/api/v1/inbox"), Inbox)["items"][0]["unread"]
    here = f"{at}/{made['id']}"
    answered = client.post(f"{here}/answer", json={"text": "the second", "about": ["run:fox"]})
    assert told(answered, Ask)["state"] == "answered"
    assert told(client.post(f"{here}/close", json={}), Ask)["state"] == "closed"
    again = client.post(f"{here}/close", json={})
    assert (again.status_code, again.json()["code"]) == (400, "team.move_refused")
    assert told(client.post(f"{here}/reopen", json={"text": "no"}), Ask)["state"] == "open"
    assert told(client.post(f"{here}/pass", json={"to": "me"}), Ask)["to"] == made["to"]
    found = told(client.get(at, params={"to": "me", "by": "me"}), Asks)["asks"]
    assert [one["id"] for one in found] == [made["id"]]
    assert told(client.get(here), Ask)["title"] == "Which split?"
    assert client.post(at, json={"title": "x", "to": "zoe"}).status_code == 404
    assert client.get(f"{at}/nothing").status_code == 404


def test_a_blocker_is_in_the_way_until_it_is_cleared(client):
    at = "/api/v1/blockers"
    made = told(client.post(at, json={"title": "No access"}), Blocker, 201)
    here = f"{at}/{made['id']}"
    assert told(client.post(f"{here}/offer", json={"text": "I can"}), Blocker)["state"] == "open"
    assert told(client.post(f"{here}/clear", json={}), Blocker)["state"] == "cleared"
    assert told(client.get(at), Blockers)["blockers"] == []
    assert told(client.post(f"{here}/reopen", json={}), Blocker)["state"] == "open"
    assert len(told(client.get(at), Blockers)["blockers"]) == 1


def test_what_is_said_about_a_run_stands_in_its_thread(client):
    at = "/api/v1/threads"
    assert told(client.get(at, params={"about": "run:otter"}), Thread)["comments"] == []
    given = {"about": "run:otter", "text": "odd", "anchor": "metrics.loss"}
    assert told(client.post(at, json=given), Thread, 201)["label"] == "run otter"
    told(client.post(at, json={"about": "otter", "text": "seen", "re": 1}), Thread, 201)
    found = told(client.get(at, params={"about": "run:otter"}), Thread)["comments"]
    assert [(one["text"], one["re"]) for one in found] == [("odd", None), ("seen", 1)]
    assert client.post(at, json={"about": "run:otter", "text": " "}).status_code == 400
    assert client.post(at, json={"about": "run:otter", "text": "x", "re": 9}).status_code == 404


def test_a_comment_is_dealt_with_together_with_its_replies_and_opened_again(client):
    at, on = "/api/v1/threads", {"about": "run:otter"}
    nothing = client.post(f"{at}/resolve", json=on | {"number": 1})
    assert (nothing.status_code, nothing.json()["code"]) == (404, "team.not_found")
    for given in ({"text": "odd"}, {"text": "seen", "re": 1}, {"text": "and the rate?"}):
        told(client.post(at, json=on | given), Thread, 201)
    done = told(client.post(f"{at}/resolve", json=on | {"number": 1}), Thread)
    assert [one["resolved"] for one in done["comments"]] == [True, True, False]
    again = told(client.post(f"{at}/resolve", json=on | {"number": 1, "done": False}), Thread)
    assert [one["resolved"] for one in again["comments"]] == [False, False, False]
    assert told(client.get(at, params=on), Thread) == again
    assert client.post(f"{at}/resolve", json=on | {"number": 4}).status_code == 404
    asked = client.post("/api/v1/asks", json={"title": "Which split?", "to": "me"}).json()["id"]
    on = {"about": f"ask:{asked}"}  # an item carries its own comments
    assert client.post(f"{at}/resolve", json=on | {"number": 1}).status_code == 404
    told(client.post(at, json=on | {"text": "the old one?"}), Thread, 201)
    done = told(client.post(f"{at}/resolve", json=on | {"number": 1}), Thread)
    assert [one["resolved"] for one in done["comments"]] == [True]


def test_a_version_of_a_model_is_talked_about_by_its_number_and_by_its_link(client, folder):
    with Workspace.open(folder) as workspace:
        workspace.refresh()
        for _ in range(2):
            register(workspace, "scorer", "otter")
    newest, first = told(client.get("/api/v1/models/scorer"), ModelShape)["versions"]
    at = "/api/v1/threads"
    said = client.post(at, json={"about": "model:scorer@1", "text": "odd"})
    assert told(said, Thread, 201)["about"] == first["link"]
    told(client.post(at, json={"about": first["link"], "text": "as it is"}), Thread, 201)
    found = told(client.get(at, params={"about": first["link"]}), Thread)
    assert [one["text"] for one in found["comments"]] == ["odd", "as it is"]
    assert told(client.get(at, params={"about": newest["link"]}), Thread)["comments"] == []
    model = first["link"].removeprefix("model:").partition("@")[0]
    assert told(client.get(f"/api/v1/models/{model}"), ModelShape)["name"] == "scorer"
    assert client.get(at, params={"about": f"model:{model}@zz-1"}).status_code == 404


def test_people_stand_with_their_local_time(client):
    (one,) = told(client.get("/api/v1/people"), People)["members"]
    assert (one["assumed"], one["zone"]) == (True, "UTC")


def test_a_day_of_everybody_is_told_in_stretches_that_touch(client):
    monday = 1_795_392_000_000  # 2026-11-23, midnight in UTC
    asked = client.get("/api/v1/people/bands", params={"from_ms": monday})
    (one,) = told(asked, PeopleBands)["members"]
    hours = [((band["start_ms"] - monday) // 3_600_000, band["presence"]) for band in one["bands"]]
    assert hours == [
        (0, "asleep"), (7, "waking"), (9, "working"), (17, "waking"), (22, "asleep"),
    ]  # fmt: skip
    assert one["bands"][-1]["end_ms"] - monday == 24 * 3_600_000
