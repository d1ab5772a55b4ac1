"""What a calendar is made of, and what it answers: values only.

Dates are of the member's own wall clock; instants are Unix milliseconds.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

import msgspec

from afield.members.calendar.weekly import Span

Tier = Literal["working", "waking", "asleep"]


class Interval(NamedTuple):
    """A stretch of time: from `start_ms` up to, and without, `end_ms`."""

    start_ms: int
    end_ms: int


class Presence(NamedTuple):
    """How a person can be met at an instant.

    Attributes:
        tier: working; awake, and not working; or asleep.
        until_ms: when the tier is the next one; at most two weeks ahead.
        focus: they asked not to be disturbed.
        away: today is leave or a holiday.
        busy: something in their calendar takes this time.
    """

    tier: Tier
    until_ms: int
    focus: bool = False
    away: bool = False
    busy: bool = False


class Waking(msgspec.Struct, frozen=True):
    """When somebody is awake, every day: minutes of the wall clock, over 1440 on the next day."""

    start: int = 7 * 60
    end: int = 22 * 60


class Leave(msgspec.Struct, frozen=True):
    """Days off, each with its whole shifts, also what of them is after midnight.

    Args:
        first: the first day, and `last` the last one.
        last: see `first`.
        start: on the first day it begins at this minute; 0: with the day.
        end: on the last day it ends at this minute; 1440: with the day.
        id: of the fact that says so.
    """

    first: date
    last: date
    start: int = 0
    end: int = 1440
    id: str = ""


class Facts(msgspec.Struct, frozen=True):
    """What is known of a member's time; what holds from a date on is in the order of the dates.

    Args:
        zones: IANA zones; the first one is also meant before its date.
        hours: weekly hours; the same.
        waking: when awake; the same.
        holidays: regions as `public.region_of` returns them, or empty for none.
        focus: weekly spans of not being disturbed.
        leaves: days off.
        once: stretches of not being disturbed that come once.
        busy: stretches that something in their calendar takes; not to be disturbed, too.
        off: stretches that count as no working time, once: what is left of a day that is over.
    """

    zones: tuple[tuple[date, str], ...] = ()
    hours: tuple[tuple[date, tuple[Span, ...]], ...] = ()
    waking: tuple[tuple[date, Waking], ...] = ()
    holidays: tuple[tuple[date, str], ...] = ()
    focus: tuple[tuple[date, tuple[Span, ...]], ...] = ()
    leaves: tuple[Leave, ...] = ()
    once: tuple[Interval, ...] = ()
    busy: tuple[Interval, ...] = ()
    off: tuple[Interval, ...] = ()
