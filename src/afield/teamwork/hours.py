"""Working time as the team's things need it, and that of a member of whose hours nothing is known.

Instants are Unix milliseconds. What a member says of their hours is the business of `members`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple, Protocol

MINUTE_MS = 60_000
FIRST, LAST = 9, 17
"""Hours of a working day, where nobody said others."""

_WORKING_DAYS = 5
_YEAR_DAYS = 366


class Stretch(NamedTuple):
    """A stretch of working time."""

    start_ms: int
    end_ms: int


class Worked(Protocol):
    """A stretch of somebody's working time."""

    @property
    def start_ms(self) -> int:
        """When it begins."""
        ...

    @property
    def end_ms(self) -> int:
        """When it is over."""
        ...


class Hours(Protocol):
    """When somebody works."""

    def local(self, at_ms: int) -> datetime:
        """Return an instant where they are, with its zone."""
        ...

    def working(self, start_ms: int, end_ms: int) -> Sequence[Worked]:
        """Return the working time between two instants, in order."""
        ...

    def next_working(self, at_ms: int) -> int | None:
        """Return when they work next, the instant itself when they do; None: not for long."""
        ...

    def add_working(self, at_ms: int, minutes: int) -> int | None:
        """Return when they will have worked so long; None: they do not."""
        ...

    def working_minutes(self, start_ms: int, end_ms: int) -> int:
        """Return how long they work between two instants."""
        ...


class AssumedHours:
    """Monday to Friday from 9 to 17 in UTC: of a member who has said nothing.

    Attributes:
        assumed: that it is nobody's word.
    """

    assumed = True

    def local(self, at_ms: int) -> datetime:
        """Return an instant in UTC."""
        return datetime.fromtimestamp(at_ms / 1000, UTC)

    def working(self, start_ms: int, end_ms: int) -> list[Stretch]:
        """Return the working time between two instants, in order."""
        found = []
        day = self.local(start_ms).date()
        while (first_ms := _ms(datetime.combine(day, time(FIRST), UTC))) < end_ms:
            last_ms = first_ms + (LAST - FIRST) * 60 * MINUTE_MS
            begin_ms, over_ms = max(first_ms, start_ms), min(last_ms, end_ms)
            if day.weekday() < _WORKING_DAYS and begin_ms < over_ms:
                found.append(Stretch(begin_ms, over_ms))
            day += timedelta(days=1)
        return found

    def next_working(self, at_ms: int) -> int | None:
        """Return when work begins next, or the instant itself."""
        week_ms = 7 * 24 * 60 * MINUTE_MS
        return next((each.start_ms for each in self.working(at_ms, at_ms + week_ms)), None)

    def add_working(self, at_ms: int, minutes: int) -> int | None:
        """Return when so much has been worked, within a year."""
        left_ms = minutes * MINUTE_MS
        year_ms = _YEAR_DAYS * 24 * 60 * MINUTE_MS
        for each in self.working(at_ms, at_ms + year_ms):
            if each.end_ms - each.start_ms >= left_ms:
                return each.start_ms + left_ms
            left_ms -= each.end_ms - each.start_ms
        return None

    def working_minutes(self, start_ms: int, end_ms: int) -> int:
        """Return how many minutes are worked between two instants."""
        return sum(
            (each.end_ms - each.start_ms) // MINUTE_MS for each in self.working(start_ms, end_ms)
        )


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
