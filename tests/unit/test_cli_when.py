"""How instants that people wait for are worded."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from afield.cli.when import when

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("left_s", "words"),
    [
        (3599, "Tue 24 Nov 1:59 (in 1 h)"),
        (-3599, "Tue 24 Nov 0:00 (1 h ago)"),
        (-468, "Tue 24 Nov 0:52 (8 min ago)"),
        (19.9, "Tue 24 Nov 1:00 (in 20 s)"),
        (1, "Tue 24 Nov 1:00 (now)"),
        (14 * 86_400, "Tue 08 Dec 1:00 (in 14 d)"),
    ],
)
def test_an_instant_is_told_by_the_readers_clock_no_finer_than_it_is_worth(left_s, words):
    assert when(int((NOW.timestamp() + left_s) * 1000), NOW) == words


def test_what_never_comes_is_never_and_another_place_is_named():
    assert when(None, NOW) == "never"
    there = ZoneInfo("Asia/Kolkata")
    assert when(int(NOW.timestamp() * 1000), NOW, there) == "Tue 24 Nov 5:30 there (now)"
