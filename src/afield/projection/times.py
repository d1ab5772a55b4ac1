"""Moments and durations as people write them in queries.

ISO dates and times (`2026-11-22`, `2026-11-22T10:30`, with or without an offset), `now`,
`today`, `yesterday`, `2 days ago`, `1h ago`; durations such as `90s`, `1h30m`, `2 days`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_UNITS_S = {
    "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60,
    "h": 3600, "hour": 3600, "d": 86_400, "day": 86_400, "w": 604_800, "week": 604_800,
    "month": 2_592_000, "y": 31_536_000, "year": 31_536_000,
}  # fmt: skip
_PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s?([a-z]{1,7})")
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})")
DAY_MS = 86_400_000
FIRST_MS = -(1 << 62)
"""The earliest moment that a column of integers holds with room to spare."""


def duration_s(text: str) -> float | None:
    """Return the seconds of `90s`, `1h30m`, `1.5 hours`; None when it is no duration."""
    rest = text.strip().lower()
    total = 0.0
    while rest:
        match = _PART.match(rest)
        unit = None if match is None else _UNITS_S.get(match[2], _UNITS_S.get(match[2][:-1]))
        if match is None or unit is None or (match[2] not in _UNITS_S and match[2][-1] != "s"):
            return None
        total += float(match[1]) * unit
        rest = rest[match.end() :].lstrip()
    return total if text.strip() else None


def moment_ms(text: str, *, now_ms: int, utc_offset: str) -> tuple[int, int] | None:
    """Return a moment in Unix milliseconds and how long it lasts; None when it is no moment.

    A date without a time lasts a day, from midnight in the writer's own time zone; everything
    else lasts a millisecond.
    """
    plain = text.strip().lower()
    if plain == "now":
        return now_ms, 1
    if plain.endswith(" ago"):
        seconds = duration_s(plain[:-4])
        return None if seconds is None else (max(now_ms - round(seconds * 1000), FIRST_MS), 1)
    zone = _zone(utc_offset)
    if plain in ("today", "yesterday"):
        now = datetime.fromtimestamp(now_ms / 1000, zone)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        back = timedelta(days=1 if plain == "yesterday" else 0)
        return _ms(midnight - back), DAY_MS
    try:
        found = datetime.fromisoformat(plain.upper())
    except ValueError:
        return None
    lasts_ms = DAY_MS if ":" not in plain and "t" not in plain else 1
    try:
        return _ms(found if found.tzinfo else found.replace(tzinfo=zone)), lasts_ms
    except (OverflowError, ValueError):
        return None


def _ms(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _zone(utc_offset: str) -> tzinfo:
    match = _OFFSET.fullmatch(utc_offset)
    if match is None:
        return UTC
    minutes = int(match[2]) * 60 + int(match[3])
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))
