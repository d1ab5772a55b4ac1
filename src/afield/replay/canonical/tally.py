"""Arrays of numbers compared in blocks, and what was found on the way: `Tally`.

The array formats share it, so that tolerance, NaN and the sign of zero mean the same in each
and memory stays bounded by a block. No file format is known here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from afield.replay.text import clip
from afield.replay.verdict import Grade, Judged

if TYPE_CHECKING:
    import numpy as np

BLOCK = 1 << 18
SIGNS = "only the signs of zeros or payloads of NaN differ"


@dataclass(slots=True)
class Tally:
    """The differences within tolerance of one file, and the first beyond it.

    Args:
        tolerance: relative tolerance of floats; whole numbers have none.
        near: the first difference within tolerance.
        near_count: how many numbers differ within tolerance.
        times: names of measured times that differ, which are not judged.
        hollow: nothing but measured times was there.
    """

    tolerance: float
    near: str | None = None
    near_count: int = 0
    times: dict[str, None] = field(default_factory=dict)
    hollow: bool = False

    def numbers(
        self, left: np.ndarray, right: np.ndarray, told: Callable[[int], str]
    ) -> str | None:
        """Compare two flat arrays of one type and length.

        Args:
            left: numbers, or anything numpy compares by value.
            right: the other side's.
            told: words the place of an index.

        Returns:
            The first difference beyond tolerance in words, or None.
        """
        for start in range(0, len(left), BLOCK):
            one, other = left[start : start + BLOCK], right[start : start + BLOCK]
            if one.tobytes() == other.tobytes():
                continue
            found = self._block(one, other, start, told)
            if found is not None:
                return found
        return None

    def _block(
        self, one: np.ndarray, other: np.ndarray, start: int, told: Callable[[int], str]
    ) -> str | None:
        import numpy as np

        if one.dtype.kind not in "fc":
            at = int(np.argmax(one != other))
            return clip(f"{told(start + at)}: {one[at]} vs {other[at]}")
        unlike = ~((one == other) | (np.isnan(one) & np.isnan(other)))
        with np.errstate(all="ignore"):
            scale = np.maximum(np.abs(one), np.abs(other))
            finite = np.isfinite(one) & np.isfinite(other)
            far = unlike & ~(finite & (np.abs(one - other) <= self.tolerance * scale))
        where = far if far.any() else unlike
        if not where.any():
            self.note(SIGNS)
            return None
        at = int(np.argmax(where))
        line = clip(f"{told(start + at)}: {one[at]} vs {other[at]}")
        if far.any():
            return line
        self.note(line, int(unlike.sum()))
        return None

    def note(self, told: str, count: int = 1) -> None:
        """Remember differences within tolerance; the words of the first are kept."""
        if self.near is None or self.near == SIGNS:
            self.near = told
        self.near_count += count

    def judged(self, name: str, diverged: str | None = None) -> Judged:
        """Return the verdict of the file, `diverged` being the first difference, if any."""
        if diverged is not None:
            return Judged(Grade.DIVERGED, name, clip(diverged))
        told = f"times not judged: {', '.join(list(self.times)[:3])}" if self.times else None
        unjudged = (told,) if told else ()
        if self.near is None:
            return Judged(Grade.CONTENT, name, told, unjudged, self.hollow and bool(told))
        more = f" (and {self.near_count - 1} more)" if self.near_count > 1 else ""
        return Judged(Grade.TOLERANCE, name, clip(self.near + more), unjudged)
