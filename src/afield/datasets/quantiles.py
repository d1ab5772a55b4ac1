"""A mergeable sketch of a column's quantiles, in a few kilobytes whatever the rows.

The sketch of Karnin, Lang and Liberty ("Optimal Quantile Approximation in Streams", FOCS 2016):
compactors of falling capacity k (2/3)^i, each sorted and halved when full, which of the two halves
stays decided by a coin. With k = 256 a quantile's rank is off by about 1 % of the rows with 99 %
probability (2.296 / k^0.9723, the fit that Apache DataSketches publishes for the same sketch).
The coin follows from the number of rows, so that the same column gives the same bytes.
"""

from __future__ import annotations

import base64
import math
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from afield.datasets.limits import SKETCH_K

if TYPE_CHECKING:
    import numpy as np

_SHRINK = 2 / 3
_CAPACITY_MIN = 8
RANK_ERROR = 2.296 / SKETCH_K**0.9723
"""How far the rank of a quantile is off, as a share of the rows; exceeded in about 1 of 100."""


class Quantiles:
    """The sketch; `count` values have gone in."""

    def __init__(self) -> None:
        self.count = 0
        self._levels: list[np.ndarray[Any, Any]] = []

    def add(self, values: np.ndarray[Any, Any]) -> None:
        """Take in numbers (float64, no NaN); the array may be read later, and is not changed."""
        if len(values):
            self.count += len(values)
            self._extend(0, values)
            self._compress()

    def merge(self, other: Quantiles) -> None:
        """Take in what another sketch has seen."""
        self.count += other.count
        for level, values in enumerate(other._levels):
            self._extend(level, values)
        self._compress()

    def at(self, shares: Sequence[float]) -> list[float]:
        """Return the values at these shares of the rows, 0 to 1; NaN when nothing went in."""
        import numpy as np

        if not self.count:
            return [math.nan for _ in shares]
        values = np.concatenate(self._levels)
        weights = np.concatenate(
            [np.full(len(items), 1 << level) for level, items in enumerate(self._levels)]
        )
        order = np.argsort(values, kind="stable")
        ranks = np.cumsum(weights[order])
        places = np.searchsorted(ranks, np.asarray(shares) * ranks[-1], side="left")
        return [float(found) for found in values[order][np.minimum(places, len(order) - 1)]]

    def ranks(self, edges: Sequence[float]) -> list[float]:
        """Return the share of the rows at or below each value; NaN when nothing went in."""
        import numpy as np

        if not self.count:
            return [math.nan for _ in edges]
        values = np.concatenate(self._levels)
        weights = np.concatenate(
            [np.full(len(items), 1 << level) for level, items in enumerate(self._levels)]
        )
        order = np.argsort(values, kind="stable")
        sums = np.concatenate([[0], np.cumsum(weights[order])])
        places = np.searchsorted(values[order], np.asarray(edges), side="right")
        return [float(found) for found in sums[places] / sums[-1]]

    def to_json(self) -> dict[str, Any]:
        """Return the sketch as JSON: the values of each level as little-endian doubles, base64."""
        texts = [base64.b64encode(items.astype("<f8").tobytes()).decode() for items in self._levels]
        return {"kll": SKETCH_K, "count": self.count, "levels": texts}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Quantiles:
        """Return the sketch that `to_json` gave.

        Raises:
            ValueError, KeyError, TypeError: it is none.
        """
        import numpy as np

        sketch = cls()
        sketch.count = int(found["count"])
        for text in found["levels"]:
            sketch._levels.append(np.frombuffer(base64.b64decode(text), "<f8").astype(np.float64))
        return sketch

    def _extend(self, level: int, values: np.ndarray[Any, Any]) -> None:
        import numpy as np

        while len(self._levels) <= level:
            self._levels.append(np.empty(0, np.float64))
        self._levels[level] = np.concatenate([self._levels[level], values])

    def _capacity(self, level: int) -> int:
        return max(_CAPACITY_MIN, math.ceil(SKETCH_K * _SHRINK ** (len(self._levels) - 1 - level)))

    def _compress(self) -> None:
        """Halve levels from the lowest up until all fit."""
        import numpy as np

        coin = random.Random(self.count)  # noqa: S311 - a fair coin is all that is asked
        level = 0
        while level < len(self._levels):
            items = self._levels[level]
            if len(items) > self._capacity(level):
                items = np.sort(items)
                odd = len(items) % 2
                self._levels[level] = items[:odd].copy()
                self._extend(level + 1, items[odd + coin.getrandbits(1) :: 2])
                level = -1 if level + 1 == len(self._levels) - 1 else level
            level += 1
