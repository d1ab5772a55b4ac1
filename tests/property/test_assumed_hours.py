"""Office hours that are assumed of a member come to what counting minute by minute comes to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from afield.members.calendar import Calendar
from afield.members.calendar.clocks import MINUTE_MS

HOURS = Calendar()
STARTS = st.integers(29_000_000, 29_100_000)
"""Minutes since 1970, in 2025."""


def works(minute):
    at = HOURS.local(minute * MINUTE_MS)
    return at.weekday() < 5 and 9 <= at.hour < 17


@given(STARTS, st.integers(1, 2_000))
def test_working_time_is_what_counting_minutes_gives(start, minutes):
    due_ms = HOURS.add_working(start * MINUTE_MS, minutes)
    worked, minute = 0, start
    while worked < minutes:
        worked += works(minute)
        minute += 1
    assert due_ms == minute * MINUTE_MS
    assert HOURS.working_minutes(start * MINUTE_MS, due_ms) == minutes
    first = next(each for each in range(start, start + 5_000) if works(each))
    assert HOURS.next_working(start * MINUTE_MS) == first * MINUTE_MS
