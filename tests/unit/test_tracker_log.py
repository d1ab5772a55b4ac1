"""Logging from one process: what is kept, and that nothing reaches the training."""

from __future__ import annotations

import argparse
import enum
import logging
import math
import signal
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import afield


@pytest.fixture
def run(tmp_path):
    with afield.init(workspace=tmp_path) as run:
        yield run


def _points(tmp_path, run, name):
    with afield.open(tmp_path) as workspace:
        table = workspace.series(run.id, name)
    return table["step"].to_pylist(), table["value"].to_pylist()


def test_nan_and_infinities_come_back_live_and_sealed(tmp_path, run):
    values = [1.0, math.nan, math.inf, -math.inf, -0.0, 5e-324]
    for value in values:
        run.log({"loss": value})
    live = _points(tmp_path, run, "loss")[1]
    run.finish()
    sealed = _points(tmp_path, run, "loss")[1]
    expected = np.array(values).tobytes()
    assert np.array(live).tobytes() == np.array(sealed).tobytes() == expected


def test_summary_of_nan_and_infinities_is_told_truly(tmp_path, run):
    for value in (2.0, math.nan, math.inf, math.nan):
        run.log({"loss": value, "only": math.nan})
    run.finish()
    with afield.open(tmp_path) as workspace:
        found = workspace.run(run.id).metrics
    loss, only = found["loss"], found["only"]
    assert (loss.min, loss.max, loss.mean, loss.count) == (2.0, math.inf, math.inf, 4)
    assert math.isnan(loss.last)
    assert all(math.isnan(part) for part in (only.last, only.min, only.max, only.mean))
    assert only.count == 4


def test_steps_may_repeat_and_go_back(tmp_path, run):
    for step in (5, 5, -3, 7, 0):
        run.log({"loss": float(step)}, step=step)
    run.finish()
    assert _points(tmp_path, run, "loss") == ([5, 5, -3, 7, 0], [5.0, 5.0, -3.0, 7.0, 0.0])


def test_without_a_step_each_call_is_one_further(tmp_path, run):
    run.log({"a": 1, "b": 1})
    run.log({"a": 2})
    run.log({"a": 3}, step=10)
    run.log({"a": 4}, commit=False)
    run.log({"a": 5})
    run.log({"a": 6})
    run.finish(None)
    assert _points(tmp_path, run, "a")[0] == [0, 1, 10, 11, 11, 12]


def test_numbers_of_any_kind_are_metrics(tmp_path, run):
    kinds = [True, 3, np.float32(0.5), np.int64(7), np.array(2.5), Fraction(1, 4), 10**300]
    for kind in kinds:
        run.log({"x": kind}, step=np.int32(1))
    run.finish()
    assert _points(tmp_path, run, "x") == ([1] * 7, [1.0, 3.0, 0.5, 7.0, 2.5, 0.25, 1e300])


def test_nested_values_are_joined_by_slashes(tmp_path, run):
    run.log({"train": {"loss": 1.0, "by": {"class": 2.0}}, 3: 4.0})
    run.finish()
    with afield.open(tmp_path) as workspace:
        assert set(workspace.run(run.id).metrics) == {"train/loss", "train/by/class", "3"}


def test_what_is_no_number_goes_to_the_summary(tmp_path, run):
    run.log({"text": "abc", "list": [1, 2], "none": None, "loss": 1.0})
    run.finish()
    with afield.open(tmp_path) as workspace:
        view = workspace.run(run.id)
        assert set(view.metrics) == {"loss"}
        assert view.summary == {"text": "abc", "list": "[1, 2]", "none": None}
    assert run.faults == 0


class Broken:
    def __float__(self):
        raise RuntimeError("no")

    def __str__(self):
        raise RuntimeError("no")


def test_nothing_that_is_logged_raises_and_the_first_fault_is_told(tmp_path, run, caplog):
    with caplog.at_level(logging.WARNING, "afield"):
        run.log({"bad": Broken(), "good": 1.0})
        run.log(None)
        run.log({"good": 2.0}, step="seven")
        run.log({"good": 3.0}, step=1 << 80)
        run.save(tmp_path / "missing")
        run.config.update(3)
    run.finish()
    assert run.faults >= 4
    assert len([record for record in caplog.records if run.id in record.getMessage()]) == 1
    assert _points(tmp_path, run, "good")[1] == [1.0]


def test_logging_after_the_end_is_a_fault_and_no_more(tmp_path, run):
    run.log({"loss": 1.0})
    run.finish()
    run.finish()
    run.log({"loss": 2.0})
    assert run.faults == 1
    assert _points(tmp_path, run, "loss")[1] == [1.0]


