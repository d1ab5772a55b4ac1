"""Sealing the series of a served run: what came twice is kept once, and the latest is found.

Runs in the server, so that numpy may be loaded; memory is bounded by sealing a very long run as
it stands.
"""

from __future__ import annotations

import base64
import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from afield.runs.limits import INLINE_BYTES_MAX, SETTLED_RECORDS_MAX
from afield.runs.record import Record
from afield.runs.series.columns import Columns, Points, live_columns
from afield.runs.series.live import RECORD_BYTES, LivePart, live_parts
from afield.runs.series.seal import Latest, Part, Summary, seal_series

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SEALING = "sealed.tmp"


@dataclass(frozen=True, slots=True)
class _Settled:
    """The points of a run, sorted by metric, as a part that can be sealed."""

    names: tuple[str, ...]
    records: int
    data: bytes

    def blocks(self, records_max: int) -> Iterator[bytes]:
        for start in range(0, len(self.data), records_max * RECORD_BYTES):
            yield self.data[start : start + records_max * RECORD_BYTES]


def seal_served(record: Record, folder: str) -> tuple[dict[str, str] | None, dict[str, Summary]]:
    """Seal what is in a live folder; return where the series is, and each metric's summary.

    Raises:
        OSError: the vault cannot be written.
    """
    live = [part for part in live_parts(folder) if part.records]
    if not live:
        return None, {}
    columns = live_columns(live)
    parts: Sequence[Part] = live
    if sum(part.records for part in live) <= SETTLED_RECORDS_MAX:
        parts = (settled(columns),)
    path = os.path.join(folder, f"{_SEALING}-{os.getpid()}")
    if all(isinstance(part, LivePart) for part in parts):
        with _removed(path), open(path, "wb") as out:
            summaries = seal_series(parts, out)
            out.flush()
            found, _ = record.vault.put_file(path)
        return {"object": found}, _with_latest(summaries, columns)
    small = io.BytesIO()
    summaries = _with_latest(seal_series(parts, small), columns)
    sealed = small.getvalue()
    if len(sealed) <= INLINE_BYTES_MAX:
        return {"inline": base64.b64encode(sealed).decode("ascii")}, summaries
    return {"object": record.vault.put(sealed)}, summaries


def settled(columns: Columns) -> _Settled:
    """Return the points with each that came twice left out, in the order they were logged."""
    import numpy as np  # heavy

    fields = [("step", "<i8"), ("time", "<i8"), ("value", "<f8"), ("metric", "<u8")]
    chunks = []
    for number, name in enumerate(columns.places, 1):
        points = columns.points(name)
        assert points is not None
        points = once(points)
        rows = np.empty(len(points.step), np.dtype(fields))
        rows["step"], rows["time"], rows["value"] = points.step, points.time_ns, points.value
        rows["metric"] = number
        chunks.append(rows)
    data = np.concatenate(chunks).tobytes() if chunks else b""
    return _Settled(tuple(columns.places), len(data) // RECORD_BYTES, data)


def once(points: Points) -> Points:
    """Return points with equal ones (step, millisecond and bits of the value) only once."""
    import numpy as np  # heavy

    if len(points.step) < 2:  # noqa: PLR2004 - one is alone
        return points
    keys = np.empty((len(points.step), 3), np.int64)
    keys[:, 0], keys[:, 1] = points.step, points.time_ns
    keys[:, 2] = np.ascontiguousarray(points.value).view(np.int64)
    _, first = np.unique(keys, axis=0, return_index=True)
    if len(first) == len(points.step):
        return points
    kept = np.sort(first)
    return Points(points.step[kept], points.time_ns[kept], points.value[kept])


def in_order(points: Points) -> Points:
    """Return points by time, then step, then value, as MLflow lists them."""
    import numpy as np  # heavy

    order = np.lexsort((points.value, points.step, points.time_ns))
    return Points(points.step[order], points.time_ns[order], points.value[order])


def latest_of(points: Points) -> Latest:
    """Return the point with the highest step, then time, then value (NaN counts as 0)."""
    import numpy as np  # heavy

    at: NDArray[np.int64] = np.flatnonzero(points.step == points.step.max())
    times = points.time_ns[at]
    at = at[times == times.max()]
    values: Any = points.value[at]
    best = int(at[int(np.argmax(np.where(np.isnan(values), 0.0, values)))])
    time_ms = int(points.time_ns[best]) // 1_000_000
    return Latest(float(points.value[best]), int(points.step[best]), time_ms)


def _with_latest(summaries: dict[str, Summary], columns: Columns) -> dict[str, Summary]:
    for name, summary in summaries.items():
        points = columns.points(name)
        if points is not None:
            summary.latest = latest_of(points)
    return summaries


@contextlib.contextmanager
def _removed(path: str) -> Iterator[None]:
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)
