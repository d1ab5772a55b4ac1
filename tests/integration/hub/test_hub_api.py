"""`/api/v1` by its answers: the table, a run, series, marks, news."""

from __future__ import annotations

import io
from functools import partial

import pyarrow as pa
import pytest
from pydantic import TypeAdapter

import afield
from afield.hub.api.console import Console
from afield.hub.api.run_shapes import RunShape
from afield.hub.api.series import SeriesAnswer
from afield.hub.api.shapes import RunRow
from afield.runs.events import saved
from afield.workspace.datasets import add

API = "/api/v1"
ARROW = "application/vnd.apache.arrow.stream"


def quiet(files, size_bytes):
    """Hear of progress, and say nothing."""


def get(client, path, **params):
    answer = client.get(API + path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer, status, code):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code
    return answer.json()


def test_runs_are_listed_newest_first_and_a_cursor_goes_on(client):
    first = get(client, "/runs", limit=2, total=True)
    assert [run["name"] for run in first["runs"]] == ["third", "second"]
    assert first["total"] == 3
    rest = get(client, "/runs", limit=2, cursor=first["next"])
    assert [run["name"] for run in rest["runs"]] == ["first"]
    assert rest["next"] is None
    TypeAdapter(list[RunRow]).validate_python(first["runs"])


def test_a_query_selects_and_orders(client):
    query = "params.lr > 0.05 order by params.lr"
    assert [run["name"] for run in get(client, "/runs", query=query)["runs"]] == ["second", "third"]
    fault = refused(client.get(f"{API}/runs", params={"query": "((("}), 400, "query.syntax")
    assert "expected a field" in fault["detail"]


def test_a_cursor_of_another_query_or_of_nobody_is_refused(client):
    cursor = get(client, "/runs", limit=1)["next"]
    other = client.get(f"{API}/runs", params={"cursor": cursor, "query": "status = 'failed'"})
    assert "another query" in refused(other, 400, "afield.usage")["detail"]
    for odd in ("x", "%00", "W10", "////"):
        assert client.get(f"{API}/runs", params={"cursor": odd}).status_code == 400


def test_a_run_is_found_by_id_prefix_and_name(client):
    found = get(client, "/runs/first")
    assert get(client, f"/runs/{found['id']}") == get(client, f"/runs/{found['id'][:8]}") == found
    assert found["metrics"]["loss"]["count"] == 100
    assert found["metrics"]["odd"]["last"] is None
    RunShape.model_validate(found)
    refused(client.get(f"{API}/runs/none"), 404, "runs.not_found")