def test_a_hundred_thousand_metrics_in_one_run(tmp_path, run):
    run.log({f"layer{number}/grad": float(number) for number in range(100_000)}, step=3)
    run.finish()
    assert run.faults == 0
    with afield.open(tmp_path) as workspace:
        view = workspace.run(run.id)
        assert len(view.metrics) == 100_000
        assert view.metrics["layer99999/grad"].last == 99999.0
        assert workspace.series(run.id, "layer54321/grad")["value"].to_pylist() == [54321.0]
        assert not [finding for finding in workspace.verify() if finding.damaged]


def test_threads_lose_nothing(tmp_path, run):
    def work(number):
        for turn in range(2_000):
            run.log({f"m{number}": float(turn), "all": 1.0}, step=turn)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.finish()
    expected = (list(range(2_000)), [float(turn) for turn in range(2_000)])
    assert all(_points(tmp_path, run, f"m{number}") == expected for number in range(8))
    assert len(_points(tmp_path, run, "all")[0]) == 16_000


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
def test_logging_from_a_signal_handler_loses_nothing(tmp_path, run):
    times = 0

    def handler(*_):
        nonlocal times
        times += 1
        run.log({"handler": float(times)})

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0002)
    try:
        turns = 0
        while times < 100:
            run.log({"main": float(turns), "second": 1.0})
            turns += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    run.log({"main": float(turns)})
    run.finish()
    assert run.faults == 0
    assert _points(tmp_path, run, "main")[1] == [float(turn) for turn in range(turns + 1)]
    assert len(_points(tmp_path, run, "handler")[1]) == times


class Kind(enum.Enum):
    A = 1


def test_config_takes_anything_and_is_read_back(tmp_path):
    config = {
        "lr": 0.1,
        "epochs": 3,
        "amp": True,
        "model": "tree",
        "nothing": None,
        "opt": {"name": "sgd", "betas": (0.9, 0.99)},
        "nan": math.nan,
        "path": Path("a/b"),
        "kind": Kind.A,
        "big": 1 << 70,
        "np": np.float64(0.5),
        "empty": {},
    }
    run = afield.init(workspace=tmp_path, config=config)
    run.config.extra = 5
    run.config["lr"] = 0.2
    run.config.update({"late": "yes"}, allow_val_change=True)
    assert run.config.lr == 0.2
    assert run.config["opt"]["name"] == "sgd"
    assert "missing" not in run.config
    with pytest.raises(AttributeError):
        run.config.missing  # noqa: B018 - the access is what is tested
    run.finish()
    with afield.open(tmp_path) as workspace:
        params = workspace.run(run.id).params
    assert params == {
        "lr": 0.2,
        "epochs": 3,
        "amp": True,
        "model": "tree",
        "nothing": None,
        "opt.name": "sgd",
        "opt.betas": "[0.9, 0.99]",
        "nan": "nan",
        "path": "a/b",
        "kind": "Kind.A",
        "big": str(1 << 70),
        "np": 0.5,
        "empty": "{}",
        "extra": 5,
        "late": "yes",
    }


def test_a_namespace_of_argparse_is_a_config(tmp_path):
    run = afield.init(workspace=tmp_path, config=argparse.Namespace(lr=0.1, depth=4))
    run.finish()
    with afield.open(tmp_path) as workspace:
        assert workspace.run(run.id).params == {"lr": 0.1, "depth": 4}


def test_a_long_param_is_kept_as_an_object(tmp_path):
    text = "ä" * 30_000
    run = afield.init(workspace=tmp_path, config={"prompt": text})
    run.finish()
    with afield.open(tmp_path) as workspace:
        shown = workspace.run(run.id).params["prompt"]
        assert shown.startswith("object:")
        assert workspace.text_of(shown.removeprefix("object:")) == text


def test_thousands_of_params_fit_their_entries(tmp_path):
    config = {f"p{number}": "\x00" * 4_000 for number in range(600)}
    run = afield.init(workspace=tmp_path, config=config)
    run.finish()
    assert run.faults == 0
    with afield.open(tmp_path) as workspace:
        assert workspace.run(run.id).params == config


def test_secrets_are_replaced_before_anything_is_written(tmp_path):
    token = "ghp_" + "a1B2" * 9
    run = afield.init(
        workspace=tmp_path, config={"token": token, "lr": "0.1"}, tags={"t": token}, notes=token
    )
    run.summary["url"] = f"https://x:{token}@example.org/"
    run.finish()
    everything = b"".join(
        path.read_bytes() for path in (tmp_path / ".afield").rglob("*") if path.is_file()
    )
    assert token.encode() not in everything
    with afield.open(tmp_path) as workspace:
        view = workspace.run(run.id)
        assert "redacted:" in str(view.params["token"])
        assert view.params["lr"] == "0.1"
        assert "redacted:" in view.notes[0].text


