"""Runs side by side, as their reader compares them."""

from __future__ import annotations

import json

import pytest

import afield


@pytest.fixture
def ids(record):
    """Return the ids of some runs by their names."""
    workspace = afield.open(record)

    def of(*names):
        return ",".join(workspace.run(name).id for name in names)

    return of


def test_what_differs_is_told_and_what_is_equal_only_when_asked(reader, ids):
    page = reader(f"/compare?runs={ids('run-00', 'run-03', 'run-06')}")
    table = page.get_by_role("region", name="What differs")
    table.get_by_role("row", name="lr 0.001 0.004 0.007").wait_for()
    assert table.get_by_role("row", name="model").count() == 0
    page.get_by_role("checkbox", name="Show what is equal").check()
    table.get_by_role("row", name="model tree tree tree").wait_for()
    page.get_by_role("searchbox", name="Find a param").fill("acc")
    table.get_by_role("row", name="acc 0 0.05").wait_for()
    assert table.get_by_role("row", name="lr").count() == 0
    reader(page.url).get_by_role("row", name="acc 0 0.05").wait_for()


def test_only_the_metrics_that_a_tab_shows_are_asked_for(reader, ids):
    page = reader(f"/compare?runs={ids('run-00', 'run-03')}&tab=charts")
    asked = []
    page.on("request", lambda one: asked.append(one.url) if "/api/v1/compare?" in one.url else None)
    page.reload()
    page.locator("[data-metric=loss] canvas").wait_for()
    assert asked
    assert all("metric=&" in f"{url}&" for url in asked)
    page.get_by_role("tab", name="Parallel").click()
    page.get_by_role("region", name="Parallel coordinates").wait_for()
    assert asked[-1].endswith("&metric=acc")
    page.get_by_role("tab", name="Differences").click()
    page.get_by_role("row", name="loss 0.025").wait_for()
    assert asked[-1].endswith("&metric=acc&metric=loss")
    page.get_by_role("searchbox", name="Find a param").fill("lo")
    page.get_by_role("row", name="acc").wait_for(state="detached")
    assert page.get_by_role("row", name="loss 0.025").count() == 1


def test_charts_of_many_runs_are_drawn_over_each_other_and_brought_together(reader, ids):
    page = reader(f"/compare?runs={ids(*(f'run-{n:02d}' for n in range(6)))}&tab=charts")
    page.locator("[data-metric=loss] canvas").wait_for()
    page.get_by_role("combobox", name="Together by").select_option("model")
    page.get_by_role("list", name="Runs").get_by_text("model = linear").wait_for()
    assert "group=model" in page.url


def test_dots_and_lines_lead_to_their_runs(reader, ids, axe):
    some = ids(*(f"run-{n:02d}" for n in range(4)))
    page = reader(f"/compare?runs={some}&tab=scatter&across=params.lr&up=metrics.acc")
    page.get_by_role("link", name="run-02: lr 0.003, acc").wait_for()
    assert not axe(page)
    page.get_by_role("tab", name="Parallel").click()
    line = page.get_by_role("link", name="run-03: lr 0.004")
    line.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="run-03").wait_for()


def test_params_are_told_by_how_closely_a_metric_follows_them(reader, ids):
    page = reader(f"/compare?runs={ids(*(f'run-{n:02d}' for n in range(12)))}&tab=importance")
    page.get_by_role("row", name="lr 1.00 ↑ more with more of it").wait_for()


def test_two_runs_are_compared_in_detail_and_swapped(reader, ids):
    page = reader(f"/compare?runs={ids('run-00', 'run-01')}&tab=pair")
    page.get_by_role("row", name="lr 0.001 0.002").wait_for()
    page.get_by_role("button", name="Swap").click()
    page.get_by_role("row", name="lr 0.002 0.001").wait_for()


def test_a_picture_of_each_run_stands_beside_those_of_the_others(reader, ids):
    page = reader(f"/compare?runs={ids('run-00', 'run-01')}&tab=images")
    page.get_by_role("img", name="curve.png of run-01").wait_for()
    loaded = "image => image.complete && image.naturalWidth === 8"
    for name in ("run-00", "run-01"):
        picture = page.get_by_role("img", name=f"curve.png of {name}")
        page.wait_for_function(loaded, arg=picture.element_handle())


def test_the_address_takes_runs_as_the_table_gives_them_and_says_what_to_do_without(reader, ids):
    both = json.dumps(ids("run-00", "run-01").split(","))
    reader(f"/compare?runs={both}").get_by_role("heading", name="Compare 2 runs").wait_for()
    empty = reader("/compare")
    empty.get_by_text("No runs are chosen.").wait_for()
    empty.get_by_role("link", name="table of runs").click()
    empty.get_by_role("heading", name="Runs").wait_for()
