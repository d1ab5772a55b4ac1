"""When people can meet, what it costs whom, and when nobody is there. Pure.

A meeting costs each person the minutes of it that are outside their working hours. That nobody
loses sleep comes first, then that nobody is busy; then what it costs, where a minute of somebody
who carried more than the others counts more: see `_felt`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from afield.members.calendar.calendar import Calendar
from afield.members.calendar.shapes import Interval

MINUTE_MS = 60_000
STEP_MS = 15 * MINUTE_MS
"""Meetings begin at quarters of an hour."""

FAIR_MIN = 60
"""Minutes that are added to the mean, so that little burdens do not decide."""

ASLEEP_WEIGHT = 10
"""A minute of somebody's night is worth ten outside their hours."""


class Cost(NamedTuple):
    """What a meeting costs one person, in minutes: `outside` their hours, of these `asleep`.

    `busy` are the minutes that something in their calendar takes already.
    """

    outside: int
    asleep: int
    busy: int = 0

    @property
    def weight(self) -> int:
        """What it counts, where costs are compared."""
        return self.outside + (ASLEEP_WEIGHT - 1) * self.asleep


class Slot(NamedTuple):
    """A time to meet, and what it costs each of them."""

    start_ms: int
    end_ms: int
    costs: Mapping[str, Cost]

    @property
    def asleep(self) -> int:
        """The minutes of sleep that it costs all of them."""
        return sum(cost.asleep for cost in self.costs.values())

    @property
    def busy(self) -> int:
        """The minutes of theirs that are taken already."""
        return sum(cost.busy for cost in self.costs.values())


def cost_of(calendar: Calendar, start_ms: int, end_ms: int) -> Cost:
    """Return what a meeting costs a person."""
    whole = (end_ms - start_ms) // MINUTE_MS
    works = _length(calendar.working(start_ms, end_ms))
    wakes = _length(_joined([*calendar.waking(start_ms, end_ms),
                             *calendar.working(start_ms, end_ms)]))  # fmt: skip
    return Cost(whole - works, whole - wakes)


def slots(
    calendars: Mapping[str, Calendar],
    window: Interval,
    minutes: int,
    burden: Mapping[str, int] | None = None,
) -> list[Slot]:
    """Return times to meet, the best first; none touches a better one.

    Args:
        calendars: of those who are to be there, by member.
        window: from when until when, in Unix milliseconds.
        minutes: how long it takes.
        burden: what earlier meetings cost each of them: see `burden`.
    """
    carried = burden or {}
    length_ms = minutes * MINUTE_MS
    working = {name: _Marks(one.working(*window)) for name, one in calendars.items()}
    awake = {
        name: _Marks(_joined([*one.waking(*window), *one.working(*window)]))
        for name, one in calendars.items()
    }
    busy = {name: _Marks(one.busy(*window)) for name, one in calendars.items()}
    found = []
    first_ms = -(-window.start_ms // STEP_MS) * STEP_MS
    for start_ms in range(first_ms, window.end_ms - length_ms + 1, STEP_MS):
        end_ms = start_ms + length_ms
        costs = {
            name: Cost(
                minutes - working[name].minutes(start_ms, end_ms),
                minutes - awake[name].minutes(start_ms, end_ms),
                busy[name].minutes(start_ms, end_ms),
            )
            for name in calendars
        }
        found.append(Slot(start_ms, end_ms, costs))
    found.sort(key=lambda one: (one.asleep, one.busy, _felt(one, carried), one.start_ms))
    return list(_apart(found))


def coverage(calendars: Iterable[Calendar], window: Interval) -> list[Interval]:
    """Return when at least one of them works, in order, joined where they touch."""
    return _joined(one for calendar in calendars for one in calendar.working(*window))


def gaps(covered: Sequence[Interval], window: Interval) -> list[Interval]:
    """Return what of a window is not covered."""
    found, at_ms = [], window.start_ms
    for start_ms, end_ms in covered:
        if start_ms > at_ms:
            found.append(Interval(at_ms, start_ms))
        at_ms = max(at_ms, end_ms)
    if at_ms < window.end_ms:
        found.append(Interval(at_ms, window.end_ms))
    return found


def burden(
    calendars: Mapping[str, Calendar], meetings: Iterable[tuple[Sequence[str], int, int]]
) -> dict[str, int]:
    """Return what meetings cost each person by now: the ledger.

    Args:
        calendars: by member.
        meetings: who was asked to be there, from when until when in Unix milliseconds.
    """
    found = dict.fromkeys(calendars, 0)
    for members, start_ms, end_ms in meetings:
        for member in members:
            if member in calendars:
                found[member] += cost_of(calendars[member], start_ms, end_ms).weight
    return found


class _Marks:
    """Intervals in order, asked many times how much of a stretch they cover."""

    def __init__(self, found: Sequence[Interval]) -> None:
        self._found = found
        self._at = 0

    def minutes(self, start_ms: int, end_ms: int) -> int:
        """Return the minutes that are covered; questions go forward in time."""
        while self._at < len(self._found) and self._found[self._at].end_ms <= start_ms:
            self._at += 1
        covered_ms = 0
        for one in self._found[self._at :]:
            if one.start_ms >= end_ms:
                break
            covered_ms += min(end_ms, one.end_ms) - max(start_ms, one.start_ms)
        return covered_ms // MINUTE_MS


def _felt(slot: Slot, carried: Mapping[str, int]) -> float:
    """Return what a slot costs, a minute of each one weighed by what they carried.

    Who carried nothing counts once, who carried the mean (and an hour) twice, and so on: so the
    next early or late hour falls on somebody else, unless it costs them far more.
    """
    mean = sum(carried.get(name, 0) for name in slot.costs) / max(len(slot.costs), 1)
    return sum(
        cost.outside * (1 + carried.get(name, 0) / (mean + FAIR_MIN))
        for name, cost in slot.costs.items()
    )


def _apart(found: Iterable[Slot]) -> Iterator[Slot]:
    taken: list[Slot] = []
    for one in found:
        if all(one.end_ms <= each.start_ms or each.end_ms <= one.start_ms for each in taken):
            taken.append(one)
            yield one


def _joined(found: Iterable[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for start_ms, end_ms in sorted(found):
        if joined and start_ms <= joined[-1].end_ms:
            joined[-1] = Interval(joined[-1].start_ms, max(end_ms, joined[-1].end_ms))
        else:
            joined.append(Interval(start_ms, end_ms))
    return joined


def _length(found: Iterable[Interval]) -> int:
    return sum(one.end_ms - one.start_ms for one in found) // MINUTE_MS
