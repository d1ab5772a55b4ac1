"""A viewer's pages: what the server would refuse is not offered, and told why."""

from __future__ import annotations

import pytest

from afield.members.roles import ALLOWED, Role

TOLD = "Your role lets you read, not"


@pytest.fixture
def as_role(reader):
    """Return what opens a page for somebody whose rights `/me` tells as those of a role."""

    def opened(role, path):
        def answer(route):
            found = route.fetch()
            may = sorted(str(action) for action in ALLOWED[role])
            route.fulfill(response=found, json=found.json() | {"may": may})

        page = reader("/record")
        page.context.route("**/api/v1/me", answer)
        page.goto(path)
        page.locator("h1").first.wait_for()
        page.locator(".nav-me").wait_for()
        return page

    return opened


def test_runs_are_compared_and_neither_tagged_nor_deleted(as_role):
    page = as_role(Role.VIEWER, "/runs")
    page.locator(".runs-name").first.wait_for()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    bar = page.get_by_role("region", name="The chosen runs")
    bar.get_by_role("button", name="Compare").wait_for()
    assert bar.get_by_role("button").all_inner_texts() == ["Compare", "Choose none"]
    page.keyboard.press("Shift+D")
    page.keyboard.press("t")
    assert page.get_by_role("dialog").count() == 0
    page.get_by_text("2 runs chosen").wait_for()


def test_a_reviewer_tags_runs_and_does_not_delete_them(as_role):
    page = as_role(Role.REVIEWER, "/runs")
    page.locator(".runs-name").first.wait_for()
    page.keyboard.press("x")
    bar = page.get_by_role("region", name="The chosen runs")
    bar.get_by_role("button", name="Tag").wait_for()
    assert bar.get_by_role("button", name="Delete").count() == 0


@pytest.mark.parametrize(
    ("path", "button", "why"),
    [
        ("/work", "New", "write here"),
        ("/pages", "Write a page", "write here"),
        ("/runs/run-03?tab=notes", "Add note", "tag runs and write notes"),
        ("/runs/run-03?tab=talk", "Say it", "write here"),
        ("/brief", "Nothing changed", "write here"),
        ("/people", "Your hours", "write here"),
    ],
)
def test_what_is_written_is_for_others_and_the_reason_stands_there(as_role, path, button, why):
    page = as_role(Role.DEVELOPER, path)
    page.get_by_role("button", name=button, exact=True).first.wait_for()
    page = as_role(Role.VIEWER, path)
    page.get_by_text(f"{TOLD} {why}").first.wait_for()
    assert page.get_by_role("button", name=button, exact=True).count() == 0


def test_a_run_has_no_button_that_deletes_it(as_role):
    page = as_role(Role.VIEWER, "/runs/run-03")
    page.get_by_role("link", name="Why").first.wait_for()
    assert page.get_by_role("button", name="Delete").count() == 0
