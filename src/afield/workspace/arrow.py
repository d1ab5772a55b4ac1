"""Points as Arrow tables, the form in which series leave the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afield.kernel.errors import Usage
from afield.runs.series.columns import Points, bucket

if TYPE_CHECKING:
    import pyarrow as pa


def to_table(points: Points, points_max: int | None = None) -> pa.Table:
    """Return points as `step`, `time`, `value`; bucketed also `min` and `max`."""
    import pyarrow as pa  # heavy

    if points_max is not None and points_max < 1:
        raise Usage("cannot bucket series", points_max, "`max_points` must be at least 1")
    low = high = None
    if points_max is not None:
        points, low, high = bucket(points, points_max)
    moment = pa.timestamp("us", tz="UTC")  # `datetime`, and so `to_pylist`, knows no finer one
    columns = {
        "step": pa.array(points.step),
        "time": pa.array(points.time_ns // 1000).view(moment),
        "value": pa.array(points.value),
    }
    if points_max is not None:
        columns |= {"min": pa.array(low), "max": pa.array(high)}
    return pa.table(columns)
