from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from afield.replay.canonical import Look, judge
from afield.replay.canonical.plain import compare_console
from afield.replay.masks import Masks, Window, last_frames
from afield.replay.timing import is_duration_name
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
        ("took 1m 30s", "took 2m 5.5s"),
        ("elapsed: 3.2", "elapsed: 4.9"),
        ("[CV] END C=1; total time=   0.1s", "[CV] END C=1; total time=   12.3s"),
        (
            "Done 5 out of 5 | elapsed:    0.0s finished",
            "Done 5 out of 5 | elapsed:  1.2min finished",
        ),
        (
            "(step 1 of 2) Processing pca, total=   0.0s",
            "(step 1 of 2) Processing pca, total=   1.0s",
        ),
        ("BIRCH as the final step took 0.12 seconds", "BIRCH as the final step took 9.1 seconds"),
        ("fitted 3 models in 0.3s", "fitted 3 models in 1.2s"),
        ("Finished in 2 minutes", "Finished in 1 hour and 3 minutes"),
        ("5/5 ━━━━ 0s 3ms/step - loss: 0.3", "5/5 ━━━━ 1s 12ms/step - loss: 0.3"),
        ("1.2 ms ± 30 µs per loop (7 runs)", "1.4 ms ± 3 µs per loop (7 runs)"),
        ("real\t0m1.234s\nuser\t0m0.9s", "real\t1m0.3s\nuser\t0m5.1s"),
        ("epoch 3 loss 0.5 (3.2s)", "epoch 3 loss 0.5 (4.1 s)"),
        ("step 1 ETA 00:12", "step 1 ETA 01:44:02"),
        ("elapsed 0:00:12.123456", "elapsed 1 day, 0:00:13"),
        ("10:00:01 INFO start", "22:30:59 INFO start"),
        ("[10:00:01] WARNING: x.cc:3", "[22:30:59] WARNING: x.cc:3"),
        ("INFO 10:00:01 a", "INFO 22:30:59 a"),
        ("started at 10:00:01", "started at 22:30:59"),
        ("Time:          10:00:01   AIC: 3", "Time:          22:30:01   AIC: 3"),
        ("Date:   Mon, 02, Mar, 2026", "Date:   Thu, 07, May, 2026"),
        ("[pid 12] up", "[pid 4711] up"),
        ("Time taken to run KMeans 0.12 seconds", "Time taken to run KMeans 1.5 seconds"),
        ("--- 3.2 seconds ---", "--- 4.2 seconds ---"),
        ("________f_classif - 0.0s, 0.0min", "________f_classif - 61.2s, 1.0min"),
        ("[Memory]0.0s, 0.0min    : Loading f", "[Memory]0.3s, 0.1min    : Loading f"),
        ("Wall time: 1.2 seconds", "Wall time: 3.9 seconds"),
        ("10/10 [00:01<00:00, 9.9it/s]", "10/10 [00:02<00:00, 5.0it/s]"),
        ("1/1 [00:00<00:00, 212.5it/s]\n", "1/1 [00:00<00:00, 9.9it/s]  \n"),
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
        ("best eta 0.123", "best eta 0.124"),
        ("eta=0.1", "eta=0.2"),
        ("winner: process 9138", "winner: process 9139"),
        ("predicted survival 38 hours", "predicted survival 39 hours"),
        ("RMSE 103.286 s", "RMSE 103.287 s"),
        ("survival time 38 s", "survival time 39 s"),
        ("run: time 717", "run: time 718"),
        ("half life (3.2s)", "half life (3.3s)"),
        ("dose 10:48:28", "dose 10:48:29"),
        ("Time: 10:48:28", "Time: 10:48:29"),
        ("Time: 10:00:01", "Time: 10:00:02"),
        ("lag 12 ms", "lag 13 ms"),
        ("saved /tmp/newcomer_model123456", "saved /tmp/newcomer_model123457"),
        ("saved /tmp/tmpabcd1234.csv", "saved /tmp/tmpzz99yy88.json"),
    ],
)
def test_content_that_only_looks_similar_is_not_masked(old, new):
    assert grade(old, new) is Grade.DIVERGED


