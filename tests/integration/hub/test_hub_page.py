"""What the page asks of `/api/v1`: axes, consoles, previews, what runs, models, the journal."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from pydantic import TypeAdapter
from recorded_work import recorded
from starlette.testclient import TestClient

import afield
from afield.hub.api.axes import line_of, window
from afield.hub.api.data import Datasets, OneVersion
from afield.hub.api.data_shapes import DataDiff
from afield.hub.api.events import logged
from afield.hub.api.importance import Importances
from afield.hub.api.journal import Entries
from afield.hub.api.me import Me
from afield.hub.api.models import Models
from afield.hub.api.pair_shapes import EnvironmentsShape, PairShape
from afield.hub.api.previews import Preview
from afield.hub.api.run_shapes import RunShape
from afield.hub.api.series import SeriesAnswer
from afield.hub.api.today import Today
from afield.hub.app import local_app
from afield.runs.events import saved
from afield.runs.series.columns import Points
from afield.workspace.hosted import Hosted
from afield.workspace.models import register

API = "/api/v1"


def get(client, where, shape=None, **params):
    answer = client.get(API + where, params=params)
    assert answer.status_code == 200, answer.text
    if shape is not None:
        TypeAdapter(shape).validate_python(answer.json())
    return answer.json()


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Return a client of a server for recorded commands."""
    with (
        Hosted(recorded(tmp_path_factory.mktemp("page") / "work")) as hosted,
        TestClient(local_app(hosted), base_url="http://127.0.0.1:5151") as client,
    ):
        yield client


def test_points_stand_along_time_and_along_another_metric(client):
    params = {"run": "first", "metric": "loss", "points": 1000}
    (timed,) = get(client, "/series", SeriesAnswer, x="relative", **params)["series"]
    assert all(0 <= a <= b for a, b in pairwise(timed["x"]))
    (beside,) = get(client, "/series", x="metric", x_metric="acc", **params)["series"]
    assert beside["x"] == sorted(math.sin(step) for step in range(100))
    assert beside["value"] == [1 / (step + 1) for step in beside["step"]]
    assert client.get(f"{API}/series", params={**params, "x": "metric"}).status_code == 400
    assert get(client, "/series", x="metric", x_metric="none", **params)["series"] == []


def test_a_part_of_a_line_goes_on_to_the_edges_of_what_is_seen(client):
    params = {"run": "first", "metric": "loss", "first": 10.5, "last": 14}
    (found,) = get(client, "/series", **params)["series"]
    assert found["step"] == [10, 11, 12, 13, 14, 15]
    (beyond,) = get(client, "/series", **{**params, "first": 500, "last": 600})["series"]
    assert beyond["step"] == [99]


def test_smoothing_is_over_all_points_and_leaves_out_what_is_no_number():
    value = np.random.default_rng(1).normal(size=5000)
    value[17] = np.nan
    for weight in (0.02, 0.6, 0.99, 0.9999):
        expected, total, count = [], 0.0, 0
        for one in value:
            if not np.isnan(one):
                total, count = weight * total + (1 - weight) * one, count + 1
            expected.append(one if np.isnan(one) else total / (1 - weight**count))
        points = Points(np.arange(5000), np.arange(5000), value)
        line = line_of(points, "step", 0, None, weight)
        np.testing.assert_allclose(line.smooth, expected, rtol=1e-8)
        assert len(window(line, 10, 20, 1).smooth) == 13


def test_a_console_is_read_in_pieces_without_loss_and_from_its_end(work, tmp_path):
    whole = get(work, "/runs/trained/console")
    assert "".join(one["text"] for one in whole["chunks"]) == "total 2470\n"
    assert whole["next"] is None
    pieces, cursor = [], {}
    while cursor is not None:
        part = get(work, "/runs/trained/console", limit_bytes=1, **cursor)
        pieces += part["chunks"]
        cursor = part["next"] and {"cursor": part["next"]}
    assert pieces == whole["chunks"]
    assert get(work, "/runs/trained/console", tail=True)["start_bytes"] == 0
    assert get(work, "/runs/trained/console", tail=True, limit_bytes=1)["chunks"] == []


