"""When people can meet, what it costs whom, who carried how much, and when nobody is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from afield.kernel.ids import MemberId
from afield.members.calendar import Calendar, Interval
from afield.members.calendar.overlap import Slot, burden, coverage, gaps, slots
from afield.teamwork.errors import ItemBad
from afield.workspace.team.hours import calendar_of
from afield.workspace.team.meetings import meetings_between
from afield.workspace.workspace import Workspace

LEDGER_MS = 90 * 24 * 3_600_000
"""How far the ledger looks back, and ahead."""

WINDOW_MS_MAX = 60 * 24 * 3_600_000
SLOTS_TOLD = 5
_MINUTES_MAX = 24 * 60


def overlap_part(
    workspace: Workspace,
    members: Sequence[MemberId],
    start_ms: int,
    end_ms: int,
    minutes: int = 30,
) -> dict[str, Any]:
    """Return times to meet, coverage with its gaps, changes of clocks, and the ledger.

    Args:
        workspace: with its tables up to date.
        members: who is to be there; everybody when there are none.
        start_ms: from when on, and `end_ms` until when, in Unix milliseconds.
        end_ms: see `start_ms`.
        minutes: how long the meeting takes.

    Raises:
        ItemBad: the window is empty or over 60 days, or the meeting does not fit.
    """
    if not start_ms < end_ms <= start_ms + WINDOW_MS_MAX:
        raise ItemBad("not a time to look at", f"{start_ms}..{end_ms}", "forwards, 60 days at most")
    if not 1 <= minutes <= _MINUTES_MAX:
        raise ItemBad("not a length of a meeting", minutes, f"1 to {_MINUTES_MAX} minutes")
    chosen = list(dict.fromkeys(members)) or _everybody(workspace)
    calendars: dict[str, Calendar] = {one: calendar_of(workspace, one) for one in chosen}
    window = Interval(start_ms, end_ms)
    now_ms = workspace.record.now_ms()
    held = meetings_between(workspace, now_ms - LEDGER_MS, now_ms + LEDGER_MS)
    carried = burden(calendars, held)
    covered = coverage(calendars.values(), window)
    return {
        "start_ms": start_ms,
        "end_ms": end_ms,
        "minutes": minutes,
        "members": [
            {
                "member": member,
                "name": workspace.name_of(member),
                "zone": calendar.zone_at(start_ms),
                "assumed": calendar.assumed,
                "carried": carried[member],
                "clock_changes": [
                    {"at_ms": at_ms, "minutes": by}
                    for at_ms, by in calendar.clock_changes(start_ms, end_ms)
                ],
            }
            for member, calendar in calendars.items()
        ],
        "slots": [
            _slot(workspace, one) for one in slots(calendars, window, minutes, carried)[:SLOTS_TOLD]
        ],
        "covered": [one._asdict() for one in covered],
        "gaps": [one._asdict() for one in gaps(covered, window)],
    }


def _everybody(workspace: Workspace) -> list[MemberId]:
    rows = workspace.query("SELECT id FROM members ORDER BY id")
    return [MemberId(row[0]) for row in rows] or [workspace.config.member]


def _slot(workspace: Workspace, one: Slot) -> dict[str, Any]:
    return {
        "start_ms": one.start_ms,
        "end_ms": one.end_ms,
        "costs": [
            {
                "member": member,
                "name": workspace.name_of(member),
                "local": calendar_of(workspace, member).local(one.start_ms).isoformat(),
                "outside": cost.outside,
                "asleep": cost.asleep,
                "busy": cost.busy,
            }
            for member, cost in one.costs.items()
        ],
    }
