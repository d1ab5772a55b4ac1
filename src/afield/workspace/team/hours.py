"""When members work: what they say of it, and whose hours count for a due time.

Who has said nothing is taken to keep office hours, and is told so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from afield.journal import Draft
from afield.kernel.ids import MemberId, random_id
from afield.members import times
from afield.members.calendar import Calendar
from afield.members.calendar.clocks import clock_of
from afield.members.calendar.public import region_of
from afield.members.calendar.weekly import from_words, to_words
from afield.members.errors import HoursBad
from afield.members.names import from_object, to_object
from afield.runs.secrets import redact
from afield.teamwork.hours import Hours
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


def set_zone(workspace: Workspace, name: str, since: date = date.min) -> None:
    """Say in which zone this member is, from a date on.

    Raises:
        ZoneUnknown: there is no such zone.
    """
    _say(workspace, times.zone(workspace.config.member, clock_of(name).name, since))


def set_hours(workspace: Workspace, rules: Sequence[str], since: date = date.min) -> None:
    """Say when this member works: `Mon-Fri 09:00-17:30`, or `none`.

    Raises:
        HoursBad: a rule is no such thing.
    """
    _say(workspace, times.hours(workspace.config.member, from_words(rules), since))


def set_focus(workspace: Workspace, rules: Sequence[str], since: date = date.min) -> None:
    """Say when this member is not to be disturbed.

    Raises:
        HoursBad: a rule is no such thing.
    """
    _say(workspace, times.focus(workspace.config.member, from_words(rules), since))


def set_holidays(workspace: Workspace, region: str, since: date = date.min) -> None:
    """Say whose public holidays this member has: `DE-BE`, or `none`.

    Raises:
        HoursBad: none are known of it.
    """
    said = "" if region.casefold() == "none" else region_of(region)
    _say(workspace, times.holidays(workspace.config.member, said, since))


def take_leave(workspace: Workspace, first: date, last: date, note: str = "") -> str:
    """Say that this member is away from a day to a day, and return the leave's id.

    Raises:
        HoursBad: it ends before it begins, or the note is too long.
    """
    if last < first:
        raise HoursBad("the leave ends before it begins", f"{first}..{last}")
    if len(note) > _NOTE_CHARS_MAX:
        raise HoursBad("the note is too long", len(note), f"at most {_NOTE_CHARS_MAX} characters")
    kept = None
    if note.strip():
        clean, _ = redact(note.strip(), known=workspace.record.secrets())
        kept = workspace.record.vault.put(to_object(clean), meta=True)
        workspace.record.vault.flush()
    id_ = random_id(_ID_CHARS)
    _say(workspace, times.leave(workspace.config.member, id_, first, last, kept))
    return id_


def cancel_leave(workspace: Workspace, words: str) -> None:
    """Take a leave back, by its id or the unique beginning of it.

    Raises:
        HoursBad: there is no such leave.
    """
    member = workspace.config.member
    known = [one.id for one in calendar_of(workspace, member).facts.leaves]
    fits = [one for one in known if words and one.startswith(words)]
    if len(fits) != 1:
        raise HoursBad("no such leave", words, f"there are {', '.join(known) or 'none'}")
    _say(workspace, times.leave(member, fits[0], None, None))


def hours_part(workspace: Workspace, member: str) -> dict[str, Any]:
    """Return what a member said of their time, and where they are in it now, as a document."""
    calendar = calendar_of(workspace, member)
    facts, now_ms = calendar.facts, workspace.record.now_ms()
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
        "next_working_ms": calendar.next_working(now_ms),
        "zones": _since(facts.zones, lambda said: said),
        "hours": _since(facts.hours, to_words),
        "focus_hours": _since(facts.focus, to_words),
        "holidays": _since(facts.holidays, lambda said: said),
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
    parts = [hours_part(workspace, one) for one in members]
    far = 1 << 60
    return sorted(parts, key=lambda one: (one["next_working_ms"] or far, one["name"]))


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


def _say(workspace: Workspace, draft: Draft) -> None:
    workspace.record.journal.append_many([draft], durable=True)
    workspace.refresh()
