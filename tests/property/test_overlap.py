"""Times to meet and coverage, beside counting minute by minute."""

from __future__ import annotations

import itertools
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from afield.members.calendar import Calendar, Facts, Interval, Leave
from afield.members.calendar.overlap import (
    MINUTE_MS,
    STEP_MS,
    Slot,
    burden,
    cost_of,
    coverage,
    gaps,
    slots,
)
from afield.members.calendar.weekly import from_words

ZONES = ("America/Los_Angeles", "Asia/Kolkata", "Europe/Berlin", "Australia/Lord_Howe")
HOURS = ("Mon-Fri 09:00-17:00", "Mon-Sun 20:00-04:00", "Tue,Thu 06:00-12:30")
START_MS = 1_792_800_000_000 // STEP_MS * STEP_MS
"""In October 2026, shortly before clocks change."""

SUMMER_MS = 1_780_272_000_000
"""The first of June 2026."""


@st.composite
def calendars(draw):
    """Return a calendar of somebody, who may be away for two days."""
    leaves = [Leave(date(2026, 10, 26), date(2026, 10, 27))] if draw(st.booleans()) else []
    return Calendar(
        Facts(
            zones=((date.min, draw(st.sampled_from(ZONES))),),
            hours=((date.min, tuple(from_words([draw(st.sampled_from(HOURS))]))),),
            leaves=tuple(leaves),
        )
    )


def tiers(calendar, start_ms, end_ms):
    """Return the tier of every minute."""
    return [calendar.presence(at).tier for at in range(start_ms, end_ms, MINUTE_MS)]


@settings(deadline=None, max_examples=25)
@given(people=st.lists(calendars(), min_size=1, max_size=3), hours=st.integers(0, 8 * 24))
def test_what_a_time_costs_is_what_counting_minutes_gives(people, hours):
    names = {str(number): one for number, one in enumerate(people)}
    begin = START_MS + hours * 60 * MINUTE_MS
    window = Interval(begin, begin + 8 * 60 * MINUTE_MS)
    found = slots(names, window, 30)
    assert found
    for one in found[:3]:
        for name, cost in one.costs.items():
            counted = tiers(names[name], one.start_ms, one.end_ms)
            assert cost.outside == sum(tier != "working" for tier in counted)
            assert cost.asleep == counted.count("asleep")
            assert cost == cost_of(names[name], one.start_ms, one.end_ms)
    every = [
        [cost_of(each, at, at + 30 * MINUTE_MS) for each in people]
        for at in range(window.start_ms, window.end_ms - 30 * MINUTE_MS + 1, STEP_MS)
    ]
    ranks = [(sum(one.asleep for one in each), sum(one.outside for one in each)) for each in every]
    told = [(one.asleep, sum(cost.outside for cost in one.costs.values())) for one in found]
    assert told[0] == min(ranks)
    assert told == sorted(told)
    ordered = sorted((one.start_ms, one.end_ms) for one in found)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(ordered))


@settings(deadline=None, max_examples=25)
@given(people=st.lists(calendars(), min_size=1, max_size=3), day=st.integers(0, 20))
def test_coverage_and_its_gaps_make_up_the_whole_window(people, day):
    window = Interval(START_MS + day * 86_400_000, START_MS + (day + 1) * 86_400_000)
    covered = coverage(people, window)
    parts = sorted([*covered, *gaps(covered, window)])
    assert parts[0].start_ms == window.start_ms
    assert parts[-1].end_ms == window.end_ms
    assert all(a.end_ms == b.start_ms for a, b in itertools.pairwise(parts))
    for at in range(window.start_ms, window.end_ms, 47 * MINUTE_MS):
        works = any(one.presence(at).tier == "working" for one in people)
        assert works == any(one.start_ms <= at < one.end_ms for one in covered)


def hours_in(zone):
    spans = tuple(from_words(["Mon-Sun 09:00-17:00"]))
    return Calendar(Facts(zones=((date.min, zone),), hours=((date.min, spans),)))


def hours_of(words):
    spans = tuple(from_words([words]))
    return Calendar(Facts(zones=((date.min, "UTC"),), hours=((date.min, spans),)))


def test_of_times_that_cost_alike_that_is_better_which_spares_who_carried_most():
    people = {"early": hours_of("Mon-Sun 09:00-12:00"), "late": hours_of("Mon-Sun 14:00-17:00")}
    day = START_MS // 86_400_000 * 86_400_000
    window = Interval(day + 9 * 3_600_000, day + 17 * 3_600_000)
    once: Slot = slots(people, window, 60)[0]
    (carrier,) = (name for name, cost in once.costs.items() if cost.outside)
    (other,) = set(people) - {carrier}
    ledger = burden(people, [(("early", "late"), once.start_ms, once.end_ms)])
    assert ledger == {carrier: 60, other: 0}
    again = slots(people, window, 60, ledger)[0]
    assert again.costs[carrier].outside == 0


def test_nobody_sleeps_less_while_there_is_a_time_at_which_all_are_awake():
    berlin = hours_in("Europe/Berlin")
    people = {f"berlin {number}": berlin for number in range(12)}
    people["los angeles"] = hours_in("America/Los_Angeles")
    day = START_MS // 86_400_000 * 86_400_000
    best = slots(people, Interval(day, day + 3 * 86_400_000), 90)[0]
    assert best.asleep == 0


def test_who_carried_much_is_spared_at_some_price_but_not_where_it_would_spare_nobody():
    people = {name: hours_in(name) for name in ("America/Los_Angeles", "Asia/Kolkata")}

    def weeks(first_ms):
        held, ledger = [], {}
        for week in range(6):
            start = first_ms + week * 7 * 86_400_000
            best = slots(people, Interval(start, start + 86_400_000), 60, ledger)[0]
            held.append((tuple(people), best.start_ms, best.end_ms))
            ledger = burden(people, held)
        return ledger

    summer, winter = weeks(SUMMER_MS), weeks(START_MS // 86_400_000 * 86_400_000 + 10 * 86_400_000)
    assert min(summer.values()) > 0, "an hour later costs Kolkata all of it, and LA a half"
    assert winter["Asia/Kolkata"] == 0, "every other time costs Los Angeles as much"
