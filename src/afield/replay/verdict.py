"""The ladder of verdicts: how well one thing was reproduced, and the whole run from its parts.

No comparing happens here, and no reasons are worded here: only what is worse than what.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

Verdict = Literal["identical", "equivalent", "diverged", "incomplete"]


class Grade(IntEnum):
    """How well one output, metric or stream was reproduced, from best to worst."""

    BYTES = 0
    CONTENT = 1
    TOLERANCE = 2
    UNCHECKED = 3
    DIVERGED = 4
    MISSING = 5

    @property
    def words(self) -> str:
        """The grade as reports and people read it."""
        return _WORDS[self]


_WORDS = {
    Grade.BYTES: "identical bytes",
    Grade.CONTENT: "identical content",
    Grade.TOLERANCE: "within tolerance",
    Grade.UNCHECKED: "not checked",
    Grade.DIVERGED: "diverged",
    Grade.MISSING: "missing",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A grade, the name of the canonicaliser that gave it, and one line that says why.

    Args:
        grade: of all that was judged.
        canonicaliser: as reports name it.
        detail: the first difference, or what differs without counting.
        unjudged: what differs and was not judged, in words; a report must tell of it.
        hollow: nothing else was there, so that the grade stands for nothing.
    """

    grade: Grade
    canonicaliser: str = "bytes"
    detail: str | None = None
    unjudged: tuple[str, ...] = ()
    hollow: bool = False


def run_verdict(grades: Iterable[Grade], *, gaps: bool) -> Verdict:
    """Return the verdict of a run from the grades of its parts.

    `gaps` tells that something could not be restored or seen. A difference that was found
    outweighs a gap; a gap outweighs everything good. A run with nothing to compare is
    `incomplete`: there is nothing that could have been found equal.
    """
    grade = max(grades, default=Grade.UNCHECKED)
    if grade >= Grade.DIVERGED:
        return "diverged"
    if gaps or grade is Grade.UNCHECKED:
        return "incomplete"
    return "equivalent" if grade is Grade.TOLERANCE else "identical"
