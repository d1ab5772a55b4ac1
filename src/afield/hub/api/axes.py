"""What a chart needs of points beside their buckets: other axes, parts of them, smoothing.

Pure: arrays in, arrays out; which runs and metrics they are of is asked in `series`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from afield.runs.series.columns import Points, bucket

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MS = 1e6
_S = 1e9
_LARGEST_EXPONENT = 300.0
"""Powers of e that a float holds with room to spare: the weights within a block of smoothing."""


class Line(NamedTuple):
    """Points in the order of `x`; `smooth` is null without smoothing."""

    x: NDArray[Any]
    points: Points
    smooth: NDArray[np.float64] | None


class Buckets(NamedTuple):
    """A line in buckets of consecutive points: the last of each; over each, `low` and `high`."""

    x: NDArray[Any]
    points: Points
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    smooth: NDArray[np.float64] | None


def line_of(points: Points, axis: str, start_ns: int, other: Points | None, weight: float) -> Line:
    """Return points along an axis.

    Args:
        points: in the order in which they were logged.
        axis: `step`; `time`, Unix milliseconds; `relative`, seconds since `start_ns`; `metric`, the
            value of `other` at the same step (the last one, where there are several): points
            without one are left out.
        start_ns: when the run began, in Unix nanoseconds.
        other: the metric that is the axis.
        weight: of what came before, for smoothing; 0 for none.
    """
    smooth = _smoothed(points.value, weight) if weight else None
    x: Any = points.step
    if axis == "time":
        x = points.time_ns / _MS
    elif axis == "relative":
        x = (points.time_ns - start_ns) / _S
    elif axis == "metric":
        kept, x = _at_steps(points.step, other)
        points = _pick(points, kept)
        smooth = None if smooth is None else smooth[kept]
    return _in_order(Line(x, points, smooth))


def window(line: Line, first: float | None, last: float | None, beyond: int) -> Line:
    """Return the part of a line from `first` to `last`, and `beyond` more points on either side."""
    import numpy as np  # loaded with the first series

    start = 0 if first is None else int(np.searchsorted(line.x, first, "left"))
    end = len(line.x) if last is None else int(np.searchsorted(line.x, last, "right"))
    at = slice(max(0, start - beyond), max(start, end) + beyond)
    smooth = None if line.smooth is None else line.smooth[at]
    return Line(line.x[at], _pick(line.points, at), smooth)


def bucketed(line: Line, points_max: int) -> Buckets:
    """Reduce a line to at most so many buckets of equal numbers of points."""
    import numpy as np  # loaded with the first series

    count = len(line.x)
    buckets = min(points_max, count)
    lasts = np.arange(1, buckets + 1, dtype=np.int64) * count // max(buckets, 1) - 1
    found, low, high = bucket(line.points, points_max)
    smooth = None if line.smooth is None else line.smooth[lasts]
    return Buckets(line.x[lasts], found, low, high, smooth)


def _pick(points: Points, at: Any) -> Points:
    return Points(points.step[at], points.time_ns[at], points.value[at])


def _in_order(line: Line) -> Line:
    import numpy as np  # loaded with the first series

    if len(line.x) < 2 or bool((line.x[1:] >= line.x[:-1]).all()):  # noqa: PLR2004 - one is in order
        return line
    order = np.argsort(line.x, kind="stable")
    smooth = None if line.smooth is None else line.smooth[order]
    return Line(line.x[order], _pick(line.points, order), smooth)


def _at_steps(step: Any, other: Points | None) -> tuple[Any, Any]:
    """Return which steps another metric has a finite value at, and those values."""
    import numpy as np  # loaded with the first series

    if other is None or not len(other.step):
        return np.zeros(len(step), dtype=bool), np.empty(0)
    order = np.argsort(other.step, kind="stable")
    there = other.step[order]
    place = np.searchsorted(there, step, "right") - 1
    x = other.value[order][np.maximum(place, 0)]
    kept = (place >= 0) & (there[np.maximum(place, 0)] == step) & np.isfinite(x)
    return kept, x[kept]


def _smoothed(value: Any, weight: float) -> Any:
    """Return the exponential moving average, each divided by the weight that it had so far.

    s = weight * s + (1 - weight) * value, begun at 0 and divided by 1 - weight ** n (as in Kingma
    and Ba, 2015, section 3). What is not finite is left out of it and stays as it is.
    """
    import numpy as np  # loaded with the first series

    finite = np.isfinite(value)
    known = value[finite]
    block = max(1, int(_LARGEST_EXPONENT / -math.log(weight)))
    powers = weight ** np.arange(1, min(block, max(len(known), 1)) + 1, dtype=np.float64)
    found = np.empty(len(known))
    before = 0.0
    for start in range(0, len(known), block):
        some = known[start : start + block]
        weights = powers[: len(some)]
        found[start : start + block] = weights * (before + np.cumsum(some / weights) * (1 - weight))
        before = float(found[min(start + block, len(known)) - 1])
    counts = np.arange(1, len(known) + 1, dtype=np.float64)
    found /= -np.expm1(counts * math.log(weight))
    smooth = value.copy()
    smooth[finite] = found
    return smooth
