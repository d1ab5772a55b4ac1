from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from afield.replay.canonical import Look, judge
from afield.replay.canonical.plain import compare_console
from afield.replay.masks import Masks, Window, is_duration_name, last_frames
from afield.replay.verdict import Grade

MARCH = int(datetime(2026, 3, 2, 10, 0, tzinfo=UTC).timestamp() * 1000)
MAY = int(datetime(2026, 5, 7, 22, 30, tzinfo=UTC).timestamp() * 1000)


def look():
    old = Masks([("/home/ada/proj", "project"), ("/opt/venv", "environment")], Window(MARCH, MARCH))
    new = Masks([("/srv/again/proj", "project"), ("/c/env", "environment")], Window(MAY, MAY))
    return Look(judge=judge, old=old, new=new)


def grade(old, new):
    return compare_console(old, new, look()).grade


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2026-03-02 10:00:01,123 INFO start", "2026-05-07 22:30:59,001 INFO start"),
        ("Mon Mar  2 10:00:01 2026", "Thu May  7 22:30:11 2026"),
        ("at 2026-03-02T10:00:00.5+00:00 done", "at 2026-05-07T22:30:00+00:00 done"),
        ("run_20260302_100001", "run_20260507_223000"),
        ("took 3.21s", "took 10.5s"),
        ("fit in 12 ms", "fit in 900 us"),
        ("1m 30s", "2m 5.5s"),
        ("elapsed: 3.2", "elapsed: 4.9"),
        ("Wall time: 1.2 seconds", "Wall time: 3.9 seconds"),
        ("10/10 [00:01<00:00, 9.9it/s]", "10/10 [00:02<00:00, 5.0it/s]"),
        ("1234.5 samples/s", "99 samples/s"),
        ("<Net object at 0x7f12ab34cd56>", "<Net object at 0x7f99ffaa0010>"),
        ("/home/ada/proj/train.py:3: UserWarning", "/srv/again/proj/train.py:3: UserWarning"),
        ("/opt/venv/lib/x.py", "/c/env/lib/x.py"),
        ("saved /tmp/tmpabcd1234/m.pkl", "saved /tmp/tmpzz99yy88/m.pkl"),
        ("worker pid=4711 up", "worker pid=12 up"),
        ("  0%|   |\r 50%|#  |\r100%|###|\n", "  0%|   |\r100%|###|\n"),
    ],
)
def test_what_differs_from_run_to_run_is_masked(old, new):
    assert grade(old, new) is Grade.CONTENT


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("accuracy 0.91", "accuracy 0.93"),
        ("first day 2019-01-01", "first day 2019-01-02"),
        ("2019-03-02 10:00", "2019-05-07 10:00"),
        ("digest 0xdeadbeef01", "digest 0xdeadbeef02"),
        ("saved /tmp/a/m.pkl", "saved /tmp/b/m.pkl"),
        ("saved /tmp/my_dataset/m.pkl", "saved /tmp/other_folder/m.pkl"),
        ("/home/ada/project2/x", "/home/ada/project3/x"),
        ("window 5 m", "window 6 m"),
        ("epoch 3", "epoch 4"),
        ("seed 123456", "seed 123457"),
        ("done", "done\nWARNING: more"),
        ("value 12:34", "value 12:35"),
        ("100%|###|\rbest 3\n", "100%|###|\rbest 4\n"),
    ],
)
def test_content_that_only_looks_similar_is_not_masked(old, new):
    assert grade(old, new) is Grade.DIVERGED


def test_packages_of_a_system_python_and_of_an_environment_are_in_one_place():
    old = Masks([("/usr", "python"), ("/usr", "environment")])
    new = Masks([("/usr", "python"), ("/c/env", "environment")])
    system = "/usr/lib/python3/dist-packages/np/a.py:3: Warning in /usr/lib/python3.11/json.py"
    rebuilt = (
        "/c/env/lib/python3.11/site-packages/np/a.py:3: Warning in /usr/lib/python3.11/json.py"
    )
    assert old.clean(system) == new.clean(rebuilt)
    assert old.clean(system).startswith("<packages>/np/a.py:3")


def test_the_masks_that_were_needed_are_named():
    judged = compare_console("took 3.2s at 0x7f12ab34cd56", "took 4.0s at 0x7f12ab34cd57", look())
    assert judged.detail == "masked: addresses, durations"


def test_numbers_of_the_console_are_compared_by_tolerance():
    judged = compare_console("loss 0.123456789", "loss 0.123456788", look())
    assert judged.grade is Grade.TOLERANCE
    assert judged.detail == "line 1: loss 0.123456789 vs 0.123456788"


@pytest.mark.parametrize("name", ["fit_time", "train/elapsed_s", "latency_ms", "time", "wallTime"])
def test_names_of_measured_times_are_known(name):
    assert is_duration_name(name)


@pytest.mark.parametrize("name", ["loss", "times_seen", "timestep", "rms", "items", "accuracy"])
def test_other_names_are_not_taken_for_times(name):
    assert not is_duration_name(name)


def test_a_redrawn_line_keeps_its_last_frame():
    assert last_frames("a\rb\r\nc\rd\r\n") == "b\nd\n"


@pytest.mark.parametrize(
    "part", ["1,", "1.", "/var/folders/a", "12:", "Mar 1 ", "0x", "[1:11<", "a\r"]
)
def test_hostile_console_is_masked_in_linear_time(part):
    masks = Masks([], Window(MARCH, MARCH))
    began = time.process_time()
    masks.clean(last_frames(part * 100_000))
    assert time.process_time() - began < 5
