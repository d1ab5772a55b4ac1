"""`afield traces`: listed and shown with their spans, here and in a copy."""

from __future__ import annotations

import os
import sys

import msgspec
import pytest

from afield.traces import events, spans
from afield.traces.previews import Previews
from afield.traces.spans import Span
from afield.workspace.workspace import Workspace

TRACE = "tr-" + "a" * 32


@pytest.fixture
def traced(project):
    """A trace of three spans, one of whose parents never came, with a finding."""
    own = {"trace": "a" * 32, "start_ns": 5_000_000}
    parts = [
        Span(id="1" * 16, name="serve", end_ns=9_000_000, **own),
        Span(id="2" * 16, name="ask", parent="1" * 16, attributes={spans.TYPE: "LLM"}, **own),
        Span(id="3" * 16, name="lost", parent="9" * 16, **own),
    ]
    finding = {"feedback": {"value": "kind"}, "rationale": "it says please"}
    with Workspace.init(project) as workspace:
        put = workspace.record.vault.put
        kept = [put(spans.encode(parts)), put(msgspec.json.encode(Previews("why?", "so")))]
        kept.append(put(msgspec.json.encode(finding), meta=True))
        workspace.record.vault.flush()
        workspace.record.journal.append_many(
            [
                events.spanned(
                    TRACE, experiment="0", spans=kept[0], count=3, start_ms=5, end_ms=9,
                    state=events.OK, previews=kept[1], tokens={"input_tokens": 3},
                ),
                events.assessed(TRACE, "a-1", name="tone", what="feedback", document=kept[2]),
            ]
        )  # fmt: skip
    return project


def test_a_trace_is_listed_and_shown_with_its_spans_as_a_tree(afield, traced):
    (row,) = afield("traces", "list", "--state", "ok", "--json").json["traces"]
    assert (row["id"], row["request"], row["duration_ms"]) == (TRACE, "why?", 4)
    assert afield("traces", "list", "--state", "ERROR").out.startswith("no traces")
    assert TRACE in afield("traces", "list").out
    shown = afield("traces", "show", "aaaa", "--json").json
    assert [span["name"] for span in shown["spans"]] == ["serve", "ask", "lost"]
    assert shown["assessments"][0]["value"] == "kind"
    words = afield("traces", "show", "aaaa").out.splitlines()
    assert "  serve  4.0 ms" in words
    assert "    ask  LLM  …" in words
    assert "  lost  …" in words
    assert "    it says please" in words
    assert afield("traces", "show", "b").code == 1
    assert afield("verify").code == 0


def test_a_trace_syncs_as_everything_does(afield, traced, tmp_path):
    assert afield("remote", "add", "stick", str(tmp_path / "stick")).code == 0
    assert afield("sync").code == 0
    assert afield("clone", str(tmp_path / "stick"), str(tmp_path / "copy")).code == 0
    shown = afield("--workspace", str(tmp_path / "copy"), "traces", "show", TRACE, "--json").json
    assert [span["name"] for span in shown["spans"]] == ["serve", "ask", "lost"]


SCRIPT = """
import base64, json, os, time, urllib.parse, urllib.request

place = urllib.parse.urlsplit(os.environ["MLFLOW_TRACKING_URI"])
secret = base64.b64encode(f"{place.username}:{place.password}".encode()).decode()

def ask(path, body):
    told = {
        "Content-Type": "application/json",
        "Authorization": f"Basic {secret}",
        "x-mlflow-experiment-id": "0",
    }
    url = f"http://127.0.0.1:{place.port}{path}"
    asked = urllib.request.Request(url, json.dumps(body).encode(), told)
    with urllib.request.urlopen(asked, timeout=120) as answer:
        return json.load(answer)

span = {"traceId": os.urandom(16).hex(), "spanId": "1" * 16, "name": "ask"}
span["startTimeUnixNano"] = str(time.time_ns())
ask("/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
where = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
found = ask("/api/3.0/mlflow/traces/search", {"locations": [where]})["traces"]
places = [one["trace_location"]["mlflow_experiment"]["experiment_id"] for one in found]
print([one["trace_id"] for one in found], places)
"""


@pytest.mark.skipif(os.name != "posix", reason="not run: no endpoint for recorded runs here")
def test_a_recorded_script_traces_into_its_project_and_meets_no_later_traces(afield, project):
    (project / "script.py").write_text(SCRIPT, encoding="utf-8")
    words = ("run", "--project", "risk", "--", sys.executable, "script.py")
    assert afield(*words).code == 0
    run = afield("runs", "--json").json["runs"][0]["id"]
    (row,) = afield("traces", "list", "--json").json["traces"]
    assert (row["project"], row["experiment"]) == ("risk", "default")
    again = afield("reproduce", "--json", "--env", "here", run)
    assert again.json["verdict"] in ("identical", "equivalent"), again.json
    first, second = afield("traces", "list", "--json").json["traces"]
    assert second == row
    assert first["id"].startswith(f"{row['id']}~")  # the ids that a script draws are replayed
