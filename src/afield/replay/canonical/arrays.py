"""npy: one NumPy array, by type, shape and value; arrays of objects go to the environment."""

from __future__ import annotations

import io
import math
import tokenize
from typing import TYPE_CHECKING, Any

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.verdict import Grade, Judged

if TYPE_CHECKING:
    import numpy as np

NAME = "array"
# numpy reads the header as Python source, by tokenize where it is odd
_FAULTS = (ValueError, EOFError, OSError, TypeError, SyntaxError, tokenize.TokenError, MemoryError)


def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two arrays by value."""
    left, right = _load(old), _load(new)
    if left is None or right is None:
        return None
    if isinstance(left, str) or isinstance(right, str):
        return look.inside(look.name, old, new, look.tolerance) if look.inside else None
    return compare_arrays(left, right, look.tolerance)


def compare_arrays(left: np.ndarray, right: np.ndarray, tolerance: float) -> Judged:
    """Compare two arrays of plain values; NaN equals NaN, -0.0 does not equal 0.0."""
    import numpy as np

    if left.dtype != right.dtype or left.shape != right.shape:
        detail = f"{left.dtype}{list(left.shape)} vs {right.dtype}{list(right.shape)}"
        return Judged(Grade.DIVERGED, NAME, detail)
    if left.tobytes() == right.tobytes():
        return Judged(Grade.CONTENT, NAME, "laid out in another order in memory")
    if left.dtype.kind not in "fc":
        return Judged(Grade.DIVERGED, NAME, "values differ")
    unlike = ~((left == right) | (np.isnan(left) & np.isnan(right)))
    with np.errstate(all="ignore"):
        scale = np.maximum(np.abs(left), np.abs(right))
        finite = np.isfinite(left) & np.isfinite(right)
        far = unlike & ~(finite & (np.abs(left - right) <= tolerance * scale))
    where = far if far.any() else unlike
    if not where.any():
        return Judged(Grade.TOLERANCE, NAME, "only the signs of zeros or payloads of NaN differ")
    at = tuple(int(i) for i in np.argwhere(where)[0])
    detail = f"at {list(at)}: {left[at]} vs {right[at]} ({int(where.sum())} of {where.size} differ)"
    return Judged(Grade.DIVERGED if far.any() else Grade.TOLERANCE, NAME, detail)


def _load(data: bytes) -> Any:
    import numpy as np

    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
        if dtype.hasobject:
            return "objects"
        if dtype.itemsize * math.prod(shape) != len(data) - stream.tell():
            return None
        return np.load(io.BytesIO(data), allow_pickle=False)
    except _FAULTS:
        return None


ARRAY = Canonicaliser(NAME, compare, magic=(b"\x93NUMPY",))
