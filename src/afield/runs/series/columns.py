"""Series as columns, for reading: decoded, sorted by metric, cached, bucketed.

The only file of the room that needs numpy, and only inside functions. Columns of a sealed
series are kept in the workspace's cache as plain arrays, so that a chart costs a mapped slice.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from afield.runs.errors import SeriesDamaged
from afield.runs.limits import CACHE_BYTES_MAX
from afield.runs.series.format import NAMES, names_of, read_frames
from afield.runs.series.live import RECORD_BYTES, LivePart

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAGIC = b"AFCOLUM1"
_ALIGN = 64
_SUFFIX = ".columns"


@dataclass(frozen=True, slots=True)
class Points:
    """The points of one metric in the order they were logged; arrays of equal length."""

    step: NDArray[np.int64]
    time_ns: NDArray[np.int64]
    value: NDArray[np.float64]


class _Head(msgspec.Struct):
    """What stands before kept columns; a run may have thousands of metrics."""

    places: dict[str, tuple[int, int]]
    points: int


@dataclass(frozen=True, slots=True)
class Columns:
    """All points of a run, those of one metric side by side: `places` has (start, count)."""

    places: dict[str, tuple[int, int]]
    step: NDArray[np.int64]
    time_ns: NDArray[np.int64]
    value: NDArray[np.float64]

    def points(self, name: str) -> Points | None:
        """Return the points of a metric, or None when it has none."""
        place = self.places.get(name)
        if place is None:
            return None
        at = slice(place[0], place[0] + place[1])
        return Points(self.step[at], self.time_ns[at], self.value[at])


def decode_columns(sealed: bytes | memoryview) -> Columns:
    """Decode a sealed series.

    Raises:
        SeriesDamaged: it is not what was written.
    """
    import numpy as np  # heavy

    parts: list[tuple[list[str], list[NDArray[np.uint8]]]] = []
    for frame in read_frames(sealed):
        if frame.kind == NAMES:
            parts.append((names_of(frame), []))
            continue
        if not parts:
            raise SeriesDamaged("cannot read series", None, "a block before any names")
        planes = np.frombuffer(frame.data, np.uint8).reshape(RECORD_BYTES, frame.count)
        parts[-1][1].append(np.ascontiguousarray(planes.T))
    joined = []
    for names, blocks in parts:
        rows = np.concatenate(blocks) if blocks else np.empty((0, RECORD_BYTES), np.uint8)
        joined.append((names, _as_records(rows)))
    return _merge(joined)


def live_columns(parts: Iterable[LivePart]) -> Columns:
    """Read the columns of a run that is still running, as far as it has come."""
    import numpy as np  # heavy

    joined = []
    for part in parts:
        if not part.records:
            continue
        raw = np.fromfile(part.path, np.uint8, part.records * RECORD_BYTES)
        whole = len(raw) // RECORD_BYTES
        rows = raw[: whole * RECORD_BYTES].reshape(whole, RECORD_BYTES)
        joined.append((part.names, _as_records(rows)))
    return _merge(joined)


def live_points(parts: Iterable[LivePart], name: str) -> Points | None:
    """Read one metric of a running run, without sorting all the others."""
    import numpy as np  # heavy

    found = []
    for part in parts:
        if name not in part.names or not part.records:
            continue
        raw = np.fromfile(part.path, np.uint8, part.records * RECORD_BYTES)
        records = raw[: len(raw) // RECORD_BYTES * RECORD_BYTES].view(_record_type())
        found.append(records[records["metric"] == part.names.index(name) + 1])
    if not found or not sum(map(len, found)):
        return None
    records = np.concatenate(found)
    if len(found) > 1:
        records = records[np.argsort(records["time"], kind="stable")]
    return Points(*(np.ascontiguousarray(records[field]) for field in ("step", "time", "value")))


def bucket(points: Points, points_max: int) -> tuple[Points, Any, Any]:
    """Reduce to at most `points_max` buckets of equal numbers of consecutive points.

    Returns the last point of each bucket, and each bucket's smallest and largest value, NaN
    left out unless there is nothing else. Bucket i of m over n points holds the points from
    i*n//m to (i+1)*n//m.
    """
    import numpy as np  # heavy

    count = len(points.value)
    buckets = min(points_max, count)
    edges = np.arange(buckets + 1, dtype=np.int64) * count // max(buckets, 1)
    starts, lasts = edges[:-1], edges[1:] - 1
    with np.errstate(invalid="ignore"):
        low = np.fmin.reduceat(points.value, starts) if count else points.value
        high = np.fmax.reduceat(points.value, starts) if count else points.value
    return Points(points.step[lasts], points.time_ns[lasts], points.value[lasts]), low, high


class ColumnCache:
    """Decoded columns of sealed series on disk, each under its object's id."""

    def __init__(self, folder: str, size_bytes_max: int = CACHE_BYTES_MAX) -> None:
        self._folder = folder
        self._size_bytes_max = size_bytes_max

    def load(self, key: str) -> Columns | None:
        """Map the columns kept under a key; None when there are none, or they are unfit."""
        path = self._path(key)
        try:
            with open(path, "rb") as stream:
                view = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
            os.utime(path)  # the least recently read go first
        except (OSError, ValueError):
            return None
        return _unpack(view)

    def store(self, key: str, columns: Columns) -> None:
        """Keep columns; a full disk or a read-only workspace only means no cache."""
        path = self._path(key)
        temporary = f"{path}.{os.getpid()}.tmp"
        try:
            os.makedirs(self._folder, exist_ok=True)
            with open(temporary, "wb") as stream:
                stream.writelines(_pack(columns))
                stream.flush()
                os.fsync(stream.fileno())  # a torn cache after a loss of power would be served
            os.replace(temporary, path)
            self._make_room()
        except OSError:
            return

    def _make_room(self) -> None:
        with os.scandir(self._folder) as found:
            files = [(item.stat(), item.path) for item in found if item.name.endswith(_SUFFIX)]
        total = sum(stat.st_size for stat, _ in files)
        for stat, path in sorted(files, key=lambda file: file[0].st_mtime_ns):
            if total <= self._size_bytes_max:
                return
            os.unlink(path)
            total -= stat.st_size

    def _path(self, key: str) -> str:
        return os.path.join(self._folder, key + _SUFFIX)


