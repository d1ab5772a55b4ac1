"""`/series`: points of metrics, bucketed on the server: as JSON, or as an Arrow stream."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer, answer_bytes
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.run import seen
from afield.hub.limits import POINTS_MAX, SERIES_MAX
from afield.kernel.errors import Usage
from afield.members.actions import Action
from afield.runs.errors import SeriesNotFound
from afield.runs.series.columns import Points, bucket
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["series"])


class Found(NamedTuple):
    """A series that was asked for; `logged` is how many points there are, not bucketed."""

    run: str
    metric: str
    logged: int
    points: Points
    low: Any
    high: Any


ARROW = "application/vnd.apache.arrow.stream"


class Series(BaseModel):
    """A metric of a run, in buckets of consecutive points: the last of each, `min` and `max`."""

    run: str
    metric: str
    count: int
    step: list[int]
    time_ms: list[float]
    value: list[float | None]
    min: list[float | None]
    max: list[float | None]


class SeriesAnswer(BaseModel):
    """The series that there are of those that were asked for."""

    series: list[Series]


@router.get("/series", response_model=SeriesAnswer, dependencies=[needs(Action.RUN_READ)])
async def show_series(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    run: Annotated[list[str], Query(min_length=1, max_length=SERIES_MAX)],
    metric: Annotated[list[str], Query(min_length=1, max_length=SERIES_MAX)],
    points: Annotated[int, Query(ge=1, le=POINTS_MAX)] = 500,
    first_step: int | None = None,
    last_step: int | None = None,
) -> Response:
    """Return every `metric` of every `run`, each in at most `points` buckets.

    With `first_step` and `last_step` only the points between are bucketed, both included. With
    `Accept: application/vnd.apache.arrow.stream` the answer is one Arrow table with the columns
    `run`, `metric`, `step`, `time`, `value`, `min`, `max`.
    """
    if len(run) * len(metric) > SERIES_MAX:
        asked = len(run) * len(metric)
        raise Usage("too many series", asked, f"at most {SERIES_MAX} in one answer")

    def find(workspace: Workspace) -> list[Found]:
        views = [seen(workspace, caller, ref, Action.RUN_READ) for ref in run]
        return list(_read(workspace, views, metric, points, (first_step, last_step)))

    found = await hosted.read(find)
    if ARROW in request.headers.get("accept", ""):
        return answer_bytes(request, _as_arrow(found), ARROW)
    return answer(request, {"series": [_as_json(one) for one in found]})


def _read(
    workspace: Workspace,
    views: list[RunView],
    metrics: list[str],
    points_max: int,
    between: tuple[int | None, int | None],
) -> Iterator[Found]:
    for view, metric in product(views, metrics):
        try:
            points = workspace.points(view, metric)
        except SeriesNotFound:
            continue
        if between != (None, None):
            points = _cut(points, *between)
        yield Found(view.id, metric, len(points.step), *bucket(points, points_max))


def _cut(points: Points, first: int | None, last: int | None) -> Points:
    import numpy as np  # loaded with the first series

    kept = np.ones(len(points.step), dtype=bool)
    if first is not None:
        kept &= points.step >= first
    if last is not None:
        kept &= points.step <= last
    return Points(points.step[kept], points.time_ns[kept], points.value[kept])


def _as_json(found: Found) -> dict[str, Any]:
    return {
        "run": found.run,
        "metric": found.metric,
        "count": found.logged,
        "step": found.points.step.tolist(),
        "time_ms": (found.points.time_ns / 1e6).tolist(),
        "value": found.points.value.tolist(),
        "min": found.low.tolist(),
        "max": found.high.tolist(),
    }


def _as_arrow(found: list[Found]) -> bytes:
    import pyarrow as pa  # heavy

    moment = pa.timestamp("us", tz="UTC")
    schema = pa.schema(
        [
            ("run", pa.string()),
            ("metric", pa.string()),
            ("step", pa.int64()),
            ("time", moment),
            ("value", pa.float64()),
            ("min", pa.float64()),
            ("max", pa.float64()),
        ]
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as stream:
        for one in found:
            rows = len(one.points.step)
            arrays = [
                pa.repeat(one.run, rows),
                pa.repeat(one.metric, rows),
                pa.array(one.points.step),
                pa.array(one.points.time_ns // 1000).view(moment),
                pa.array(one.points.value),
                pa.array(one.low),
                pa.array(one.high),
            ]
            stream.write_batch(pa.record_batch(arrays, schema=schema))
    return bytes(sink.getvalue())
