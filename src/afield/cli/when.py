"""How instants that people wait for are worded: in the zone of who reads, with how far they are.

Who told their zone reads in it, wherever the machine thinks that it is.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from afield.cli.words import duration

if TYPE_CHECKING:
    from afield.workspace.workspace import Workspace

_NOW_S = 2
_MINUTE_S = 60


def now_of(workspace: Workspace) -> datetime:
    """Return what time it is by the clock of who reads: in their zone, untold in this machine's."""
    from afield.workspace.team.hours import calendar_of

    now_ms = workspace.record.now_ms()
    calendar = calendar_of(workspace, workspace.config.member)
    if calendar.facts.zones:
        return calendar.local(now_ms)
    return datetime.fromtimestamp(now_ms / 1000).astimezone()


def when(at_ms: int | None, now: datetime, there: tzinfo | None = None) -> str:
    """Word an instant: `Tue 24 Nov 15:00 (in 3 h)`, `Mon 23 Nov 9:00 (2 h ago)`; None: `never`.

    How far it is, is told to the minute, or to the second within one.
    It is by the clock of `now`; by that of another place it says so: `15:00 there (in 3 h)`.
    """
    if at_ms is None:
        return "never"
    at = datetime.fromtimestamp(at_ms / 1000).astimezone(there or now.tzinfo)
    left_s = at_ms / 1000 - now.timestamp()
    unit_s = 1 if abs(left_s) < _MINUTE_S else _MINUTE_S
    far = duration(round(abs(left_s) / unit_s) * unit_s).replace(".0 s", " s")
    far = f"in {far}" if left_s > 0 else f"{far} ago"
    if abs(left_s) < _NOW_S:
        far = "now"
    place = " there" if there else ""
    return f"{at:%a %d %b} {at.hour}:{at:%M}{place} ({far})"
