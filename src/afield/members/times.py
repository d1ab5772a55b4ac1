"""What members say of their time: zones, hours, leave, stand-up and so on; one table.

Members speak for themselves only. Dates, codes and minutes stand in entries; what a leave is for
is prose, in an object. What follows from it is `calendar`'s matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import msgspec

from afield.journal.entry import Draft, Entry
from afield.kernel.ids import MemberId, ObjectId
from afield.members.calendar import Facts, Interval, Leave, Span
from afield.members.calendar.public import is_region
from afield.members.calendar.weekly import from_body, to_body
from afield.projection import Column, Put, Table

ZONE = "member.zone"
HOURS = "member.hours"
FOCUS = "member.focus"
HOLIDAYS = "member.holidays"
LEAVE = "member.leave"
BUSY = "member.busy"
STANDUP = "member.standup"
ENDED = "member.ended"
KINDS = (ZONE, HOURS, FOCUS, HOLIDAYS, LEAVE, BUSY, STANDUP, ENDED)

TIMES = Table(
    "member_times",
    key=(Column("member", "text"), Column("what", "text"), Column("key", "text")),
    groups={"set": (Column("value", "text"), Column("note", "text"), Column("source", "text"))},
)
ZONE_CHARS_MAX = 64
_ID_CHARS_MAX = 64
_DATE_CHARS = 10
_DAY_MIN = 24 * 60
_REST_MS_MAX = 48 * 3_600_000
BUSY_MS_MAX = 31 * 24 * 3_600_000

Row = tuple[str, str, str]
"""What is said, from which date on or of which leave, and the JSON of its value."""


def zone(member: MemberId, name: str | None, since: date = date.min) -> Draft:
    """Say in which IANA zone a member is from a date on; None takes that back."""
    return Draft(ZONE, member, {"from": since.isoformat(), "value": name})


def hours(member: MemberId, spans: Iterable[Span] | None, since: date = date.min) -> Draft:
    """Say when a member works, every week from a date on; None takes that back."""
    return _weekly(HOURS, member, spans, since)


def focus(member: MemberId, spans: Iterable[Span] | None, since: date = date.min) -> Draft:
    """Say when a member is not to be disturbed, every week from a date on; None takes it back."""
    return _weekly(FOCUS, member, spans, since)


def holidays(member: MemberId, region: str | None, since: date = date.min) -> Draft:
    """Say whose public holidays a member has from a date on: `DE-BE`; empty for none."""
    return Draft(HOLIDAYS, member, {"from": since.isoformat(), "value": region})


def leave(
    member: MemberId,
    id_: str,
    first: date | None,
    last: date | None,
    note: ObjectId | None = None,
    *,
    source: str | None = None,
) -> Draft:
    """Say that a member is away from a day to a day; no days take the leave back.

    `source` tells the calendar that it came from, apart from others of theirs; not its name.
    """
    days = None if first is None or last is None else [first.isoformat(), last.isoformat()]
    refs = () if note is None else (note,)
    return Draft(LEAVE, member, {"id": id_, "value": days, **_from(source)}, refs)


def busy(
    member: MemberId, id_: str, stretch: Interval | None, *, source: str | None = None
) -> Draft:
    """Say that something takes a member's time; None: it does not, after all. See `leave`."""
    value = None if stretch is None else list(stretch)
    return Draft(BUSY, member, {"id": id_, "value": value, **_from(source)})


def _from(source: str | None) -> dict[str, str]:
    return {} if source is None else {"source": source}


def standup(member: MemberId, chosen: int | str | None, since: date = date.min) -> Draft:
    """Say when a member writes their stand-up.

    Args:
        member: who.
        chosen: a minute of the wall clock; `morning` or `evening`, for the beginning or the end of
            their shift; None takes it back.
        since: from which date on.
    """
    return Draft(STANDUP, member, {"from": since.isoformat(), "value": chosen})


def ended(member: MemberId, rest: Interval | None) -> Draft:
    """Say that a member's day is over, and what was left of it; None: it is not, after all.

    The last word is kept in the table, not those of the days before.
    """
    value = None if rest is None else list(rest)
    return Draft(ENDED, member, {"from": date.min.isoformat(), "value": value})


