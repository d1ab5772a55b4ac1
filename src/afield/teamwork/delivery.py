"""When something is brought to a person: in their working time, and never in their quiet hours.

Quiet are all hours in which they do not work, and focus for what is not urgent. Only somebody who
agreed to be woken, and only by what pages, is reached at once. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from afield.teamwork.hours import Hours, Worked

STEPS_MAX = 400
"""Blocks of focus that are passed over; whoever is in focus for longer is reached then."""


class Reached(Hours, Protocol):
    """When somebody works, and when they are not to be disturbed."""

    def focus(self, start_ms: int, end_ms: int) -> Sequence[Worked]:
        """Return the time of focus between two instants, in order."""
        ...


def deliver_ms(
    hours: Reached, at_ms: int, *, urgent: bool = False, pages: bool = False, on_call: bool = False
) -> int | None:
    """Return when what came up at an instant is brought to a person; None: not within a year.

    Args:
        hours: theirs.
        at_ms: when it came up, in Unix milliseconds.
        urgent: it does not wait for a focus block to end; it waits for the working day.
        pages: it is worth waking somebody who agreed to that.
        on_call: they agreed to be woken at that instant.
    """
    if pages and on_call:
        return at_ms
    found = hours.next_working(at_ms)
    for _ in range(STEPS_MAX):
        if found is None or urgent or pages:
            return found
        blocks = [one for one in hours.focus(found, found + 1) if one.start_ms <= found]
        if not blocks:
            return found
        ahead = hours.focus(found, found + 24 * 3_600_000)
        found = hours.next_working(ahead[0].end_ms)
    return found
