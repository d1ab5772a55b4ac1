"""Pages, meetings, turns on call and the six of a day, in the browser: made, changed, read."""

from __future__ import annotations

import pytest
from page_server import served

from afield.members.query import waiting
from afield.runs.record import end_run, start_run
from afield.sync.pace import Pace
from afield.workspace.membership import let_in
from afield.workspace.remotes import add_remote
from afield.workspace.sync import Wishes, clone, sync
from afield.workspace.team.meetings import call_meeting
from afield.workspace.workspace import Workspace

APART = "First.\n\nThe seed is {}.\n\nLast."
PACE = Pace(None, monotonic_s=lambda: 0.0, sleep=lambda _: None)
TEXT = """# How we split

By *week*, as run:otter shows. Never by row: <b onclick="x()">bold</b> [away](javascript:alert(1))

| part | share |
| ---- | ----- |
| test | 0.2   |

![a curve](https://example.org/curve.png)"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Yield the address of Ann's server, who edited a page that Bob edited apart."""
    root = tmp_path_factory.mktemp("written")
    with Workspace.init(root / "ann") as ann:
        remote = add_remote(ann, "stick", str(root / "stick"))
        sync(ann, remote, PACE, Wishes())
        bob, origin = clone(str(root / "stick"), str(root / "bob"), person=lambda: "Bob")
        with bob:
            sync(bob, origin, PACE, Wishes())
            sync(ann, remote, PACE, Wishes())
            (device,) = waiting(ann.projection)
            let_in(ann, device)
            run = start_run(ann.record, kind="python", name="otter", project="vision")
            end_run(ann.record, run, status="finished", exit_code=0)
            ann.refresh()
            ann.team.page("How we split", TEXT)
            for each in ("Rates", "Sweep", "Clean up"):
                ann.team.task(each)
            apart = [ann.team.page(each, APART.format(7))["id"] for each in ("Seeds", "Settled")]
            sync(ann, remote, PACE, Wishes())
            sync(bob, origin, PACE, Wishes())
            bob.refresh()
            for each in apart:
                bob.team.edit(each, APART.format(11))
                ann.team.edit(each, APART.format(13))
            now_ms = bob.record.now_ms()
            met = call_meeting(
                bob, "The split", now_ms - 60_000, now_ms + 60_000, [ann.config.member]
            )
            bob.team.notes(met.id, "! we keep the weeks", present=[bob.config.member])
            sync(bob, origin, PACE, Wishes())
        sync(ann, remote, PACE, Wishes())
        ann.refresh()
    with served(root / "ann") as address:
        yield address


def test_a_page_is_shown_as_it_was_meant_and_nothing_in_it_runs(reader, axe):
    page = reader("/pages")
    page.get_by_role("link", name="How we split").click()
    page.get_by_role("heading", name="How we split", level=2).wait_for()
    assert page.get_by_role("cell", name="0.2").count() == 1
    assert page.locator(".prose b, .prose img, .prose [onclick]").count() == 0
    assert page.get_by_text("<b onclick=").count() == 1
    assert page.get_by_role("link", name="away").count() == 0
    assert page.get_by_role("link", name="a curve").get_attribute("href").startswith("https://ex")
    assert not axe(page)
    page.locator(".prose").get_by_role("link", name="run:otter").click()
    page.wait_for_url("**/runs/otter**")


def test_a_page_is_written_and_edited(reader):
    page = reader("/pages")
    page.get_by_role("button", name="Write a page").click()
    page.get_by_label("What it is called").fill("Costs")
    page.get_by_label("Text:").fill("An hour is **2** euros.")
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("heading", name="Costs").wait_for()
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Text of the page").fill("An hour is **3** euros.")
    page.get_by_role("button", name="Keep").click()
    page.locator(".prose strong").get_by_text("3").wait_for()
    page.get_by_text("2 edits").wait_for()


