"""How many different values a column has: counted exactly while they are few, then estimated.

Estimated by HyperLogLog (Flajolet and others, 2007) with 4,096 registers and the estimator of Ertl
("New cardinality estimation algorithms for HyperLogLog sketches", 2017), which needs no table of
corrections; its standard error is 1.04 / sqrt(4096) = 1.6 %. Values are hashed to 64 bits as
whole arrays, in numpy.
"""

from __future__ import annotations

import base64
import math
import zlib
from typing import TYPE_CHECKING, Any

from afield.datasets.limits import EXACT_DISTINCT_MAX

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Hashes = np.ndarray[Any, np.dtype[np.uint64]]

INDEX_BITS = 12
REGISTERS = 1 << INDEX_BITS
_RANK_BITS = 64 - INDEX_BITS
_MANTISSA_BITS = 53
_BASE = 0x9E3779B97F4A7C15
_SLICE_BYTES = 1 << 18
_ALPHA = 1 / (2 * math.log(2))


class Distinct:
    """Counts different values by their 64-bit hashes."""

    def __init__(self) -> None:
        self._exact: Hashes | None = None
        self._registers: np.ndarray[Any, np.dtype[np.uint8]] | None = None

    @property
    def exact(self) -> bool:
        """Whether `count` is exact (but for two values with one hash: 1 in 2^44 of that few)."""
        return self._registers is None

    def add(self, hashes: Hashes) -> None:
        """Take in hashes; the same one any number of times."""
        import numpy as np

        if self._registers is None:
            known = np.empty(0, np.uint64) if self._exact is None else self._exact
            known = np.union1d(known, hashes)
            if len(known) <= EXACT_DISTINCT_MAX:
                self._exact = known
                return
            self._exact, hashes = None, known
            self._registers = np.zeros(REGISTERS, np.uint8)
        index = (hashes >> np.uint64(_RANK_BITS)).astype(np.intp)
        rest = (hashes << np.uint64(INDEX_BITS)) | np.uint64(1 << (INDEX_BITS - 1))
        # The upper 53 bits of the rest are exact in a double, whose exponent tells the first 1.
        exponent = np.frexp((rest >> np.uint64(64 - _MANTISSA_BITS)).astype(np.float64))[1]
        np.maximum.at(self._registers, index, (_MANTISSA_BITS - exponent + 1).astype(np.uint8))

    def merge(self, other: Distinct) -> None:
        """Take in what another one has seen."""
        import numpy as np

        if other._exact is not None:
            self.add(other._exact)
        elif other._registers is not None:
            if self._registers is None:
                known, self._exact = self._exact, None
                self._registers = np.zeros(REGISTERS, np.uint8)
                if known is not None:
                    self.add(known)
            np.maximum(self._registers, other._registers, out=self._registers)

    def count(self) -> int:
        """Return how many different values went in."""
        import numpy as np

        if self._registers is None:
            return 0 if self._exact is None else len(self._exact)
        found = np.bincount(self._registers, minlength=_RANK_BITS + 2)
        z = REGISTERS * _tau(1 - found[_RANK_BITS + 1] / REGISTERS)
        for rank in range(_RANK_BITS, 0, -1):
            z = 0.5 * (z + float(found[rank]))
        z += REGISTERS * _sigma(float(found[0]) / REGISTERS)
        return round(_ALPHA * REGISTERS * REGISTERS / z)

    def to_json(self) -> dict[str, str]:
        """Return the state as JSON: hashes, or registers compressed with zlib, in base64."""
        if self._registers is None:
            known = b"" if self._exact is None else self._exact.astype("<u8").tobytes()
            return {"exact": base64.b64encode(known).decode()}
        return {"hll12": base64.b64encode(zlib.compress(self._registers.tobytes())).decode()}

    @classmethod
    def from_json(cls, found: dict[str, str]) -> Distinct:
        """Return the state that `to_json` gave.

        Raises:
            ValueError, KeyError, zlib.error: it is none.
        """
        import numpy as np

        distinct = cls()
        if "exact" in found:
            known = np.frombuffer(base64.b64decode(found["exact"]), "<u8")
            distinct._exact = known.astype(np.uint64)
        else:
            data = zlib.decompress(base64.b64decode(found["hll12"]))
            if len(data) != REGISTERS:
                raise ValueError("registers of another size")
            distinct._registers = np.frombuffer(data, np.uint8).copy()
        return distinct


