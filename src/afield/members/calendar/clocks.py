"""Wall clocks of IANA zones: what they show at an instant, and when they show a time of a day.

The one rule for changes of the clock is `instant_ms`. Pure but for zoneinfo's own files. Knows
no hours and nobody's calendar.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from afield.kernel.late import late
from afield.members.errors import ZoneUnknown

DAY_MS: Final = 86_400_000
MINUTE_MS: Final = 60_000
LAST_MS: Final = 7_258_118_400_000
"""The year 2200: what is asked of later instants is answered as of this one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BLOCK_MS = 60 * DAY_MS
_STEP_MS = 6 * DAY_MS
"""How far apart a block is looked at. In tzdata no two changes since 1970 are as near as that."""
_REACH_MS = 26 * 3_600_000
_ONE = timedelta(milliseconds=1)
_NAME = late(r"[A-Za-z][\w+\-]{0,30}(/[\w+\-]{1,30}){0,2}")
_OTHER = frozenset({"localtime", "posixrules", "Factory"})


class Clock:
    """The wall clock of a zone; `clock_of` gives the one of a name.

    Zones change their clocks once in months. A block of days is looked through once, for where
    the offset changes; from then on everything is arithmetic. Of two changes within six days one
    would not be seen; there are none in tzdata since 1970, which a test walks.
    """

    __slots__ = ("_blocks", "name", "zone")

    def __init__(self, name: str) -> None:
        self.name = name
        self.zone = ZoneInfo(name)
        self._blocks: dict[int, tuple[tuple[int, int], ...]] = {}

    def offset_ms(self, at_ms: int) -> int:
        """Return how far the clock is ahead of UTC at an instant."""
        found = 0
        for start, offset in self._block(at_ms // _BLOCK_MS):
            if start > at_ms:
                break
            found = offset
        return found

    def wall_ms(self, at_ms: int) -> int:
        """Return what the clock shows at an instant, as milliseconds since 1970-01-01 00:00."""
        return at_ms + self.offset_ms(at_ms)

    def instant_ms(self, wall_ms: int) -> int:
        """Return the instant of a boundary that is given as a time of the wall clock.

        The rule for changes of the clock, the same for starts and ends: a time that the clock
        shows twice is its first showing; a time that it skips is the instant at which it skips.
        So one boundary is one instant: where a shift ends and another begins at the same wall
        time there is neither a gap nor an overlap, and a later time is never an earlier instant.

        Args:
            wall_ms: what the clock shows, as milliseconds since 1970-01-01 00:00 on it.
        """
        first = (wall_ms - _REACH_MS) // _BLOCK_MS
        last = (wall_ms + _REACH_MS) // _BLOCK_MS
        segments = self._blocks.get(first) or self._block(first)
        if last != first:
            segments += self._block(last)
        elif len(segments) == 1:
            return wall_ms - segments[0][1]
        for index in range(len(segments) - 1):
            start, offset = segments[index]
            if wall_ms < segments[index + 1][0] + offset:
                return max(wall_ms - offset, start)
        start, offset = segments[-1]
        return max(wall_ms - offset, start)

    def changes(self, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
        """Return when the clock is changed from an instant to another, and by how much."""
        found: list[tuple[int, int]] = []
        before = self.offset_ms(start_ms)
        for block in range(start_ms // _BLOCK_MS, (end_ms - 1) // _BLOCK_MS + 1):
            for at_ms, offset in self._block(block):
                if start_ms < at_ms < end_ms and offset != before:
                    found.append((at_ms, offset - before))
                    before = offset
        return found

    def local(self, at_ms: int) -> datetime:
        """Return an instant as what the clock shows then."""
        return (_EPOCH + at_ms * _ONE).astimezone(self.zone)

    def _block(self, number: int) -> tuple[tuple[int, int], ...]:
        """Return the instants of a block from which on the offset is another, with the offsets."""
        found = self._blocks.get(number)
        if found is None:
            found = self._blocks[number] = tuple(self._looked_through(number * _BLOCK_MS))
        return found

    def _looked_through(self, at_ms: int) -> list[tuple[int, int]]:
        before = self._asked(at_ms)
        found = [(at_ms, before)]
        for next_ms in range(at_ms + _STEP_MS, at_ms + _BLOCK_MS + 1, _STEP_MS):
            after = self._asked(next_ms)
            if after != before:
                low, high = (next_ms - _STEP_MS) // 1000, next_ms // 1000
                while high - low > 1:
                    middle = (low + high) // 2
                    if self._asked(middle * 1000) == before:
                        low = middle
                    else:
                        high = middle
                if high * 1000 < at_ms + _BLOCK_MS:
                    found.append((high * 1000, after))
                before = after
        return found

    def _asked(self, at_ms: int) -> int:
        offset = datetime.fromtimestamp(at_ms // 1000, self.zone).utcoffset()
        return 0 if offset is None else offset // _ONE


@cache
def clock_of(name: str) -> Clock:
    """Return the clock of a zone.

    Raises:
        ZoneUnknown: this machine knows no zone of this name.
    """
    if not _NAME().fullmatch(name):
        raise ZoneUnknown("no such time zone", name, hint="afield hours zone Europe/Berlin")
    try:
        return Clock(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        why = _alike(name)
        raise ZoneUnknown(
            "no such time zone", name, why, hint="afield hours zone Europe/Berlin"
        ) from error


def zone_names() -> list[str]:
    """Return the names of all zones that this machine knows."""
    return sorted(available_timezones() - _OTHER)


def _alike(name: str) -> str:
    asked = name.rpartition("/")[2].casefold()
    found = [one for one in zone_names() if asked and asked in one.casefold()]
    return f"did you mean {', '.join(found[:3])}" if found else "not in the IANA data base"
