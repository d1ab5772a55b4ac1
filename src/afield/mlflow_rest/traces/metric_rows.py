"""What metrics of traces are worked out from: a row for each trace, span or assessment.

A row has a time, a number (None where it has none) and the dimensions by which it can be grouped.
Nothing is added up here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from afield.mlflow_rest.route import Call
from afield.mlflow_rest.traces.assessments import value_of
from afield.mlflow_rest.traces.infos import document_of
from afield.mlflow_rest.traces.metric_filter import Clause
from afield.mlflow_rest.traces.spanned import spans_kept
from afield.mlflow_rest.traces.times import from_moment
from afield.traces import query, spans
from afield.traces.conventions import MODEL, PROVIDER
from afield.traces.query import Trace
from afield.traces.spans import Span

COUNTS = frozenset({"trace_count", "span_count", "assessment_count"})
LATENCY, VALUE = "latency", "assessment_value"
_TRACE_NAME = "mlflow.traceName"
_NS_IN_MS = 1_000_000
_TRUTHS: Mapping[object, float] = {"yes": 1.0, "no": 0.0, True: 1.0, False: 0.0}


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is measured; `dimensions` are None where it has none."""

    time_ms: int
    number: float | None
    dimensions: Mapping[str, str | None]


def of_traces(call: Call, traces: Sequence[Trace], metric: str) -> Iterator[Row]:
    """Yield a row for each trace that has the metric."""
    ask, ids = call.workspace.query, [one.id for one in traces]
    tags = query.tags(ask, ids)
    tokens = query.metadata(ask, ids) if metric in spans.TOKEN_COUNTS else {}
    for one in traces:
        number: float | None = 1.0
        if metric == LATENCY:
            number = one.duration_ms
        elif metric not in COUNTS:
            told = tokens.get(one.id, {}).get(query.TOKENS)
            number = spans.summed([told], (metric,)).get(metric)
        name = tags.get(one.id, {}).get(_TRACE_NAME)
        yield Row(one.request_ms, number, {"trace_name": name, "trace_status": one.state})


def of_spans(
    call: Call, traces: Sequence[Trace], metric: str, clauses: Iterable[Clause]
) -> Iterator[Row]:
    """Yield a row for each span of traces for which all clauses hold."""
    wanted = [(f"span_{clause.what}", clause.value) for clause in clauses]
    for some in query.batches(call.workspace.query, [one.id for one in traces]).values():
        for span in spans.merged(spans_kept(call, each.object) for each in some):
            told = _span_dimensions(span)
            if all(told[name] == value for name, value in wanted):
                yield Row(span.start_ns // _NS_IN_MS, _span_number(span, metric), told)


def of_assessments(
    call: Call, traces: Sequence[Trace], metric: str, clauses: Iterable[Clause]
) -> Iterator[Row]:
    """Yield a row for each assessment of traces for which all clauses hold."""
    wanted = [(clause.what, clause.value) for clause in clauses]
    found = query.assessments(call.workspace.query, [one.id for one in traces])
    for one in (each for some in found.values() for each in some):
        named = {"name": one.name, "type": one.what}
        if any(named[what] != value for what, value in wanted):
            continue
        document = document_of(call, one.document)
        value = value_of(document)
        number = 1.0 if metric in COUNTS else _number(value)
        told = {"assessment_name": one.name, "assessment_value": json.dumps(value)}
        made = document.create_time or "1970-01-01T00:00:00Z"
        yield Row(from_moment("create_time", made), number, told)


def _span_dimensions(span: Span) -> dict[str, str | None]:
    model, provider = span.attributes.get(MODEL), span.attributes.get(PROVIDER)
    return {
        "span_name": span.name,
        "span_type": span.type or "UNKNOWN",
        "span_status": span.status or "UNSET",
        "span_model_name": model if isinstance(model, str) else None,
        "span_model_provider": provider if isinstance(provider, str) else None,
    }


def _span_number(span: Span, metric: str) -> float | None:
    if metric in COUNTS:
        return 1.0
    if metric == LATENCY:
        return (span.end_ns - span.start_ns) // _NS_IN_MS if span.end_ns else None
    return spans.summed([span.attributes.get(spans.COST)], (metric,)).get(metric)


def _number(value: object) -> float | None:
    """Return a judgement as a number: yes is 1, no is 0; None for other words."""
    if isinstance(value, bool | str):
        return _TRUTHS.get(value)
    return float(value) if isinstance(value, int | float) else None