def test_recorded_runs_fit_the_shapes_that_the_page_reads_them_by(work):
    for run in get(work, "/runs")["runs"]:
        found = get(work, f"/runs/{run['id']}", RunShape)
        assert set(found) <= {field.alias or name for name, field in RunShape.model_fields.items()}
    pair = {"run": ["trained", "trained-again"]}
    get(work, "/compare/pair", PairShape, **pair)
    get(work, "/runs/trained/environment/diff", EnvironmentsShape, against="maker")


def test_code_is_compared_with_the_run_before_it(work):
    found = get(work, "/runs/trained-again/code/diff", against="~before", path="train.py")
    assert found["a"] == get(work, "/runs/trained")["id"]
    assert '-print("total", total)' in found["lines"]
    for words in ("~parent", "~commit"):
        answer = work.get(f"{API}/runs/trained/code/diff", params={"against": words})
        assert answer.json()["code"] == "hub.not_captured"


def test_files_are_previewed_as_what_they_hold(client, hosted):
    notebook = {
        "cells": [
            {"cell_type": "markdown", "source": ["# A ", "title"]},
            {
                "cell_type": "code", "source": "1 + 1", "execution_count": 3,
                "outputs": [
                    {"output_type": "execute_result", "data": {"text/plain": ["2"]}},
                    {"output_type": "display_data", "data": {"text/html": "<script>1</script>"}},
                    {"output_type": "display_data", "data": {"image/png": "AAAA\n"}},
                    7,
                ],
            },
        ]
    }  # fmt: skip
    files = {
        "a.json": b'{"b":1}',
        "a.csv": b"x,y\n1,u\n2,v\n",
        "a.png": b"\x89PNG",
        "a.svg": b"<svg onload='alert(1)'/>",
        "a.html": b"<script>alert(1)</script>",
        "a.ipynb": json.dumps(notebook).encode(),
        "b.ipynb": b"[",
        "a.bin": b"\0\1\2",
        "log": b"plain \xff text",
    }
    with afield.open(hosted.record.workspace) as joined:
        run = joined.run("first").id
        vault = joined.record.vault
        drafts = [saved(run, name, vault.put(data), len(data)) for name, data in files.items()]
        vault.flush()
        joined.record.journal.append_many(drafts)
    found = {name: get(client, "/runs/first/preview/saved", Preview, path=name) for name in files}
    shown = [found[name]["shown"] for name in files]
    images = ["image", "image", "page"]
    assert shown == ["json", "table", *images, "notebook", "none", "none", "text"]
    assert found["a.csv"]["table"]["rows"] == [[1, "u"], [2, "v"]]
    title, code = found["a.ipynb"]["cells"]
    assert (title["source"], code["number"]) == ("# A title", 3)
    assert [one["kind"] for one in code["outputs"]] == ["text", "left out", "image/png"]
    for name in ("a.svg", "a.html"):
        where = f"{API}/runs/first/files/saved"
        plain = client.get(where, params={"path": name})
        assert plain.headers["content-type"].startswith("text/plain")
        drawn = client.get(where, params={"path": name, "drawn": True})
        policy = drawn.headers["content-security-policy"]
        assert policy.endswith("; sandbox")
        assert "script" not in policy
        assert "default-src 'none'" in policy


def test_params_are_ranked_by_how_they_go_along_with_a_metric(folder, client):
    models = ["tree", "tree", "net"]
    for number in range(12):
        config = {
            "depth": number,
            "noise": (number * 5) % 12,
            "model": models[number % 3],
            "id": f"x{number}",
        }
        with afield.init(project="rank", config=config, workspace=folder) as run:
            run.log({"score": number**2 + (1000 if config["model"] == "net" else 0)})
    found = get(client, "/importance", Importances, metric="score", query="project = 'rank'")
    by_name = {one["name"]: one for one in found["params"]}
    assert (found["runs"], found["left_out"]) == (12, ["id"])
    assert by_name["model"]["measure"] == "epsilon"
    assert by_name["model"]["strength"] > 0.7
    assert by_name["noise"]["strength"] < 0.5
    assert 0 < by_name["depth"]["direction"] < 1
    one = get(
        client, "/importance", metric="score", query="project = 'rank' and params.model = 'tree'"
    )
    assert (one["params"][0]["name"], round(one["params"][0]["direction"], 9)) == ("depth", 1)


