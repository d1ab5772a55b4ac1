"""Traces in the browser: found by how they ended, and read span by span."""

from __future__ import annotations

import json
import time
import urllib.request

import pytest
from page_server import served

from afield.workspace.workspace import Workspace

MS = 1_000_000
GOOD = f"tr-{7:032x}"
QUESTION = "Which split is it by?"
SPANS = (  # id, parent, name, from and until in ms, failed
    ("1" * 16, "", "answer", 0, 1000, False),
    ("2" * 16, "1" * 16, "retrieve", 100, 350, False),
    ("3" * 16, "1" * 16, "generate", 400, 950, False),
    ("4" * 16, "3" * 16, "parse", 900, 950, True),
)


def attribute(name, value):
    return {"key": name, "value": {"stringValue": value}}


def sent(address, number, spans, code):
    """Send a trace as OpenTelemetry's exporters do."""
    start_ns = time.time_ns()
    told = [
        {
            "traceId": f"{number:032x}",
            "spanId": span,
            "parentSpanId": parent,
            "name": name,
            "startTimeUnixNano": str(start_ns + begin * MS),
            "endTimeUnixNano": str(start_ns + end * MS),
            "status": {"code": 2, "message": "no JSON in it"} if failed else {"code": code},
            "attributes": [
                attribute("input.value", QUESTION),
                attribute("output.value", f"what {name} says"),
                attribute("gen_ai.request.model", "small"),
            ],
        }
        for span, parent, name, begin, end, failed in spans
    ]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": told}]}]})
    headers = {"content-type": "application/json", "x-mlflow-experiment-id": "0"}
    asked = urllib.request.Request(f"{address}/v1/traces", body.encode(), headers)  # noqa: S310 - ours
    urllib.request.urlopen(asked).close()  # noqa: S310


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Yield the address of a server with a trace that was answered and one that failed."""
    folder = tmp_path_factory.mktemp("traces")
    Workspace.init(folder).close()
    with served(folder) as address:
        sent(address, 7, SPANS, 1)
        sent(address, 8, [("5" * 16, "", "refused", 0, 20, True)], 2)
        yield address


def test_traces_are_found_by_how_they_ended(reader, axe):
    page = reader("/record")
    page.keyboard.press("g")
    page.keyboard.press("l")
    answered = page.get_by_role("row", name="what answer says 1.00 s")
    refused = page.get_by_role("row", name="what refused says 20 ms")
    answered.get_by_text("answered", exact=True).wait_for()
    refused.get_by_text("failed", exact=True).wait_for()
    assert axe(page) == []
    page.get_by_role("combobox", name="How they ended").select_option("failed")
    answered.wait_for(state="detached")
    assert "state=ERROR" in page.url
    page.reload()
    refused.get_by_role("link").first.click()
    page.get_by_role("heading", name="refused", level=1).wait_for()


def test_spans_stand_below_their_parents_at_their_times(reader, axe):
    page = reader(f"/traces/{GOOD}")
    lines = page.get_by_role("list", name="Spans").get_by_role("listitem")
    lines.nth(3).wait_for()
    names = lines.locator(".trace-name > :first-child").all_inner_texts()
    assert names == ["answer", "retrieve", "generate", "parse"]
    indents = lines.locator(".trace-name").evaluate_all(
        "(all) => all.map((one) => parseFloat(one.style.paddingLeft) || 0)"
    )
    assert indents == [0, 1, 1, 2]
    bars = lines.locator(".trace-bar").evaluate_all(
        "(all) => all.map((one) => [one.style.left, one.style.width].map(parseFloat))"
    )
    assert [[round(part) for part in bar] for bar in bars] == [
        [0, 100],
        [10, 25],
        [40, 55],
        [90, 5],
    ]
    assert axe(page) == []


def test_what_a_span_took_in_and_gave_out_has_an_address(reader):
    page = reader(f"/traces/{GOOD}")
    page.get_by_role("link", name="parse").click()
    said = page.get_by_role("region", name="What parse says")
    said.get_by_text("no JSON in it").wait_for()
    assert "span=" in page.url
    elsewhere = reader(page.url, viewport={"width": 390, "height": 800}, color_scheme="dark")
    said = elsewhere.get_by_role("region", name="What parse says")
    said.get_by_text(QUESTION).first.wait_for()
    said.get_by_text("what parse says").first.wait_for()
    said.get_by_text("gen_ai.request.model").wait_for()
    assert elsewhere.evaluate("document.documentElement.scrollWidth") <= 390
