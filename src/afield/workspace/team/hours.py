"""When members work: what they say of it, and whose hours count for a due time.

Who has said nothing is taken to keep office hours, and is told so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from afield.journal import Draft
from afield.kernel.ids import MemberId, random_id
from afield.members import times
from afield.members.calendar import Calendar, Interval
from afield.members.calendar.clocks import clock_of
from afield.members.calendar.public import region_of
from afield.members.calendar.weekly import from_words, to_words
from afield.members.errors import HoursBad
from afield.members.names import from_object, to_object
from afield.runs.secrets import redact
from afield.teamwork.hours import Hours
from afield.workspace.team.standup_days import chosen_time, time_words
from afield.workspace.workspace import Workspace

_ROWS = "SELECT what, key, value FROM member_times WHERE member = ? AND value IS NOT NULL"
_ID_CHARS = 8
_NOTE_CHARS_MAX = 200


def hours_of(workspace: Workspace, member: MemberId) -> Hours:
    """Return when a member works, as the team's things ask for it."""
    return calendar_of(workspace, member)


def calendar_of(workspace: Workspace, member: str) -> Calendar:
    """Return a member's calendar; `assumed` where they said neither zone nor hours."""
    return Calendar(times.facts_of(workspace.query(_ROWS, (member,))))


def set_zone(
    workspace: Workspace, name: str, since: date = date.min, *, by: MemberId | None = None
) -> None:
    """Say in which zone this member is, from a date on.

    Raises:
        ZoneUnknown: there is no such zone.
    """
    _say(workspace, times.zone(by or workspace.config.member, clock_of(name).name, since), by)


def set_hours(
    workspace: Workspace,
    rules: Sequence[str],
    since: date = date.min,
    *,
    by: MemberId | None = None,
) -> None:
    """Say when this member works: `Mon-Fri 09:00-17:30`, or `none`.

    Raises:
        HoursBad: a rule is no such thing.
    """
    _say(workspace, times.hours(by or workspace.config.member, from_words(rules), since), by)


def set_focus(
    workspace: Workspace,
    rules: Sequence[str],
    since: date = date.min,
    *,
    by: MemberId | None = None,
) -> None:
    """Say when this member is not to be disturbed.

    Raises:
        HoursBad: a rule is no such thing.
    """
    _say(workspace, times.focus(by or workspace.config.member, from_words(rules), since), by)


def set_holidays(
    workspace: Workspace, region: str, since: date = date.min, *, by: MemberId | None = None
) -> None:
    """Say whose public holidays this member has: `DE-BE`, or `none`.

    Raises:
        HoursBad: none are known of it.
    """
    said = "" if region.casefold() == "none" else region_of(region)
    _say(workspace, times.holidays(by or workspace.config.member, said, since), by)


def take_leave(
    workspace: Workspace,
    first: date,
    last: date,
    note: str = "",
    *,
    id_: str | None = None,
    by: MemberId | None = None,
) -> str:
    """Say that this member is away from a day to a day, and return the leave's id.

    `id_` is given where it follows from what the leave came from.

    Raises:
        HoursBad: it ends before it begins, or the note is too long.
    """
    found = id_ or random_id(_ID_CHARS)
    _say(workspace, _leave(workspace, found, (first, last), note, by=by), by)
    return found


def take_times(
    workspace: Workspace,
    leaves: Mapping[str, tuple[date, date, str] | None],
    busy: Mapping[str, Interval | None],
    *,
    source: str | None = None,
) -> None:
    """Say at once, by their ids, when this member is away and what for, or busy; None: not.

    `source` tells the calendar that they came from, apart from others of theirs.

    Raises:
        HoursBad: one ends before it begins, or its note is too long.
    """
    member = workspace.config.member
    drafts = [
        times.leave(member, id_, None, None, source=source)
        if one is None
        else _leave(workspace, id_, one[:2], one[2], source=source)
        for id_, one in leaves.items()
    ]
    drafts += [times.busy(member, id_, one, source=source) for id_, one in busy.items()]
    if drafts:
        workspace.record.journal.append_many(drafts, durable=True)
        workspace.refresh()


def _leave(
    workspace: Workspace,
    id_: str,
    days: tuple[date, date],
    note: str,
    *,
    by: MemberId | None = None,
    source: str | None = None,
) -> Draft:
    first, last = days
    if last < first:
        raise HoursBad("the leave ends before it begins", f"{first}..{last}")
    if len(note) > _NOTE_CHARS_MAX:
        raise HoursBad("the note is too long", len(note), f"at most {_NOTE_CHARS_MAX} characters")
    kept = None
    if note.strip():
        clean, _ = redact(note.strip(), known=workspace.record.secrets())
        kept = workspace.record.vault.put(to_object(clean), meta=True)
        workspace.record.vault.flush()
    return times.leave(by or workspace.config.member, id_, first, last, kept, source=source)


