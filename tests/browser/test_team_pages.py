"""The team on the page: a brief is read, an ask answered, a handover taken over and given on."""

from __future__ import annotations

import re

import pytest
from page_server import served

from afield.members.query import waiting
from afield.runs.record import end_run, start_run
from afield.sync.pace import Pace
from afield.workspace.datasets import add
from afield.workspace.membership import let_in
from afield.workspace.models import register
from afield.workspace.remotes import add_remote
from afield.workspace.sync import Wishes, clone, sync
from afield.workspace.workspace import Workspace

PACE = Pace(None, monotonic_s=lambda: 0.0, sleep=lambda _: None)


def silent(_done, _of):
    """Tell nobody."""


def joined(root, ann, remote, name):
    """Return the copy of somebody whom Ann let in, and the remote from which they have it."""
    found, origin = clone(str(root / "stick"), str(root / name), person=lambda: name)
    sync(found, origin, PACE, Wishes())
    sync(ann, remote, PACE, Wishes())
    (device,) = waiting(ann.projection)
    let_in(ann, device)
    sync(ann, remote, PACE, Wishes())
    sync(found, origin, PACE, Wishes())
    found.refresh()
    return found, origin


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Yield the address of Ann's server, to whom Bob handed over and of whom he asks something."""
    root = tmp_path_factory.mktemp("team")
    with Workspace.init(root / "ann") as ann:
        remote = add_remote(ann, "stick", str(root / "stick"))
        sync(ann, remote, PACE, Wishes())
        joined(root, ann, remote, "Bea")[0].close()
        bob, origin = joined(root, ann, remote, "Bob")
        with bob:
            founder = ann.config.member
            bob.team.ask(founder, "Which split?", due="4h")
            given = bob.team.hand_over(founder, safe_state="stop the fox")
            line = {"assessment": "slow", "condition": "it stops", "then": "wait", "call": "me"}
            bob.team.line(given["id"], facts="the fox runs", severity="watch", **line)
            bob.team.offer(given["id"])
            bob.team.comment(f"handover:{given['id']}", "call me before")
            for name in ("otter", "heron"):
                run = start_run(bob.record, kind="python", name=name, project="vision")
                end_run(bob.record, run, status="finished", exit_code=0)
            bob.refresh()
            bob.team.comment("run:heron", "the loss jumps")
            for _ in range(2):
                register(bob, "scorer", "otter")
            bob.team.comment("model:scorer@1", f"is it calibrated, @{founder}?")
            bob.team.review("run:otter", by=[founder], detail="is the seed fixed?", due="4h")
            repeated = bob.team.review("run:otter", by=[founder])
            sync(bob, origin, PACE, Wishes())
        sync(ann, remote, PACE, Wishes())
        ann.refresh()
        ann.team.judge(repeated["id"], "reproduced", evidence="run:heron")
        (root / "people.csv").write_text("id,age\n1,30\n")
        add(ann, str(root / "people.csv"), "people", progress=silent, profiling=silent)
        ann.team.task("label the rest", due="1h")
    with served(root / "ann") as address:
        yield address


def test_a_brief_is_read_and_an_ask_answered_where_it_stands(reader, axe):
    page = reader("/brief?since=3d")
    waits = page.get_by_role("region", name="Needs you")
    waits.get_by_text("Which split?").wait_for()
    assert not axe(page)
    waits.get_by_role("button", name="answer").click()
    waits.get_by_label("Your answer").fill("the one of November")
    waits.get_by_role("button", name="Answer", exact=True).click()
    waits.get_by_text("Which split?").wait_for(state="detached")
    page.get_by_label("What is next").fill("- rest")
    page.get_by_role("button", name="Say it").click()
    page.get_by_role("status").get_by_text("said").wait_for()


def test_people_say_their_own_hours_where_they_see_everybodys(reader, axe):
    page = reader("/people")
    page.get_by_role("button", name="Your hours").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Zone").fill("Asia/Kolkata")
    assert not axe(page)
    dialog.get_by_role("button", name="Keep").click()
    dialog.wait_for(state="detached")
    page.get_by_text("Kolkata").first.wait_for()


