"""CSV and TSV: cell by cell; quoting and how a number is written aside.

A column whose header names a measured time (`fit_time`) is shown and not judged where both
cells are numbers. Dates are content here: a table of dated rows is data, not a log.
"""

from __future__ import annotations

import csv
import io

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.text import clip, close_number, is_number, same_number
from afield.replay.timing import is_duration_name
from afield.replay.verdict import Grade, Judged

NAME = "table"


def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two tables by their cells."""
    try:
        left, right = old.decode("utf-8-sig"), new.decode("utf-8-sig")
        delimiter = _delimiter(left)
        if delimiter != _delimiter(right) or "\0" in left or "\0" in right:
            return None
        return _compare(_rows(left, delimiter), _rows(right, delimiter), look)
    except (UnicodeDecodeError, csv.Error):
        return None


def _compare(left: list[list[str]], right: list[list[str]], look: Look) -> Judged:
    if len(left) != len(right):
        return Judged(Grade.DIVERGED, NAME, f"{len(left)} vs {len(right)} rows")
    header = left[0] if left else []
    measured = [is_duration_name(name) for name in header]
    near: list[str] = []
    times: set[str] = set()
    judged = False
    for number, (old, new) in enumerate(zip(left, right, strict=True), start=1):
        if len(old) != len(new):
            detail = f"row {number}: {len(old)} vs {len(new)} cells"
            return Judged(Grade.DIVERGED, NAME, detail)
        for column, (one, other) in enumerate(zip(old, new, strict=True)):
            is_time = number > 1 and column < len(header) and measured[column]
            judged = judged or (number > 1 and not is_time)
            if one == other:
                continue
            name = header[column] if column < len(header) and number > 1 else ""
            told = clip(f"row {number}, column {name or column + 1}: {one} vs {other}")
            grade = _cell(one, other, look, is_time=is_time)
            if grade is Grade.DIVERGED:
                return Judged(grade, NAME, told)
            if grade is Grade.TOLERANCE:
                near.append(told)
            elif grade is Grade.UNCHECKED:
                times.add(name)
    told = f"times not judged: {', '.join(sorted(times)[:3])}" if times else ""
    rest = (told,) if told else (), bool(times) and not judged
    if near:
        more = f" (and {len(near) - 1} more cells)" if len(near) > 1 else ""
        return Judged(Grade.TOLERANCE, NAME, near[0] + more, *rest)
    return Judged(Grade.CONTENT, NAME, told or None, *rest)


def _cell(one: str, other: str, look: Look, *, is_time: bool) -> Grade:
    one, other = one.strip(" "), other.strip(" ")
    if not (is_number(one) and is_number(other)):
        return Grade.DIVERGED
    if is_time:
        return Grade.UNCHECKED
    if same_number(one, other):
        return Grade.CONTENT
    return Grade.TOLERANCE if close_number(one, other, look.tolerance) else Grade.DIVERGED


def _delimiter(text: str) -> str:
    first = text[: text.find("\n")] if "\n" in text else text
    return max(",\t;", key=first.count)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


TABLE = Canonicaliser(NAME, compare, suffixes=(".csv", ".tsv"))