def cancel_leave(workspace: Workspace, words: str, *, by: MemberId | None = None) -> None:
    """Take a leave back, by its id or the unique beginning of it.

    Raises:
        HoursBad: there is no such leave.
    """
    member = by or workspace.config.member
    known = [one.id for one in calendar_of(workspace, member).facts.leaves]
    fits = [one for one in known if words and one.startswith(words)]
    if len(fits) != 1:
        raise HoursBad("no such leave", words, f"there are {', '.join(known) or 'none'}")
    _say(workspace, times.leave(member, fits[0], None, None), by)


def end_day(workspace: Workspace, *, over: bool = True, by: MemberId | None = None) -> None:
    """Say that a member's day is over now, or that it is not after all.

    What is left of the working day that goes on counts as no working time then; where none does,
    nothing is said.
    """
    member, now_ms = by or workspace.config.member, workspace.record.now_ms()
    calendar = calendar_of(workspace, member)
    if not over:
        if any(one.end_ms > now_ms for one in calendar.facts.off):
            _say(workspace, times.ended(member, None), by)
        return
    rest = calendar.rest_of_day(now_ms)
    if rest is not None:
        _say(workspace, times.ended(member, rest), by)


def hours_part(workspace: Workspace, member: str, now_ms: int | None = None) -> dict[str, Any]:
    """Return what a member said of their time, and where they are in it now, as a document."""
    calendar = calendar_of(workspace, member)
    facts, now_ms = calendar.facts, now_ms or workspace.record.now_ms()
    presence = calendar.presence(now_ms)
    return {
        "member": member,
        "name": workspace.name_of(member),
        "assumed": calendar.assumed,
        "zone": calendar.zone_at(now_ms),
        "local": calendar.local(now_ms),
        "presence": presence.tier,
        "until_ms": presence.until_ms,
        "focus": presence.focus,
        "away": presence.away,
        "busy": presence.busy,
        "next_working_ms": calendar.next_working(now_ms),
        "zones": _since(facts.zones, lambda said: said),
        "hours": _since(facts.hours, to_words),
        "focus_hours": _since(facts.focus, to_words),
        "holidays": _since(facts.holidays, lambda said: said),
        "standup": time_words(chosen_time(workspace, member)),
        "leave": [
            {
                "id": one.id,
                "first": one.first.isoformat(),
                "last": one.last.isoformat(),
                "note": _note(workspace, member, one.id),
            }
            for one in sorted(facts.leaves, key=lambda each: each.first)
        ],
    }


def team_part(workspace: Workspace) -> list[dict[str, Any]]:
    """Return `hours_part` of every member, those who work now first, then by when they will."""
    members = [row[0] for row in workspace.query("SELECT id FROM members ORDER BY id")]
    now_ms = workspace.record.now_ms()
    parts = [hours_part(workspace, one, now_ms) for one in members]
    far = 1 << 60
    return sorted(parts, key=lambda one: (one["next_working_ms"] or far, one["name"]))


def bands_part(workspace: Workspace, start_ms: int, end_ms: int) -> list[dict[str, Any]]:
    """Return how every member can be met between two instants, in stretches that touch."""
    rows = workspace.query("SELECT id FROM members ORDER BY id")
    return [
        {
            "member": member,
            "name": workspace.name_of(MemberId(member)),
            "bands": _bands(calendar_of(workspace, member), start_ms, end_ms),
        }
        for (member,) in rows
    ]


def _bands(calendar: Calendar, start_ms: int, end_ms: int) -> list[dict[str, Any]]:
    asked = (calendar.working, calendar.waking, calendar.focus)
    found = [one for ask in asked for one in ask(start_ms, end_ms)]
    turns = [at_ms for at_ms, _ in calendar.clock_changes(start_ms, end_ms)]
    edges = sorted({start_ms, end_ms, *turns, *(at_ms for one in found for at_ms in one)})
    bands = []
    for begin_ms, until_ms in pairwise(edges):
        presence = calendar.presence(begin_ms)
        bands.append(
            {
                "start_ms": begin_ms,
                "end_ms": until_ms,
                "presence": presence.tier,
                "focus": presence.focus,
                "away": presence.away,
                "zone": calendar.zone_at(begin_ms),
            }
        )
    return bands


def _since(
    said: Sequence[tuple[date, Any]], words: Callable[[Any], str | list[str]]
) -> list[dict[str, Any]]:
    return [
        {"from": None if day == date.min else day.isoformat(), "value": words(value)}
        for day, value in said
    ]


def _note(workspace: Workspace, member: str, leave: str) -> str | None:
    from afield.kernel.errors import AfieldError
    from afield.kernel.ids import ObjectId

    sql = "SELECT note FROM member_times WHERE member = ? AND what = 'leave' AND key = ?"
    (found,) = workspace.query(sql, (member, leave))[0]
    if found is None:
        return None
    try:
        return from_object(workspace.record.vault.get(ObjectId(found))) or None
    except (AfieldError, OSError):  # erased, or not come yet
        return None


def _say(workspace: Workspace, draft: Draft, by: MemberId | None = None) -> None:
    workspace.record.journal.append_many([draft], durable=True, by=by)
    workspace.refresh()