def test_a_handover_is_taken_over_in_ones_own_words_and_another_drawn_up(reader, axe):
    page = reader("/handovers")
    page.get_by_role("link", name="Bob to").click()
    page.get_by_text("the fox runs").wait_for()
    assert not axe(page)
    page.get_by_label("In your own words").fill("I watch the fox")
    page.get_by_role("button", name="Accept").click()
    page.get_by_text("accepted", exact=True).first.wait_for()
    page.get_by_text("I watch the fox").wait_for()
    page.get_by_role("link", name="Handovers").click()
    page.get_by_role("combobox", name="To whom").select_option(index=1)
    page.get_by_role("button", name="Draw it up").click()
    page.get_by_text("label the rest").first.wait_for()
    page.get_by_label("What is safe while nobody is there").fill("nothing runs")
    page.get_by_role("button", name="Hand over").click()
    page.get_by_text("offered", exact=True).first.wait_for()


def test_what_was_said_is_answered_and_marked_read_in_the_inbox_by_keys(reader, axe):
    page = reader("/inbox")
    letter = page.get_by_role("listitem").filter(has_text="call me before")
    letter.wait_for()
    assert not axe(page)
    letter.get_by_text("call me before").click()
    page.keyboard.press("Enter")
    letter.get_by_label("What you say").fill("I will")
    page.keyboard.press("Control+Enter")
    letter.get_by_label("What you say").wait_for(state="detached")
    page.keyboard.press("x")
    letter.wait_for(state="detached")


def test_a_run_is_judged_where_it_is_talked_about_and_a_review_of_it_asked_for(reader, axe):
    page = reader("/runs/otter?tab=talk")
    reviews = page.get_by_role("region", name="Reviews")
    bobs = reviews.get_by_role("listitem").filter(has_text="is the seed fixed?")
    bobs.get_by_text("due ").wait_for()
    assert not axe(page)
    assert bobs.get_by_role("button", name="Request changes").is_disabled()  # not without a word
    bobs.get_by_label("What you find").fill("no seed is set")
    bobs.get_by_role("button", name="Request changes").click()
    bobs.get_by_text("changes requested", exact=True).wait_for()
    bobs.get_by_text("no seed is set").wait_for()
    bobs.get_by_role("button", name="say something else").click()
    bobs.get_by_role("button", name="Approve").click()
    bobs.get_by_text("approved", exact=True).wait_for()
    reviews.get_by_role("combobox", name="Who is to look").select_option(index=1)
    reviews.get_by_label("What to look at").fill("the rate")
    reviews.get_by_role("button", name="Ask for a review").click()
    mine = reviews.get_by_role("listitem").filter(has_text="the rate")
    mine.get_by_text("asked Bob").wait_for()
    assert mine.get_by_role("button").count() == 0  # nobody judges what they asked for
    assert not axe(page)


def test_what_is_new_to_its_reader_is_marked_until_they_come_back(reader, axe):
    page = reader("/runs/heron")
    page.get_by_role("tab", name=re.compile(r"Talk ?1 1 new")).click()
    said = page.get_by_role("listitem").filter(has_text="the loss jumps")
    said.get_by_text("new", exact=True).wait_for()
    assert not axe(page)
    page.get_by_role("tab", name=re.compile(r"Talk ?1$")).wait_for()  # what was shown is read
    assert said.get_by_text("new", exact=True).is_visible()
    again = reader("/runs/heron?tab=talk", viewport={"width": 390})
    said = again.get_by_role("listitem").filter(has_text="the loss jumps")
    said.wait_for()
    assert said.get_by_text("new", exact=True).count() == 0
    tab = again.get_by_role("tab", name="Talk").bounding_box()
    assert 0 <= tab["x"] <= tab["x"] + tab["width"] <= 390  # the open one is in sight


