"""From a number, a file, a model or data back to what it came from, and everything by its words."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from page_server import served

MAKE = """\
with open("table.csv", "w") as stream:
    stream.write("x,y\\n" + "".join(f"{n},{n * n}\\n" for n in range(200)))
"""
TRAIN = """\
import afield
rows = open("table.csv").read().splitlines()[1:]
for step in range(20):
    afield.log({"acc": step / len(rows)}, step=step)
open("model.txt", "w").write(str(len(rows)))
"""
SAID = (
    ("data", "add", "table.csv", "--name", "table", "-m", "the first two hundred"),
    ("run", "--name", "trained", sys.executable, "train.py"),
    ("note", "trained", "looks promising, see the plateau"),
    ("model", "register", "trained:model.txt", "counter"),
    ("decision", "Ship the counter", "--evidence", "run:trained", "--outcome", "the plateau holds"),
    ("ask", "me", "Which plateau?", "--about", "run:trained"),
    ("comment", "run:trained", "the plateau begins early"),
)


def recorded(folder):
    """Record a run that makes data, one that learns from it, its model, and what is said of it."""
    environ = {name: one for name, one in os.environ.items() if not name.startswith("AFIELD_")}

    def said(*words):
        asked = [sys.executable, "-m", "afield", *words]
        subprocess.run(asked, cwd=folder, check=True, capture_output=True, env=environ)

    said("init")
    (folder / "make.py").write_text(MAKE, encoding="utf-8")
    (folder / "train.py").write_text(TRAIN, encoding="utf-8")
    said("run", "--name", "maker", sys.executable, "make.py")
    for words in SAID:
        said(*words)
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Yield the address of `afield up` on that record."""
    with served(recorded(tmp_path_factory.mktemp("trail"))) as address:
        yield address


def fits(page):
    """Tell whether nothing sticks out of the page."""
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return width[0] <= width[1]


def test_a_number_is_traced_from_the_run_to_its_data_and_what_was_said(reader, axe):
    page = reader("/runs/trained")
    page.get_by_role("link", name="Why acc", exact=True).click()
    page.get_by_role("heading", name="Why acc").wait_for()
    tree = page.get_by_role("list", name="The trace")
    tree.get_by_text("the last of 20 points").wait_for()
    said = tree.get_by_role("list", name="Said of trained")
    said.get_by_role("link", name="looks promising, see the plateau").wait_for()
    said.get_by_role("link", name="Ship the counter").wait_for()
    came = tree.get_by_role("list", name="What trained came from")
    came.get_by_role("link", name="table@1", exact=True).wait_for()
    came.get_by_role("link", name="maker", exact=True).first.wait_for()
    came.get_by_text("told above").wait_for()
    assert not axe(page)
    reader(page.url).get_by_role("link", name="Ship the counter").click()
    came.get_by_role("link", name="table.csv").first.click()
    page.wait_for_url(re.compile(r"/runs/\w{16}\?tab=files&path=table.csv$"))


@pytest.mark.parametrize(
    ("begin", "link", "root"),
    [
        ("/data/table", "Why table@1", "table@1"),
        ("/models/counter", "Why counter@1", "counter@1"),
        ("/runs/trained", "Why trained", "trained"),
        ("/runs/trained?tab=files&path=model.txt", "Why model.txt", "model.txt"),
    ],
)
def test_data_models_runs_and_files_lead_to_their_trace(reader, begin, link, root):
    page = reader(begin)
    page.get_by_role("link", name=link, exact=True).click()
    page.get_by_role("heading", name=f"Why {root}").wait_for()
    came = page.get_by_role("list", name=f"What {root} came from")
    came.get_by_role("link", name="maker", exact=True).first.wait_for()


def test_what_is_asked_why_is_typed_and_what_cannot_be_found_says_what_to_write(reader, axe):
    page = reader("/runs")
    page.keyboard.press("g")
    page.keyboard.press("y")
    page.get_by_role("heading", name="Why", exact=True).wait_for()
    page.get_by_text("RUN:metrics.acc", exact=True).wait_for()
    assert not axe(page)
    box = page.get_by_role("searchbox", name="What to trace back")
    box.fill("nothing-here")
    box.press("Enter")
    alert = page.get_by_role("alert").filter(has_text="nothing in the record is called so")
    alert.wait_for()
    page.get_by_text("model:NAME@3", exact=True).wait_for()
    reader.faults.clear()  # the browser writes of each refused request
    box.fill("trained:metrics.acc")
    box.press("Enter")
    page.get_by_role("list", name="The trace").get_by_text("the last of 20 points").wait_for()
    assert alert.count() == 0


def test_a_trace_that_stops_early_is_looked_at_further(reader):
    page = reader("/why?what=model:counter@1&depth=1")
    page.get_by_role("combobox", name="Runs away").wait_for()
    page.get_by_text("There is more than was looked at.").wait_for()
    page.get_by_role("button", name="Look further").click()
    page.wait_for_url(re.compile("depth=2"))
    page.get_by_text("There is more than was looked at.").wait_for(state="detached")


