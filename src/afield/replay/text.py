"""Numbers inside text: tokens, tolerance, and the first line that differs.

Only text is compared here; what may be masked in it (times, addresses, paths) is decided in
`masks`, and file formats in `canonical`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest

from afield.replay.limits import DETAIL_CHARS_MAX
from afield.replay.verdict import Grade

# A number that stands alone: no letter, digit, dot or underscore before it, and neither a
# further dotted part (1.2.3) nor letters that lead to digits (3f2a, 1st2nd) after it. Atomic,
# so that it cannot shrink to fit and cannot run away on hostile input.
NUMBER = re.compile(
    r"(?<![\w.])(?<![\w][+-])"
    r"((?>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)(?![\d_]|\.\d|[A-Za-z]{1,8}\d)"
    r"|[-+]?(?:nan|NaN|NAN|inf|Inf|INF|Infinity)\b)"
)
_INTEGER = re.compile(r"[-+]?\d+")
_SPACES = re.compile(r"\s+")
CONTEXT_CHARS = 40


@dataclass(frozen=True, slots=True)
class TextDifference:
    """How two texts relate: the grade, and the first line (from 1) that made it so."""

    grade: Grade
    line: int = 0
    detail: str | None = None


def same_number(left: str, right: str) -> bool:
    """Tell whether two number tokens stand for the same value (`0.10` and `0.1` do)."""
    if left == right:
        return True
    old, new = Decimal(left), Decimal(right)  # exact: a float would swallow the last digits
    return bool(old == new) or (old.is_nan() and new.is_nan())


def same_value(left: float, right: float) -> bool:
    """Tell whether two floats are the same value; NaN is NaN."""
    return left == right or (math.isnan(left) and math.isnan(right))


def close_value(left: float, right: float, tolerance: float) -> bool:
    """Tell whether two floats agree within a relative tolerance of the larger one."""
    if same_value(left, right):
        return True
    if not (math.isfinite(left) and math.isfinite(right)):
        return False
    return abs(left - right) <= tolerance * max(abs(left), abs(right))


def close_number(left: str, right: str, tolerance: float) -> bool:
    """Tell whether two tokens agree within `tolerance`.

    Two whole numbers must be equal: counts, seeds and ids do not drift by rounding.
    """
    if same_number(left, right):
        return True
    if _INTEGER.fullmatch(left) and _INTEGER.fullmatch(right):
        return False
    old, new = float(left), float(right)
    return math.isfinite(old) and math.isfinite(new) and close_value(old, new, tolerance)


def is_number(text: str) -> bool:
    """Tell whether the whole text is one number token (blanks around it aside)."""
    return NUMBER.fullmatch(text.strip(" ")) is not None


def compare_text(left: str, right: str, tolerance: float) -> TextDifference:
    r"""Compare two texts line by line, and lines that differ number by number.

    Returns:
        CONTENT when no line differs (`\r\n` for `\n` aside), TOLERANCE when only numbers (and
        the blanks around them) differ and all agree within `tolerance`, else DIVERGED.
    """
    near: TextDifference | None = None
    near_count = 0
    pairs = zip_longest(_lines(left), _lines(right))
    for number, (old, new) in enumerate(pairs, start=1):
        if old == new:
            continue
        grade = _compare_line(old, new, tolerance)
        if grade is Grade.DIVERGED:
            return TextDifference(grade, number, f"line {number}: {first_difference(old, new)}")
        near_count += 1
        near = near or TextDifference(grade, number, first_difference(old, new))
    if near is None:
        return TextDifference(Grade.CONTENT)
    more = f" (and {near_count - 1} more lines)" if near_count > 1 else ""
    return TextDifference(near.grade, near.line, f"line {near.line}: {near.detail}{more}")


def first_difference(left: str | None, right: str | None) -> str:
    """Word the first difference of two lines: `accuracy 0.91 vs 0.93`."""
    if left is None:
        return clip(f"only in the reproduction: {(right or '').strip()}")
    if right is None:
        return clip(f"missing in the reproduction: {left.strip()}")
    old, new = left.split(" "), right.split(" ")
    at = next((i for i, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), None)
    if at is None:
        at = min(len(old), len(new))
    before = " ".join(old[:at])
    lead = before[-CONTEXT_CHARS:].lstrip() + " " if before.strip() else ""
    return clip(f"{lead}{_shown(old[at:])} vs {_shown(new[at:])}")


def clip(text: str, chars_max: int = DETAIL_CHARS_MAX) -> str:
    """Cut a line to what a person reads at a glance."""
    return text if len(text) <= chars_max else text[: chars_max - 1] + "…"


def _lines(text: str) -> list[str]:
    # not splitlines(): that also splits at form feeds and the like, and so would equate them
    return text.replace("\r\n", "\n").split("\n")


def _shown(words: list[str]) -> str:
    shown = next((word for word in words if word), "")
    return clip(shown, 80) if shown else "(nothing)"


def _compare_line(left: str | None, right: str | None, tolerance: float) -> Grade:
    if left is None or right is None:
        return Grade.DIVERGED
    old, new = NUMBER.split(left), NUMBER.split(right)
    if len(old) != len(new):
        return Grade.DIVERGED
    for index, (one, other) in enumerate(zip(old, new, strict=True)):
        if index % 2:
            if not close_number(one, other, tolerance):
                return Grade.DIVERGED
        elif _SPACES.sub(" ", one) != _SPACES.sub(" ", other):
            return Grade.DIVERGED
    return Grade.TOLERANCE
