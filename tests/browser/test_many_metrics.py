"""Pages of runs with many metrics: little is asked at once, and what is drawn is drawn again."""

from __future__ import annotations

import pytest
from page_server import served

import afield

METRICS = 250
RUNS = 120


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """Return the folder of runs with 60 metrics each."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(RUNS):
        run = afield.init(project="many", name=f"run-{number:03d}", workspace=folder)
        if number > RUNS - 3:
            for step in range(5):
                run.log({f"layer{at}/norm": step * at for at in range(METRICS)} | {"loss": step})
        run.finish()
    return folder


@pytest.fixture(scope="module")
def server(record):
    """Yield the address of `afield up` on it."""
    with served(record) as address:
        yield address


_COUNT = """
    const real = window.fetch;
    let now = 0;
    window.seriesAtOnce = 0;
    window.fetch = async (...asked) => {
        const isSeries = (asked[0].url ?? String(asked[0])).includes("/api/v1/series");
        if (isSeries) window.seriesAtOnce = Math.max(window.seriesAtOnce, ++now);
        try { return await real(...asked); } finally { if (isSeries) now--; }
    };
"""


def test_charts_are_asked_for_in_turn_and_all_have_their_place(reader, record):
    ids = ",".join(run.id for run in afield.open(record).runs("metrics.loss >= 0"))
    page = reader(f"/compare?runs={ids}")
    page.add_init_script(_COUNT)
    page.reload()
    page.get_by_role("tab", name="Charts").click()
    page.locator("[data-metric=loss] canvas").wait_for()
    last = page.get_by_role("button", name=f"layer{METRICS - 1} 1")
    last.scroll_into_view_if_needed()
    page.locator(f"[data-metric='layer{METRICS - 1}/norm'] canvas").wait_for()
    assert 0 < page.evaluate("seriesAtOnce") <= 2


def test_rows_that_come_into_sight_take_the_places_of_those_that_leave(reader):
    page = reader("/runs")
    page.get_by_role("link", name=f"run-{RUNS - 1:03d}").wait_for()
    page.evaluate("for (const row of document.querySelectorAll('.table-row')) row.kept = true")
    page.locator(".table").evaluate("table => table.scrollTo(0, table.scrollHeight)")
    page.get_by_role("link", name="run-000").wait_for()
    rows = "[...document.querySelectorAll('.table-row')]"
    kept = page.evaluate(f"{rows}.filter((row) => row.kept).length / {rows}.length")
    assert kept > 0.6


def test_the_columns_that_there_are_first_are_those_called_as_results_are(reader):
    page = reader("/runs")
    page.get_by_role("columnheader", name="loss").wait_for()


def test_differences_of_all_metrics_are_read_part_by_part_and_found_by_name(reader, record):
    ids = ",".join(run.id for run in afield.open(record).runs("metrics.loss >= 0"))
    page = reader(f"/compare?runs={ids}&same=true")
    parts = page.get_by_role("navigation", name="Parts of the metrics")
    parts.get_by_text(f"Metrics 1 to 200 of {METRICS + 1}").wait_for()
    page.get_by_role("row", name="loss 4").wait_for()
    last = page.get_by_role("row", name="layer99/norm")
    assert last.count() == 0
    parts.get_by_role("button", name="Next").click()
    last.wait_for()
    assert page.get_by_role("row", name="loss 4").count() == 0
    assert parts.get_by_role("button", name="Next").is_disabled()
    elsewhere = reader(page.url)
    elsewhere.get_by_text(f"Metrics 201 to {METRICS + 1} of {METRICS + 1}").wait_for()
    page.get_by_role("checkbox", name="Show what is equal").uncheck()
    parts.get_by_text("alike in all of these runs").wait_for()
    page.get_by_role("checkbox", name="Show what is equal").check()
    page.get_by_role("searchbox", name="Find a param").fill("loss")
    page.get_by_role("row", name="loss 4").wait_for()
    assert parts.count() == 0
