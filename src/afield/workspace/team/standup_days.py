"""Whose day a stand-up is of, which half of it, when it was written and when it is due.

Worked out from hours. The day that was written down stays, whenever it is synced.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import msgspec

from afield.kernel.clock import stamp_to_ms
from afield.kernel.ids import MemberId
from afield.kernel.late import late
from afield.members import times
from afield.members.calendar import Calendar, Interval
from afield.teamwork.errors import ItemBad
from afield.teamwork.events import id_about
from afield.teamwork.sorts.standup import SLOTS, STANDUP
from afield.workspace.workspace import Workspace

AFTER_SHIFT_MS = 4 * 3_600_000
"""What is written so soon after a shift belongs to the day on which the shift began."""

_DAY_MS = 24 * 3_600_000
_IS_DAY = late(r"\d{4}-\d\d-\d\d")
_NOON_MIN = 12 * 60
_CHOSEN = (
    "SELECT value FROM member_times WHERE member = ? AND what = 'standup'"
    " AND value IS NOT NULL ORDER BY key DESC LIMIT 1"
)
_WRITTEN = (
    'SELECT d.item, d.value, d."at" FROM item_fields d JOIN items i ON i.id = d.item'
    " AND i.sort = d.sort WHERE d.sort = 'standup' AND d.field = 'day' AND i.made IS NOT NULL"
)

_LAST = (
    'SELECT i.author, MAX(d."at") FROM item_fields d JOIN items i ON i.id = d.item'
    " AND i.sort = d.sort WHERE d.sort = 'standup' AND d.field = 'day' AND i.made IS NOT NULL"
    " GROUP BY i.author"
)


def standup_day(calendar: Calendar, at_ms: int) -> date:
    """Return the day that a stand-up belongs to which is written at an instant."""
    worked = calendar.working(at_ms - _DAY_MS, at_ms + 1)
    if worked and at_ms - worked[-1].end_ms <= AFTER_SHIFT_MS:
        start_ms = worked[-1].start_ms
        if start_ms > at_ms - _DAY_MS:  # else it has no end, and is of no day
            return calendar.day_of(start_ms)
    return calendar.day_of(at_ms)


def shifts_of(calendar: Calendar, day: date) -> list[Interval]:
    """Return the shifts that begin on a member's date, in order."""
    noon_ms = _noon_ms(day)
    found = calendar.working(noon_ms - 2 * _DAY_MS, noon_ms + 3 * _DAY_MS)
    return [one for one in found if calendar.day_of(one.start_ms) == day]


def day_end_ms(calendar: Calendar, day: date) -> int:
    """Return up to when something is of a day: its midnight, or some hours after its shift."""
    midnight_ms = _wall_ms(calendar, day + timedelta(days=1), 0)
    return max(midnight_ms, *(one.end_ms + AFTER_SHIFT_MS for one in shifts_of(calendar, day)), 0)


def day_start_ms(calendar: Calendar, day: date) -> int:
    """Return from when on something is of a day: its midnight."""
    return _wall_ms(calendar, day, 0)


def past_day(words: str, today: date) -> date:
    """Return the day that words name, today or before.

    Raises:
        ItemBad: they name none, or one that is ahead.
    """
    try:
        found = date.fromisoformat(words if _IS_DAY().fullmatch(words) else "")
    except ValueError as error:
        raise ItemBad("not a day", words, hint="2026-11-23") from error
    if found > today:
        raise ItemBad("not a day to tell of", words, f"it is ahead; today is {today}")
    return found


def standup_id(member: str, day: str, slot: str) -> str:
    """Return the id of the one stand-up of a half of a member's day."""
    return id_about(STANDUP, f"{member} {day} {slot}")


def written_ms(workspace: Workspace, item: str) -> int:
    """Return when a stand-up was last written, in Unix milliseconds; comments do not count."""
    rows = workspace.query(f"{_WRITTEN} AND d.item = ?", (item,))
    return stamp_to_ms(rows[0][2]) if rows else 0


