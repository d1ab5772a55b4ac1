"""The page of a run in a browser: charts, console, code, files, live, by mouse and by keys."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import afield
from afield.hub.page import BUILT

TRAIN = """\
import afield, sys
rows = open("table.csv").read().splitlines()
for step in range(3000):
    afield.log({"loss": 1 / (step + 1), "test/acc": step % 7}, step=step)
print("\\x1b[32mgood\\x1b[0m morning")
print("a warning", file=sys.stderr)
for number in range(500):
    print("line", number)
open("report.html", "w").write("<h1>Report</h1><script>document.title = 'ran'</script>")
open("scores.csv", "w").write("name,score\\nada,1\\n")
"""


def recorded(folder):
    """Record two runs of a script that changes between them."""
    environ = {name: one for name, one in os.environ.items() if not name.startswith("AFIELD_")}
    script = folder / "train.py"
    (folder / "table.csv").write_text("x\n1\n")
    for name, code in (("first", TRAIN), ("second", TRAIN.replace("good", "fine"))):
        script.write_text(code)
        words = [sys.executable, "-m", "afield", "run", "--name", name, sys.executable, "train.py"]
        if name == "first":
            subprocess.run(
                [*words[:3], "init"], cwd=folder, check=True, capture_output=True, env=environ
            )
        subprocess.run(words, cwd=folder, check=True, capture_output=True, env=environ)


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Return the folder of a record of two commands."""
    if not (BUILT / "index.html").is_file():
        pytest.skip("not run: the built page is not here (make ui)")
    folder = tmp_path_factory.mktemp("page")
    recorded(folder)
    return folder


@pytest.fixture(scope="module")
def server(work):
    """Yield the address of `afield up` on that record."""
    words = [sys.executable, "-m", "afield", "up", "--port", "0", "--workspace", str(work)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield re.search(r"http://\S+", process.stderr.readline())[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def test_a_zoom_asks_the_server_again_and_its_address_shows_the_same_elsewhere(reader):
    page = reader("/runs/second?tab=charts")
    box = page.locator('[data-metric="loss"] .u-over')
    box.wait_for()
    at = box.bounding_box()
    page.mouse.move(at["x"] + at["width"] * 0.25, at["y"] + 50)
    page.mouse.down()
    page.mouse.move(at["x"] + at["width"] * 0.5, at["y"] + 60, steps=4)
    with page.expect_response(
        lambda answer: "first=" in answer.url and "loss" in answer.url
    ) as told:
        page.mouse.up()
    (series,) = told.value.json()["series"]
    assert 600 < series["count"] < 900
    assert len(series["x"]) == 400
    elsewhere = reader(page.url)
    plot = elsewhere.locator('[data-metric="loss"] .plot')
    plot.wait_for()
    assert f"after {series['count']} points" in plot.get_attribute("aria-label")
    plot.press("0")
    elsewhere.wait_for_url(re.compile(r"^((?!zoom).)*$"))
    elsewhere.locator('.plot[aria-label*="after 3000 points"]').first.wait_for()


def test_a_chart_is_saved_as_points_and_shown_large_by_its_address(reader):
    page = reader("/runs/second?tab=charts&full=test%2Facc&smooth=0.9")
    dialog = page.get_by_role("dialog", name="test/acc")
    dialog.locator("canvas").wait_for()
    dialog.get_by_label("Save test/acc").click()
    with page.expect_download() as saved:
        dialog.get_by_role("button", name="CSV").click()
    lines = Path(saved.value.path()).read_text().splitlines()
    assert lines[0] == "run,name,metric,step,step,time,value,min,max"
    assert len(lines) == 3001
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"^((?!full).)*$"))


def test_the_console_is_searched_and_keeps_its_colours(reader):
    page = reader("/runs/second?tab=console")
    page.get_by_text("fine", exact=True).wait_for()
    assert "ansi-green" in page.get_by_text("fine", exact=True).get_attribute("class")
    page.get_by_label("Find in the console").fill("line 499")
    page.get_by_text("1 of 1").wait_for()
    page.locator("mark", has_text="line 499").wait_for()
    assert page.locator(".printed").count() < 200


def test_code_is_compared_with_the_run_before(reader):
    page = reader("/runs/second?tab=code")
    page.locator(".source-text", has_text="import afield, sys").wait_for()
    page.get_by_label("Compare with").select_option("the run before it")
    page.locator(".diff-added", has_text="fine").wait_for()
    page.locator(".diff-removed", has_text="good").wait_for()
    assert "before" in page.url


def test_files_are_shown_and_what_is_in_them_runs_nowhere(reader):
    page = reader("/runs/second?tab=files&find=scores")
    page.get_by_role("cell", name="ada").wait_for()
    page = reader("/runs/second?tab=files&kind=output&path=report.html")
    frame = page.frame_locator("iframe")
    frame.get_by_role("heading", name="Report").wait_for()
    assert page.title() == "second · Afield"
    assert page.frames[1].title() != "ran"
    blocked = [one for one in reader.faults if "Blocked script execution" in one]
    assert blocked
    for one in blocked:
        reader.faults.remove(one)


def test_what_a_running_run_logs_shows_without_asking(reader, work):
    with afield.init(project="live", name="going", workspace=work) as run:
        run.log({"loss": 1.0}, step=0)
        page = reader("/runs/going?tab=charts")
        page.locator('.plot[aria-label*="after 1 points"]').wait_for()
        for step in range(1, 5):
            run.log({"loss": 1.0}, step=step)
        page.locator('.plot[aria-label*="after 5 points"]').wait_for()
    page.get_by_text("finished").first.wait_for()


def test_tabs_are_walked_by_keys_and_a_note_is_written(reader):
    page = reader("/runs/first?tab=reproductions")
    tab = page.get_by_role("tab", name="Reproductions")
    tab.wait_for()
    tab.press("ArrowRight")
    page.get_by_label("Write the first note").fill("looks promising")
    page.get_by_label("Write the first note").press("Control+Enter")
    page.get_by_role("article").get_by_text("looks promising").wait_for()
    assert page.get_by_role("tab", name="Notes").get_attribute("aria-selected") == "true"


def test_a_run_is_talked_about_and_a_comment_answered_dealt_with_and_opened_again(reader, axe):
    page = reader("/runs/first?tab=talk")
    thread = page.get_by_role("region", name="What was said")
    thread.get_by_label("about the part").fill("metrics.loss")
    thread.get_by_label("A comment").fill("it is flat")
    thread.get_by_role("button", name="Say it").click()
    first = thread.get_by_role("listitem").filter(has_text="it is flat")
    first.get_by_text("metrics.loss").wait_for()
    first.get_by_role("button", name="reply").click()
    thread.get_by_label("Your reply").fill("as it should be")
    thread.get_by_label("Your reply").press("Control+Enter")
    replied = first.get_by_role("listitem").get_by_text("as it should be")
    replied.wait_for()
    assert not axe(page)
    first.get_by_role("button", name="mark as dealt with").press("Enter")
    replied.wait_for(state="detached")
    assert not axe(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # on "1 reply": the focus stayed beside it
    replied.wait_for()
    first.get_by_role("button", name="open again").click()
    first.get_by_text("dealt with", exact=True).wait_for(state="detached")
    assert replied.is_visible()


def test_a_deleted_run_is_restored_from_its_page_as_narrow_as_a_telephone(reader):
    page = reader("/runs/first", color_scheme="dark", viewport={"width": 390, "height": 800})
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("deleted", exact=True).wait_for()
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("button", name="Delete").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
