"""A call of the command line at another time, for the demo of a day, which takes a minute.

`python -m afield.cli.rehearsal UNIX_MS WORD...`; nothing else leads here, and a person's own
record is never opened with it by the product.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime

from afield.cli.main import main


class Elsewhen:
    """A clock that shows an instant when it is made, and goes on from there."""

    def __init__(self, at_ms: int) -> None:
        self._ahead_ns = at_ms * 1_000_000 - time.time_ns()

    def wall_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        return time.time_ns() + self._ahead_ns

    def utc_offset(self) -> str:
        """The UTC offset here at that time, as `+HH:MM`."""
        text = datetime.fromtimestamp(self.wall_ns() / 1e9).astimezone().strftime("%z")
        return f"{text[:3]}:{text[3:5]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], Elsewhen(int(sys.argv[1]))))