def test_a_time_of_day_is_one_of_the_run_where_it_ran():
    start = int(datetime(2026, 3, 2, 23, 59, 50, tzinfo=UTC).timestamp() * 1000)
    told = "Time: 18:30:10"
    window = Window(start, start + 60_000, -19_800)
    assert Masks(window=window).clean(told) == "Time: <time>"
    assert Masks(window=Window(start, start + 60_000)).clean(told) == told
    assert Masks(window=Window(start, start + 60_000)).clean("Time: 00:00:40") == "Time: <time>"


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
    assert judged.grade is Grade.CONTENT
    assert judged.detail == "only addresses and times differ: line 1: took 3.2s vs 4.0s"
    assert judged.unjudged == (
        "addresses and times differ: line 1: took 3.2s vs 4.0s; masked, not judged",
    )
    assert not judged.hollow


def test_the_first_line_that_only_masks_make_alike_is_named_and_the_others_counted():
    old, new = "loss 1\ntook 3s\nx 0.5\ntook 4s", "loss 1\ntook 5s\nx 0.5\ntook 6s"
    detail = "only times differ: line 2: took 3s vs 5s (and 1 more lines)"
    assert compare_console(old, new, look()).detail == detail
    near = compare_console(old, new.replace("0.5", "0.5000000001"), look())
    assert near.grade is Grade.TOLERANCE
    assert near.unjudged[0].startswith("times differ: line 2")


def test_folders_that_are_known_to_the_letter_are_judged():
    judged = compare_console("/home/ada/proj/a", "/srv/again/proj/a", look())
    assert (judged.grade, judged.unjudged) == (Grade.CONTENT, ())


def test_dropped_frames_of_a_redrawn_line_are_told():
    judged = compare_console(" 50%\r100%\n", " 40%\r100%\n", look())
    assert judged.unjudged == ("only redrawn frames of progress bars differ",)


@pytest.mark.parametrize("text", ["took {}s\n", "{}:00:01\n\nFit time: {}.5 s\n", "done in {} ms"])
def test_a_text_of_measured_times_alone_is_hollow(text):
    judged = compare_console(text.format(11, 11), text.format(12, 12), look())
    assert judged.hollow
    assert not compare_console(
        "ok " + text.format(11, 11), "ok " + text.format(12, 12), look()
    ).hollow


def test_a_run_that_speaks_of_itself_is_compared_by_the_other_run_s_name():
    old = Masks()
    new = Masks(renamed=(("0198aa-new", "0197bb-old"), ("wise-fox", "brave-otter")))
    sides = Look(judge=judge, old=old, new=new)

    def compared(one, other):
        return compare_console(one, other, sides).grade

    assert compared("run brave-otter (0197bb-old)", "run wise-fox (0198aa-new)") is Grade.CONTENT
    assert compared("run brave-otter", "run wise-foxes") is Grade.DIVERGED
    assert compared("run brave-otter", "run calm-hare") is Grade.DIVERGED


def test_numbers_of_the_console_are_compared_by_tolerance():
    judged = compare_console("loss 0.123456789", "loss 0.123456788", look())
    assert judged.grade is Grade.TOLERANCE
    assert judged.detail == "line 1: loss 0.123456789 vs 0.123456788"


@pytest.mark.parametrize(
    "name",
    [
        "fit_time",
        "train/elapsed_s",
        "latency_ms",
        "wallTime",
        "total_seconds",
        "time_s",
        "duration",
        "mean_fit_time",
        "step_ms",
        "train_runtime",
        "eval_samples_per_second",
        "it_s",
    ],
)
def test_names_of_measured_times_are_known(name):
    assert is_duration_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "eta",
        "ms",
        "time",
        "seconds",
        "survival_time",
        "event_time",
        "hours",
        "s",
        "loss",
        "times_seen",
        "timestep",
        "rms",
        "items",
        "accuracy",
    ],
)
def test_other_names_are_not_taken_for_times(name):
    assert not is_duration_name(name)


def test_a_redrawn_line_keeps_its_last_frame():
    assert last_frames("a\rb\r\nc\rd\r\n") == "b\nd\n"


@pytest.mark.parametrize(
    "part",
    [
        "took ",
        "took a",
        "run time ",
        "___a - ",
        "1 h ",
        "in 1 ms ",
        "1m",
        "done ",
        "epoch 1 (",
        "1 ms/",
        "1",
        "1,",
        "1.",
        "/var/folders/a",
        "12:",
        "Mar 1 ",
        "0x",
        "[1:11<",
        "a\r",
    ],
)
def test_hostile_console_is_masked_in_linear_time(part):
    masks = Masks([], Window(MARCH, MARCH))
    began = time.process_time()
    masks.clean(last_frames(part * 100_000))
    assert time.process_time() - began < 5
