"""Wall clocks and the hybrid logical clock that stamps entries.

A stamp is one integer, `unix_ms << 16 | counter`: it never goes back on one device, stays
within a bound of the wall clock, and orders an entry after all that its writer had seen
(Kulkarni et al., "Logical Physical Clocks", 2014, with the logical part in the low bits).
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Protocol

COUNTER_BITS = 16


class Clock(Protocol):
    """Where a room gets the time; handed in, so that tests can turn it."""

    def wall_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        ...

    def utc_offset(self) -> str:
        """The writer's UTC offset now, as `+HH:MM`."""
        ...


class SystemClock:
    """The machine's own clock."""

    def wall_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        return time.time_ns()

    def utc_offset(self) -> str:
        """The local UTC offset now, as `+HH:MM`."""
        text = datetime.now().astimezone().strftime("%z")
        return f"{text[:3]}:{text[3:5]}"


def stamp_after(clock: Clock, last: int) -> int:
    """Return the next hybrid stamp: the wall clock's, or just after `last` if that is later."""
    now = (clock.wall_ns() // 1_000_000) << COUNTER_BITS
    return max(now, last + 1)


def stamp_to_ms(stamp: int) -> int:
    """Return the wall-clock part of a hybrid stamp, in Unix milliseconds."""
    return stamp >> COUNTER_BITS
