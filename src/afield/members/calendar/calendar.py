"""One member's calendar: working time, presence and due times, derived from facts when asked.

Pure: no I/O, no wall clock. Shifts are never stored: their boundaries are times of the wall
clock of a date, made instants by `clocks`. A shift belongs to the date on which it begins: that
date's zone, hours, leave and holiday decide on all of it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Final, TypeAlias, TypeVar

from afield.members.calendar.clocks import DAY_MS, LAST_MS, MINUTE_MS, Clock, clock_of
from afield.members.calendar.public import holidays_of
from afield.members.calendar.shapes import Facts, Interval, Leave, Presence, Tier, Waking
from afield.members.calendar.weekly import Span
from afield.members.errors import ZoneUnknown

USUAL: Final = tuple(Span(day, 9 * 60, 17 * 60) for day in range(5))
"""Hours of whom nothing is known: Monday to Friday, 09:00 to 17:00."""

HORIZON_MS: Final = 366 * DAY_MS
"""How far ahead working time is looked for."""

BREAK_MS: Final = 4 * 3_600_000
"""Time off that is shorter is a break of one working day."""

_S = TypeVar("_S")
_T = TypeVar("_T")
_Hours: TypeAlias = tuple[list[int], list[tuple[Span, ...]]]
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_UNTIL_MS: Final = 14 * DAY_MS
_BEHIND_MS: Final = 14 * 3_600_000
"""Farther ahead of UTC than this is no zone, farther behind than 12 hours none either."""


class Calendar:
    """When a member works, is awake, and can be asked.

    Args:
        facts: what the member said.
        assumed: nothing was said of the zone or the hours, and the usual ones are meant.
    """

    def __init__(self, facts: Facts | None = None, *, assumed: bool | None = None) -> None:
        self.facts = facts = facts or Facts()
        self.assumed = (not facts.zones or not facts.hours) if assumed is None else assumed
        self._clocks = _by_day(facts.zones or ((date.min, "UTC"),), _known_clock)
        self._hours: _Hours = _by_day(facts.hours or ((date.min, USUAL),), tuple)
        self._waking = _by_day(facts.waking or ((date.min, Waking()),), lambda one: one)
        self._holidays = _by_day(((date.min, ""), *facts.holidays), lambda one: one)
        self._focus: _Hours = _by_day(((date.min, ()), *facts.focus), tuple)
        self._busy = _merged(facts.busy, 0, LAST_MS)
        self._busy_starts = array("q", [one.start_ms for one in self._busy])
        self._leaves = [(one.first.toordinal(), one.last.toordinal(), one) for one in facts.leaves]
        self._shifts: dict[int, Sequence[Interval]] = {}
        self._wakes: dict[int, Interval] = {}
        self._turns = [
            (clock.instant_ms((day - _EPOCH_DAY) * DAY_MS), clock)
            for day, clock in zip(*self._clocks, strict=True)
            if day > 1
        ]

    def zone_at(self, at_ms: int) -> str:
        """Return the zone that holds at an instant.

        A zone holds from the beginning of its date on, by its own clock.
        """
        return self._clock_at(at_ms).name

    def local(self, at_ms: int) -> datetime:
        """Return an instant as the member's wall clock shows it."""
        return self._clock_at(at_ms).local(_bounded(at_ms))

    def day_of(self, at_ms: int) -> date:
        """Return the date on which the member is at an instant: that of what is written then."""
        at_ms = _bounded(at_ms)
        days = self._clock_at(at_ms).wall_ms(at_ms) // DAY_MS
        return date.fromordinal(_EPOCH_DAY + days)

    def holiday(self, day: date) -> str | None:
        """Return the name of the holiday that a date is for the member, or None."""
        region = _of_day(self._holidays, day.toordinal())
        return holidays_of(region, day.year).get(day) if region else None

    def leave(self, day: date) -> Leave | None:
        """Return the leave that a date is in, or None."""
        return next((one for one in self.facts.leaves if one.first <= day <= one.last), None)

    def working(self, start_ms: int, end_ms: int) -> list[Interval]:
        """Return the working time between two instants, in order, without what touches itself."""
        start_ms, end_ms = _bounded(start_ms), _bounded(end_ms)
        return _merged(
            (shift for day in self._dates(start_ms, end_ms) for shift in self._shifts_of(day)),
            start_ms,
            end_ms,
        )

    def waking(self, start_ms: int, end_ms: int) -> list[Interval]:
        """Return the time awake by rule between two instants, working or not."""
        start_ms, end_ms = _bounded(start_ms), _bounded(end_ms)
        return _merged(map(self._wake_of, self._dates(start_ms, end_ms)), start_ms, end_ms)

    def busy(self, start_ms: int, end_ms: int) -> list[Interval]:
        """Return what something in the calendar takes of the time between two instants."""
        start_ms, end_ms = _bounded(start_ms), _bounded(end_ms)
        first = max(bisect_right(self._busy_starts, start_ms) - 1, 0)
        last = bisect_left(self._busy_starts, end_ms)
        return _merged(self._busy[first:last], start_ms, end_ms)

    def focus(self, start_ms: int, end_ms: int) -> list[Interval]:
        """Return the time in which not to disturb, by rule or busy, between two instants."""
        start_ms, end_ms = _bounded(start_ms), _bounded(end_ms)
        weekly = (
            Interval(*(clock.instant_ms(wall) for wall in walls))
            for day in self._dates(start_ms, end_ms)
            for clock in (_of_day(self._clocks, day),)
            for walls in _walls(_of_day(self._focus, day), day)
        )
        return _merged((*weekly, *self.facts.once, *self.busy(start_ms, end_ms)), start_ms, end_ms)

    def presence(self, at_ms: int) -> Presence:
        """Return how the member can be met at an instant."""
        at_ms = _bounded(at_ms)
        works, ends = self._around(self.working, at_ms)
        if works:
            tier: Tier = "working"
            until_ms = ends
        else:
            wakes, turns = self._around(self.waking, at_ms)
            tier = "waking" if wakes else "asleep"
            until_ms = min(ends, turns)
        before = bisect_right(self._busy_starts, at_ms) - 1
        busy = before >= 0 and at_ms < self._busy[before].end_ms
        any_focus = bool(self.facts.focus or self.facts.once)
        focus = busy or (any_focus and bool(self.focus(at_ms, at_ms + 1)))
        any_away = bool(self.facts.leaves or self.facts.holidays)
        away = any_away and not works and self._is_off(at_ms)
        return Presence(tier, until_ms, focus, away, busy)

    def next_working(self, at_ms: int) -> int | None:
        """Return when the member works next: now, when working; None: not within a year."""
        at_ms = _bounded(at_ms)
        for piece in self._pieces(at_ms):
            return piece.start_ms
        return None

    def day_start(self, at_ms: int) -> int | None:
        """Return the next beginning of a working day at or after an instant; None: no such day."""
        at_ms = _bounded(at_ms)
        first = min(_days(at_ms, at_ms + 1))
        for day in range(first, first + 370):
            starts = [shift.start_ms for shift in self._shifts_of(day)]
            if starts and min(starts) >= at_ms:
                return min(starts)
        return None

    def rest_of_day(self, at_ms: int) -> Interval | None:
        """Return from an instant to the end of the working day that has begun, breaks included.

        Returns:
            The stretch; None: no working day has begun and is not over.
        """
        at_ms = _bounded(at_ms)
        end_ms: int | None = None
        for one in self.working(at_ms - DAY_MS, at_ms + DAY_MS):
            if one.start_ms <= at_ms:
                end_ms = one.end_ms if at_ms - one.end_ms < BREAK_MS else None
            elif end_ms is None or one.start_ms - end_ms >= BREAK_MS:
                break
            else:
                end_ms = one.end_ms
        return None if end_ms is None or end_ms <= at_ms else Interval(at_ms, end_ms)

    def add_working(self, at_ms: int, minutes: int) -> int | None:
        """Return the first instant up to which so many minutes were worked since another.

        Args:
            at_ms: from when on.
            minutes: of working time; none is the instant itself.

        Returns:
            The instant; None: not within a year.
        """
        at_ms = _bounded(at_ms)
        left_ms = minutes * MINUTE_MS
        if left_ms <= 0:
            return at_ms
        for start_ms, end_ms in self._pieces(at_ms):
            if end_ms - start_ms >= left_ms:
                return start_ms + left_ms
            left_ms -= end_ms - start_ms
        return None

    def working_minutes(self, start_ms: int, end_ms: int) -> int:
        """Return the whole minutes of working time between two instants."""
        found = self.working(start_ms, end_ms)
        return sum(one.end_ms - one.start_ms for one in found) // MINUTE_MS

    def clock_changes(self, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
        """Return when the member's clock is changed in between, and by how many minutes.

        A change of zone, as by a journey, is one too.
        """
        start_ms, end_ms = _bounded(start_ms), _bounded(end_ms)
        turns = [at for at, _ in self._turns if start_ms < at < end_ms]
        found = []
        for begin, end in zip([start_ms, *turns], [*turns, end_ms], strict=True):
            clock = self._clock_at(begin)
            if begin != start_ms:
                before = self._clock_at(begin - 1).offset_ms(begin - 1)
                found.append((begin, (clock.offset_ms(begin) - before) // MINUTE_MS))
            found += [(at, by // MINUTE_MS) for at, by in clock.changes(begin, end)]
        return [(at, by) for at, by in found if by]

    def _dates(self, start_ms: int, end_ms: int) -> range:
        """Return the dates, as ordinals, of which a span can be between two instants.

        In one zone these are few. A span ends within two days of its date, and what ends by the
        time that the clock shows at an instant has ended then. What begins before the end begins
        by a time that the clock has shown, with the offset of now or of before a change.
        """
        if len(self._clocks[1]) > 1:
            return _days(start_ms, end_ms)
        clock: Clock = self._clocks[1][0]
        ahead_ms = max(clock.offset_ms(end_ms), clock.offset_ms(end_ms - 2 * DAY_MS))
        first, last = clock.wall_ms(start_ms) // DAY_MS - 1, (end_ms + ahead_ms) // DAY_MS
        return range(first + _EPOCH_DAY, last + _EPOCH_DAY + 1)

    def _clock_at(self, at_ms: int) -> Clock:
        found: Clock = self._clocks[1][0]
        for turn_ms, clock in self._turns:
            if turn_ms > at_ms:
                break
            found = clock
        return found

    def _is_off(self, at_ms: int) -> bool:
        day = self.day_of(at_ms)
        return self.leave(day) is not None or self.holiday(day) is not None

    def _shifts_of(self, day: int) -> Sequence[Interval]:
        found = self._shifts.get(day)
        if found is None:
            found = self._shifts[day] = self._made(day)
        return found

    def _made(self, day: int) -> Sequence[Interval]:
        walls = _walls(_of_day(self._hours, day), day)
        if not walls:
            return ()
        region = _of_day(self._holidays, day)
        if region:
            on = date.fromordinal(day)
            if on in holidays_of(region, on.year):
                return ()
        for first, last, leave in self._leaves:
            if first <= day <= last:
                walls = _without(walls, day, leave)
        clock: Clock = _of_day(self._clocks, day)
        instant_ms = clock.instant_ms
        shifts = [Interval(instant_ms(start), instant_ms(end)) for start, end in walls]
        for off in self.facts.off:
            shifts = [piece for shift in shifts for piece in _outside(shift, off)]
        return [shift for shift in shifts if shift[0] < shift[1]]

    def _wake_of(self, day: int) -> Interval:
        found = self._wakes.get(day)
        if found is None:
            clock: Clock = _of_day(self._clocks, day)
            rule: Waking = _of_day(self._waking, day)
            wall = (day - _EPOCH_DAY) * DAY_MS
            start, end = wall + rule.start * MINUTE_MS, wall + rule.end * MINUTE_MS
            found = Interval(clock.instant_ms(start), clock.instant_ms(end))
            self._wakes[day] = found
        return found

    def _pieces(self, at_ms: int) -> Iterator[Interval]:
        """Give the working time from an instant on, up to the horizon, in pieces that may touch."""
        start_ms, step_ms = at_ms, 2 * DAY_MS
        while start_ms < at_ms + HORIZON_MS:
            end_ms = min(start_ms + step_ms, at_ms + HORIZON_MS)
            yield from self.working(start_ms, end_ms)
            start_ms, step_ms = end_ms, 16 * DAY_MS

    @staticmethod
    def _around(asked: Callable[[int, int], list[Interval]], at_ms: int) -> tuple[bool, int]:
        """Tell whether an instant is in what is asked for, and until when that is so."""
        for ahead_ms in (DAY_MS, 4 * DAY_MS, _UNTIL_MS):
            end_ms = at_ms + ahead_ms
            found = asked(at_ms, end_ms)
            if not found:
                continue
            if found[0].start_ms > at_ms:
                return False, found[0].start_ms
            if found[0].end_ms < end_ms:
                return True, found[0].end_ms
        return bool(found), at_ms + _UNTIL_MS


def _bounded(at_ms: int) -> int:
    return min(max(at_ms, 0), LAST_MS)


def _by_day(
    said: Sequence[tuple[date, _S]], make: Callable[[_S], _T]
) -> tuple[list[int], list[_T]]:
    """Return what holds from which ordinal of a date on."""
    return [day.toordinal() for day, _ in said], [make(one) for _, one in said]


def _of_day(said: tuple[list[int], list[_T]], day: int) -> _T:
    """Return what holds on a date; the first that was said before its date, too."""
    days, found = said
    return found[0] if len(found) == 1 else found[max(bisect_right(days, day) - 1, 0)]


def _known_clock(zone: str) -> Clock:
    try:
        return clock_of(zone)
    except ZoneUnknown:  # of a newer data base than this machine's
        return clock_of("UTC")


def _days(start_ms: int, end_ms: int) -> range:
    """Return the dates, as ordinals, of which a span can be between two instants."""
    first = (start_ms - _BEHIND_MS) // DAY_MS - 1
    last = (end_ms + _BEHIND_MS) // DAY_MS
    return range(first + _EPOCH_DAY, last + _EPOCH_DAY + 1)


def _walls(spans: tuple[Span, ...], day: int) -> list[tuple[int, int]]:
    """Return the spans that begin on a date as times of the wall clock, in milliseconds."""
    weekday = (day - 1) % 7
    wall = (day - _EPOCH_DAY) * DAY_MS
    return [
        (wall + span.start * MINUTE_MS, wall + span.end * MINUTE_MS)
        for span in spans
        if span.day == weekday
    ]


def _without(walls: list[tuple[int, int]], day: int, leave: Leave) -> list[tuple[int, int]]:
    """Return what of a date's spans a leave leaves."""
    wall = (day - _EPOCH_DAY) * DAY_MS
    begins = day == leave.first.toordinal() and leave.start > 0
    ends = day == leave.last.toordinal() and leave.end < 1440  # noqa: PLR2004
    away = wall + leave.start * MINUTE_MS if begins else wall
    back = wall + leave.end * MINUTE_MS if ends else wall + 2 * DAY_MS
    pieces = ((start, min(end, away)) for start, end in walls)
    rest = ((max(start, back), end) for start, end in walls)
    return [(start, end) for start, end in (*pieces, *rest) if start < end]


def _outside(shift: Interval, off: Interval) -> list[Interval]:
    """Return what of a shift is outside a stretch."""
    before = Interval(shift.start_ms, min(shift.end_ms, off.start_ms))
    after = Interval(max(shift.start_ms, off.end_ms), shift.end_ms)
    return [one for one in (before, after) if one.start_ms < one.end_ms]


def _merged(found: Iterable[Interval], start_ms: int, end_ms: int) -> list[Interval]:
    """Return what of intervals is between two instants, in order, joined where they touch."""
    cut = sorted(
        (max(one[0], start_ms), min(one[1], end_ms))
        for one in found
        if one[0] < end_ms and one[1] > start_ms
    )
    merged: list[Interval] = []
    for begin, end in cut:
        if begin >= end:
            continue
        if merged and begin <= merged[-1].end_ms:
            if end > merged[-1].end_ms:
                merged[-1] = Interval(merged[-1].start_ms, end)
        else:
            merged.append(Interval(begin, end))
    return merged