def last_words_ms(workspace: Workspace) -> dict[str, int]:
    """Return when every member who wrote one did so last."""
    return {author: stamp_to_ms(at) for author, at in workspace.query(_LAST)}


def last_written_ms(workspace: Workspace, member: str, *, before: tuple[str, str]) -> int | None:
    """Return when a member last wrote one of a half day before a day and slot."""
    rows = workspace.query(f"{_WRITTEN} AND i.author = ?", (member,))
    day, slot = before
    earlier = [standup_id(member, day, one) for one in SLOTS[: SLOTS.index(slot)]]
    found = [stamp_to_ms(at) for item, on, at in rows if on < day or item in earlier]
    return max(found, default=None)


def choose_time(
    workspace: Workspace, chosen: int | str | None, *, by: MemberId | None = None
) -> None:
    """Say when one writes one's stand-up: see `times.standup`."""
    draft = times.standup(by or workspace.config.member, chosen)
    workspace.record.journal.append_many([draft], durable=True, by=by)
    workspace.refresh()


def time_of(words: str) -> int | str | None:
    """Return the time that words such as `09:15`, `morning`, `evening` and `none` choose.

    Raises:
        ItemBad: they are no time.
    """
    said = words.strip().lower()
    if said in (*SLOTS, "none"):
        return None if said == "none" else said
    try:
        found = time.fromisoformat(said)
    except ValueError as error:
        raise ItemBad("not a time", words, str(error), hint="afield standup at 09:15") from error
    return found.hour * 60 + found.minute


def time_words(chosen: int | str | None) -> str | None:
    """Return a chosen time as `time_of` reads it; None for none."""
    return f"{chosen // 60:02}:{chosen % 60:02}" if isinstance(chosen, int) else chosen


def chosen_time(workspace: Workspace, member: str) -> int | str | None:
    """Return when a member writes their stand-up: see `times.standup`."""
    rows = workspace.query(_CHOSEN, (member,))
    found: int | str | None = msgspec.json.decode(rows[0][0]) if rows else None
    return found


def slot_of(workspace: Workspace, member: MemberId, calendar: Calendar, at_ms: int) -> str:
    """Return the half of the day: as the member chose, else by how much of the shift is over."""
    chosen = chosen_time(workspace, member)
    if isinstance(chosen, str):
        return chosen
    if chosen is not None:
        return "morning" if chosen < _NOON_MIN else "evening"
    for one in calendar.working(at_ms - _DAY_MS, at_ms + _DAY_MS):
        if one.start_ms <= at_ms < one.end_ms + AFTER_SHIFT_MS:
            return "morning" if at_ms * 2 < one.start_ms + one.end_ms else "evening"
    return "morning"


def due_ms(workspace: Workspace, member: MemberId, calendar: Calendar, day: date) -> int | None:
    """Return when a member's stand-up of a day is due; None: they chose no time, or are off."""
    chosen, shifts = chosen_time(workspace, member), shifts_of(calendar, day)
    if chosen is None or not shifts:
        return None
    if isinstance(chosen, str):
        return shifts[0].start_ms if chosen == "morning" else shifts[-1].end_ms
    at_ms = _wall_ms(calendar, day, chosen)
    if at_ms < shifts[0].start_ms - AFTER_SHIFT_MS:  # a shift over midnight: the small hours
        return _wall_ms(calendar, day + timedelta(days=1), chosen)
    return at_ms


def _wall_ms(calendar: Calendar, day: date, minute: int) -> int:
    zone = calendar.local(_noon_ms(day)).tzinfo
    wall = datetime.combine(day, time(minute // 60, minute % 60), tzinfo=zone)
    return int(wall.timestamp() * 1000)


def _noon_ms(day: date) -> int:
    return int(datetime.combine(day, time(12), tzinfo=UTC).timestamp() * 1000)
