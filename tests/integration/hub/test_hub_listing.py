"""The table of runs by the API: rows, columns, groups, marks on many, and who sees which."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

import afield
from afield.hub.app import inner_app
from afield.members.caller import Caller
from afield.members.roles import Role
from afield.workspace.documents import run_row
from afield.workspace.listing import Asked, page
from afield.workspace.workspace import Workspace

API = "/api/v1"


def get(client, where, **params):
    answer = client.get(API + where, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def running(folder):
    """Begin a run of another project that does not end; return it."""
    run = afield.init(
        project="speech", name="going", config={"model": "tree", "deep": {"er": True}},
        workspace=folder,
    )  # fmt: skip
    run.log({"loss": 0.25})
    yield run
    run.finish()


def test_rows_read_many_at_once_are_those_read_one_by_one(folder, running):
    with Workspace.open(folder) as workspace:
        workspace.run("first")
        assert page(workspace, Asked(), limit=10) == [
            run_row(view) for view in workspace.runs(limit=10)
        ]


def test_a_page_tells_the_columns_that_were_asked_for(client, running):
    columns = ["metrics.loss", "params.lr", "tags.none"]
    going, third = get(client, "/runs", limit=2, column=columns)["runs"]
    assert (going["name"], going["params"]) == ("going", {})
    assert going["metrics"]["loss"]["last"] == 0.25
    assert list(third["metrics"]) == ["loss"]
    assert third["params"] == {"lr": 0.2}
    assert third["tags"] == {}
    odd = client.get(f"{API}/runs", params={"column": "loss"})
    assert (odd.status_code, odd.json()["detail"]) == (
        400,
        "not a column: `loss`: it is params, metrics, tags and a name",
    )


@pytest.mark.parametrize(
    ("by", "found"),
    [
        ("project", [("vision", 3), ("speech", 1)]),
        ("status", [("finished", 3), ("running", 1)]),
        ("params.model", [(None, 3), ("tree", 1)]),
        ("tags.stage", [(None, 4)]),
    ],
)
def test_runs_are_grouped_by_a_field_a_param_or_a_tag(client, running, by, found):
    groups = get(client, "/groups", by=by)["groups"]
    assert [(one["value"], one["runs"]) for one in groups] == found


def test_groups_are_of_the_runs_that_a_query_selects(client, running):
    groups = get(client, "/groups", by="name", query="params.lr > 0.05")["groups"]
    assert {one["value"] for one in groups} == {"second", "third"}
    assert client.get(f"{API}/groups", params={"by": "metrics.loss"}).status_code == 400


def test_many_runs_are_tagged_deleted_and_restored_at_once(client):
    both = ["first", "second"]
    for marks in ({"tags": {"stage": "try"}}, {"deleted": True}):
        assert client.post(f"{API}/marks", json={"runs": both, **marks}).status_code == 200
    assert [run["name"] for run in get(client, "/runs")["runs"]] == ["third"]
    ids = [
        run["id"] for run in get(client, "/runs", query="tags.stage = 'try'", deleted=True)["runs"]
    ]
    assert len(ids) == 2
    answer = client.post(
        f"{API}/marks", json={"runs": ids, "deleted": False, "remove": ["stage", "none"]}
    )
    assert sorted(answer.json()["runs"]) == sorted(ids)
    assert len(get(client, "/runs")["runs"]) == 3
    assert get(client, "/groups", by="tags.stage")["groups"][0]["value"] is None


def test_of_many_runs_none_is_marked_when_one_is_not_there(client):
    marks = {"runs": ["first", "none"], "tags": {"stage": "try"}}
    assert client.post(f"{API}/marks", json=marks).status_code == 404
    assert get(client, "/runs/first")["tags"] == {}


class _As:
    """The app with a caller of these roles."""

    def __init__(self, app, caller):
        self._app, self._caller = app, caller

    async def __call__(self, scope, receive, send):
        scope["afield.caller"] = self._caller
        await self._app(scope, receive, send)


def test_whoever_may_read_one_project_sees_and_counts_that_alone(hosted, running):
    caller = Caller("m" * 16, {"speech": frozenset({Role.VIEWER})}, how="session")
    with TestClient(_As(inner_app(hosted), caller), base_url="http://127.0.0.1") as client:
        found = get(client, "/runs", total=True, limit=1)
        assert ([run["name"] for run in found["runs"]], found["total"]) == (["going"], 1)
        assert found["next"] is None
        assert [one["value"] for one in get(client, "/groups", by="project")["groups"]] == [
            "speech"
        ]
        assert client.get(f"{API}/runs/first").status_code == 403
        marks = {"runs": ["going"], "tags": {"stage": "try"}}
        assert client.post(f"{API}/marks", json=marks).status_code == 403
        assert get(client, "/search", text="first")["found"] == []
