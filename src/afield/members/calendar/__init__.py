"""The calendar of people who work apart: zones, weekly hours, leave, holidays; shifts derived.

Pure: facts in, instants out; no I/O, no wall clock. Nothing here writes or reads the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from afield.members.calendar.shapes import Facts, Interval, Leave, Presence, Waking
from afield.members.calendar.weekly import Span

if TYPE_CHECKING:
    from afield.members.calendar.calendar import Calendar

__all__ = ["Calendar", "Facts", "Interval", "Leave", "Presence", "Span", "Waking"]


def __getattr__(name: str) -> Any:
    """Load `Calendar` when it is asked for: every command folds what people said of their time."""
    if name != "Calendar":
        raise AttributeError(name)
    from afield.members.calendar.calendar import Calendar

    return Calendar
