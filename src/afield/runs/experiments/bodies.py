"""Parts of an entry's body, taken if they are what they should be: folds must not fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_INTEGER_MAX = 1 << 63


def text(body: Mapping[str, Any], name: str) -> str | None:
    """Return a text, or None."""
    value = body.get(name)
    return value if isinstance(value, str) else None


def integer(body: Mapping[str, Any], name: str) -> int | None:
    """Return an integer of 64 bits, or None."""
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if -_INTEGER_MAX <= value < _INTEGER_MAX else None


def real(body: Mapping[str, Any], name: str) -> float | None:
    """Return a number, also one that is spelt as text (`nan`, `inf`), or None."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def mapping(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a mapping; an empty one for what is none."""
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def texts_in(body: Mapping[str, Any], name: str) -> list[str]:
    """Return the texts of a list."""
    value = body.get(name)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def mappings_in(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the mappings of a list."""
    value = body.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
