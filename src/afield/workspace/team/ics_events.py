"""What events of an iCalendar (RFC 5545) say of somebody's time: days off, and busy times.

Pure. Ids follow from an event's UID, and of one that repeats from when it would have been: so
what comes in twice is there once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Final, NamedTuple, TypeAlias

from afield.kernel.digest import digest
from afield.members.calendar import Interval
from afield.members.times import BUSY_MS_MAX

DAYS_MAX: Final = 366
"""How many days ahead what repeats is taken."""

BUSY_DAYS_MAX: Final = 92
"""How many days ahead busy times are taken: those of a year would flood the record."""

ID_CHARS: Final = 8
NOTE_CHARS_MAX: Final = 200

_DAY_MS = 24 * 3_600_000
_OFTEN = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
_TIMES = {"BYHOUR", "BYMINUTE", "BYSECOND"}

_Key: TypeAlias = "date | int | None"
"""When one of several was to be: its day, or its instant; None: there is but one."""

_Off: TypeAlias = tuple[date, date]
"""The first day and the last one."""


class Now(NamedTuple):
    """When and where a file is read: the instant, its day, and the zone of times without one."""

    at_ms: int
    today: date
    zone: tzinfo


class Read(NamedTuple):
    """What was read.

    Attributes:
        leaves: days off by id, and what the event is called.
        busy: busy times by id.
        over: ids of what was called off.
        passed_over: how many events are neither, or cannot be read.
        unread: how many of them cannot be read.
        repeating: how many repeat.
    """

    leaves: dict[str, tuple[date, date, str]]
    busy: dict[str, Interval]
    over: set[str]
    passed_over: int
    unread: int
    repeating: int


def read_events(events: list[Any], now: Now) -> Read:
    """Return what events say; those told to be free (TRANSP) or cancelled take no time."""
    leaves: dict[str, tuple[date, date, str]] = {}
    busy: dict[str, Interval] = {}
    over: set[str] = set()
    passed_over = unread = repeating = 0
    moved = _moved(events, now)
    for event in events:
        try:
            found = _spans(event, now, moved)
            over |= {_id(event, key) for key in _called_off(event, now)}
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError):  # as others write
            unread += 1
            found = []
        passed_over += not found
        repeating += bool(found) and "RRULE" in event
        note = str(event.get("SUMMARY", ""))[:NOTE_CHARS_MAX]
        for key, span in found or ():
            if isinstance(span, Interval):
                busy[_id(event, key)] = span
            else:
                leaves[_id(event, key)] = (*span, note)
    return Read(leaves, busy, over, passed_over, unread, repeating)


def _moved(events: Iterable[Any], now: Now) -> set[tuple[str, _Key]]:
    """Return which of repeating events are told of by an event of their own."""
    found: set[tuple[str, _Key]] = set()
    for event in events:
        key = _was_to_be(event, now)
        if key is not None:
            found.add((str(event.get("UID")), key))
    return found


def _id(event: Any, key: _Key) -> str:
    return digest(f"{event.get('UID')} {key or ''}".encode())[:ID_CHARS]


def _spans(
    event: Any, now: Now, moved: set[tuple[str, _Key]]
) -> list[tuple[_Key, Interval | _Off]]:
    """Return what an event takes each time it comes, and when that was to be; nothing: none."""
    if str(event.get("TRANSP", "")) == "TRANSPARENT" or str(event.get("STATUS")) == "CANCELLED":
        return []
    if "DTSTART" not in event:
        return []
    start = event["DTSTART"].dt
    if isinstance(start, datetime):
        start = start if start.tzinfo else start.replace(tzinfo=now.zone)
        return _busy(event, start, now, moved)
    last = _last_day(event, start)
    if "RRULE" not in event:
        return [(_was_to_be(event, now), (start, last))]
    length, uid, out = last - start, str(event.get("UID")), _called_off(event, now)
    begins = datetime.combine(start, time())
    after = datetime.combine(now.today - length, time())
    before = datetime.combine(now.today + timedelta(days=DAYS_MAX), time())
    starts = (one.date() for one in _repeated(event["RRULE"], begins, after, before))
    kept = (day for day in starts if day not in out and (uid, day) not in moved)
    return [(day, (day, day + length)) for day in kept]


def _busy(
    event: Any, start: datetime, now: Now, moved: set[tuple[str, _Key]]
) -> list[tuple[_Key, Interval | _Off]]:
    """Return the busy times of an event with times, from now to `BUSY_DAYS_MAX` days ahead.

    It repeats by the wall clock of its own zone.
    """
    length_ms = _length_ms(event, start, now)
    if not 0 < length_ms <= BUSY_MS_MAX:
        return []
    horizon_ms = now.at_ms + BUSY_DAYS_MAX * _DAY_MS
    if "RRULE" not in event:
        found = [(_was_to_be(event, now), _ms(start, now))]
    else:
        zone, out, uid = start.tzinfo, _called_off(event, now), str(event.get("UID"))
        after = datetime.fromtimestamp((now.at_ms - length_ms) / 1000, zone) - timedelta(days=1)
        before = datetime.fromtimestamp(horizon_ms / 1000, zone) + timedelta(days=1)
        first, begin, end = (one.replace(tzinfo=None) for one in (start, after, before))
        starts = [
            one.replace(tzinfo=zone)
            for one in _repeated(event["RRULE"], first, begin, end, zone=zone)
        ]
        found = [
            (at_ms, at_ms)
            for one in starts
            for at_ms in (_ms(one, now),)
            if at_ms not in out and one.date() not in out and (uid, at_ms) not in moved
        ]
    return [
        (key, Interval(at_ms, at_ms + length_ms))
        for key, at_ms in found
        if at_ms < horizon_ms and at_ms + length_ms > now.at_ms
    ]


def _was_to_be(event: Any, now: Now) -> _Key:
    """Return when one of an event that repeats was to be before it was moved."""
    said = getattr(event.get("RECURRENCE-ID"), "dt", None)
    return _key(said, now) if isinstance(said, date) else None


def _called_off(event: Any, now: Now) -> set[_Key]:
    """Return when an event is no more; None: it may have been once, and is not."""
    said = event.get("EXDATE", [])
    out: set[_Key] = {
        _key(one.dt, now)
        for each in (said if isinstance(said, list) else [said])
        for one in each.dts
    }
    if "RRULE" in event:
        out.add(None)
    elif str(event.get("STATUS")) == "CANCELLED":
        out.add(_was_to_be(event, now))
    return out


def _repeated(
    rule: Any, first: datetime, after: datetime, before: datetime, *, zone: tzinfo | None = None
) -> list[datetime]:
    """Return when a rule (RFC 5545, RRULE) begins an event; all times of the zone's wall clock.

    Raises:
        ValueError: it is no rule, or one of times of the day.
    """
    from dateutil.rrule import rrulestr

    often = {str(one).upper() for one in rule.get("FREQ", [])}
    if not often <= _OFTEN or _TIMES & set(rule):
        raise ValueError("it repeats by times of the day")
    kept = type(rule)(rule)
    if "COUNT" not in kept:
        kept["UNTIL"] = [min(_wall(one, zone) for one in (*kept.get("UNTIL", ()), before))]
    made = rrulestr(kept.to_ical().decode(), dtstart=first)
    return list(made.between(after, before, inc=True))


def _wall(said: date, zone: tzinfo | None) -> datetime:
    """Return up to when a rule holds, as a zone's wall clock shows it; a day with its end."""
    if not isinstance(said, datetime):
        return datetime.combine(said, time(23, 59, 59))
    return (said.astimezone(zone) if said.tzinfo and zone else said).replace(tzinfo=None)


def _key(said: date, now: Now) -> date | int:
    return _ms(said, now) if isinstance(said, datetime) else said


def _ms(said: datetime, now: Now) -> int:
    return round((said if said.tzinfo else said.replace(tzinfo=now.zone)).timestamp() * 1000)


def _length_ms(event: Any, start: datetime, now: Now) -> int:
    if "DTEND" not in event:
        length = event["DURATION"].dt if "DURATION" in event else timedelta()
        return round(length.total_seconds() * 1000)
    end = event["DTEND"].dt
    if not isinstance(end, datetime):
        end = datetime.combine(end, time(), start.tzinfo)
    return _ms(end, now) - _ms(start, now)


def _last_day(event: Any, first: date) -> date:
    length = event["DURATION"].dt if "DURATION" in event else timedelta(days=1)
    end: date = event["DTEND"].dt if "DTEND" in event else first + length
    if isinstance(end, datetime):
        end = end.date() + timedelta(days=1)
    return max(first, end - timedelta(days=1))