def _record_type() -> Any:
    import numpy as np  # heavy

    fields = [("step", "<i8"), ("time", "<i8"), ("value", "<f8"), ("metric", "<u8")]
    return np.dtype(fields)


def _as_records(rows: Any) -> Any:
    return rows.reshape(-1).view(_record_type())


def _merge(parts: Sequence[tuple[Sequence[str], Any]]) -> Columns:
    """Join what several processes logged, sorted by metric.

    Within a metric as logged; by time where several processes logged the same one.
    """
    import numpy as np  # heavy

    numbers: dict[str, int] = {}
    metrics = []
    for names, records in parts:
        own = np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)
        ids = records["metric"].astype(np.int64) - 1
        known = (ids >= 0) & (ids < len(own))
        metrics.append(np.where(known, own[np.where(known, ids, 0)] if len(own) else -1, -1))
    records = (
        np.concatenate([found for _, found in parts]) if parts else np.empty(0, _record_type())
    )
    metric = np.concatenate(metrics) if metrics else np.empty(0, np.int64)
    if len(parts) > 1:
        seen = np.zeros(len(numbers) + 1, np.int64)  # the last place is that of -1
        for found in metrics:
            seen[np.unique(found)] += 1
        order = np.lexsort((np.where(seen[metric] > 1, records["time"], 0), metric))
    else:
        order = np.argsort(metric, kind="stable")
    counts = np.bincount(metric[metric >= 0], minlength=len(numbers)).tolist()
    places, start = {}, int((metric < 0).sum())
    for name, count in zip(numbers, counts, strict=True):
        if count:
            places[name] = (start, count)
        start += count
    columns = [np.ascontiguousarray(records[field][order]) for field in ("step", "time", "value")]
    return Columns(places, *columns)


def _pack(columns: Columns) -> Iterable[bytes | memoryview]:
    head = json.dumps({"places": columns.places, "points": len(columns.value)}).encode()
    size = len(_MAGIC) + 8 + len(head)
    yield _MAGIC + len(head).to_bytes(8, "little") + head + bytes(-size % _ALIGN)
    for column in (columns.step, columns.time_ns, columns.value):
        yield column.tobytes()


def _unpack(view: memoryview) -> Columns | None:
    import numpy as np  # heavy

    start = len(_MAGIC) + 8
    if len(view) < start or view[: len(_MAGIC)] != _MAGIC:
        return None
    size = int.from_bytes(view[len(_MAGIC) : start], "little")
    try:
        head = msgspec.json.decode(view[start : start + size], type=_Head)
    except (msgspec.MsgspecError, ValueError):
        return None
    points = head.points
    at = start + size
    at += -at % _ALIGN
    if len(view) != at + 3 * 8 * points:
        return None
    step, time_ns = (np.frombuffer(view, np.int64, points, at + 8 * points * n) for n in (0, 1))
    return Columns(
        head.places, step, time_ns, np.frombuffer(view, np.float64, points, at + 16 * points)
    )
