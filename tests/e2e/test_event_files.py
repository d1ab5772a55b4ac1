"""Scalars in the TensorBoard event files that a recorded command writes are series of its run."""

from __future__ import annotations

import json
import sys

import pytest

from afield.workspace.workspace import Workspace

pytest.importorskip("tensorboardX", reason="not run: nothing writes event files here")

HEAD = """
import glob, os
from tensorboardX import SummaryWriter

def write(folder, *tags, steps=4):
    with SummaryWriter(folder) as writer:
        for step in range(steps):
            for tag in tags:
                writer.add_scalar(tag, 1 / (step + 1), step)
        writer.add_text("words", "nothing of this")
"""


@pytest.fixture
def record(project, afield):
    def call(text: str) -> dict:
        (project / "script.py").write_text(HEAD + text)
        done = afield("run", "--json", "--trace", "python", sys.executable, "script.py")
        assert done.code == 0, done.err
        told = json.loads(done.err.strip().splitlines()[-1])
        return told | {"metrics": afield("show", "--json", told["run"]).json["metrics"]}

    return call


def test_scalars_are_named_by_their_tag(record, project):
    told = record("write('logs', 'loss', 'acc')")
    assert set(told["metrics"]) == {"loss", "acc"}
    assert not told["warnings"]
    with Workspace.open(project) as workspace:
        points = workspace.series(told["run"], "loss")
    assert points["step"].to_pylist() == [0, 1, 2, 3]
    assert points["value"].to_pylist() == [1.0, 0.5, pytest.approx(1 / 3), 0.25]


def test_scalars_of_several_folders_are_named_by_folder_and_tag(record):
    told = record("write('logs/train', 'loss'); write('logs/val', 'loss'); write('logs', 'lr')")
    assert set(told["metrics"]) == {"train/loss", "val/loss", "lr"}


def test_what_the_script_logged_itself_is_not_taken_twice(record):
    told = record("import afield; afield.log({'loss': 9.0}); write('logs', 'loss', 'acc')")
    assert told["metrics"]["loss"]["last"] == 9.0
    assert told["metrics"]["loss"]["count"] == 1
    assert told["metrics"]["acc"]["count"] == 4


def test_a_torn_file_is_read_as_far_as_it_is_whole_and_that_is_said(record):
    told = record("""
write('logs', 'loss')
(path,) = glob.glob('logs/*')
os.truncate(path, os.path.getsize(path) - 200)
""")
    assert 0 < told["metrics"]["loss"]["count"] <= 4
    (warning,) = told["warnings"]
    assert "event file logs/events.out.tfevents" in warning
    assert "cut at byte" in warning


def test_what_is_no_event_file_is_a_warning_and_no_fault(record):
    told = record("open('events.out.tfevents.1.here', 'wb').write(b'x' * 100)")
    assert told["metrics"] == {}
    assert "damaged at byte 0" in told["warnings"][0]


def test_nothing_is_taken_where_a_person_does_not_want_it(record, afield):
    assert afield("config", "run.tensorboard", "off").code == 0
    assert record("write('logs', 'loss')")["metrics"] == {}


def test_a_reproduction_takes_them_again_and_compares(record, afield):
    told = record("write('logs', 'loss')")
    found = afield("reproduce", "--json", "--env", "here", told["run"]).json
    assert found["verdict"] == "identical"
    assert [one["name"] for one in found["metrics"]] == ["loss"]
