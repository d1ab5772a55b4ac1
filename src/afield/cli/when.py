"""How instants that people wait for are worded: in the zone of who reads, with how far they are."""

from __future__ import annotations

from datetime import datetime, tzinfo

from afield.cli.words import duration

_NOW_S = 2


def when(at_ms: int | None, now: datetime, there: tzinfo | None = None) -> str:
    """Word an instant: `Tue 24 Nov 15:00 (in 3 h)`, `Mon 23 Nov 9:00 (2 h ago)`; None: `never`.

    By the clock of another place it says so: `Tue 24 Nov 15:00 there (in 3 h)`.
    """
    if at_ms is None:
        return "never"
    at = datetime.fromtimestamp(at_ms / 1000).astimezone(there or now.astimezone().tzinfo)
    left_s = at_ms / 1000 - now.timestamp()
    far = f"in {duration(left_s)}" if left_s > 0 else f"{duration(-left_s)} ago"
    if abs(left_s) < _NOW_S:
        far = "now"
    place = " there" if there else ""
    return f"{at:%a %d %b} {at.hour}:{at:%M}{place} ({far})"