def test_a_colleague_is_called_by_keys(reader, axe):
    page = reader("/runs/otter?tab=talk")
    box = page.get_by_label("A comment")
    offered = page.get_by_role("listbox", name="Members to call")
    box.press_sequentially("@b")
    page.get_by_role("combobox", name="A comment", expanded=True).wait_for()
    offered.get_by_role("option", name="Bea", selected=True).wait_for()
    assert not axe(page)
    box.press("ArrowUp")
    offered.get_by_role("option", name="Bob", selected=True).wait_for()
    box.press("Enter")
    assert box.input_value() == "@Bob "
    box.press_sequentially("and @be")
    box.press("Escape")
    offered.wait_for(state="hidden")
    box.press("a")
    assert not offered.is_visible()  # nobody is offered again for this name
    box.press_sequentially(", you@b @")
    offered.get_by_role("option", name="Bea", selected=True).wait_for()
    box.press("Tab")
    assert box.input_value() == "@Bob and @bea, you@b @Bea "
    box.press("Control+Enter")
    said = page.get_by_role("listitem").filter(has_text="you@b")
    said.locator("b", has_text="@Bob").wait_for()
    assert said.locator("b", has_text="@Bea").count() == 2
    page.get_by_role("combobox", name="A comment").wait_for(state="detached")


@pytest.mark.parametrize(
    ("path", "name", "heading"),
    [
        ("/data/people?tab=talk", "Reviews", "people@1"),
        ("/models/scorer", "Reviews of scorer@2", "scorer"),
    ],
)
def test_a_review_of_data_and_of_a_model_is_asked_for_where_they_are(reader, path, name, heading):
    page = reader(path)
    page.get_by_role("heading", name=heading, exact=True).wait_for()
    reviews = page.get_by_role("region", name=name, exact=True)
    who = reviews.get_by_role("combobox", name="Who is to look")
    who.select_option(index=1)
    reviews.get_by_role("button", name="Ask for a review").click()
    mine = reviews.get_by_role("listitem").filter(has_text="asked B")
    mine.get_by_text("open", exact=True).wait_for()
    assert who.input_value() == ""
    mine.get_by_role("link").click()
    page.get_by_role("heading", name="Review: ").wait_for()


def test_what_a_review_was_judged_by_is_led_to(reader):
    page = reader("/runs/otter?tab=talk")
    found = page.get_by_role("region", name="Reviews").get_by_text("reproduced", exact=True)
    found.locator("..").get_by_role("link", name="what shows it").click()
    page.get_by_role("heading", name="heron").wait_for()


def test_a_letter_leads_to_the_version_of_the_model_that_was_talked_of(reader):
    page = reader("/inbox")
    page.get_by_role("link", name="model scorer@1").click()
    talk = page.get_by_role("region", name="What was said about scorer@1")
    talk.get_by_text("is it calibrated").wait_for()
    assert page.get_by_role("heading", level=1).text_content() == "scorer"
    page.get_by_role("combobox", name="What is said of").select_option("scorer@2")
    page.get_by_role("region", name="What was said about scorer@2").wait_for()


def test_who_can_be_asked_at_an_instant_and_a_task_written_down_and_done(reader, axe):
    monday_noon_ms = 1_795_435_200_000
    page = reader(f"/people?at={monday_noon_ms}", timezone_id="Europe/Berlin")
    bob = page.get_by_role("region", name="Bob", exact=True)
    bob.get_by_text("can be asked").wait_for()
    assert not axe(page)
    page.keyboard.press("Shift+H")
    bob.get_by_text("works from Mon 10:00").wait_for()
    page.get_by_role("link", name="Work").click()
    page.get_by_role("tab", name="Tasks").click()
    page.keyboard.press("c")
    page.get_by_label("What is to be done").fill("draw a sample")
    page.get_by_role("button", name="Write a task down").click()
    made = page.locator(".work-item").filter(has_text="draw a sample")
    made.get_by_role("button", name="done or drop").click()
    made.get_by_role("button", name="Done").click()
    made.wait_for(state="detached")
    assert not axe(page)
