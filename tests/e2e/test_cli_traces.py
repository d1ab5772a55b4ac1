"""`afield traces`: listed and shown with their spans, here and in a copy."""

from __future__ import annotations

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
