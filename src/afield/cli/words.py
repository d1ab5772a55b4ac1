"""How numbers, times and places are put into words for people; JSON never goes through here."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

SHORT_ID = 8
_SECONDS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def short(run: str) -> str:
    """Return an id as people see and type it: its first eight characters."""
    return run[:SHORT_ID]


def size(size_bytes: int) -> str:
    """Word a size: `512 B`, `1.4 MB`."""
    value = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:  # noqa: PLR2004 - decimal units, as disks and people have them
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"


def duration(seconds: float | None) -> str:
    """Word a duration: `340 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for index, (unit_s, name) in enumerate(_SECONDS):
        if whole >= unit_s:
            rest = whole % unit_s
            small_s, small = ((*_SECONDS, (1, "s")))[index + 1]
            tail = f" {rest // small_s} {small}" if rest // small_s else ""
            return f"{whole // unit_s} {name}{tail}"
    return f"{whole} s"


def left(seconds: float) -> str:
    """Word a time that is an estimate, no finer than it is worth: `10 s`, `4 min`, `2 h 10 min`."""
    if seconds < 5:  # noqa: PLR2004 - no estimate is better than this
        return "a few seconds"
    if seconds < 55:  # noqa: PLR2004 - else a minute
        return f"{5 * round(seconds / 5)} s"
    minutes = max(round(seconds / 60), 1)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min"
    minutes = 10 * round(minutes / 10)
    if minutes >= 24 * 60:
        return f"{round(minutes / (24 * 60) * 10) / 10:g} d"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


_DAY_S = 24 * 3600


def ago(then: datetime, now: datetime) -> str:
    """Word how long ago something was: `just now`, `5 min ago`, `3 d ago`, then a date."""
    seconds = (now - then).total_seconds()
    if seconds < -_DAY_S:  # a clock was wrong, here or there
        return then.astimezone().strftime("%Y-%m-%d")
    if seconds < 5:  # noqa: PLR2004 - as good as now
        return "just now"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.0f} s ago"
    for unit_s, name in _SECONDS:
        if seconds >= unit_s:
            if name == "d" and seconds > 30 * unit_s:
                return then.astimezone().strftime("%Y-%m-%d")
            return f"{seconds // unit_s:.0f} {name} ago"
    return "just now"


def number(value: object) -> str:
    """Word a metric or a param: six significant digits, integers whole."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:  # noqa: PLR2004 - exact in a float
        return str(int(value))
    return f"{value:.6g}"


_PLURALS = {
    "entry": "entries",
    "index": "indexes",
    "repository": "repositories",
    "tables": "tables",
}


def count(n: int, noun: str, plural: str | None = None) -> str:
    """Word a number of things: `1 file`, `1,204 files`."""
    return f"{n:,} {noun if n == 1 else plural or _PLURALS.get(noun, noun + 's')}"


def place(where: dict[str, Any]) -> str:
    """Return a place in code as people write it."""
    line = f":{where['line']}" if where["line"] else ""
    function = f" in {where['function']}" if where["function"] else ""
    return f"{where['file']}{line}{function}"
