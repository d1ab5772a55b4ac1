"""Calendars: shifts tile every day of every zone, and due times are what counting minutes says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.members.calendar import Calendar, Facts, Leave, Span
from afield.members.calendar.clocks import clock_of, zone_names
from afield.members.calendar.weekly import from_body, from_words, to_body, to_words
from afield.members.errors import HoursBad

DAY_MS = 86_400_000
SINCE = date.min
THIRDS = ((360, 840), (840, 1320), (1320, 1800))


def ms(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000)


def in_thirds(zone: str) -> list[Calendar]:
    every = [tuple(Span(day, *third) for day in range(7)) for third in THIRDS]
    return [Calendar(Facts(zones=((SINCE, zone),), hours=((SINCE, spans),))) for spans in every]


def assert_tiled(zone: str, start_ms: int, end_ms: int) -> None:
    shifts = sorted(one for each in in_thirds(zone) for one in each.working(start_ms, end_ms))
    assert (shifts[0].start_ms, shifts[-1].end_ms) == (start_ms, end_ms), zone
    for before, after in pairwise(shifts):
        assert before.end_ms == after.start_ms, (zone, before, after)


def test_three_shifts_tile_every_day_of_two_years_in_every_zone():
    alike: dict[tuple[object, ...], str] = {}
    start_ms, end_ms = ms(2026, 1, 1), ms(2028, 1, 1)
    for zone in zone_names():  # zones whose clocks are changed alike are one
        clock = clock_of(zone)
        alike[clock.offset_ms(start_ms), *clock.changes(start_ms, end_ms)] = zone
    must = {"Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Europe/Dublin"}
    for zone in {*alike.values(), *must}:
        assert_tiled(zone, start_ms, end_ms)


def test_the_day_that_samoa_left_out_has_neither_a_gap_nor_an_overlap():
    assert_tiled("Pacific/Apia", ms(2011, 12, 25), ms(2012, 1, 5))


def test_a_skipped_time_is_the_skip_and_a_doubled_one_its_first_showing():
    calendar = Calendar(
        Facts(
            zones=((SINCE, "Europe/Berlin"),),
            hours=((SINCE, (Span(6, 150, 240),)),),  # Sunday, 02:30 to 04:00
        )
    )
    spring = calendar.working(ms(2026, 3, 29), ms(2026, 3, 30))
    autumn = calendar.working(ms(2026, 10, 25), ms(2026, 10, 26))
    assert spring == [(ms(2026, 3, 29, 1), ms(2026, 3, 29, 2))]
    assert autumn == [(ms(2026, 10, 25, 0, 30), ms(2026, 10, 25, 3))]


SPANS = st.lists(
    st.builds(
        lambda day, start, length: Span(day, start * 30, start * 30 + length * 30),
        st.integers(0, 6),
        st.integers(0, 47),
        st.integers(1, 20),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(
    zone=st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "America/Los_Angeles"]),
    spans=SPANS,
    away=st.integers(-4, 4),
    days=st.integers(0, 3),
    begin=st.integers(0, 1439),
    minutes=st.integers(1, 1500),
    day=st.sampled_from([date(2026, 3, 29), date(2026, 10, 4), date(2026, 11, 1)]),
)
def test_due_times_are_what_counting_minutes_says(  # noqa: PLR0917
    zone, spans, away, days, begin, minutes, day
):
    first = day + timedelta(days=away)
    leave = Leave(first, first + timedelta(days=days))
    calendar = Calendar(
        Facts(
            zones=((SINCE, zone),),
            hours=((SINCE, tuple(spans)),),
            holidays=((SINCE, "DE"),),
            leaves=(leave,),
        )
    )
    start_ms = ms(day.year, day.month, day.day) - 2 * DAY_MS + begin * 60_000
    off = {leave.first + timedelta(days=one) for one in range(days + 1)} | {date(2026, 10, 3)}
    clock = clock_of(zone)
    worked: set[int] = set()  # minutes of shifts, counted one by one
    for ahead in range(-4, 8):
        on = day + timedelta(days=ahead)
        wall_ms = ms(on.year, on.month, on.day)
        for span in spans:
            if span.day == on.weekday() and on not in off:
                begins = clock.instant_ms(wall_ms + span.start * 60_000)
                ends = clock.instant_ms(wall_ms + span.end * 60_000)
                worked |= set(range(begins // 60_000, ends // 60_000))
    end_ms = start_ms + 5 * DAY_MS
    counted = sorted(one for one in worked if start_ms // 60_000 <= one < end_ms // 60_000)
    assert calendar.working_minutes(start_ms, end_ms) == len(counted)
    if len(counted) >= minutes:
        assert calendar.add_working(start_ms, minutes) == (counted[minutes - 1] + 1) * 60_000


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(["Pacific/Apia", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu"])
    | st.sampled_from(["Africa/Casablanca", "America/Los_Angeles", "Australia/Lord_Howe"]),
    spans=SPANS,
    day=st.sampled_from([date(2011, 12, 30), date(2026, 11, 1), date(2026, 10, 4)]),
    begin=st.integers(-4 * 1440, 4 * 1440),
    minutes=st.integers(1, 4 * 1440),
)
def test_the_few_dates_that_are_looked_at_hold_all_that_the_many_do(
    zone, spans, day, begin, minutes
):
    """Whoever says of two dates where they are is looked at more widely: the same must come."""
    start_ms = ms(day.year, day.month, day.day) + begin * 60_000
    end_ms = start_ms + minutes * 60_000
    hours = ((SINCE, tuple(spans)),)
    few = Calendar(Facts(zones=((SINCE, zone),), hours=hours, focus=hours))
    many = Calendar(
        Facts(zones=((SINCE, zone), (date(1990, 1, 1), zone)), hours=hours, focus=hours)
    )
    assert few.working(start_ms, end_ms) == many.working(start_ms, end_ms)
    assert few.focus(start_ms, end_ms) == many.focus(start_ms, end_ms)
    assert few.waking(start_ms, end_ms) == many.waking(start_ms, end_ms)


def test_a_clock_misses_no_change_that_looking_at_every_day_finds():
    near = {"America/Recife": 2000, "America/Boa_Vista": 2000, "Asia/Gaza": 2040}
    for zone, year in [*((zone, 2026) for zone in zone_names()), *near.items()]:
        clock, start_ms = clock_of(zone), ms(year, 1, 1)
        for ahead in range(730 if zone in near else 366):
            at_ms = start_ms + ahead * DAY_MS
            shown = clock.local(at_ms).utcoffset()
            assert shown == timedelta(milliseconds=clock.offset_ms(at_ms)), (zone, at_ms)


@pytest.mark.parametrize(("minute", "day"), [(59, date(2026, 11, 23)), (60, date(2026, 11, 24))])
def test_what_is_written_on_both_sides_of_midnight_is_of_the_local_day(minute, day):
    calendar = Calendar(Facts(zones=((SINCE, "Europe/Berlin"),)))
    assert calendar.day_of(ms(2026, 11, 23, 22) + minute * 60_000) == day


def test_a_journey_changes_the_day_from_its_date_on():
    zones = ((date(2026, 1, 1), "Europe/Berlin"), (date(2026, 12, 1), "America/Los_Angeles"))
    calendar = Calendar(Facts(zones=zones))
    assert calendar.zone_at(ms(2026, 12, 1, 7, 59)) == "Europe/Berlin"
    assert calendar.zone_at(ms(2026, 12, 1, 8)) == "America/Los_Angeles"
    assert calendar.clock_changes(ms(2026, 11, 23), ms(2026, 12, 9)) == [(ms(2026, 12, 1, 8), -540)]


@settings(max_examples=50, deadline=None)
@given(spans=SPANS)
def test_hours_are_read_back_from_their_words_and_from_an_entry(spans):
    assert from_words(to_words(spans)) == from_body(to_body(spans)) == tuple(sorted(set(spans)))


def test_hours_are_worded_as_people_word_them():
    assert from_words(["Fri 22:00-02:00"]) == (Span(4, 1320, 1560),)
    assert to_words(from_words(["mon-thu 9:00-12:00, 13:00-17:30"])) == [
        "Mon-Thu 09:00-12:00, 13:00-17:30"
    ]


@pytest.mark.parametrize("words", ["Mon", "Moo 09:00-17:00", "Mon 25:00-26:00", "Mon 9-17", ""])
def test_what_is_no_hours_is_refused(words):
    with pytest.raises(HoursBad):
        from_words([words])