def test_no_name_tag_or_param_holds_a_secret(tmp_path):
    token = "ghp_" + "a1B2" * 9
    config = {
        "nested": {"password": "letters only"},
        token: 1,
        "pad_token": "<pad>",
        "max_token": 9,
    }
    names = {"name": token, "project": f"p {token}", "experiment": token}
    run = afield.init(workspace=tmp_path, config=config, tags={token: "t"}, **names)
    run.tag(**{"auth-token": "letmeinplease"})
    run.finish()
    everything = b"".join(
        path.read_bytes() for path in (tmp_path / ".afield").rglob("*") if path.is_file()
    )
    for secret in (token, "letters only", "letmeinplease"):
        assert secret.encode() not in everything
    with afield.open(tmp_path) as workspace:
        view = workspace.run(run.id)
        assert view.name == "redacted:github-token"
        assert view.params["nested.password"] == "redacted:name"
        assert (view.params["pad_token"], view.params["max_token"]) == ("<pad>", 9)


def test_files_of_secrets_are_not_saved(tmp_path, run, monkeypatch):
    work = tmp_path / "work"
    (work / "out").mkdir(parents=True)
    (work / "out" / ".env").write_text("DB_PASSWORD=letmeinplease")
    (work / "out" / "a.txt").write_text("x")
    monkeypatch.chdir(work)
    run.save("out")
    run.finish()
    assert run.faults == 1
    with afield.open(tmp_path) as workspace:
        assert [file.path for file in workspace.run(run.id).saved] == ["out/a.txt"]


def test_saved_files_keep_their_names_and_bytes(tmp_path, run, monkeypatch):
    work = tmp_path / "work"
    (work / "out" / "deep").mkdir(parents=True)
    (work / "out" / "model.bin").write_bytes(b"\x00\x01")
    (work / "out" / "deep" / "log.txt").write_text("hello")
    monkeypatch.chdir(work)
    run.save("out/model.bin")
    run.save("out")
    outside = tmp_path / "elsewhere.txt"
    outside.write_text("x")
    run.save(outside)
    run.finish()
    assert run.faults == 0
    with afield.open(tmp_path) as workspace:
        view = workspace.run(run.id)
        kept = {file.path: workspace.record.vault.get(file.object) for file in view.saved}
    assert kept == {
        "out/model.bin": b"\x00\x01",
        "out/deep/log.txt": b"hello",
        "elsewhere.txt": b"x",
    }


def test_notes_and_tags_are_read_back(tmp_path):
    run = afield.init(workspace=tmp_path, tags=["baseline", "ü"], notes="first")
    run.note("second, längere")
    run.tag(stage="best", baseline=None)
    run.finish()
    with afield.open(tmp_path) as workspace:
        view = workspace.run(run.id)
        assert [note.text for note in view.notes] == ["first", "second, längere"]
        assert view.tags == {"ü": "true", "stage": "best"}


def test_a_run_that_is_given_another_name_is_found_by_it(tmp_path, run):
    run.name = "lr-0.1"
    run.name = ""  # says nothing
    run.finish()
    run.name = "too late"
    assert run.name == "lr-0.1"
    with afield.open(tmp_path) as workspace:
        assert workspace.run("lr-0.1").id == run.id


def test_a_second_init_finishes_the_first_run(tmp_path):
    first = afield.init(workspace=tmp_path, name="one")
    first.log({"loss": 1.0})
    second = afield.init(workspace=tmp_path, name="two")
    assert first.finished
    assert afield.run is second
    afield.log({"loss": 2.0})
    afield.finish()
    assert afield.run is None
    with afield.open(tmp_path) as workspace:
        assert [view.name for view in workspace.runs()] == ["two", "one"]
        assert [view.status for view in workspace.runs()] == ["finished", "finished"]
        assert workspace.run("one").metrics["loss"].last == 1.0


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ValueError("no"), "failed", 1),
        (SystemExit(0), "finished", 0),
        (SystemExit(3), "failed", 3),
        (SystemExit("words"), "failed", 1),
        (KeyboardInterrupt(), "killed", 130),
    ],
)
def test_a_run_left_by_an_exception_says_how_it_ended(tmp_path, error, status, code):
    run = afield.init(workspace=tmp_path)
    with pytest.raises(type(error)), run:
        raise error
    with afield.open(tmp_path) as workspace:
        view = workspace.run(run.id)
    assert (view.status, view.exit_code) == (status, code)


def test_odd_metric_names_survive(tmp_path, run):
    names = ["val/acc", "日本語 loss", "a\nb", 'quo"te', "", "\ud800x", "n" * 5_000]
    run.log(dict.fromkeys(names, 1.0))
    run.finish()
    assert run.faults == 0
    with afield.open(tmp_path) as workspace:
        found = set(workspace.run(run.id).metrics)
        assert workspace.series(run.id, "a\nb").num_rows == 1
    assert found == {*names[:5], "?x", "n" * 1_021 + "..."}


