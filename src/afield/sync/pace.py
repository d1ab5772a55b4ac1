"""How fast and when: `--limit` and `--at`. Clock and sleep are handed in."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from afield.kernel.errors import Usage
from afield.sync.limits import PIECE_BYTES
from afield.vault.limits import PACK_BYTES

DAY_MIN = 24 * 60
_UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1000, "m": 1_000_000, "mb": 1_000_000,
          "g": 1_000_000_000, "gb": 1_000_000_000}  # fmt: skip
_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmg]?b?)(?:/s)?", re.IGNORECASE)
_WINDOW = re.compile(r"([0-2]?[0-9]):([0-5][0-9])-([0-2]?[0-9]):([0-5][0-9])")


class Window(msgspec.Struct, frozen=True):
    """A time of day, local, in minutes from midnight; it may go over midnight."""

    start_min: int
    end_min: int

    def wait_min(self, now_min: int) -> int:
        """Return in how many minutes the window opens; 0 when it is open."""
        length = (self.end_min - self.start_min) % DAY_MIN or DAY_MIN
        if (now_min - self.start_min) % DAY_MIN < length:
            return 0
        return (self.start_min - now_min) % DAY_MIN


class Pace:
    """Holds transfers back to a rate.

    Args:
        bytes_per_s: of all that goes over the link, both ways; None: as fast as it goes.
        monotonic_s: a clock that never goes back.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        bytes_per_s: float | None,
        *,
        monotonic_s: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._bytes_per_s = bytes_per_s
        self._monotonic_s = monotonic_s
        self._sleep = sleep
        self._free_at_s = monotonic_s()
        self._seen_bytes_per_s: float | None = None

    def limits(self) -> bool:
        """Tell whether there is a limit."""
        return self._bytes_per_s is not None

    def spend(self, size_bytes: int) -> None:
        """Return once so many bytes may have gone over the link."""
        if self._bytes_per_s is None:
            return
        now_s = self._monotonic_s()
        self._free_at_s = max(self._free_at_s, now_s) + size_bytes / self._bytes_per_s
        if self._free_at_s > now_s:
            self._sleep(self._free_at_s - now_s)

    def now_s(self) -> float:
        """Return the time by the clock that never goes back."""
        return self._monotonic_s()

    def took(self, size_bytes: int, seconds: float) -> None:
        """Take note of how long a transfer took, when it was large enough to tell."""
        if size_bytes >= PIECE_BYTES and seconds > 0:
            self._seen_bytes_per_s = size_bytes / seconds

    def piece_bytes(self, whole_bytes: int) -> int:
        """Return how much to move at a time: all, or what goes over the link in a second.

        So a rate can be kept to, and people see that something goes on.
        """
        if self._bytes_per_s is not None:
            return PIECE_BYTES
        if self._seen_bytes_per_s is None:
            return whole_bytes
        a_second = max(PIECE_BYTES, int(self._seen_bytes_per_s))
        return whole_bytes if a_second >= PACK_BYTES else min(whole_bytes, a_second)

    def pause(self, seconds: float) -> None:
        """Wait before something is tried again."""
        self._sleep(seconds)


def parse_rate(text: str) -> float:
    """Return the bytes a second that `500k`, `2 MB/s` or `1.5m` means.

    Raises:
        Usage: it means none.
    """
    found = _RATE.fullmatch(text.strip())
    rate = float(found[1]) * _UNITS[found[2].lower()] if found else 0.0
    if rate < 1:
        raise Usage("not a rate", text, "bytes a second, as in 500k", hint="--limit 500k")
    return rate


def parse_window(text: str) -> Window:
    """Return the time of day that `22:00-06:00` means.

    Raises:
        Usage: it means none.
    """
    found = _WINDOW.fullmatch(text.strip())
    if found is not None:
        start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
        if max(start, end) <= DAY_MIN and start != end:
            return Window(start % DAY_MIN, end % DAY_MIN)
    raise Usage("not a time of day", text, "two times, as in 22:00-06:00", hint="--at 22:00-06:00")
