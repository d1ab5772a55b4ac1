"""Metrics of many traces: counts, sums, means and percentiles, by dimension and by time.

Worked out from the traces that fit, each time; pages are of the groups.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from afield.members.actions import Action
from afield.mlflow_rest.decode import require, wrong_value
from afield.mlflow_rest.errors import invalid
from afield.mlflow_rest.route import Call, Rpc
from afield.mlflow_rest.search.grammar import Term
from afield.mlflow_rest.search.pages import page_size, start_of, token_for
from afield.mlflow_rest.traces import grammar, metric_filter, metric_rows
from afield.mlflow_rest.traces import messages as tm
from afield.mlflow_rest.traces.known import places_of
from afield.mlflow_rest.traces.limits import MEASURED_MAX, METRICS_MAX
from afield.mlflow_rest.traces.metric_filter import Clause
from afield.mlflow_rest.traces.metric_rows import COUNTS, LATENCY, VALUE, Row
from afield.mlflow_rest.traces.search import TraceSearch
from afield.traces import spans

_COUNT, _SUM, _AVG, _PERCENTILE = "COUNT", "SUM", "AVG", "PERCENTILE"
_WAYS = {1: _COUNT, 2: _SUM, 3: _AVG, 4: _PERCENTILE, 5: "MIN", 6: "MAX"}
_VIEWS = {1: "TRACES", 2: "SPANS", 3: "ASSESSMENTS"}
_OF = {metric_filter.SPAN: "SPANS", metric_filter.ASSESSMENT: "ASSESSMENTS"}
_NUMBERS = (_SUM, _AVG, _PERCENTILE)
_MODELS = ("span_model_name", "span_model_provider")
_Known = Mapping[str, tuple[Sequence[str], Sequence[str]]]
_METRICS: Mapping[str, _Known] = {
    "TRACES": {
        "trace_count": ((_COUNT,), ("trace_name", "trace_status")),
        LATENCY: ((_AVG, _PERCENTILE), ("trace_name",)),
        **dict.fromkeys(spans.TOKEN_COUNTS, (_NUMBERS, ("trace_name",))),
    },
    "SPANS": {
        "span_count": ((_COUNT,), ("span_name", "span_type", "span_status", *_MODELS)),
        LATENCY: ((_AVG, _PERCENTILE), ("span_name", "span_status")),
        **dict.fromkeys(spans.COSTS, (_NUMBERS, _MODELS)),
    },
    "ASSESSMENTS": {
        "assessment_count": ((_COUNT,), ("assessment_name", "assessment_value")),
        VALUE: ((_AVG, _PERCENTILE), ("assessment_name",)),
    },
}
"""Of each view the metrics, how each may be added up, and by what it may be grouped."""

_BUCKET = "time_bucket"
_MS = 1000
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class _Way:
    """How rows are added up; `percent` is of a percentile."""

    name: str
    percent: float = 0.0

    @property
    def label(self) -> str:
        return f"P{self.percent}" if self.name == _PERCENTILE else self.name

    def of(self, numbers: Sequence[float]) -> float | None:
        """Return the result, of numbers in order; None when there is none."""
        if self.name == _COUNT:
            return len(numbers)
        if not numbers:
            return None
        if self.name == _PERCENTILE:
            place = self.percent / _PERCENT * (len(numbers) - 1)
            low = math.floor(place)
            high = min(low + 1, len(numbers) - 1)
            return numbers[low] + (numbers[high] - numbers[low]) * (place - low)
        total = math.fsum(numbers)
        return total / len(numbers) if self.name == _AVG else total


def measure(call: Call, asked: tm.Measure) -> dict[str, Any]:
    """Return a metric of the traces that fit, a data point for each group."""
    require(
        experiment_ids=asked.experiment_ids,
        view_type=asked.view_type,
        metric_name=asked.metric_name,
        aggregations=asked.aggregations,
    )
    view, metric, ways = _checked(asked)
    size = page_size(asked.max_results, METRICS_MAX, METRICS_MAX)
    start = start_of(asked.page_token)
    clauses = [metric_filter.parse(each) for each in asked.filters or ()]
    for clause in clauses:
        if _OF.get(clause.of, view) != view:
            raise invalid(
                f"Filtering by {clause.of} is only supported for {_OF[clause.of]} view type,"
                f" got {view}"
            )
    rows = _rows(call, asked, view, [each for each in clauses if each.of == metric_filter.TRACE])(
        metric, [each for each in clauses if each.of != metric_filter.TRACE]
    )
    points = list(_points(asked, metric, ways, rows))
    answer: dict[str, Any] = {"data_points": points[start : start + size]}
    if len(points) > start + size:
        answer["next_page_token"] = token_for(start + size)
    return answer


def _checked(asked: tm.Measure) -> tuple[str, str, list[_Way]]:
    """Return the view, the metric and how it is added up.

    Raises:
        Rest: the one does not go with the other.
    """
    told = asked.view_type
    view = _VIEWS.get(told, str(told)) if isinstance(told, int) else str(told)
    if view not in _METRICS:
        raise invalid(f"view_type must be one of {list(_METRICS)}, got '{view}'")
    known = _METRICS[view]
    metric = asked.metric_name or ""
    if metric not in known:
        raise invalid(f"metric_name must be one of {list(known)}, got '{metric[:100]}'")
    allowed, dimensions = known[metric]
    ways = [_way(each) for each in asked.aggregations or ()]
    if wrong := sorted({way.name for way in ways} - set(allowed)):
        raise invalid(
            f"Found invalid aggregation_type(s): {wrong}. Supported aggregation types:"
            f" {sorted(allowed)}"
        )
    if wrong := sorted(set(asked.dimensions or ()) - set(dimensions)):
        raise invalid(
            f"Found invalid dimension(s): {wrong}. Supported dimensions: {sorted(dimensions)}"
        )
    if asked.time_interval_seconds is not None and (
        asked.start_time_ms is None or asked.end_time_ms is None
    ):
        raise invalid("start_time_ms and end_time_ms are required if time_interval_seconds is set")
    if asked.time_interval_seconds is not None and asked.time_interval_seconds < 1:
        raise wrong_value("time_interval_seconds", asked.time_interval_seconds)
    return view, metric, ways


def _way(asked: tm.Aggregation) -> _Way:
    named = asked.aggregation_type
    name = _WAYS.get(named, str(named)) if isinstance(named, int) else str(named)
    if name not in _WAYS.values():
        raise wrong_value("aggregation_type", named)
    percent = asked.percentile_value
    if (percent is not None) != (name == _PERCENTILE) or not 0 <= (percent or 0) <= _PERCENT:
        raise wrong_value("percentile_value", percent)
    return _Way(name, float(percent or 0))


def _rows(call: Call, asked: tm.Measure, view: str, clauses: Sequence[Clause]) -> Any:
    """Return what yields the rows of a view, of the traces for which all clauses hold."""
    kinds = {"status": grammar.ATTRIBUTE, "tag": grammar.TAG, "metadata": grammar.METADATA}
    terms = [Term(kinds[each.what], each.key or each.what, "=", each.value) for each in clauses]
    for sign, time_ms in ((">=", asked.start_time_ms), ("<=", asked.end_time_ms)):
        if time_ms is not None:
            terms.append(Term(grammar.ATTRIBUTE, "timestamp_ms", sign, time_ms))
    within = places_of(call, asked.experiment_ids or [])
    traces = TraceSearch("", (), terms).some(call, within, MEASURED_MAX + 1)
    if len(traces) > MEASURED_MAX:
        raise invalid(
            f"more than {MEASURED_MAX} traces are in these experiments and times: narrow"
            " start_time_ms and end_time_ms"
        )
    if view == "TRACES":
        return lambda metric, _: metric_rows.of_traces(call, traces, metric)
    rows = metric_rows.of_spans if view == "SPANS" else metric_rows.of_assessments
    return lambda metric, own: rows(call, traces, metric, own)


def _points(
    asked: tm.Measure, metric: str, ways: Sequence[_Way], rows: Iterator[Row]
) -> Iterator[dict[str, Any]]:
    """Yield the data points, in the order of their dimensions, time first."""
    names = list(asked.dimensions or ())
    bucket_ms = (asked.time_interval_seconds or 0) * _MS
    groups: dict[tuple[Any, ...], list[float]] = {}
    if not names and not bucket_ms and metric in COUNTS:
        groups[()] = []
    for row in rows:
        told = tuple(row.dimensions[name] for name in names)
        if None in told:
            continue
        time = (row.time_ms // bucket_ms * bucket_ms,) if bucket_ms else ()
        numbers = groups.setdefault((*time, *told), [])
        if row.number is not None:
            numbers.append(row.number)
    for group, numbers in sorted(groups.items()):
        numbers.sort()
        values = {way.label: found for way in ways if (found := way.of(numbers)) is not None}
        if not values:
            continue
        dimensions = dict(zip(names, group[len(group) - len(names) :], strict=True))
        if bucket_ms:
            moment = datetime.fromtimestamp(group[0] / _MS, UTC)
            dimensions = {_BUCKET: moment.isoformat(), **dimensions}
        yield {"metric_name": metric, "dimensions": dimensions, "values": values}


RPCS = (Rpc("POST", "/mlflow/traces/metrics", Action.TRACE_READ, tm.Measure, measure, ("3.0",)),)