def test_what_has_not_changed_is_not_sent_again(client):
    first = client.get(f"{API}/runs/first")
    headers = {"if-none-match": first.headers["etag"]}
    again = client.get(f"{API}/runs/first", headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    client.patch(f"{API}/runs/first", json={"tags": {"stage": "candidate"}})
    changed = client.get(f"{API}/runs/first", headers=headers)
    assert changed.json()["tags"] == {"stage": "candidate"}


def test_series_of_several_runs_come_in_buckets_as_json_and_as_arrow(client):
    params = {"run": ["first", "second"], "metric": ["loss", "acc", "none"], "points": 10}
    found = get(client, "/series", **params)
    SeriesAnswer.model_validate(found)
    assert [(one["metric"], one["count"], len(one["step"])) for one in found["series"]] == [
        ("loss", 100, 10),
        ("acc", 100, 10),
    ] * 2
    assert found["series"][0]["max"][0] == 1.0
    assert found["series"][0]["value"][-1] == 0.01
    answer = client.get(f"{API}/series", params=params, headers={"accept": ARROW})
    table = pa.ipc.open_stream(io.BytesIO(answer.content)).read_all()
    assert table.num_rows == 40
    assert table["value"].to_pylist()[:10] == found["series"][0]["value"]


def test_a_part_of_a_series_is_bucketed_by_itself(client):
    params = {"run": "first", "metric": "loss", "points": 5, "first_step": 10, "last_step": 14}
    (found,) = get(client, "/series", **params)["series"]
    assert found["step"] == [10, 11, 12, 13, 14]


def test_more_series_than_an_answer_holds_are_refused(client):
    params = {"run": ["first"] * 30, "metric": ["loss"] * 30}
    refused(client.get(f"{API}/series", params=params), 400, "afield.usage")


def test_names_are_offered_by_what_they_begin_with(client):
    assert get(client, "/names/metrics", prefix="l")["names"] == ["loss"]
    assert get(client, "/names/params")["names"] == ["lr"]
    assert get(client, "/names/projects")["names"] == ["vision"]
    refused(client.get(f"{API}/names/secrets"), 422, "http.invalid")


def test_a_note_is_written_and_its_secrets_are_not(client):
    key = "AKIA" + "IOSFODNN7EXAMPLE"
    answer = client.post(f"{API}/runs/first/notes", json={"text": f"used {key}"})
    assert answer.status_code == 201
    (note,) = get(client, "/runs/first")["notes"]
    assert note["text"] == answer.json()["text"]
    assert key not in note["text"]
    assert client.post(f"{API}/runs/first/notes", json={"text": "  "}).status_code == 400


def test_marks_change_what_they_name_and_nothing_else(client):
    client.patch(f"{API}/runs/first", json={"tags": {"a": "1", "b": "2"}})
    found = client.patch(f"{API}/runs/first", json={"remove": ["a"], "name": "renamed"}).json()
    assert (found["name"], found["tags"]) == ("renamed", {"b": "2"})
    missing = client.patch(f"{API}/runs/renamed", json={"remove": ["a"]})
    assert missing.status_code == 404


def test_a_deleted_run_is_out_of_sight_until_it_is_restored(client):
    run = get(client, "/runs/first")["id"]
    assert client.delete(f"{API}/runs/{run}").status_code == 204
    assert len(get(client, "/runs")["runs"]) == 2
    assert len(get(client, "/runs", deleted=True)["runs"]) == 3
    assert client.post(f"{API}/runs/{run}/restore").status_code == 204
    assert len(get(client, "/runs")["runs"]) == 3


def test_a_run_without_a_console_has_an_empty_one(client):
    found = get(client, "/runs/first/console")
    Console.model_validate(found)
    assert (found["chunks"], found["next"], found["live"]) == ([], None, False)


def test_news_are_told_with_a_number_that_grows(client, hosted):
    before = hosted.position()
    client.post(f"{API}/runs/first/notes", json={"text": "seen"})
    hosted.is_ending = True  # a stream that waits would never end in this client
    with client.stream("GET", f"{API}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
    assert hosted.position() > before


@pytest.mark.parametrize("limit", ["0", "x", "1001", "-1", "9" * 40])
def test_odd_parameters_are_refused_by_name(client, limit):
    fault = refused(client.get(f"{API}/runs", params={"limit": limit}), 422, "http.invalid")
    assert fault["detail"].startswith("query.limit: ")


def test_a_path_that_is_not_there_is_a_problem_too(client):
    refused(client.get(f"{API}/nothing"), 404, "http.not_found")
    refused(client.get("/nothing"), 404, "http.not_found")
    refused(client.put(f"{API}/runs"), 405, "http.method")


def test_the_files_of_a_run_are_listed_and_read_whole_or_in_part(client, hosted):
    run = hosted.read_here(lambda workspace: workspace.run("third").id)
    joined = afield.open(hosted.record.workspace)
    with joined:
        digest = joined.record.vault.put(b"0123456789" * 1000)
        joined.record.vault.flush()
        joined.record.journal.append_many([saved(run, "a b/<x>.html", digest, 10_000)])
    (found,) = get(client, "/runs/third/files")["files"]
    assert found == {
        "kind": "saved",
        "path": "a b/<x>.html",
        "size_bytes": 10_000,
        "digest": digest,
    }
    path = f"{API}/runs/third/files/saved"
    whole = client.get(path, params={"path": "a b/<x>.html"})
    assert whole.content == b"0123456789" * 1000
    assert whole.headers["content-type"] == "text/plain; charset=utf-8"
    assert "sandbox" in whole.headers["content-security-policy"]
    for asked, start, end in (("0-4", 0, 5), ("9995-", 9995, 10_000), ("-3", 9997, 10_000)):
        headers = {"range": f"bytes={asked}"}
        part = client.get(path, params={"path": "a b/<x>.html"}, headers=headers)
        assert part.status_code == 206
        assert part.content == whole.content[start:end]
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/10000"
    beyond = {"range": "bytes=10000-"}
    assert client.get(path, params={"path": "a b/<x>.html"}, headers=beyond).status_code == 416
    refused(client.get(path, params={"path": "../x"}), 404, "hub.file_not_found")


def test_runs_side_by_side_show_what_differs(client):
    found = get(client, "/compare", run=["first", "second", "third"])
    assert found["differ"]["params"] == {"lr": [0.0, 0.1, 0.2]}
    assert found["differ"]["metrics"]["loss"] == [0.01] * 3
    assert found["same"] == {}
    pair = get(client, "/compare/pair", run=["first", "second"])
    assert pair["schema"] == "afield.compare/1"
    refused(client.get(f"{API}/compare/pair", params={"run": "first"}), 400, "afield.usage")


def test_what_happened_is_told_newest_first_with_who(client):
    client.post(f"{API}/runs/first/notes", json={"text": "seen"})
    found = get(client, "/activity")["happenings"]
    assert [one["kind"] for one in found[:2]] == ["run.noted", "run.ended"]
    assert {one["name"] for one in found} == {"first", "second", "third"}
    assert all(one["by"] for one in found)
    paged, before = [], {}
    while before is not None:  # though several things are of one millisecond
        page = get(client, "/activity", limit=2, **before)
        paged += page["happenings"]
        before = page["before"] and {"before": page["before"]}
    assert paged == found
    assert get(client, "/activity", since="2999-01-01T00:00:00Z")["happenings"] == []


def test_datasets_are_listed_shown_and_compared(client, hosted, tmp_path):
    table = tmp_path / "t.csv"
    for rows in ("a,b\n1,2\n", "a,b\n1,2\n3,4\n"):
        table.write_text(rows)
        hosted.read_here(partial(add, path=str(table), name="tab", progress=quiet, profiling=None))
    (listed,) = get(client, "/datasets")["datasets"]
    assert (listed["label"], listed["files"]) == ("tab@2", 1)
    shown = get(client, "/datasets/tab@1")
    assert (shown["versions"], shown["files_total"]) == ([1, 2], 1)
    data = client.get(f"{API}/datasets/tab@1/file", params={"path": "t.csv"})
    assert data.text == "a,b\n1,2\n"
    found = get(client, "/datasets/tab@1/diff/tab@2")
    assert found["schema"] == "afield.data-diff/1"
    assert get(client, "/datasets/tab")["version"]["version"] == 2
    assert client.get(f"{API}/datasets/none").status_code == 404
    assert client.get(f"{API}/datasets/%2e%2e").status_code in (400, 404)


def test_a_whole_name_counts_more_than_the_beginning_of_an_id(client):
    other = get(client, "/runs/second")["id"]
    client.patch(f"{API}/runs/first", json={"name": other[:4]})
    assert get(client, f"/runs/{other[:4]}")["name"] == other[:4]
    assert get(client, f"/runs/{other[:5]}")["id"] == other
