"""The history of metrics: of one run, of many, and thinned out to an interval of steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from afield.kernel.ids import RunId
from afield.members.actions import Action
from afield.mlflow_rest import known, limits
from afield.mlflow_rest import messages as m
from afield.mlflow_rest.decode import missing_value, require
from afield.mlflow_rest.errors import Rest, invalid
from afield.mlflow_rest.known import KnownRun
from afield.mlflow_rest.route import Call, Rpc
from afield.mlflow_rest.search.pages import page_size, start_of, token_for
from afield.runs.errors import SeriesNotFound
from afield.runs.series.columns import Points, live_points
from afield.runs.series.live import live_parts
from afield.runs.served.seal import in_order, once

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NS = 1_000_000


class GetHistory(m.RunRef):
    """Ask for the points of a metric."""

    metric_key: str | None = None
    page_token: str | None = None
    max_results: m.Int32 | None = None


class GetBulk(Struct):
    """Ask for the points of one metric of several runs."""

    run_id: list[str] | None = None
    metric_key: str | None = None
    max_results: m.Int32 | None = None


class GetInterval(Struct):
    """Ask for the points of one metric of several runs, thinned out."""

    run_ids: list[str] | None = None
    metric_key: str | None = None
    start_step: m.Int32 | None = None
    end_step: m.Int32 | None = None
    max_results: m.Int32 | None = None


class History(Struct, omit_defaults=True):
    """Points, answered."""

    metrics: list[m.MetricAnswer] = []
    next_page_token: str | None = None


def history(call: Call, asked: GetHistory) -> History:
    """Return the points of a metric by time, then step, then value."""
    require(run_id=asked.run, metric_key=asked.metric_key)
    run = _readable(call, asked.run or "")
    size = None
    if asked.max_results:
        size = page_size(asked.max_results, limits.HISTORY_MAX, limits.PAGE_MAX)
    start = start_of(asked.page_token)
    name = asked.metric_key or ""
    points = None if asked.max_results == 0 else _points(call, run, name)
    if points is None:
        return History()
    end = len(points.step) if size is None else start + size
    token = token_for(end) if end < len(points.step) else None
    return History(_messages(points, name, slice(start, end), run.id), token)


def bulk(call: Call, asked: GetBulk) -> History:
    """Return the points of one metric of several runs, run by run."""
    ids = asked.run_id or []
    if not ids:
        raise invalid("GetMetricHistoryBulk request must specify at least one run_id.")
    if len(ids) > limits.HISTORY_RUNS_MAX:
        raise invalid(
            f"GetMetricHistoryBulk request cannot specify more than {limits.HISTORY_RUNS_MAX}"
            f" run_ids. Received {len(ids)} run_ids."
        )
    if asked.metric_key is None:
        raise invalid("GetMetricHistoryBulk request must specify a metric_key.")
    most = asked.max_results if asked.max_results is not None else limits.HISTORY_MAX
    left = max(0, min(most, limits.HISTORY_MAX))
    found: list[m.MetricAnswer] = []
    for run in _readable_ones(call, sorted(set(ids))):
        points = _points(call, run, asked.metric_key)
        if points is not None and left > len(found):
            some = slice(0, left - len(found))
            found += _messages(points, asked.metric_key, some, run.id)
    return History(found)


def interval(call: Call, asked: GetInterval) -> History:
    """Return points of some steps of an interval: of all runs the same, ends among them."""
    ids, name = asked.run_ids or [], asked.metric_key
    if not ids:
        raise missing_value("run_ids")
    require(metric_key=name)
    if len(ids) > limits.HISTORY_RUNS_MAX:
        raise invalid(
            f"GetMetricHistoryBulkInterval request must specify at most {limits.HISTORY_RUNS_MAX}"
            f" run_ids. Received {len(ids)} run_ids."
        )
    size = limits.INTERVAL_POINTS_MAX if asked.max_results is None else asked.max_results
    if not 1 <= size <= limits.INTERVAL_POINTS_MAX:
        raise invalid(
            f"max_results must be between 1 and {limits.INTERVAL_POINTS_MAX}. See the API docs for"
            " more information about request parameters."
        )
    _check_interval(asked.start_step, asked.end_step)
    series = []
    for each in ids:
        run = _readable(call, each)
        series.append((run, _points(call, run, name or "")))
    steps = _sampled([p for _, p in series if p is not None], asked, size)
    found: list[m.MetricAnswer] = []
    for run, points in series:
        if points is not None:
            found += _at_steps(points, steps, name or "", run.id)
    return History(found)


def _check_interval(start: int | None, end: int | None) -> None:
    if (start is None) != (end is None):
        raise invalid("If either start step or end step are specified, both must be specified.")
    if start is not None and end is not None and start > end:
        raise invalid(
            "end_step must be greater than start_step."
            f" Found start_step={start} and end_step={end}."
        )


def _sampled(series: Sequence[Points], asked: GetInterval, size: int) -> NDArray[np.int64]:
    """Return the steps to be shown: evenly among all there are, and the ends of each run."""
    import numpy as np  # heavy

    if not series:
        return np.empty(0, np.int64)
    steps = np.unique(np.concatenate([points.step for points in series]))
    start = 0 if asked.start_step is None else asked.start_step
    end = int(steps[-1]) if asked.end_step is None else asked.end_step
    within = steps[(steps >= start) & (steps <= end)]
    if len(within) > size:
        chosen = (np.arange(size) * (len(within) / size)).astype(np.int64)
        within = np.concatenate([within[chosen], within[-1:]])
    ends = np.array([each for p in series for each in (p.step.min(), p.step.max())], np.int64)
    ends = ends[(ends >= start) & (ends <= end)]
    return np.unique(np.concatenate([within, ends]))


def _at_steps(
    points: Points, steps: NDArray[np.int64], name: str, run: RunId
) -> list[m.MetricAnswer]:
    import numpy as np  # heavy

    kept = np.isin(points.step, steps)
    some = Points(points.step[kept], points.time_ns[kept], points.value[kept])
    order = np.lexsort((some.value, some.time_ns, some.step))
    some = Points(some.step[order], some.time_ns[order], some.value[order])
    return _messages(some, name, slice(0, limits.HISTORY_MAX), run)


def _readable(call: Call, run: str) -> KnownRun:
    found = known.run(call.workspace, run)
    call.need(Action.RUN_READ, found.project)
    return found


def _readable_ones(call: Call, ids: Sequence[str]) -> list[KnownRun]:
    found = []
    for each in ids:
        try:
            found.append(_readable(call, each))
        except Rest:  # a run that is not there has no points
            continue
    return found


def _points(call: Call, run: KnownRun, name: str) -> Points | None:
    """Return a metric's points, each once and in order; None when there are none."""
    parts = live_parts(call.workspace.live_folder(run.id))
    points = live_points(parts, name) if parts else None
    if points is None:
        try:
            points = call.workspace.points(run.id, name)
        except SeriesNotFound:
            return None
    return in_order(once(points))


def _messages(points: Points, name: str, some: slice, run: RunId) -> list[m.MetricAnswer]:
    steps, values = points.step[some].tolist(), points.value[some].tolist()
    times = (points.time_ns[some] // _NS).tolist()
    return [
        m.MetricAnswer(name, m.number(value), time_ms, step, run)
        for step, time_ms, value in zip(steps, times, values, strict=True)
    ]


RPCS = (
    Rpc("GET", "/mlflow/metrics/get-history", Action.RUN_READ, GetHistory, history),
    Rpc("GET", "/mlflow/metrics/get-history-bulk", Action.RUN_READ, GetBulk, bulk),
    Rpc(
        "GET",
        "/mlflow/metrics/get-history-bulk-interval",
        Action.RUN_READ,
        GetInterval,
        interval,
    ),
)
