"""The table of runs as its reader works with it: find, order, group, choose, share."""

from __future__ import annotations

import afield


def names(page):
    page.locator("[role=row] .runs-name").first.wait_for()
    return page.locator(".runs-name").all_inner_texts()


def rows(page, count):
    page.get_by_role("grid", name=f"{count} run").wait_for()


def ask(page, query):
    box = page.get_by_role("combobox", name="Query")
    box.fill(query)
    box.press("Enter")


def test_a_query_finds_runs_and_its_address_shows_them_to_a_colleague(reader):
    page = reader("/runs")
    rows(page, 60)
    ask(page, 'params.model = "tree" and metrics.acc > 0.5 order by metrics.acc asc')
    rows(page, 9)
    found = names(page)
    assert found[0] == "run-33"
    page.get_by_role("button", name="Took").click()
    page.get_by_role("columnheader", name="Took").get_by_text("↓").wait_for()
    assert "sort=-duration" in page.url

    colleague = reader(page.url)
    rows(colleague, 9)
    assert sorted(names(colleague)) == sorted(found)


def test_a_query_that_cannot_be_read_is_told_with_its_place(reader):
    page = reader("/runs")
    ask(page, "metrcs.acc > 1")
    page.locator(".runs-wrong").get_by_text("there is no field metrcs.acc").wait_for()
    assert page.get_by_role("combobox", name="Query").get_attribute("aria-invalid") == "true"
    reader.faults.clear()  # the browser tells of each refusal on its console


def test_names_are_completed_from_the_record(reader):
    page = reader("/runs")
    box = page.get_by_role("combobox", name="Query")
    box.press_sequentially("params.mo")
    page.get_by_role("option", name="params.model").wait_for()
    box.press("ArrowDown")
    box.press("Enter")
    assert box.input_value() == "params.model "
    page.get_by_role("option", name="=", exact=True).wait_for()


def test_runs_are_grouped_and_a_group_is_opened(reader):
    page = reader("/runs")
    page.get_by_label("Group by").select_option("params.model")
    page.get_by_role("button", name="linear").click()
    rows(page, 20)
    assert "within=linear" in page.url


def test_the_runs_without_a_value_are_a_group_that_is_opened_too(reader, record):
    tagged = afield.open(record).run("run-11")
    page = reader("/runs?group=tags.reviewed")
    page.request.post("/api/v1/marks", data={"runs": [tagged.id], "tags": {"reviewed": "yes"}})
    page.reload()
    page.get_by_role("button", name="without 59").click()
    rows(page, 59)
    assert "without=true" in page.url
    colleague = reader(page.url)
    rows(colleague, 59)
    colleague.get_by_role("button", name="yes 1").click()
    rows(colleague, 1)
    assert "without" not in colleague.url
    page.request.post("/api/v1/marks", data={"runs": [tagged.id], "remove": ["reviewed"]})


def test_courses_stand_below_each_other_and_results_come_first(reader):
    page = reader("/runs?courses=true")
    page.locator(".runs-course").first.wait_for()
    heads = page.get_by_role("columnheader").all_inner_texts()
    assert heads.index("loss") < heads.index("lr")
    lefts = page.locator(".runs-course").evaluate_all(
        "(all) => all.map((one) => Math.round(one.getBoundingClientRect().left))"
    )
    assert len(lefts) > 20
    assert len(set(lefts)) == 2  # one for each metric


def test_columns_are_chosen_moved_and_hidden(reader):
    page = reader("/runs")
    rows(page, 60)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="Hide Status").click()
    page.get_by_role("searchbox", name="Find a column").fill("mach")
    page.get_by_role("checkbox", name="Machine").check()
    page.get_by_role("button", name="Done").click()
    head = page.get_by_role("columnheader")
    head.filter(has_text="Machine").wait_for(state="attached")
    assert head.filter(has_text="Status").count() == 0


def test_with_keys_alone_runs_are_chosen_compared_deleted_and_restored(reader):
    page = reader("/runs")
    rows(page, 60)
    first, second = names(page)[1:3]
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    page.get_by_text("2 runs chosen").wait_for()
    page.keyboard.press("Shift+D")
    page.get_by_text("2 runs deleted; nothing is lost.").wait_for()
    rows(page, 58)
    assert {first, second}.isdisjoint(names(page))
    page.get_by_role("button", name="Restore").click()
    rows(page, 60)
    assert names(page)[1:3] == [first, second]
    for key in ("x", "k", "x", "c"):
        page.keyboard.press(key)
    page.wait_for_url("**/compare?runs=*")


def test_a_tag_is_set_on_the_chosen_runs(reader):
    page = reader('/runs?q=name+%3D+"run-07"')
    rows(page, 1)
    page.keyboard.press("x")
    page.keyboard.press("t")
    page.get_by_label("Tag", exact=True).fill("stage")
    page.get_by_label("Value").fill("candidate")
    page.get_by_role("button", name="Set").click()
    page.get_by_role("dialog").wait_for(state="hidden")
    ask(page, 'tags.stage = "candidate"')
    rows(page, 1)
    assert names(page) == ["run-07"]


def test_a_run_that_is_recorded_now_shows_by_itself(reader, record):
    page = reader('/runs?q=project+%3D+"live"')
    page.get_by_text("No run fits this query").wait_for()
    page.locator(".live-live").wait_for()
    afield.init(project="live", name="just-now", workspace=record).finish()
    page.get_by_role("link", name="just-now").wait_for()
    gone = page.request.delete("/api/v1/runs/just-now")  # others count the runs that there are
    assert gone.ok
    page.get_by_text("No run fits this query").wait_for()
