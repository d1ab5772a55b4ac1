"""The seeds of a run are fresh each time, or exactly those that are given."""

from __future__ import annotations

import os

import pytest

from afield.kernel.errors import Usage
from afield.runs.capture import entropy, inside
from afield.runs.capture.draws import lines_drawing, lines_of_texts
from afield.runs.capture.trace import text_given


def test_a_plan_is_fresh_each_time():
    plans = [entropy.plan(seed=True) for _ in range(50)]
    assert len({plan.run_seed for plan in plans}) == 50
    assert len({plan.hash_seed for plan in plans}) > 45
    assert all(1 <= int(plan.hash_seed or 0) <= 0xFFFFFFFF for plan in plans)
    assert plans[0].mode == "replay"


def test_given_seeds_are_kept():
    plan = entropy.plan(seed=True, run_seed="0a" * 32, hash_seed="0")
    assert (plan.run_seed, plan.hash_seed) == ("0a" * 32, "0")
    assert plan.environ() == {"PYTHONHASHSEED": "0"}


def test_random_as_a_hash_seed_becomes_a_recorded_number():
    assert entropy.plan(seed=True, hash_seed="random").hash_seed not in (None, "random")


@pytest.mark.parametrize("seed", ["", "0a", "0A" * 32, "zz" * 32, "0a" * 33])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(Usage, match="not a run seed"):
        entropy.plan(seed=True, run_seed=seed)


@pytest.mark.parametrize("seed", ["-1", "4294967296", "x", "1.5", "²"])
def test_what_is_no_hash_seed_is_refused(seed):
    with pytest.raises(Usage, match="PYTHONHASHSEED"):
        entropy.plan(seed=True, hash_seed=seed)


def test_without_seed_and_trace_nothing_is_set():
    off = entropy.plan(seed=False, run_seed="0a" * 32)
    assert off.mode == "off"
    assert inside.environ("/t", {"PYTHONPATH": "/x"}, entropy=off, trace=False) == {}


def test_the_hook_goes_first_and_only_once_on_the_path():
    plan = entropy.plan(seed=True)
    found = inside.environ("/t", {"PYTHONPATH": f"/x{os.pathsep}/y"}, entropy=plan, trace=True)
    assert found["PYTHONPATH"] == os.pathsep.join([inside.HOOK_FOLDER, "/x", "/y"])
    again = inside.environ("/u", found, entropy=plan, trace=True)
    assert again["PYTHONPATH"] == found["PYTHONPATH"]
    bare = inside.environ("/t", {"PYTHONPATH": ""}, entropy=plan, trace=False)
    assert bare["PYTHONPATH"] == inside.HOOK_FOLDER
    assert bare["AFIELD_TRACE"] == "0"
    assert set(inside.VARIABLES) <= set(bare)


def test_lines_that_draw_are_found_in_cells_which_share_their_imports():
    cells = {
        "n.ipynb[1]": "import random as r",
        "n.ipynb[2]": "a = 1\nr.random()\nr.random(); r.random()",
        "n.ipynb[3]": "%%html\n<b>r.random()</b> is no Python",
        "n.ipynb[4]": "r.seed(1)",
    }
    assert lines_of_texts(cells, "random") == ["n.ipynb[2]:2", "n.ipynb[2]:3"]
    assert lines_of_texts(cells, "numpy.random") == []


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["-c", "x"], "x"),
        (["-cx c"], "x c"),
        (["-Ic", "x"], "x"),
        (["-X", "dev", "-Wonce", "-W", "ignore", "-c", "x", "-c", "y"], "x"),
        (["a.py", "-c", "x"], None),
        (["-m", "c", "-c", "x"], None),
        (["-mcProfile", "-c", "x"], None),
        (["-", "-c", "x"], None),
        (["--check-hash-based-pycs", "default", "-c", "x"], "x"),
        (["-c"], None),
        ([], None),
    ],
)
def test_code_on_the_command_line_is_found_as_python_finds_it(argv, text):
    assert text_given(["python", *argv]) == text


def test_lines_that_draw_are_found_by_what_names_stand_for(tmp_path):
    source = tmp_path / "a.py"
    source.write_text(
        "import numpy, random, numpy.random as npr\n"
        "from random import shuffle as mix, Random\n"
        "from numpy.random import rand\n"
        "from . import random as other\n"
        "numpy.random.normal()\n"
        "npr.choice([1])\n"
        "mix([])\n"
        "rand()\n"
        "random.seed(1); Random(1); numpy.random.default_rng()\n"
        "self.random.random()\n"
        "random.random\n"
    )
    broken = tmp_path / "b.py"
    broken.write_text("random (")
    sources = [str(source), str(broken), str(tmp_path / "none.py")]
    assert lines_drawing(sources, "random") == [f"{source}:7"]
    assert lines_drawing(sources, "numpy.random") == [f"{source}:{n}" for n in (5, 6, 8)]