def test_a_trace_fits_a_telephone_in_the_dark(reader, axe):
    how = {"color_scheme": "dark", "viewport": {"width": 390}}
    page = reader("/why?what=counter", **how)
    page.get_by_role("link", name="maker", exact=True).first.wait_for()
    assert not axe(page)
    assert fits(page)
    none = reader("/why?what=nothing-here", **how)
    none.get_by_role("alert").filter(has_text="nothing in the record").wait_for()
    reader.faults.clear()  # the browser writes of each refused request
    assert fits(none)


def test_the_menu_leads_to_all_that_holds_the_words_and_a_kind_has_an_address(reader, axe):
    page = reader("/runs")
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Search or do something")
    box.fill("plateau")
    page.get_by_role("option", name="All results").wait_for()
    page.get_by_role("option", name="on run trained").wait_for()
    box.press("Control+Enter")
    page.wait_for_url(re.compile(r"/search\?q=plateau$"))
    notes = page.get_by_role("region", name="Notes")
    notes.locator("mark").wait_for()
    assert notes.locator("mark").all_inner_texts() == ["plateau"]
    for kind in ("Asks", "Decisions", "What was said"):
        page.get_by_role("region", name=kind).get_by_role("listitem").wait_for()
    assert not axe(page)
    page.get_by_role("group", name="Kind").get_by_role("button", name="Notes").click()
    page.get_by_role("region", name="Asks").wait_for(state="detached")
    again = reader(page.url)
    again.get_by_role("link", name="trained").click()
    again.wait_for_url(re.compile(r"/runs/\w{16}\?tab=notes$"))
    page.get_by_role("button", name="Everything").click()
    asks = reader(page.url)
    asks.get_by_role("link", name="Which plateau?").click()
    asks.locator(".work-item[aria-current]").filter(has_text="Which plateau?").wait_for()
    page.get_by_role("link", name="on run trained").click()
    page.get_by_text("the plateau begins early").wait_for()


def test_enter_in_the_menu_asks_further_when_nothing_there_has_the_words(reader):
    page = reader("/runs")
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Search or do something")
    box.fill("zebrafish")
    page.get_by_role("option", name="All results").wait_for()
    box.press("Enter")
    page.get_by_text("Nothing holds these words.").wait_for()
    page.get_by_text("what holds every word, in any form").wait_for()
    words = page.get_by_role("searchbox", name="Words to find")
    words.fill("plateau sort:note")
    page.get_by_role("region", name="Notes").wait_for()
    page.wait_for_url(re.compile("q=plateau.sort"))
    words.fill("sort:nonsense")
    page.get_by_role("alert").filter(has_text="no such sort").wait_for()
    reader.faults.clear()  # the browser writes of each refused request


def test_the_menu_traces_what_is_named_as_in_a_trace(reader):
    page = reader("/runs")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search or do something").fill("counter@1")
    page.get_by_role("option", name="Why: trace it back").click()
    page.get_by_role("heading", name="Why counter@1").wait_for()


def test_people_are_found_where_they_are_shown(reader):
    page = reader("/people")
    name = page.locator(".nav-name").inner_text()
    page.goto("/search?q=sort:member")
    page.get_by_role("region", name="People").get_by_role("link", name=name).click()
    page.wait_for_url(re.compile("/people$"))


def test_what_was_found_fits_a_telephone_in_the_dark(reader, axe):
    page = reader("/search?q=plateau", color_scheme="dark", viewport={"width": 390})
    page.get_by_role("region", name="Notes").wait_for()
    assert not axe(page)
    assert fits(page)


def test_the_record_draws_what_came_from_what_around_a_run_data_or_a_model(reader, axe):
    page = reader("/record")
    page.get_by_role("tab", name="Lineage").click()
    graph = page.get_by_role("region", name="Lineage")
    for name in ("maker", "table@1"):
        graph.get_by_role("link", name=name).wait_for()
    assert graph.locator("[aria-current=true]").inner_text().startswith("trained")
    assert not axe(page)
    graph.get_by_role("link", name="maker").click()
    page.get_by_text("Around the run maker.").wait_for()
    page.go_back()
    page.get_by_text("Around the run trained").wait_for()
    graph.get_by_role("link", name="table@1").click()
    page.get_by_text("which read table@1").wait_for()
    again = reader(page.url)
    again.get_by_text("which read table@1").wait_for()
    box = again.get_by_role("searchbox", name="What stands in the middle")
    box.fill("counter@1")
    box.press("Enter")
    again.get_by_text("which counter@1 came from").wait_for()
    box.fill("nothing-here")
    box.press("Enter")
    again.get_by_role("alert").filter(has_text="nothing in the record").wait_for()
    reader.faults.clear()  # the browser writes of each refused request
    phone = reader("/record?tab=lineage", viewport={"width": 390}, color_scheme="dark")
    phone.get_by_role("region", name="Lineage").get_by_role("link", name="maker").wait_for()
    assert not axe(phone)
    assert fits(phone)


def test_the_lineage_of_a_run_leads_to_that_of_the_next(reader):
    page = reader("/runs/trained?tab=lineage")
    graph = page.get_by_role("region", name="Lineage")
    graph.get_by_role("link", name="maker").click()
    page.get_by_role("heading", name="maker").wait_for()
    assert graph.locator("[aria-current=true]").inner_text().startswith("maker")
