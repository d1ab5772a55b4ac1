"""By when: what a person says of a due time, worked out in the working time of who is to do it."""

from __future__ import annotations

from datetime import date, datetime, time

from afield.kernel.ids import MemberId
from afield.kernel.late import late
from afield.teamwork.errors import ItemBad
from afield.teamwork.hours import Hours
from afield.workspace.team.hours import hours_of
from afield.workspace.workspace import Workspace

DAY_MINUTES = 8 * 60
"""A working day, where somebody says `2d`."""

URGENT_MINUTES = 2 * 60
_SPAN = late(r"(\d{1,4})\s*(m|min|h|d)")
_DAY = late(r"\d{4}-\d{2}-\d{2}")
_MINUTES = {"m": 1, "min": 1, "h": 60, "d": DAY_MINUTES}


def due_ms(
    workspace: Workspace, member: MemberId, words: str | None, *, urgent: bool = False
) -> int | None:
    """Return by when something is due, in Unix milliseconds.

    Args:
        workspace: knows the hours of who is to do it, and what time it is.
        member: who is to do it.
        words: `90m`, `4h` and `2d` are working time of theirs; a date is the end of that working
            day of theirs; a date with a time is in their zone, unless it says one. None: one
            working day, or two hours where it is `urgent`.
        urgent: see `words`.

    Returns:
        The instant; None: they do not work within the next year.

    Raises:
        ItemBad: it is no such time, or it is past.
    """
    now_ms = workspace.record.clock.wall_ns() // 1_000_000
    calendar = hours_of(workspace, member)
    if words is None:
        return calendar.add_working(now_ms, URGENT_MINUTES if urgent else DAY_MINUTES)
    asked = words.strip().lower()
    span = _SPAN().fullmatch(asked)
    if span:
        return calendar.add_working(now_ms, int(span[1]) * _MINUTES[span[2]])
    found = _instant_ms(calendar, words.strip(), now_ms)
    if found <= now_ms:
        raise ItemBad("is past already", words, hint="--due 4h")
    return found


def instant_ms(workspace: Workspace, member: MemberId, words: str) -> int:
    """Return an instant that is said by a member's wall clock, in Unix milliseconds.

    Raises:
        ItemBad: it is none.
    """
    calendar = hours_of(workspace, member)
    zone = calendar.local(workspace.record.now_ms()).tzinfo
    try:
        said = datetime.fromisoformat(words.strip())
    except ValueError as error:
        raise ItemBad("not a time", words, str(error), hint="2026-11-28T18:00") from error
    return _ms(said if said.tzinfo is not None else said.replace(tzinfo=zone))


def _instant_ms(calendar: Hours, words: str, now_ms: int) -> int:
    hint = "--due 4h, --due 2d, --due 2026-12-01 or --due 2026-12-01T15:00"
    zone = calendar.local(now_ms).tzinfo
    try:
        if _DAY().fullmatch(words):
            day = date.fromisoformat(words)
            first_ms = _ms(datetime.combine(day, time(), zone))
            found = calendar.working(first_ms, first_ms + 36 * 3_600_000)
            same = [one.end_ms for one in found if calendar.local(one.start_ms).date() == day]
            return max(same, default=_ms(datetime.combine(day, time(23, 59), zone)))
        said = datetime.fromisoformat(words)
    except ValueError as error:
        raise ItemBad("not a due time", words, str(error), hint=hint) from error
    return _ms(said if said.tzinfo is not None else said.replace(tzinfo=zone))


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
