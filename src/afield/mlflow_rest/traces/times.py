"""Moments and durations as Protocol Buffers' JSON has them: RFC 3339, and seconds with an `s`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from afield.mlflow_rest.decode import wrong_value
from afield.traces.limits import TIME_MS_MAX

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9}))?s")


def to_moment(time_ms: int) -> str:
    """Return Unix milliseconds as a moment."""
    found = _EPOCH + timedelta(milliseconds=time_ms)
    text = found.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    fraction = time_ms % 1000
    return f"{text}.{fraction:03d}Z" if fraction else f"{text}Z"


def from_moment(name: str, text: str) -> int:
    """Return a moment as Unix milliseconds.

    Raises:
        Rest: it is none.
    """
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        time_ms = (found - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        raise wrong_value(name, text) from None
    if not 0 <= time_ms <= TIME_MS_MAX:
        raise wrong_value(name, text)
    return time_ms


def to_duration(time_ms: int) -> str:
    """Return milliseconds as a duration."""
    sign = "-" if time_ms < 0 else ""
    whole, fraction = divmod(abs(time_ms), 1000)
    return f"{sign}{whole}.{fraction:03d}s" if fraction else f"{sign}{whole}s"


def from_duration(name: str, text: str) -> int:
    """Return a duration as milliseconds.

    Raises:
        Rest: it is none.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise wrong_value(name, text)
    sign, whole, fraction = found.groups()
    time_ms = int(whole) * 1000 + int((fraction or "").ljust(3, "0")[:3])
    return -time_ms if sign else time_ms