def _told(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "afield"]


def test_what_is_too_large_for_a_float_is_infinite_and_told_once(tmp_path, run, caplog):
    for value in (10**400, -(10**400), 10**400):
        run.log({"huge": value})
    run.finish()
    assert _points(tmp_path, run, "huge")[1] == [math.inf, -math.inf, math.inf]
    assert [text for text in _told(caplog) if "too large for a float" in text] == _told(caplog)
    assert (len(_told(caplog)), run.faults) == (1, 0)


def test_of_a_step_that_is_no_integer_the_whole_part_counts_and_it_is_told_once(
    tmp_path, run, caplog
):
    run.log({"x": 0.0}, step=3.0)
    assert _told(caplog) == []
    for step in (1.7, 2.9):
        run.log({"x": step}, step=step)
    run.log({"x": 4.0})
    run.finish()
    assert _points(tmp_path, run, "x")[0] == [3, 1, 2, 3]
    assert len(_told(caplog)) == 1
    assert "step=1.7 is no integer" in _told(caplog)[0]


def test_a_step_that_cannot_be_does_not_spoil_the_calls_after_it(tmp_path, run):
    run.log({"x": 1.0}, step=7)
    for step in (1 << 80, math.nan, "seven", (1 << 63) - 1):
        run.log({"x": 2.0}, step=step)
    run.log({"x": 3.0})
    run.finish()
    assert _points(tmp_path, run, "x") == ([7, 8], [1.0, 3.0])
    assert run.faults == 4


@pytest.mark.parametrize(
    "late",
    [
        lambda run: run.config.update({"late": 1}),
        lambda run: run.config.__setitem__("late", 1),
        lambda run: setattr(run.config, "late", 1),
        lambda run: run.summary.__setitem__("late", 1),
        lambda run: run.log({"late": "text"}),
        lambda run: run.save(__file__),
        lambda run: run.note("late"),
        lambda run: run.tag(late="yes"),
    ],
)
def test_after_the_end_nothing_is_taken_and_that_is_told_once(tmp_path, caplog, late):
    run = afield.init(workspace=tmp_path, config={"lr": 1})
    run.finish()
    for _ in range(3):
        late(run)
    assert len(_told(caplog)) == 1
    assert "ended" in _told(caplog)[0]
    assert run.faults == 3
    assert "late" not in run.config
    with afield.open(tmp_path) as workspace:
        view = workspace.run(run.id)
        assert (view.params, view.summary, view.tags) == ({"lr": 1}, {}, {})
        assert (view.saved, view.notes) == ([], [])


def test_patterns_and_a_base_say_what_is_saved_and_how_it_is_named(tmp_path, run):
    for name in ("a.pt", "b.pt", "c.txt"):
        (tmp_path / "out" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "out" / name).write_text(name)
    run.save(str(tmp_path / "out" / "*.pt"), base_path=tmp_path)
    run.save()
    assert run.faults == 0
    run.save(str(tmp_path / "out" / "*.none"))
    assert run.faults == 1
    run.finish()
    with afield.open(tmp_path) as workspace:
        assert [file.path for file in workspace.run(run.id).saved] == ["out/a.pt", "out/b.pt"]


def test_files_in_the_runs_own_folder_are_kept_when_it_ends(tmp_path, run):
    assert run.url is None
    folder = Path(run.dir)
    assert run.dir == str(folder)
    assert folder.is_dir()
    (folder / "plots").mkdir()
    (folder / "plots" / "a.txt").write_text("first")
    (folder / "plots" / "a.txt").write_text("last")
    (folder / "model.bin").write_bytes(b"\0" * 100)
    run.finish()
    assert not folder.exists()
    with afield.open(tmp_path) as workspace:
        view = workspace.run(run.id)
        kept = {saved.path: saved for saved in view.saved}
        assert set(kept) == {"plots/a.txt", "model.bin"}
        assert workspace.record.vault.get(kept["plots/a.txt"].object) == b"last"
    assert run.faults == 0


def test_a_folder_is_there_even_where_nothing_is_kept(tmp_path):
    with afield.init(workspace=tmp_path, mode="disabled") as silent:
        Path(silent.dir, "a.txt").write_text("nobody keeps it")
    with afield.init(workspace=tmp_path) as ended:
        ended.finish()
        Path(ended.dir, "late.txt").write_text("too late")
    assert ended.faults == 1
    with afield.open(tmp_path) as workspace:
        assert workspace.run(ended.id).saved == []
        assert list((workspace.path / "live").iterdir()) == []
