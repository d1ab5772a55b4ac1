from __future__ import annotations

import time

import pytest

from afield.replay.canonical import Look, judge
from afield.replay.masks import Masks
from afield.replay.verdict import Grade

LOOK = Look(judge=judge, tolerance=1e-3)
NAME = "events.out.tfevents.1795405107.vm"


@pytest.fixture
def written(tmp_path):
    board = pytest.importorskip("tensorboardX", reason="not run: nothing writes event files here")
    made = iter(range(100))

    def write(values, *, tag="loss", words="hello", first=0):
        folder = tmp_path / str(next(made))
        with board.SummaryWriter(str(folder)) as writer:
            for step, value in enumerate(values, first):
                writer.add_scalar(tag, value, step, walltime=time.time() + next(made))
            writer.add_text("note", words)
        (path,) = folder.iterdir()
        return path.read_bytes()

    return write


def test_only_the_time_of_each_event_is_not_judged(written):
    one, other = written([1.0, 0.5]), written([1.0, 0.5])
    assert one != other
    found = judge(NAME, one, other, LOOK)
    assert (found.grade, found.canonicaliser) == (Grade.CONTENT, "event file")
    assert found.unjudged == ("times not judged: 4 events",)


def test_scalars_are_judged_by_tolerance(written):
    near = judge(NAME, written([1.0, 0.5]), written([1.0, 0.5001]), LOOK)
    assert near.grade is Grade.TOLERANCE
    assert near.detail.startswith("event 3: loss at step 1: 0.5 vs 0.5001")
    assert judge(NAME, written([1.0, 0.5]), written([1.0, 0.6]), LOOK).grade is Grade.DIVERGED


@pytest.mark.parametrize("more", [{"words": "bye"}, {"tag": "acc"}, {"first": 1}])
def test_all_else_must_be_the_same(written, more):
    assert judge(NAME, written([1.0]), written([1.0], **more), LOOK).grade is Grade.DIVERGED


def test_more_events_are_a_difference(written):
    assert judge(NAME, written([1.0]), written([1.0, 0.5]), LOOK).grade is Grade.DIVERGED


def test_a_torn_file_is_not_vouched_for(written):
    one, other = written([1.0, 0.5]), written([1.0, 0.5])
    assert judge(NAME, one[:-5], other[:-5], LOOK).grade is Grade.DIVERGED


def test_measured_times_are_not_judged(written):
    one, other = written([1.0], tag="fit_time"), written([2.0], tag="fit_time")
    assert judge(NAME, one, other, LOOK).grade is Grade.CONTENT


def test_names_of_event_files_stand_for_one_another_whenever_they_were_written():
    masks = Masks()
    shown = [
        masks.paths(f"logs/events.out.tfevents.{rest}")
        for rest in ("1795405107.vm.12.0", "1795409999.vm.7.1")
    ]
    assert shown[0] == shown[1] == "logs/events.out.tfevents.<time>"
