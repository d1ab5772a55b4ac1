"""The calendar of people who work apart: zones, weekly hours, leave, holidays; shifts derived.

Pure: facts in, instants out; no I/O, no wall clock. Nothing here writes or reads the record.
"""

from __future__ import annotations

from afield.members.calendar.calendar import Calendar
from afield.members.calendar.shapes import Facts, Interval, Leave, Presence, Waking
from afield.members.calendar.weekly import Span

__all__ = ["Calendar", "Facts", "Interval", "Leave", "Presence", "Span", "Waking"]
