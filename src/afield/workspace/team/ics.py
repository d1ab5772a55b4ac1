"""iCalendar (RFC 5545): days off come in as leave; shifts, leave, turns, meetings go out.

What comes in twice is there once, and what was changed or called off there is here, too: a leave's
id follows from the event's UID, and of one that repeats from the day on which it would have been.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from afield.kernel.digest import digest
from afield.kernel.errors import Refused
from afield.kernel.ids import MemberId
from afield.members.errors import HoursBad
from afield.workspace.team.hours import calendar_of, hours_part, take_leaves
from afield.workspace.team.items import title_of
from afield.workspace.team.meetings import meetings
from afield.workspace.team.oncall import turns
from afield.workspace.workspace import Workspace

if TYPE_CHECKING:
    from icalendar import Calendar as Ics

DAYS_MAX = 366
TAKEN_MAX = 1000
"""How many leaves one file may bring."""

_OFTEN = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
_TIMES = {"BYHOUR", "BYMINUTE", "BYSECOND"}
_ID_CHARS = 8
_DAY_MS = 24 * 3_600_000
_NOTE_CHARS_MAX = 200


class CalendarMissing(Refused):
    """What reads and writes iCalendar is not installed."""

    code = "team.calendar_missing"


class Taken(NamedTuple):
    """What came in.

    Attributes:
        new: times off that are leave now.
        known: times off that were leave already.
        passed_over: events that are no days off, or cannot be read.
        repeating: events that repeat, taken as often as they come within the horizon.
        changed: times off that are on other days than they were.
        called_off: times off that were leave and are none any more.
    """

    new: int
    known: int
    passed_over: int
    repeating: int
    changed: int = 0
    called_off: int = 0


def import_ics(workspace: Workspace, data: bytes, *, titles: bool = False) -> Taken:
    """Take the days off of a calendar as leave of this copy's member.

    Days off are events of whole days that are not told to be free (TRANSP) or cancelled. Those
    that repeat are taken as often as they come from today to `DAYS_MAX` days ahead, without what
    was called off (EXDATE) or moved (RECURRENCE-ID). An event that is no more in the file says
    nothing: what came of it stays.

    Args:
        workspace: whose member is meant.
        data: the file's bytes.
        titles: keep what events are called as what the leave is for, for all to read.

    Raises:
        CalendarMissing: icalendar is not installed.
        HoursBad: it is no iCalendar, or brings over `TAKEN_MAX` leaves; nothing is taken then.
    """
    ics = _library()
    try:
        found = ics.from_ical(data)
    except (ValueError, IndexError, KeyError) as error:
        raise HoursBad("not an iCalendar", why=str(error)[:200]) from error
    member = workspace.config.member
    calendar = calendar_of(workspace, member)
    here = {one.id: (one.first, one.last) for one in calendar.facts.leaves}
    today = calendar.day_of(workspace.record.now_ms())
    events = found.walk("VEVENT")
    moved = _moved(events)
    said: dict[str, tuple[date, date, str]] = {}
    over: set[str] = set()
    passed_over = repeating = 0
    for event in events:
        try:
            spans = _spans_off(event, today, moved)
            over |= {_id(event, day) for day in _called_off(event)}
        except (AttributeError, KeyError, TypeError, ValueError):  # as others' tools write them
            spans = None
        if spans is None:
            passed_over += 1
            continue
        repeating += "RRULE" in event
        note = str(event.get("SUMMARY", ""))[:_NOTE_CHARS_MAX] if titles else ""
        said |= {_id(event, day): (*span, note) for day, span in spans}
    new = {id_: one for id_, one in said.items() if here.get(id_) != one[:2]}
    if len(new) > TAKEN_MAX:
        raise HoursBad("too many days off", len(new), f"at most {TAKEN_MAX} at once")
    gone = (over & here.keys()) - said.keys()
    take_leaves(workspace, {**new, **dict.fromkeys(gone)})
    changed = sum(id_ in here for id_ in new)
    known = len(said) - len(new)
    return Taken(len(new) - changed, known, passed_over, repeating, changed, len(gone))


def export_ics(workspace: Workspace, member: MemberId, days: int = 60) -> bytes:
    """Return a member's shifts, leave, turns on call and meetings of the days ahead.

    Raises:
        CalendarMissing: icalendar is not installed.
        HoursBad: it is for no day, or for over a year.
    """
    if not 1 <= days <= DAYS_MAX:
        raise HoursBad("not so many days", days, f"1 to {DAYS_MAX}")
    from icalendar import Event

    made = _library()()
    made.add("prodid", "-//Afield//EN")
    made.add("version", "2.0")
    now = datetime.fromtimestamp(workspace.record.now_ms() / 1000, UTC)
    for uid, summary, start, end, is_busy in _events(workspace, member, days):
        event = Event()
        event.add("uid", f"{uid}@afield")
        event.add("dtstamp", now)
        event.add("dtstart", start)
        event.add("dtend", end)
        event.add("summary", summary)
        event.add("transp", "OPAQUE" if is_busy else "TRANSPARENT")
        made.add_component(event)
    return bytes(made.to_ical())


def _events(
    workspace: Workspace, member: MemberId, days: int
) -> Iterator[tuple[str, str, Any, Any, bool]]:
    start_ms = workspace.record.now_ms() // _DAY_MS * _DAY_MS
    end_ms = start_ms + days * _DAY_MS
    name = workspace.name_of(member)
    for one in calendar_of(workspace, member).working(start_ms, end_ms):
        uid = f"work-{member}-{one.start_ms}"
        yield uid, f"{name} works", _utc(one.start_ms), _utc(one.end_ms), False
    for leave in hours_part(workspace, member)["leave"]:
        last = date.fromisoformat(leave["last"]) + timedelta(days=1)
        first = date.fromisoformat(leave["first"])
        yield f"leave-{leave['id']}", f"{name} is away", first, last, True
    for turn in turns(workspace, after_ms=start_ms):
        if turn.author == member and turn.get("from") < end_ms:
            span = (_utc(turn.get("from")), _utc(turn.get("until")))
            yield f"oncall-{turn.id}", f"{name} is on call", *span, False
    for meeting in meetings(workspace):
        if member in {meeting.author, *meeting.get("attendees")}:
            span = (_utc(meeting.get("from")), _utc(meeting.get("until")))
            yield f"meeting-{meeting.id}", title_of(workspace, meeting), *span, True


def _moved(events: list[Any]) -> set[tuple[str, date]]:
    """Return which days of which repeating events are told of by an event of their own."""
    found = set()
    for event in events:
        day = _was_to_be(event)
        if day is not None:
            found.add((str(event.get("UID")), day))
    return found


def _id(event: Any, day: date | None) -> str:
    """Return the id of the leave that comes of an event, and of the day on which it was to be."""
    return digest(f"{event.get('UID')} {day or ''}".encode())[:_ID_CHARS]


def _spans_off(
    event: Any, today: date, moved: set[tuple[str, date]]
) -> list[tuple[date | None, tuple[date, date]]] | None:
    """Return from which day to which an event is off, each time it comes; None: it is none.

    Before it stands the day on which one of several was to be.
    """
    days = _days_off(event)
    if days is None or "RRULE" not in event:
        return None if days is None else [(_was_to_be(event), days)]
    first, length = days[0], days[1] - days[0]
    uid, out = str(event.get("UID")), _called_off(event)
    starts = _repeated(event["RRULE"], first, today - length, today + timedelta(days=DAYS_MAX))
    kept = (day for day in starts if day not in out and (uid, day) not in moved)
    return [(day, (day, day + length)) for day in kept]


def _was_to_be(event: Any) -> date | None:
    """Return the day that one of an event that repeats was on before it was moved."""
    day = getattr(event.get("RECURRENCE-ID"), "dt", None)
    return day if isinstance(day, date) and not isinstance(day, datetime) else None


def _called_off(event: Any) -> set[date | None]:
    """Return the days on which an event is no more; None: it may have been once, and is not."""
    said = event.get("EXDATE", [])
    out = {one.dt for each in (said if isinstance(said, list) else [said]) for one in each.dts}
    if "RRULE" in event:
        out.add(None)
    elif str(event.get("STATUS")) == "CANCELLED":
        out.add(_was_to_be(event))
    return out


def _repeated(rule: Any, first: date, after: date, before: date) -> list[date]:
    """Return the days from one to another on which a rule (RFC 5545, RRULE) begins an event.

    Raises:
        ValueError: it is no rule, or one of times of the day.
    """
    from dateutil.rrule import rrulestr

    often = {str(one).upper() for one in rule.get("FREQ", [])}
    if not often <= _OFTEN or _TIMES & set(rule):
        raise ValueError("whole days do not repeat by times of the day")
    kept = type(rule)(rule)
    if "COUNT" not in kept:
        kept["UNTIL"] = [min(_day(one) for one in (*kept.get("UNTIL", ()), before))]
    start, end = (datetime.combine(day, time()) for day in (after, before))
    made = rrulestr(kept.to_ical().decode(), dtstart=datetime.combine(first, time()))
    return [one.date() for one in made.between(start, end, inc=True)]


def _day(said: date) -> date:
    return said.date() if isinstance(said, datetime) else said


def _days_off(event: Any) -> tuple[date, date] | None:
    if str(event.get("TRANSP", "")) == "TRANSPARENT" or str(event.get("STATUS")) == "CANCELLED":
        return None
    if "DTSTART" not in event:
        return None
    first = event["DTSTART"].dt
    if isinstance(first, datetime):
        return None
    length = event["DURATION"].dt if "DURATION" in event else timedelta(days=1)
    end = event["DTEND"].dt if "DTEND" in event else first + length
    if isinstance(end, datetime):
        end = end.date() + timedelta(days=1)
    return first, max(first, end - timedelta(days=1))


def _utc(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def _library() -> type[Ics]:
    try:
        from icalendar import Calendar
    except ImportError as error:
        hint = 'pip install "afield[calendar]"'
        raise CalendarMissing(
            "cannot read or write iCalendar", "icalendar", "it is not installed", hint=hint
        ) from error
    return Calendar
