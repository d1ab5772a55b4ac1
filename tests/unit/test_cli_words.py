"""How numbers, times and strangers' texts are worded."""

from __future__ import annotations

import io
import json
import math
from datetime import UTC, datetime, timedelta

import pytest

from afield.cli import words
from afield.cli.columns import chosen, fitting
from afield.cli.output import emit_json, plain, safe_console

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("size_bytes", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1_450_000, "1.45 MB"), (12 * 10**12, "12 TB")],
)
def test_sizes_are_decimal_and_short(size_bytes, said):
    assert words.size(size_bytes) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.34, "340 ms"),
        (4.23, "4.2 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (86_400, "1 d"),
        (90_000, "1 d 1 h"),
        (None, ""),
    ],
)
def test_durations_are_two_units_at_most(seconds, said):
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "just now"),
        (30, "30 s ago"),
        (300, "5 min ago"),
        (7200, "2 h ago"),
        (864_00 * 3, "3 d ago"),
    ],
)
def test_times_are_told_as_how_long_ago(seconds, said):
    assert words.ago(NOW - timedelta(seconds=seconds), NOW) == said


def test_old_times_are_told_as_dates():
    assert words.ago(datetime(2024, 3, 2, 12, tzinfo=UTC), NOW) == "2024-03-02"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1.0, "1"),
        (0.1 + 0.2, "0.3"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (True, "True"),
        ("x", "x"),
    ],
)
def test_numbers_have_six_digits(value, said):
    assert words.number(value) == said


def test_json_is_strict_for_numbers_that_json_has_not():
    out = io.StringIO()
    emit_json({"a": [math.nan, math.inf, {"b": -math.inf}], "t": NOW, "s": "\udcff"}, out)
    found = json.loads(out.getvalue(), parse_constant=pytest.fail)
    assert found == {"a": ["nan", "inf", {"b": "-inf"}], "t": "2026-05-01T12:00:00+00:00", "s": "?"}


def test_recorded_text_cannot_steer_the_terminal():
    hostile = "a\x1b]0;title\x07\x1b[2Jb\r\n\u202ec\x9b"
    assert not set(plain(hostile)) & set("\x1b\x07\r\n\u202e\x9b")
    shown = safe_console("\x1b[31mred\x1b[0m\x1b[2J\x1b]0;x\x07\n")
    assert shown.startswith("\x1b[31mred\x1b[0m")
    assert shown.count("\x1b") == 2
    assert shown.endswith("\n")


def row(**changes):
    found = {
        "id": "0123456789abcdef",
        "name": "n",
        "project": "p",
        "experiment": "e",
        "status": "failed",
        "exit_code": 3,
        "started": NOW,
        "ended": NOW,
        "duration_s": 1.0,
        "params": {},
        "metrics": {},
        "tags": {},
        "verdict": None,
        "reproduces": None,
        "deleted": False,
    }
    return {**found, **changes}


def summary(value):
    return {"last": value, "min": value, "max": value, "mean": value, "count": 1}


def test_columns_that_tell_runs_apart_come_before_those_that_do_not():
    rows = [
        row(params={"same": 1, "lr": 0.1}, metrics={"acc": summary(0.5)}),
        row(params={"same": 1, "lr": 0.2}, metrics={"acc": summary(0.6), "rare": summary(1)}),
    ]
    shown, left_out = fitting(rows, NOW, 53)
    assert [found.field for found in shown[4:]] == ["params.lr", "metrics.acc"]
    assert "params.same" in left_out
    everything, rest = fitting(rows, NOW, 300)
    assert rest == []
    assert {"params.same", "metrics.rare", "duration"} <= {found.field for found in everything}


def test_a_metric_whose_name_has_dots_is_found_whole_before_its_parts():
    rows = [row(metrics={"val.max": summary(2.0), "val": {**summary(1.0), "max": 9.0}})]
    shown = chosen(["metrics.val.max", "metrics.val.min", "status", "id"], rows, NOW)
    assert [found.cells[0] for found in shown] == ["2", "1", "failed (3)", "01234567"]
