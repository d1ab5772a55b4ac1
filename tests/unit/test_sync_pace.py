"""How fast and when: rates, hours of the day, and what they cost."""

from __future__ import annotations

import pytest

from afield.kernel.errors import Usage
from afield.sync.pace import Pace, parse_rate, parse_window


class Waiting:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now_s = 100.0

    def sleep(self, seconds):
        self.now_s += seconds

    def pace(self, rate):
        return Pace(rate, monotonic_s=lambda: self.now_s, sleep=self.sleep)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("500k", 5e5), ("500K", 5e5), ("2MB/s", 2e6), ("1.5m", 1.5e6), ("64", 64), ("1 gb", 1e9)],
)
def test_a_rate_is_bytes_a_second(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "k", "-5k", "5 apples", "0", "0.1", "1e9", "nan"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(Usage):
        parse_rate(text)


def test_a_limit_holds_on_the_whole_and_does_not_save_up():
    world = Waiting()
    pace = world.pace(1000.0)
    for _ in range(10):
        pace.spend(500)
    assert world.now_s == pytest.approx(105.0)
    world.now_s += 3600  # an idle hour gives no credit
    pace.spend(2000)
    assert world.now_s == pytest.approx(105.0 + 3600 + 2)


def test_without_a_limit_nothing_waits():
    world = Waiting()
    world.pace(None).spend(10**12)
    assert world.now_s == 100.0


@pytest.mark.parametrize(
    ("window", "now", "wait_min"),
    [
        ("22:00-06:00", (22, 0), 0),
        ("22:00-06:00", (5, 59), 0),
        ("22:00-06:00", (6, 0), 16 * 60),
        ("22:00-06:00", (21, 59), 1),
        ("9:30-17:00", (9, 29), 1),
        ("9:30-17:00", (17, 0), 16 * 60 + 30),
        ("00:00-24:00", (13, 13), 0),
    ],
)
def test_hours_of_the_day_may_go_over_midnight(window, now, wait_min):
    assert parse_window(window).wait_min(now[0] * 60 + now[1]) == wait_min


@pytest.mark.parametrize("text", ["", "22-6", "25:00-26:00", "22:60-23:00", "10:00-10:00"])
def test_what_are_no_hours_is_refused(text):
    with pytest.raises(Usage):
        parse_window(text)
