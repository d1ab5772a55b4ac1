"""The digest: once a day, what the others said of theirs; what needs the reader comes first.

Nobody is counted and nobody is ranked: who has not written is told with why, where it is known.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from afield.kernel.ids import MemberId
from afield.members.actions import Action
from afield.members.calendar import Calendar
from afield.members.caller import Caller
from afield.teamwork.query import Item, read
from afield.teamwork.sorts import SORT_OF
from afield.workspace.membership import members
from afield.workspace.team.hours import calendar_of
from afield.workspace.team.inbox import Letter, inbox
from afield.workspace.team.standup_days import (
    day_start_ms,
    last_words_ms,
    past_day,
    standup_day,
)
from afield.workspace.team.standups import standup_part, standups
from afield.workspace.workspace import Workspace

Why = Literal["leave", "day off", "asleep", "not at work", "at work"]
_DAY_MS = 24 * 3_600_000


class Silent(msgspec.Struct, frozen=True):
    """A member who has not written.

    Attributes:
        member: who.
        why: how they can be met now.
        last_ms: when they wrote last, in Unix milliseconds.
        back_ms: when they work next; None: they do now, or not within a year.
    """

    member: str
    why: Why
    last_ms: int | None
    back_ms: int | None


class Digest(msgspec.Struct, frozen=True):
    """What a reader has to know of the others' day.

    Attributes:
        day: the reader's, `2026-11-23`.
        since_ms: the beginning of the working day before, in Unix milliseconds.
        needs: what waits for the reader.
        standups: as documents, with the links to what is the reader's among theirs as `yours`;
            those that name the reader or theirs first, then those that are stuck.
        silent: members who have not written since.
        next_ms: when the reader's next day starts, at which the next digest is told.
    """

    day: str
    since_ms: int
    needs: list[Letter]
    standups: list[dict[str, Any]]
    silent: list[Silent]
    next_ms: int | None


def digest(workspace: Workspace, reader: MemberId, *, day: str | None = None) -> Digest:
    """Return the digest of a reader's day, as it is now.

    Args:
        workspace: with its tables up to date.
        reader: for whom.
        day: the others' stand-ups of this day of theirs; None: what was written since the
            beginning of the reader's working day before.

    Raises:
        ItemBad: it is no day, or it is ahead of the reader's.
    """
    calendar, now_ms = calendar_of(workspace, reader), workspace.record.now_ms()
    today = standup_day(calendar, now_ms)
    if day is None:
        start_ms = _since(calendar, now_ms)
        found = standups(workspace, since_ms=start_ms)
    else:
        start_ms = day_start_ms(calendar, past_day(day, today))
        found = standups(workspace, day=day)
    wrote = [one for one in found if one.author != reader]
    writers = {reader, *(one.author for one in wrote)}
    last_ms = last_words_ms(workspace)
    silent = [
        _silent(workspace, member, last_ms.get(member), now_ms)
        for member in _team(workspace)
        if member not in writers
    ]
    parts = [_part(workspace, one, reader) for one in wrote]
    return Digest(
        day=day or today.isoformat(),
        since_ms=start_ms,
        needs=[one for one in inbox(workspace, reader) if one.waits],
        standups=sorted(parts, key=lambda one: _rank(one, reader)),
        silent=silent,
        next_ms=calendar.day_start(now_ms + 1),
    )


def _team(workspace: Workspace) -> list[MemberId]:
    """Return who can write stand-ups: not who left, only looks on, or is a hub."""
    return [
        one.id
        for one in members(workspace)
        if Caller(one.id, one.roles).may(Action.TEAM_WRITE).allowed
        and (not one.devices or not all(each.removed or each.hub for each in one.devices))
    ]


def _part(workspace: Workspace, item: Item, reader: str) -> dict[str, Any]:
    part = standup_part(workspace, item)
    yours = [link for link in part["labels"] if _is_of(workspace, link, reader)]
    return {**part, "yours": yours}


def _is_of(workspace: Workspace, link: str, reader: str) -> bool:
    """Tell whether what a link names is a member's: their run, or an item of which they are."""
    kind, _, rest = link.partition(":")
    if kind == "run":
        sql = "SELECT 1 FROM runs WHERE id = ? AND member = ?"
        return bool(workspace.query(sql, (rest, reader)))
    if kind == "data":
        sql = "SELECT 1 FROM dataset_versions WHERE name = ? AND tree = ? AND member = ?"
        name, _, tree = rest.partition("@")
        return bool(workspace.query(sql, (name, tree, reader)))
    sort = SORT_OF.get(kind)
    found = [] if sort is None else read(workspace.query, sort, [rest])
    return any(reader in one.people for one in found)


def _since(calendar: Calendar, now_ms: int) -> int:
    """Return the beginning of the working day before the one that goes on or is next."""
    worked = calendar.working(now_ms - 14 * _DAY_MS, now_ms)
    days: dict[Any, int] = {}
    for one in worked:
        days.setdefault(calendar.day_of(one.start_ms), one.start_ms)
    days.pop(standup_day(calendar, now_ms), None)
    return list(days.values())[-1] if days else now_ms - _DAY_MS


def _rank(part: dict[str, Any], reader: str) -> tuple[bool, bool, bool, int]:
    names_reader = reader in part["mentions"] or bool(part["yours"])
    is_stuck = bool((part["stuck"] or "").strip())
    return not names_reader, not is_stuck, bool(part["unchanged"]), -int(part["written_ms"])


def _silent(workspace: Workspace, member: MemberId, last_ms: int | None, now_ms: int) -> Silent:
    calendar = calendar_of(workspace, member)
    presence, day = calendar.presence(now_ms), calendar.day_of(now_ms)
    back_ms = None if presence.tier == "working" else calendar.next_working(now_ms)
    why: Why = "at work" if presence.tier == "working" else "not at work"
    if calendar.leave(day) is not None:
        why = "leave"
    elif presence.away:
        why = "day off"
    elif presence.tier == "asleep":
        why = "asleep"
    return Silent(member, why, last_ms, back_ms)
