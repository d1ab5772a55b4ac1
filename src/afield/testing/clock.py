"""A clock that only moves when a test turns it."""

from __future__ import annotations


class ManualClock:
    """A `Clock` at a fixed time, moved by hand and, if asked, by a step at every look.

    Args:
        start_ns: nanoseconds since the Unix epoch; the default is in November 2025.
        offset: the UTC offset, as `+HH:MM`.
        step_ns: how much every look at the clock moves it on.
    """

    def __init__(
        self, start_ns: int = 1_763_000_000_000_000_000, offset: str = "+00:00", *, step_ns: int = 0
    ) -> None:
        self.now_ns = start_ns
        self.offset = offset
        self.step_ns = step_ns

    def wall_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        self.now_ns += self.step_ns
        return self.now_ns

    def utc_offset(self) -> str:
        """The offset that the test set."""
        return self.offset

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`; a negative number sets the clock back, as NTP may."""
        self.now_ns += round(seconds * 1e9)
