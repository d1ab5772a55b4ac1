"""`/series`: points of metrics, bucketed on the server: as JSON, or as an Arrow stream."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer, answer_bytes
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.axes import Buckets, bucketed, line_of, window
from afield.hub.api.run import seen_all
from afield.hub.limits import POINTS_MAX, QUERY_CHARS_MAX, SERIES_MAX
from afield.kernel.errors import Usage
from afield.members.actions import Action
from afield.runs.errors import SeriesNotFound
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["series"])


class Found(NamedTuple):
    """A series that was asked for; `logged` is how many points there are, not bucketed."""

    run: str
    metric: str
    logged: int
    line: Buckets


Axis = Literal["step", "time", "relative", "metric"]
ARROW = "application/vnd.apache.arrow.stream"


class Series(BaseModel):
    """A metric of a run, in buckets of consecutive points: the last of each, `min` and `max`.

    `count` is how many points they stand for, `x` where each is on the axis that was asked for,
    and `smooth` the moving average over all points up to there.
    """

    run: str
    metric: str
    count: int
    x: list[float]
    step: list[int]
    time_ms: list[float]
    value: list[float | None]
    min: list[float | None]
    max: list[float | None]
    smooth: list[float | None] | None


class _Wanted(NamedTuple):
    """How series are to be told."""

    x: str
    x_metric: str | None
    between: tuple[float | None, float | None]
    steps: tuple[int | None, int | None]
    smooth: float
    points: int


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
    x: Axis = "step",
    x_metric: Annotated[str | None, Query(max_length=QUERY_CHARS_MAX)] = None,
    first: float | None = None,
    last: float | None = None,
    smooth: Annotated[float, Query(ge=0, lt=1)] = 0,
    lean: bool = False,
) -> Response:
    """Return every `metric` of every `run`, each in at most `points` buckets.

    `x` is the axis: `step`, `time` (Unix ms), `relative` (seconds since the run began), or `metric`
    (what `x_metric` was at the step). From `first` to `last`, in its unit, and one point more on
    either side; `first_step` and `last_step` are those steps alone. `smooth` is the weight of what
    came before in a moving average. With `lean` the lists `step` and `time_ms` stay empty: a chart
    needs `x` alone. With `Accept: application/vnd.apache.arrow.stream` the answer
    is one Arrow table: `run`, `metric`, `step`, `time`, `value`, `min`, `max`.
    """
    if len(run) * len(metric) > SERIES_MAX:
        asked = len(run) * len(metric)
        raise Usage("too many series", asked, f"at most {SERIES_MAX} in one answer")
    if (x == "metric") != (x_metric is not None):
        raise Usage("no such axis", x, "it takes `x_metric`, and nothing else does")
    wanted = _Wanted(x, x_metric, (first, last), (first_step, last_step), smooth, points)

    def find(workspace: Workspace) -> list[Found]:
        views = seen_all(workspace, caller, run, Action.RUN_READ)
        return list(_read(workspace, views, metric, wanted))

    found = await hosted.read(find)
    if ARROW in request.headers.get("accept", ""):
        return answer_bytes(request, _as_arrow(found), ARROW)
    return answer(request, {"series": [_as_json(one, lean=lean) for one in found]})


def _read(
    workspace: Workspace, views: list[RunView], metrics: list[str], wanted: _Wanted
) -> Iterator[Found]:
    for view, metric in product(views, metrics):
        try:
            points = workspace.points(view, metric)
            other = workspace.points(view, wanted.x_metric) if wanted.x_metric else None
        except SeriesNotFound:
            continue
        start_ns = int(view.started.timestamp() * 1e9)
        if wanted.steps != (None, None):
            line = line_of(points, "step", start_ns, None, wanted.smooth)
            points = window(line, *wanted.steps, beyond=0).points
        line = line_of(points, wanted.x, start_ns, other, wanted.smooth)
        if wanted.between != (None, None):
            line = window(line, *wanted.between, beyond=1)
        yield Found(view.id, metric, len(line.x), bucketed(line, wanted.points))


def _as_json(found: Found, *, lean: bool) -> dict[str, Any]:
    line = found.line
    return {
        "run": found.run,
        "metric": found.metric,
        "count": found.logged,
        "x": line.x.tolist(),
        "step": [] if lean else line.points.step.tolist(),
        "time_ms": [] if lean else (line.points.time_ns // 1_000_000).tolist(),
        "value": line.points.value.tolist(),
        "min": line.low.tolist(),
        "max": line.high.tolist(),
        "smooth": None if line.smooth is None else line.smooth.tolist(),
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
            line = one.line
            rows = len(line.x)
            arrays = [
                pa.repeat(one.run, rows),
                pa.repeat(one.metric, rows),
                pa.array(line.points.step),
                pa.array(line.points.time_ns // 1000).view(moment),
                pa.array(line.points.value),
                pa.array(line.low),
                pa.array(line.high),
            ]
            stream.write_batch(pa.record_batch(arrays, schema=schema))
    return bytes(sink.getvalue())
