"""Traces, spans and assessments as answers, many at a time."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.mlflow_rest.answers import whole_text
from afield.mlflow_rest.route import Call
from afield.mlflow_rest.traces import messages as tm
from afield.mlflow_rest.traces.known import shown_id, shown_place
from afield.mlflow_rest.traces.times import to_duration, to_moment
from afield.traces import previews, query, spans
from afield.traces.query import Trace
from afield.traces.spans import Span

_STATUSES = {"OK": "STATUS_CODE_OK", "ERROR": "STATUS_CODE_ERROR"}
_INTEGER_MAX = 1 << 63


_assessments = msgspec.json.Decoder(tm.Assessment)


def infos(call: Call, traces: Sequence[Trace]) -> list[dict[str, Any]]:
    """Return traces as `TraceInfoV3`, in the order given."""
    ask, ids = call.workspace.query, [one.id for one in traces]
    tags, metadata = query.tags(ask, ids), query.metadata(ask, ids)
    found = assessments(call, ids)
    answers = []
    for one in traces:
        request, response = _previews_of(call, one)
        told = {
            "trace_id": shown_id(one.id),
            "client_request_id": one.client,
            "trace_location": {
                "type": "MLFLOW_EXPERIMENT",
                "mlflow_experiment": {"experiment_id": shown_place(one.experiment)},
            },
            "request_preview": request,
            "response_preview": response,
            "request_time": to_moment(one.request_ms),
            "execution_duration": (
                None if one.duration_ms is None else to_duration(one.duration_ms)
            ),
            "state": one.state,
            "trace_metadata": _whole(call, metadata.get(one.id, {})),
            "tags": _whole(call, tags.get(one.id, {})),
            "assessments": found.get(one.id, []),
        }
        answers.append({name: value for name, value in told.items() if value is not None})
    return answers


def assessments(call: Call, ids: Sequence[str]) -> dict[str, list[tm.Assessment]]:
    """Return what was found of traces, by id."""
    found: dict[str, list[tm.Assessment]] = {}
    for trace, some in query.assessments(call.workspace.query, ids).items():
        over = query.overridden(some)
        for one in some:
            document = document_of(call, one.document)
            document.valid, document.trace_id = one.id not in over, shown_id(trace)
            found.setdefault(trace, []).append(document)
    return found


def document_of(call: Call, found: ObjectId) -> tm.Assessment:
    """Return all that is kept of an assessment."""
    return _assessments.decode(call.workspace.record.vault.get(found))


def spans_of(call: Call, ids: Sequence[str]) -> dict[str, list[Span]]:
    """Return the spans of traces, by id; a trace of which none came is left out."""
    get = call.workspace.record.vault.get
    return {
        trace: spans.merged(spans.decode(get(each.object)) for each in some)
        for trace, some in query.batches(call.workspace.query, ids).items()
    }


def span_answer(span: Span) -> dict[str, Any]:
    """Return a span as OpenTelemetry's message in JSON, with the names of its fields."""
    told: dict[str, Any] = {
        "trace_id": _bytes(span.trace),
        "span_id": _bytes(span.id),
        "name": span.name,
        "start_time_unix_nano": str(span.start_ns),
        "attributes": list(_attributes(span.attributes)),
        "events": [
            {
                "name": event.name,
                "time_unix_nano": str(event.time_ns),
                "attributes": list(_attributes(event.attributes)),
            }
            for event in span.events
        ],
        "status": {},
    }
    if span.parent is not None:
        told["parent_span_id"] = _bytes(span.parent)
    if span.end_ns:
        told["end_time_unix_nano"] = str(span.end_ns)
    if span.status in _STATUSES:
        told["status"]["code"] = _STATUSES[span.status]
    if span.message:
        told["status"]["message"] = span.message
    return told


def span_file(span: Span) -> dict[str, Any]:
    """Return a span as MLflow writes it into the file of a trace."""
    return {
        "trace_id": _bytes(span.trace),
        "span_id": _bytes(span.id),
        "parent_span_id": None if span.parent is None else _bytes(span.parent),
        "name": span.name,
        "start_time_unix_nano": span.start_ns,
        "end_time_unix_nano": span.end_ns or None,
        "events": [
            {"name": each.name, "time_unix_nano": each.time_ns, "attributes": each.attributes}
            for each in span.events
        ],
        "status": {
            "code": _STATUSES.get(span.status, "STATUS_CODE_UNSET"),
            "message": span.message,
        },
        "attributes": {
            spans.TRACE_ID: msgspec.json.encode(span.trace_id).decode(),
            **{
                name: msgspec.json.encode(value).decode() for name, value in span.attributes.items()
            },
        },
    }


def _attributes(values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, value in values.items():
        yield {"key": name, "value": _any_value(value)}


def _any_value(value: object) -> dict[str, Any]:
    if isinstance(value, bool | str):
        return {"bool_value" if isinstance(value, bool) else "string_value": value}
    if isinstance(value, int):
        small = -_INTEGER_MAX <= value < _INTEGER_MAX
        return {"int_value" if small else "string_value": str(value)}
    if isinstance(value, float):
        return {"double_value": value}
    if isinstance(value, list):
        return {"array_value": {"values": [_any_value(each) for each in value]}}
    if isinstance(value, dict):
        return {"kvlist_value": {"values": list(_attributes(value))}}
    return {}


def _bytes(digits: str) -> str:
    return base64.b64encode(bytes.fromhex(digits)).decode("ascii")


def _previews_of(call: Call, trace: Trace) -> tuple[str | None, str | None]:
    request = response = None
    for each in trace.previews:
        found = previews.decode(call.workspace.record.vault.get(each))
        request = found.request if request is None else request
        response = found.response if response is None else response
    return request, response


def _whole(call: Call, values: Mapping[str, str]) -> dict[str, str]:
    return {name: _text(call, value) for name, value in values.items()}


def _text(call: Call, value: str) -> str:
    try:
        return whole_text(call, value)
    except AfieldError:  # erased, not here yet, or words of somebody's that look like a name
        return value
