"""Data, models, the record as a time line, and what is new today."""

from __future__ import annotations

import pytest


def test_a_version_of_data_tells_its_columns_rows_and_files(reader, axe):
    page = reader("/data")
    page.get_by_role("link", name="people", exact=True).click()
    page.get_by_role("heading", name="people@2").wait_for()
    age = page.get_by_role("row", name="age int64")
    age.get_by_role("img", name="age: p01").wait_for()
    age.locator(".spread rect").nth(19).wait_for()
    assert age.locator(".spread g title").first.text_content().startswith("20 to 21.85: 5.2")
    assert not axe(page)
    page.get_by_role("tab", name="Rows").click()
    page.get_by_role("row", name="0 0 20", exact=True).wait_for()
    page.get_by_role("tab", name="Files").click()
    with page.expect_download() as given:
        page.get_by_role("link", name="people.csv").click()
    assert given.value.path().read_text().startswith("id,age\n0,20\n")


def test_what_changed_between_versions_has_an_address(reader):
    page = reader("/data/people@2?tab=changes")
    page.get_by_text("40 rows before, 38 after").wait_for()
    page.get_by_text("2 removed").wait_for()
    page.get_by_role("combobox", name="Version").first.select_option("1")
    page.get_by_role("heading", name="people@1").wait_for()
    assert page.url.endswith("/data/people%401?tab=changes")
    page.get_by_text("38 rows before, 40 after").wait_for()


def test_a_card_with_gaps_says_what_to_type(reader):
    page = reader("/data/people?tab=card")
    page.get_by_text("missing: under what terms it may be used").wait_for()
    page.get_by_text("afield data card people --set").wait_for()


def test_a_model_leads_to_the_runs_that_made_it(reader):
    page = reader("/models")
    page.get_by_role("row", name="scorer 2 champion → 1").wait_for()
    page.get_by_role("link", name="scorer").click()
    page.get_by_role("row", name="scorer@1 champion").wait_for()
    page.get_by_role("link", name="Compare the runs").click()
    page.get_by_role("heading", name="Compare 2 runs").wait_for()


def test_each_version_of_a_model_has_a_thread_and_reviews_of_its_own(reader, axe):
    page = reader("/models/scorer")
    page.get_by_role("region", name="What was said about scorer@2").get_by_label("A comment").fill(
        "the second is better"
    )
    page.get_by_role("button", name="Say it").click()
    page.get_by_text("the second is better").wait_for()
    page.get_by_role("combobox", name="What is said of").select_option("scorer@1")
    first = page.get_by_role("region", name="What was said about scorer@1")
    first.get_by_text("Nothing yet.").wait_for()
    page.get_by_role("region", name="Reviews of scorer@1").wait_for()
    assert page.url.endswith("/models/scorer?version=1")
    assert not axe(page)
    again = reader("/models/scorer?version=1")
    again.get_by_role("link", name="scorer@2", exact=True).click()
    again.get_by_text("the second is better").wait_for()
    none = reader("/models/scorer?version=7")
    none.get_by_role("status").filter(has_text="has no version 7").wait_for()


def test_why_is_a_key_on_a_model_and_asks_for_the_version_that_is_shown(reader):
    page = reader("/models/scorer?version=1")
    page.get_by_role("region", name="Reviews of scorer@1").wait_for()
    page.keyboard.press("w")
    page.get_by_role("heading", name="Why scorer@1").wait_for()


def test_the_time_line_is_filtered_and_tells_what_is_signed(reader, axe):
    page = reader("/record")
    page.get_by_role("listitem").filter(has_text="registered a version of").first.wait_for()
    assert not axe(page)
    page.get_by_role("combobox", name="About").select_option("data")
    page.get_by_role("listitem").filter(has_text="added a version of people").first.wait_for()
    page.get_by_role("listitem").filter(has_text="began").first.wait_for(state="detached")
    page.get_by_text("signed", exact=True).first.wait_for()
    reader(page.url).get_by_role("listitem").filter(has_text="people").first.wait_for()
    page.get_by_role("tab", name="Devices and remotes").click()
    page.get_by_role("row", name="this one").wait_for()
    page.get_by_text("This record lies on this machine alone.").wait_for()


@pytest.mark.parametrize("how", [{}, {"color_scheme": "dark", "viewport": {"width": 390}}])
def test_today_tells_what_people_did_since_one_looked(reader, axe, how):
    page = reader("/today", **how)
    page.get_by_text("Nothing runs.").wait_for()
    page.get_by_role("region", name="What changed").get_by_text(
        "added a version of"
    ).first.wait_for()
    assert page.get_by_role("region", name="Waits for you").count() == 0
    assert not axe(page)
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], "nothing sticks out"
