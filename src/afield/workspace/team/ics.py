"""iCalendar (RFC 5545): days off come in as leave; shifts, leave, turns, meetings go out.

What comes in twice is there once: a leave's id follows from the event's UID.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from afield.kernel.digest import digest
from afield.kernel.errors import Refused
from afield.kernel.ids import MemberId
from afield.members.errors import HoursBad
from afield.workspace.team.hours import calendar_of, hours_part, take_leave
from afield.workspace.team.items import title_of
from afield.workspace.team.meetings import meetings
from afield.workspace.team.oncall import turns
from afield.workspace.workspace import Workspace

if TYPE_CHECKING:
    from icalendar import Calendar as Ics

DAYS_MAX = 366
_ID_CHARS = 8
_DAY_MS = 24 * 3_600_000
_NOTE_CHARS_MAX = 200


class CalendarMissing(Refused):
    """What reads and writes iCalendar is not installed."""

    code = "team.calendar_missing"


class Taken(NamedTuple):
    """What came in.

    Attributes:
        new: days off that are leave now.
        known: days off that were leave already.
        passed_over: events that are no days off, or cannot be read.
        repeating: days off that repeat: only the first of each is taken.
    """

    new: int
    known: int
    passed_over: int
    repeating: int


def import_ics(workspace: Workspace, data: bytes) -> Taken:
    """Take the days off of a calendar as leave of this copy's member.

    Days off are events of whole days that are not told to be free (TRANSP) or cancelled.

    Raises:
        CalendarMissing: icalendar is not installed.
        HoursBad: it is no iCalendar.
    """
    ics = _library()
    try:
        found = ics.from_ical(data)
    except (ValueError, IndexError, KeyError) as error:
        raise HoursBad("not an iCalendar", why=str(error)[:200]) from error
    member = workspace.config.member
    known_ids = {one.id for one in calendar_of(workspace, member).facts.leaves}
    new = known = passed_over = repeating = 0
    for event in found.walk("VEVENT"):
        try:
            days = _days_off(event)
        except (AttributeError, KeyError, TypeError, ValueError):  # as others' tools write them
            days = None
        if days is None:
            passed_over += 1
            continue
        repeating += "RRULE" in event
        id_ = digest(f"{event.get('UID')} {days[0]} {days[1]}".encode())[:_ID_CHARS]
        if id_ in known_ids:
            known += 1
            continue
        take_leave(workspace, *days, str(event.get("SUMMARY", ""))[:_NOTE_CHARS_MAX], id_=id_)
        new += 1
    return Taken(new, known, passed_over, repeating)


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
