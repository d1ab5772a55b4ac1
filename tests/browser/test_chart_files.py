"""Charts as files: what is saved holds what is drawn, grouped, on logarithmic axes, as numbers."""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from xml.etree import ElementTree as ET

import pytest

import afield

SVG = "{http://www.w3.org/2000/svg}"
LEFT, RIGHT = 70, 780
STEPS = 40
PEOPLE = 60


@pytest.fixture
def charts(reader, record):
    """Return what opens the charts of six runs, two of each model, seen in some way."""
    ids = ",".join(afield.open(record).run(f"run-{n:02d}").id for n in range(6))

    def opened(how):
        page = reader(f"/compare?runs={ids}&tab=charts&{how}", accept_downloads=True)
        page.locator("[data-metric=loss] canvas").wait_for()
        return page

    return opened


def saved(page, metric, kind):
    """Return the name and the bytes of a chart's file."""
    chart = page.locator(f"[data-metric={metric}]")
    chart.locator("canvas").wait_for()
    chart.get_by_label(f"Save {metric}").click()
    with page.expect_download() as given:
        chart.get_by_role("button", name=kind).click()
    return given.value.suggested_filename, given.value.path().read_bytes()


def rows(data):
    return list(csv.DictReader(io.StringIO(data.decode())))


def read(data):
    return ET.fromstring(data)  # noqa: S314 - drawn by our own page


def lines(data):
    """Return the parts of an SVG's lines by their titles."""
    found = {}
    for group in read(data).iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        if title is not None:
            found[title.text] = group.findall(f"{SVG}path")
    return found


def places(path):
    """Return the points of an SVG's path."""
    return [tuple(map(float, one.split())) for one in re.findall(r"[-\d.]+ [-\d.]+", path.get("d"))]


def test_runs_brought_together_are_their_mean_with_a_band_from_least_to_most(charts):
    page = charts("group=model")
    name, data = saved(page, "acc", "CSV")
    assert name == "acc.csv"
    found = rows(data)
    assert {one["name"] for one in found} == {
        f"model = {model} (mean of 2)" for model in ("tree", "linear", "net")
    }
    assert len(found) == 3 * STEPS
    for one in (one for one in found if "linear" in one["name"]):  # run-01 and run-04
        assert float(one["min"]) == pytest.approx(1 / PEOPLE)
        assert float(one["max"]) == pytest.approx(4 / PEOPLE)
        assert float(one["value"]) == pytest.approx(2.5 / PEOPLE)
    drawn = lines(saved(page, "acc", "SVG")[1])
    band, mean = drawn["model = linear (mean of 2)"]
    assert band.get("fill") == mean.get("stroke")
    heights = sorted({y for _, y in places(band)})
    assert len(heights) == 2
    assert [y for _, y in places(mean)] == pytest.approx([sum(heights) / 2] * STEPS, abs=0.02)


def test_steps_stand_by_their_logarithm_and_the_step_before_the_first_is_left_out(charts):
    name, data = saved(charts("log=x&band=false"), "loss", "SVG")
    assert name == "loss.svg"
    (path,) = lines(data)["run-00"]
    wanted = [
        LEFT + (RIGHT - LEFT) * math.log(step) / math.log(STEPS - 1) for step in range(1, STEPS)
    ]
    assert [x for x, _ in places(path)] == pytest.approx(wanted, abs=0.01)
    told = [one.text for one in read(data).iter(f"{SVG}text")]
    assert {"loss", "1", "10"} <= set(told)


def test_each_run_is_in_the_table_of_its_points(charts):
    name, data = saved(charts(""), "loss", "CSV")
    assert name == "loss.csv"
    found = rows(data)
    assert len(found) == 6 * STEPS
    for name, some in itertools.groupby(found, key=lambda one: one["name"]):
        number = int(name.removeprefix("run-"))
        values = [float(one["value"]) for one in some]
        assert values == pytest.approx([1 / (step + number + 1) for step in range(STEPS)])


def test_the_picture_has_every_line_in_its_colour_on_the_paper_of_the_page(charts):
    from PIL import Image

    page = charts("")
    name, data = saved(page, "loss", "PNG")
    assert name == "loss.png"
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    canvas = page.locator("[data-metric=loss] canvas")
    assert list(picture.size) == canvas.evaluate("one => [one.width, one.height + 30]")
    colours = {colour for _, colour in picture.getcolors(1 << 20)}
    shown = saved(page, "loss", "SVG")[1]
    for paths in lines(shown).values():
        assert tuple(bytes.fromhex(paths[-1].get("stroke").removeprefix("#"))) in colours
    assert picture.getpixel((0, 0)) == (255, 255, 255)
