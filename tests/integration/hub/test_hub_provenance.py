"""`/api/v1` on recorded commands: lineage, why, differences of code, search, devices."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter
from recorded_work import recorded
from starlette.testclient import TestClient

from afield.hub.api.differing import CodeChanges
from afield.hub.api.provenance import Lineage, Reproductions, Why
from afield.hub.api.samples import Histograms, Rows, Users
from afield.hub.api.searching import FoundAnswer
from afield.hub.api.sharing import Sharing
from afield.hub.app import local_app
from afield.workspace.hosted import Hosted
from afield.workspace.why.subject import subject
from afield.workspace.why.trace import why_document
from afield.workspace.workspace import Workspace


@pytest.fixture
def client(tmp_path, monkeypatch):
    monkeypatch.delenv("AFIELD_WORKSPACE", raising=False)
    with (
        Hosted(recorded(tmp_path / "work")) as hosted,
        TestClient(local_app(hosted), base_url="http://127.0.0.1:5151") as found,
    ):
        yield found


def get(client, where, shape=None, **params):
    answer = client.get(f"/api/v1{where}", params=params)
    assert answer.status_code == 200, answer.text
    if shape is not None:
        TypeAdapter(shape).validate_python(answer.json())
    return answer.json()


def named(lineage):
    names = {node["id"]: node["name"] for node in lineage["nodes"]}
    return {(names[one["from"]], names[one["to"]], one["kind"]) for one in lineage["edges"]}


def test_lineage_is_found_by_the_bytes_that_went_from_run_to_run(client):
    made = ("maker", "trained", "file")
    again = ("maker", "trained-again", "file")
    found = get(client, "/runs/trained/lineage", Lineage)
    assert found["complete"]
    assert named(found) == {made, ("table", "trained", "data")}
    assert [edge["paths"] for edge in found["edges"] if edge["kind"] == "file"] == [["table.csv"]]
    assert named(get(client, "/runs/maker/lineage")) == {made, again}
    assert get(client, "/runs/maker/lineage")["nodes"][0]["name"] == "maker"


def test_why_traces_a_file_to_its_runs_their_data_and_what_was_said(client):
    found = get(client, "/why", Why, what="trained:model.txt")
    (run,) = found["object"]["sources"]
    assert (run["kind"], run["label"], run["via"]["paths"]) == ("run", "trained", ["model.txt"])
    assert run["facts"]["command"][1:] == ["train.py", "a"]
    assert [one["label"] for one in run["said"]] == ["looks promising, see the plateau"]
    data, again = run["sources"]
    assert (data["kind"], data["label"], again["label"]) == ("data", "table@1", "maker")
    assert [one["label"] for one in data["sources"]] == ["maker"]
    assert (again["above"], found["complete"], found["withheld"]) == (True, True, 0)
    digest = found["object"]["id"]
    assert get(client, "/why", Why, what=digest)["object"]["sources"][0]["label"] == "trained"
    version = get(client, "/why", Why, what="table", depth=0)["object"]
    assert (version["kind"], version["sources"]) == ("data", [])
    assert client.get("/api/v1/why", params={"what": "nothing-here"}).status_code == 404


def test_what_may_not_be_read_is_left_out_of_a_trace_and_counted(tmp_path):
    with Workspace.open(recorded(tmp_path / "work")) as workspace:
        workspace.refresh()
        asked = subject(workspace, "table")
        found = why_document(workspace, "table", asked, may=lambda kind, _project: kind != "run")
        assert (found["object"]["sources"], found["withheld"]) == ([], 1)


def test_a_deleted_run_is_in_no_lineage(client):
    client.delete("/api/v1/runs/maker")
    assert named(get(client, "/runs/trained/lineage")) == {("table", "trained", "data")}


def test_a_version_of_data_knows_its_readers_and_shows_its_rows(client):
    readers = get(client, "/datasets/table/runs", Users)
    assert [run["name"] for run in readers["runs"]] == ["trained-again", "trained"]
    rows = get(client, "/datasets/table/rows", Rows, path="table.csv", limit=2)
    assert rows["columns"] == ["x", "y"]
    assert rows["types"] == ["int64", "int64"]
    assert rows["rows"] == [[0, 0], [1, 1]]
    missing = client.get("/api/v1/datasets/table/rows", params={"path": "none.csv"})
    assert (missing.status_code, missing.json()["code"]) == (404, "hub.file_not_found")


def test_the_numbers_of_a_version_are_told_as_histograms(client):
    (table,) = get(client, "/datasets/table/histograms", Histograms)["tables"]
    assert table["path"] == "table.csv"
    x, y = table["columns"]
    assert (x["name"], x["from"], x["to"], x["shares"]) == ("x", -0.5, 19.5, [0.05] * 20)
    assert (y["from"], y["to"], y["shares"][0]) == (0, 361, 0.25)  # 0, 1, 4, 9, 16
    assert client.get("/api/v1/datasets/none/histograms").status_code == 404


def test_code_of_two_runs_is_compared_file_by_file_and_line_by_line(client):
    found = get(client, "/runs/trained-again/code/diff", CodeChanges, against="trained")
    assert [(one["path"], one["how"]) for one in found["files"]] == [("train.py", "changed")]
    assert found["lines"] is None
    lines = get(client, "/runs/trained-again/code/diff", against="trained", path="train.py")[
        "lines"
    ]
    assert '-print("total", total)' in lines
    assert '+print("sum_of", sum_of)' in lines
    none = client.get(
        "/api/v1/runs/trained/code/diff", params={"against": "trained", "path": "none.py"}
    )
    assert none.status_code == 404


def test_environments_of_runs_are_compared(client):
    found = get(client, "/runs/trained-again/environment/diff", against="trained")
    assert (found["schema"], found["equal"]) == ("afield.env-diff/1", True)


def test_a_run_that_was_not_repeated_has_no_reproductions(client):
    assert get(client, "/runs/trained/reproductions", Reproductions) == {"reproductions": []}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("trained", {"run"}),
        ("TRAINED again", {"run"}),
        ("plateau", {"note"}),
        ("tab", {"dataset", "run"}),
        ("100%", set()),
        ("", set()),
        ("_rained", set()),
    ],
)
def test_a_search_finds_what_holds_every_word(client, text, kinds):
    found = get(client, "/search", FoundAnswer, text=text)["found"]
    assert {one["kind"] for one in found} == kinds
    if text == "plateau":
        assert found[0]["label"] == "trained"
        assert "see the plateau" in found[0]["detail"]


def test_a_thread_is_found_by_what_it_is_about(client):
    run = get(client, "/runs/trained")["id"]
    said = {"about": "run:trained", "text": "an albatross"}
    assert client.post("/api/v1/threads", json=said).status_code == 201
    (found,) = get(client, "/search", FoundAnswer, text="albatross")["found"]
    assert (found["kind"], found["id"], found["label"]) == (
        "thread",
        f"run:{run}",
        "on run trained",
    )


def test_the_devices_that_write_are_told_with_how_far_each_is_known(client):
    found = get(client, "/devices", Sharing)
    (device,) = found["devices"]
    assert device["here"]
    assert device["entries"] > 5
    assert (found["waiting"], found["remotes"]) == ([], [])
