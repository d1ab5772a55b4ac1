"""When nobody is there: between one person's work and another's."""

from __future__ import annotations

from typing import NamedTuple

from afield.kernel.ids import MemberId
from afield.teamwork.query import Item
from afield.workspace.team.hours import hours_of
from afield.workspace.workspace import Workspace

SHORTEST_MS = 60_000
_AHEAD_MS = 14 * 24 * 3_600_000


class Gap(NamedTuple):
    """A stretch in which nobody who has a part in a handover works, in Unix milliseconds."""

    start_ms: int
    end_ms: int


def unstaffed(workspace: Workspace, item: Item) -> list[Gap]:
    """Return the gaps from now until the handover's end, or until the receiver works.

    Sender, receiver and backup count.
    """
    now_ms = workspace.record.now_ms()
    to = MemberId(item.get("to"))
    end_ms = item.get("until") or hours_of(workspace, to).next_working(now_ms)
    end_ms = min(end_ms or now_ms + _AHEAD_MS, now_ms + _AHEAD_MS)
    people = [item.author, to, *([item.get("backup")] if item.get("backup") else [])]
    worked = sorted(
        (one.start_ms, one.end_ms)
        for member in people
        for one in hours_of(workspace, MemberId(member)).working(now_ms, end_ms)
    )
    found, at_ms = [], now_ms
    for start_ms, stop_ms in [*worked, (end_ms, end_ms)]:
        if start_ms - at_ms >= SHORTEST_MS:
            found.append(Gap(at_ms, start_ms))
        at_ms = max(at_ms, stop_ms)
    return found