def test_today_tells_what_runs_and_how_far_it_is(folder, client):
    assert get(client, "/today", Today)["running"] == []
    with afield.init(project="vision", name="going", workspace=folder) as run:
        for step in range(25):
            run.log({"loss": 1.0}, step=step)
        (going,) = get(client, "/today", Today)["running"]
        assert (going["name"], going["metric"], going["by"], going["of"]) == (
            "going", "loss", "points", 3,
        )  # fmt: skip
        assert going["progress"] == 0.25
        assert going["left_s"] >= 0


def test_the_journal_is_told_newest_first_and_by_pages(client, hosted):
    client.post(f"{API}/runs/first/notes", json={"text": "seen"})
    found = get(client, "/journal", Entries)
    newest = found["entries"][0]
    assert (newest["kind"], newest["name"], newest["project"]) == ("run.noted", "first", "vision")
    assert found["next"] is None
    assert newest["state"] == "open"
    assert found["entries"][-1]["state"] == "signed"
    paged, cursor = [], {}
    while cursor is not None:
        page = get(client, "/journal", limit=3, **cursor)
        paged += page["entries"]
        cursor = page["next"] and {"cursor": page["next"]}
    assert paged == found["entries"]
    of_kind = get(client, "/journal", kind="run", about=newest["about"])["entries"]
    assert {one["kind"].partition(".")[0] for one in of_kind} == {"run"}
    assert get(client, "/journal", member="nobody")["entries"] == []
    assert client.get(f"{API}/journal", params={"cursor": "x"}).status_code == 400


def test_models_and_who_asks_are_told(client, hosted):
    hosted.read_here(lambda workspace: register(workspace, "net", "first"))
    (model,) = get(client, "/models", Models)["models"]
    assert (model["name"], model["versions"][0]["label"]) == ("net", "net@1")
    assert get(client, "/models/net") == model
    assert client.get(f"{API}/models/none").status_code == 404
    assert "run.delete" in get(client, "/me", Me)["may"]


def test_names_are_found_by_words_in_them_and_comparing_tells_the_metrics_asked_for(client):
    assert get(client, "/names/metrics", text="S o")["names"] == ["loss"]
    assert get(client, "/names/metrics", limit=1)["total"] == 3
    found = get(client, "/compare", run=["first", "second"], metric=["loss", "none"])
    assert list(found["differ"]["metrics"]) == ["loss"]
    assert found["metrics"]["loss"] == 2
    assert len(found["metrics"]) == 3
    none = get(client, "/compare", run=["first", "second"], metric=[""])
    assert none["metrics"] == found["metrics"]
    assert (none["differ"]["metrics"], none["runs"][0]["metrics"]) == ({}, {})


def test_shapes_of_data_hold_and_activity_is_filtered(work):
    get(work, "/datasets", Datasets)
    assert get(work, "/datasets/table", OneVersion)["history"][0]["label"] == "table@1"
    get(work, "/datasets/table@1/diff/table@1", DataDiff)
    kinds = {"kind": ["run.noted", "dataset.added"]}
    found = get(work, "/activity", **kinds)["happenings"]
    assert [one["kind"] for one in found] == ["run.noted", "dataset.added"]
    assert get(work, "/activity", project="none")["happenings"] == []


def test_a_stream_of_news_tells_what_a_running_run_has_logged(folder, hosted):
    with afield.init(project="vision", name="going", workspace=folder) as run:
        run.log({"loss": 1.0})
        live = hosted.record.live_folder(run.id)
        assert logged({run.id: live, "ended": f"{live}-none"}) == {run.id: [1, 0]}
        run.log({"loss": 1.0})
        assert logged({run.id: live}) == {run.id: [2, 0]}
