"""The points of a run that another tool recorded, gathered for one sealed series.

Holds what `runs.series.seal` wants of a part: names, and records of 32 bytes. Many points are
spooled to a temporary file. Where the points come from is each reader's business.
"""

from __future__ import annotations

import math
import struct
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

from blake3 import blake3

from afield.runs.limits import METRICS_MAX
from afield.runs.series.live import RECORD, RECORD_BYTES, clip_name
from afield.runs.values import hide_in_name

_SPOOL_BYTES = 32 << 20
_GATHERED_BYTES = 1 << 18
_INT64_MIN, _INT64_MAX = -(1 << 63), (1 << 63) - 1
MS_MAX = 253_402_300_799_999
"""The last millisecond of the year 9999."""


class Points:
    """Points in the order in which they were logged; a `Part` of `seal_series`.

    Attributes:
        records: how many.
        refused: how many could not be taken: no number, or a step that is no 64-bit integer.
        last_ms: the time of the latest one, Unix milliseconds; None when there is none.
    """

    def __init__(self) -> None:
        self.records = 0
        self.refused = 0
        self._last_ns: int | None = None
        self._ids: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._gathered = bytearray()
        self._spool = tempfile.SpooledTemporaryFile(_SPOOL_BYTES)  # noqa: SIM115 - closed by `close`
        self._hasher = blake3()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of metrics 1, 2, 3 and so on."""
        return tuple(self._numbers)

    @property
    def last_ms(self) -> int | None:
        """When the latest point was logged."""
        return None if self._last_ns is None else self._last_ns // 1_000_000

    def number_of(self, name: str) -> int | None:
        """Return the number of a metric, a new one when it has none; None when there are too many.

        Names that differ only behind the bound of a name share one.
        """
        number = self._ids.get(name)
        if number is None:
            if len(self._ids) >= METRICS_MAX:
                return None
            kept = clip_name(hide_in_name(name))
            number = self._ids[name] = self._numbers.setdefault(kept, len(self._numbers) + 1)
        return number

    def add(self, name: str, step: object, time_ns: int, value: object) -> None:
        """Take one point; one that cannot be kept as it is counts as refused."""
        number = self.number_of(name)
        try:
            packed = RECORD.pack(step, _as_int64(time_ns), value, number)
        except (struct.error, OverflowError):
            self.refused += 1
            return
        self._take(packed, 1, time_ns)

    def add_columns(self, step: Any, time_ns: Any, value: Any, metric: Any) -> None:
        """Take many points at once: arrays of int64, int64, float64 and int64, of one length."""
        import numpy as np  # heavy

        if not len(step):
            return
        fields = [("step", "<i8"), ("time", "<i8"), ("value", "<f8"), ("metric", "<u8")]
        records = np.empty(len(step), np.dtype(fields))
        records["step"], records["time"] = step, time_ns
        records["value"], records["metric"] = value, metric
        self._take(records.tobytes(), len(step), int(records["time"].max()))

    def blocks(self, records_max: int) -> Iterator[bytes]:
        """Yield the records' bytes, in order, at most so many records at a time."""
        self._drain()
        self._spool.seek(0)
        while data := self._spool.read(records_max * RECORD_BYTES):
            yield data
        self._spool.seek(0, 2)

    def digest(self) -> str:
        """Return what tells these points from others."""
        self._drain()
        hasher = self._hasher.copy()
        hasher.update("\n".join(self._numbers).encode())
        return hasher.hexdigest()[:32]

    def close(self) -> None:
        """Let go of what was spooled."""
        self._spool.close()

    def _take(self, data: bytes, count: int, last_ns: int) -> None:
        self.records += count
        self._gathered += data
        if self._last_ns is None or last_ns > self._last_ns:
            self._last_ns = last_ns
        if len(self._gathered) >= _GATHERED_BYTES:
            self._drain()

    def _drain(self) -> None:
        if self._gathered:
            data = bytes(self._gathered)
            self._hasher.update(data)
            self._spool.write(data)
            self._gathered.clear()


def _as_int64(value: int) -> int:
    return min(max(value, _INT64_MIN), _INT64_MAX)


def as_ms(value: object) -> int | None:
    """Return a time of another tool in Unix milliseconds, within years that there are."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return min(max(int(value), 0), MS_MAX)
    except (ValueError, OverflowError):  # NaN, infinity
        return None


def as_ns(seconds: float) -> int:
    """Return Unix seconds as nanoseconds, as exactly as the seconds are; 0 for what is no time."""
    if not math.isfinite(seconds):
        return 0
    whole = int(seconds)
    return whole * 1_000_000_000 + round((seconds - whole) * 1e9)


def first_known(values: Iterable[int | None]) -> int:
    """Return the first value that is known; 0 when none is."""
    return next((value for value in values if value is not None), 0)
