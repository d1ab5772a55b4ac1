"""Where a task stands, where it is in the matrix, and the six for a day; pure."""

from __future__ import annotations

from collections.abc import Iterable

from afield.teamwork.hours import Hours
from afield.teamwork.query import Item
from afield.teamwork.states import Standing

SIX = 6
"""Tasks that a day holds, after Ivy Lee: the most important first, and no more."""

SOON_MINUTES = 2 * 8 * 60
"""What is due within two working days of its owner is urgent, whoever says so."""

QUADRANTS = ("do", "plan", "pass on", "drop")
"""Urgent and important, important, urgent, neither: Eisenhower's matrix."""


def task_standing(item: Item) -> Standing:
    """Return where a task stands: open, done or dropped."""
    found = Standing("open", None)
    for one in item.moves:
        if one.name == "finished":
            found = Standing(one.values.get("outcome", "done"), one)
        elif one.name == "reopened":
            found = Standing("open", one)
    return found


def is_urgent(item: Item, calendar: Hours, now_ms: int) -> bool:
    """Tell whether a task is urgent: it is said, or due soon in its owner's working time."""
    due = item.get("due")
    if item.get("urgent"):
        return True
    return due is not None and calendar.working_minutes(now_ms, due) <= SOON_MINUTES


def quadrant(*, important: bool, urgent: bool) -> str:
    """Return the part of the matrix."""
    if important:
        return "do" if urgent else "plan"
    return "pass on" if urgent else "drop"


def six_of(items: Iterable[Item], owner: str, day: str) -> list[Item]:
    """Return a member's tasks for a day, in the order they set; at most six."""
    chosen = [one for one in items if one.get("owner") == owner and one.get("day") == day]
    return sorted(chosen, key=lambda one: (one.get("place") or 0, one.made_ms, one.id))[:SIX]
