"""iCalendar (RFC 5545): leave and busy times come in; shifts, leave, turns, meetings go out.

What comes in twice is there once; what was changed, called off or taken out there is so here, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from afield.kernel.digest import digest
from afield.kernel.errors import Refused
from afield.kernel.ids import MemberId
from afield.kernel.late import late
from afield.members.calendar import Interval
from afield.members.errors import HoursBad
from afield.workspace.team.hours import calendar_of, hours_part, take_times
from afield.workspace.team.ics_events import (
    BUSY_DAYS_MAX,
    DAYS_MAX,
    ID_CHARS,
    Now,
    read_events,
)
from afield.workspace.team.items import title_of
from afield.workspace.team.meetings import meetings
from afield.workspace.team.oncall import turns
from afield.workspace.workspace import Workspace

if TYPE_CHECKING:
    from icalendar import Calendar as Ics

TAKEN_MAX = 1000
"""How many days off and busy times one file may bring."""

_DAY_MS = 24 * 3_600_000
_NUMBERED = late(r"\s*\(\d+\)$")


class CalendarMissing(Refused):
    """What reads and writes iCalendar is not installed."""

    code = "team.calendar_missing"


class Taken(NamedTuple):
    """What came in.

    Attributes:
        new: times off that are leave now.
        known: leave and busy times that were here already.
        passed_over: events that take no time, or cannot be read.
        repeating: events that repeat, taken as often as they come within the horizon.
        changed: leave and busy times that are at other times than they were.
        called_off: leave and busy times that were called off.
        busy: busy times that are new.
        gone: leave and busy times that are no more in the calendar that they came from.
    """

    new: int
    known: int
    passed_over: int
    repeating: int
    changed: int = 0
    called_off: int = 0
    busy: int = 0
    gone: int = 0


def import_ics(workspace: Workspace, data: bytes, *, titles: bool = False, file: str = "") -> Taken:
    """Take what a calendar says of this copy's member's time: leave, and busy times.

    Leave are events of whole days, busy times those with times, up to `BUSY_DAYS_MAX` days ahead;
    of both those that are not told to be free (TRANSP) or cancelled. Those that repeat are taken
    as often as they come from today to `DAYS_MAX` days ahead, without what was called off (EXDATE)
    or moved (RECURRENCE-ID). What is still ahead, came from the same calendar and is no more in it
    is no more here; nothing is, where an event cannot be read. A calendar is the same by its
    file's name and what it calls itself.

    Args:
        workspace: whose member is meant.
        data: the file's bytes.
        titles: keep what days off are called as what the leave is for, for all to read; what
            makes somebody busy is never told.
        file: the file's name, without what stands before it.

    Raises:
        CalendarMissing: icalendar is not installed.
        HoursBad: it is no iCalendar, or brings over `TAKEN_MAX` times; nothing is taken then.
    """
    ics = _library()
    try:
        found = ics.from_ical(data)
    except (ValueError, IndexError, KeyError) as error:
        raise HoursBad("not an iCalendar", why=str(error)[:200]) from error
    member = workspace.config.member
    calendar, now_ms = calendar_of(workspace, member), workspace.record.now_ms()
    now = Now(now_ms, calendar.day_of(now_ms), ZoneInfo(calendar.zone_at(now_ms)))
    read = read_events(found.walk("VEVENT"), now)
    source = _source(member, found, file)
    here = _here(workspace, member)
    ours = frozenset() if source is None or read.unread else here.of.get(source, frozenset())
    said = {id_: one[:2] for id_, one in read.leaves.items()}
    last, until_ms = now.today + timedelta(days=DAYS_MAX), now_ms + BUSY_DAYS_MAX * _DAY_MS
    ahead = {id_ for id_, (begin, end) in here.off.items() if end >= now.today and begin <= last}
    later = {id_ for id_, one in here.busy.items() if now_ms < one[1] and one[0] < until_ms}
    off = _compared(here.off, said, read.over, ours & ahead)
    busy = _compared(here.busy, read.busy, read.over, ours & later)
    many = len(off.new) + len(busy.new)
    if many > TAKEN_MAX:
        raise HoursBad("too many times", many, f"at most {TAKEN_MAX} at once")
    notes = {id_: one[2] if titles else "" for id_, one in read.leaves.items()}
    take_times(
        workspace,
        {id_: said[id_] + (notes[id_],) for id_ in off.new} | dict.fromkeys(off.over | off.gone),
        {id_: read.busy[id_] for id_ in busy.new} | dict.fromkeys(busy.over | busy.gone),
        source=source,
    )
    return Taken(
        new=len(off.new) - off.changed,
        known=len(said) + len(read.busy) - many,
        passed_over=read.passed_over,
        repeating=read.repeating,
        changed=off.changed + busy.changed,
        called_off=len(off.over) + len(busy.over),
        busy=len(busy.new) - busy.changed,
        gone=len(off.gone) + len(busy.gone),
    )


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


class _Compared(NamedTuple):
    """Ids of what is to be said: new or at another time, called off, or gone; none is in two."""

    new: list[str]
    changed: int
    over: AbstractSet[str]
    gone: AbstractSet[str]


def _compared(
    here: Mapping[str, Any], said: Mapping[str, Any], over: AbstractSet[str], ours: AbstractSet[str]
) -> _Compared:
    new = [id_ for id_, one in said.items() if here.get(id_) != one]
    off = (over & here.keys()) - said.keys()
    return _Compared(new, len(here.keys() & new), off, ours - said.keys() - off)


class _Here(NamedTuple):
    """Days off and busy times that are in the record, and their ids by where they came from."""

    off: dict[str, tuple[date, date]]
    busy: dict[str, Interval]
    of: dict[str, frozenset[str]]


def _here(workspace: Workspace, member: MemberId) -> _Here:
    sql = (
        "SELECT what, key, value, source FROM member_times"
        " WHERE member = ? AND what IN ('leave', 'busy') AND value IS NOT NULL"
    )
    rows = workspace.query(sql, (member,))
    off = {one.id: (one.first, one.last) for one in calendar_of(workspace, member).facts.leaves}
    busy = {key: Interval(*json.loads(value)) for what, key, value, _ in rows if what == "busy"}
    of: dict[str, frozenset[str]] = {}
    for _, key, _, source in rows:
        if source is not None:
            of[source] = of.get(source, frozenset()) | {key}
    return _Here(off, busy, of)


def _source(member: MemberId, found: Any, file: str) -> str | None:
    """Return what tells a calendar apart from others of a member's; None: nothing does.

    Downloads that a browser numbers, `work (2).ics`, are of one name.
    """
    stem = _NUMBERED().sub("", file.rpartition(".")[0] or file).strip()
    called = str(found.get("X-WR-CALNAME") or found.get("NAME") or "")
    if not stem and not called:
        return None
    return digest(f"{member}\n{stem}\n{called}".encode())[:ID_CHARS]


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
