"""What is around every page: menu, keys, themes, a telephone's width, and who cannot see it."""

from __future__ import annotations

import re

import pytest

THEMES = ("light", "dark", "contrast")


def ready(page):
    page.locator(".runs-name").first.wait_for()
    return page


def test_the_menu_finds_a_run_and_opens_it(reader):
    page = ready(reader("/runs"))
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Search or do something")
    box.fill("run-42")
    page.get_by_role("option", name="run-42").wait_for()
    box.press("Enter")
    page.wait_for_url(re.compile(r"/runs/\w{16}$"))
    page.get_by_role("heading", name="run-42").wait_for()


def test_all_keys_are_listed_and_the_list_gives_the_focus_back(reader):
    page = ready(reader("/runs"))
    page.get_by_role("grid").focus()
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").get_by_text("Choose columns").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "grid"


def test_the_first_tab_leads_past_the_navigation(reader):
    page = ready(reader("/runs"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_a_theme_that_was_chosen_is_there_before_the_page_is(reader):
    page = ready(reader("/runs"))
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search or do something").fill("dark")
    page.keyboard.press("Enter")
    page.reload(wait_until="commit")
    page.wait_for_selector("body")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_system_turns_the_page_dark_and_light_unless_a_theme_was_chosen(reader):
    page = ready(reader("/runs", color_scheme="dark"))
    is_dark = """() => getComputedStyle(document.body).backgroundColor
        .match(/\\d+/g).every((part) => part < 60)"""
    assert page.evaluate(is_dark)
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"() => !({is_dark})()")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(is_dark)
    page.evaluate("localStorage.setItem('afield.theme', 'light')")
    ready(page).reload()
    ready(page)
    assert not page.evaluate(is_dark)


def test_lists_of_what_people_wrote_look_alike(reader):
    page = reader("/pages")
    page.request.post("/api/v1/tasks", data={"title": "Label the rest"})
    page.request.post("/api/v1/pages", data={"title": "Split", "text": "By week."})
    seen = set()
    for path in ("/pages", "/work?tab=tasks"):
        page.goto(path)
        line = page.locator(".item-list > li").first
        line.wait_for()
        seen.add(line.evaluate("one => getComputedStyle(one).padding"))
    assert seen == {"12px"}


def test_a_telephone_scrolls_the_table_and_not_the_page(reader):
    page = ready(reader("/runs", viewport={"width": 390, "height": 800}, has_touch=True))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Navigation").click()
    page.get_by_role("navigation").get_by_role("link", name="Runs").wait_for()


def test_an_address_without_a_page_says_so(reader):
    page = reader("/nowhere")
    page.get_by_role("heading", name="There is no such page").wait_for()


@pytest.mark.parametrize("theme", THEMES)
def test_nobody_is_shut_out_of_the_runs(reader, axe, theme):
    page = ready(reader("/runs?group=params.model&courses=true"))
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    page.keyboard.press("x")
    page.get_by_text("1 run chosen").wait_for()
    assert axe(page) == []
    page.keyboard.press("Control+k")
    page.locator(".menu-item").first.wait_for()
    assert axe(page) == []