def fold_time(entry: Entry) -> Iterator[Put]:
    """Fold one of `KINDS`; raises ValueError for what is none of them."""
    what = entry.kind.partition(".")[2]
    by_id = entry.kind in {LEAVE, BUSY}
    key = entry.body.get("id" if by_id else "from")
    if not isinstance(key, str) or not 0 < len(key) <= _ID_CHARS_MAX:
        raise ValueError("it says not from when, or which one")
    if not by_id:
        date.fromisoformat(key)
    value = entry.body.get("value")
    if value is not None:
        _READ[what](value)
    kept = None if value is None else msgspec.json.encode(value).decode()
    note = entry.refs[0] if entry.refs else None
    source = entry.body.get("source")
    if source is not None and not (isinstance(source, str) and len(source) <= _ID_CHARS_MAX):
        raise ValueError("its source is no short name")
    yield Put("member_times", (entry.about, what, key), "set", (kept, note, source))


def facts_of(rows: Sequence[Row]) -> Facts:
    """Return what a member said as a calendar takes it; what cannot be read is passed over."""
    said: dict[str, list[tuple[date, Any]]] = {}
    leaves: list[Leave] = []
    off: list[Interval] = []
    taken: list[Interval] = []
    for what, key, value in sorted(rows):
        try:
            found = msgspec.json.decode(value)
            if what == "leave":
                first, last = _days(found)
                leaves.append(Leave(first, last, id=key))
            elif what == "ended":
                off.append(_stretch(found))
            elif what == "busy":
                taken.append(_stretch(found, BUSY_MS_MAX))
            else:
                read = _READ[what](found)
                said.setdefault(what, []).append((date.fromisoformat(key), read))
        except (KeyError, ValueError, msgspec.MsgspecError):
            continue
    return Facts(
        zones=tuple(said.get("zone", ())),
        hours=tuple(said.get("hours", ())),
        holidays=tuple(said.get("holidays", ())),
        focus=tuple(said.get("focus", ())),
        leaves=tuple(leaves),
        busy=tuple(taken),
        off=tuple(off),
    )


def _weekly(kind: str, member: MemberId, spans: Iterable[Span] | None, since: date) -> Draft:
    value = None if spans is None else to_body(spans)
    return Draft(kind, member, {"from": since.isoformat(), "value": value})


def _zone(said: Any) -> str:
    if not isinstance(said, str) or not 0 < len(said) <= ZONE_CHARS_MAX or not said.isprintable():
        raise ValueError("its zone is no name")
    return said


def _region(said: Any) -> str:
    if said != "" and not is_region(said):
        raise ValueError("its region is no country's code")
    return str(said)


def _days(said: Any) -> tuple[date, date]:
    if not isinstance(said, list) or [len(str(one)) for one in said] != [_DATE_CHARS] * 2:
        raise ValueError("its leave is no two dates")
    first, last = (date.fromisoformat(str(one)) for one in said)
    if last < first:
        raise ValueError("its leave ends before it begins")
    return first, last


def _stretch(said: Any, long_ms: int = _REST_MS_MAX) -> Interval:
    if not isinstance(said, list) or [type(one) for one in said] != [int, int]:
        raise ValueError("it is no two instants")
    start_ms, end_ms = said
    if not 0 <= start_ms < end_ms <= start_ms + long_ms:
        raise ValueError("it ends before it begins, or is too long")
    return Interval(start_ms, end_ms)


def _chosen(said: Any) -> int | str:
    if said in ("morning", "evening"):
        return str(said)
    if not isinstance(said, int) or isinstance(said, bool) or not 0 <= said < _DAY_MIN:
        raise ValueError("it is no minute of a day")
    return said


_READ = {
    "zone": _zone,
    "hours": from_body,
    "focus": from_body,
    "holidays": _region,
    "leave": _days,
    "busy": lambda said: _stretch(said, BUSY_MS_MAX),
    "standup": _chosen,
    "ended": _stretch,
}