@pytest.mark.parametrize("how", [{}, {"color_scheme": "dark", "viewport": {"width": 390}}])
def test_what_two_wrote_apart_is_seen_by_both(reader, axe, how):
    page = reader("/pages", **how)
    page.get_by_role("listitem").filter(has_text="Seeds").get_by_text("two versions").wait_for()
    page.get_by_role("link", name="Seeds").click()
    page.get_by_text("The seed is 11.").wait_for()
    page.get_by_text("The seed is 13.").wait_for()
    assert page.get_by_role("button", name="Settle").is_disabled()
    assert page.get_by_role("button", name="Edit").count() == 0
    assert not axe(page)


def test_what_two_wrote_apart_is_settled(reader):
    page = reader("/pages")
    page.get_by_role("link", name="Settled").click()
    page.get_by_role("button", name="Take Bob's").click()
    page.get_by_role("button", name="Settle").click()
    page.get_by_role("button", name="Edit").wait_for()
    assert page.get_by_text("The seed is 13.").count() == 0
    assert page.locator(".prose p").all_inner_texts() == ["First.", "The seed is 11.", "Last."]


def test_a_meeting_is_called_where_its_time_was_found_noted_and_called_off(reader, axe):
    page = reader("/people")
    page.get_by_role("button", name="Meet then").first.click()
    page.get_by_label("What it is about").fill("Next week")
    page.get_by_label("Agenda").fill("- costs")
    assert not axe(page)
    page.get_by_role("button", name="Call it").click()
    page.get_by_role("heading", name="Next week").wait_for()
    page.get_by_role("cell", name="Bob").wait_for()
    page.locator("summary").click()
    page.get_by_label("Why").fill("not enough news")
    page.get_by_role("button", name="Call it off").click()
    page.get_by_text("cancelled").wait_for()


def test_who_was_not_there_reads_what_came_of_it(reader, axe):
    page = reader("/meetings")
    page.get_by_label("those that are over, too").check()
    page.get_by_text("to be read").wait_for()
    page.get_by_role("link", name="The split").click()
    page.get_by_text("has not read it").wait_for()
    assert not axe(page)
    page.get_by_role("link", name="we keep the weeks").wait_for()
    page.get_by_role("button", name="I have read it").click()
    page.get_by_text("has not read it").wait_for(state="detached")
    page.get_by_role("button", name="Change the notes").click()
    page.get_by_role("textbox", name="What came of it").fill(
        "! we keep the weeks\n- [ ] label the rest"
    )
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("link", name="label the rest").wait_for()


def test_the_six_of_the_next_day_are_chosen_in_their_order(reader, axe):
    page = reader("/work?tab=tasks")
    six = page.get_by_role("region", name="Six for")
    for each in ("Rates", "Sweep"):
        six.get_by_role("combobox").select_option(label=each)
        six.get_by_role("listitem").filter(has_text=each).wait_for()
    assert not axe(page)
    six.get_by_role("button", name="Move Sweep up").click()
    six.get_by_role("listitem").first.get_by_text("Sweep").wait_for()
    six.get_by_role("button", name="take off Rates").click()
    six.get_by_role("listitem").filter(has_text="Rates").wait_for(state="detached")
    assert "Clean up" in six.get_by_role("combobox").inner_text()


def test_who_can_be_woken_says_so_and_takes_it_back(reader, axe):
    page = reader("/people")
    call = page.get_by_role("region", name="On call")
    call.get_by_text("Nobody agreed").wait_for()
    call.get_by_role("button", name="Take a turn").click()
    call.get_by_label("Until").fill("2001-01-01T00:00")
    call.get_by_role("button", name="I can be woken").click()
    assert call.get_by_label("Until").evaluate("field => !field.validity.valid")
    assert not axe(page)
    call.get_by_label("Until").fill(call.get_by_label("From").input_value()[:11] + "23:59")
    call.get_by_role("button", name="I can be woken").click()
    call.get_by_role("button", name="take it back").click()
    call.get_by_text("Nobody agreed").wait_for()