def hash_values(values: pa.Array) -> Hashes | None:
    """Return a 64-bit hash of each different value of an array without nulls.

    None for types that have no order and no bytes of their own (lists, structs, maps).
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if pa.types.is_nested(kind) or pa.types.is_null(kind) or pa.types.is_interval(kind):
        return None
    unique = pc.unique(values)
    if _is_text(kind):
        return _hash_texts(unique.cast(pa.large_binary()))
    if pa.types.is_decimal(kind) or pa.types.is_fixed_size_binary(kind):
        texts = unique.cast(pa.string() if pa.types.is_decimal(kind) else pa.binary())
        return _hash_texts(texts.cast(pa.large_binary()))
    if pa.types.is_floating(kind):
        numbers = unique.cast(pa.float64()).to_numpy(zero_copy_only=False) + 0.0  # -0.0 is 0.0
        return _mix(np.ascontiguousarray(numbers).view(np.uint64))
    if pa.types.is_uint64(kind):
        return _mix(unique.to_numpy(zero_copy_only=False).astype(np.uint64))
    return _mix(as_int64(unique).view(np.uint64))


def as_int64(values: pa.Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return integers, booleans, dates, times and durations as numbers of their own unit."""
    import numpy as np
    import pyarrow as pa

    kind = values.type
    if pa.types.is_temporal(kind) and kind.bit_width == 32:  # noqa: PLR2004 - dates and times
        values = values.view(pa.int32())
    elif pa.types.is_temporal(kind):
        values = values.view(pa.int64())
    return np.ascontiguousarray(values.cast(pa.int64()).to_numpy(zero_copy_only=False))


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_binary_view(kind)
    )


def _hash_texts(values: pa.Array) -> Hashes:
    """Hash each text as the polynomial of its bytes modulo 2^64, mixed with its length."""
    import numpy as np

    found = np.empty(len(values), np.uint64)
    _, offsets_buffer, data_buffer = values.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64)[
        values.offset : values.offset + len(values) + 1
    ]
    data = np.frombuffer(data_buffer or b"", np.uint8)
    start = 0
    while start < len(values):
        end = int(np.searchsorted(offsets, offsets[start] + _SLICE_BYTES, side="right")) - 1
        end = min(max(end, start + 1), len(values))
        some = offsets[start : end + 1]
        found[start:end] = _hash_slice(data[some[0] : some[-1]], some - some[0])
        start = end
    return found


def _hash_slice(
    data: np.ndarray[Any, np.dtype[np.uint8]], offsets: np.ndarray[Any, np.dtype[np.int64]]
) -> Hashes:
    import numpy as np

    lengths = np.diff(offsets)
    sums = np.zeros(len(lengths), np.uint64)
    full = lengths > 0
    if len(data):
        places = np.arange(len(data)) - np.repeat(offsets[:-1], lengths)
        powers = np.full(int(lengths.max()), _BASE, np.uint64)
        np.multiply.accumulate(powers, out=powers)
        products = (data.astype(np.uint64) + np.uint64(1)) * powers[places]
        sums[full] = np.add.reduceat(products, offsets[:-1][full])
    return _mix(sums + lengths.astype(np.uint64))


def _mix(values: Hashes) -> Hashes:
    """Spread 64-bit numbers evenly: the finaliser of SplitMix64 (Steele, Lea, Flood, 2014)."""
    import numpy as np

    values = values + np.uint64(_BASE)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _sigma(x: float) -> float:
    if x == 1.0:
        return math.inf
    y, z = 1.0, x
    while True:
        x *= x
        before = z
        z += x * y
        y += y
        if z == before:
            return z


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, z = 1.0, 1 - x
    while True:
        x = math.sqrt(x)
        before = z
        y *= 0.5
        z -= (1 - x) ** 2 * y
        if z == before:
            return z / 3
