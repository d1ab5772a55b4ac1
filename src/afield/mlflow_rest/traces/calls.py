"""Traces: told of, read and found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from afield.kernel.ids import ObjectId
from afield.members.actions import Action
from afield.mlflow_rest import experiments, limits
from afield.mlflow_rest.decode import missing_value, require, wrong_value
from afield.mlflow_rest.errors import BAD_REQUEST, Rest, invalid, missing
from afield.mlflow_rest.names import check_length
from afield.mlflow_rest.registry_answers import keep_tags
from afield.mlflow_rest.route import Call, Rpc
from afield.mlflow_rest.search.pages import page_size
from afield.mlflow_rest.traces import messages as tm
from afield.mlflow_rest.traces.assessments import drafts_of
from afield.mlflow_rest.traces.infos import infos, span_answer, spans_of
from afield.mlflow_rest.traces.keep import flush, keep, keep_text
from afield.mlflow_rest.traces.known import (
    LOCATION,
    artifacts_of,
    check_id,
    kept_id,
    may_log,
    place_of,
    places_of,
    trace_of,
    traces_of,
)
from afield.mlflow_rest.traces.limits import (
    BATCH_MAX,
    PAGE,
    PAGE_MAX,
    PAIRS_MAX,
    TAG_CHARS_MAX,
)
from afield.mlflow_rest.traces.search import TraceSearch
from afield.mlflow_rest.traces.times import from_duration, from_moment
from afield.traces import events, query
from afield.traces.previews import Previews, cut
from afield.traces.spans import said

_FINISHED = "mlflow.trace.infoFinalized"
_PROSE = {"mlflow.traceInputs", "mlflow.traceOutputs"}
_SIZES = "mlflow.trace.sizeStats"
_STATES: Mapping[str | int | None, str] = {
    None: events.UNSPECIFIED,
    0: events.UNSPECIFIED,
    1: events.OK,
    2: events.ERROR,
    3: events.IN_PROGRESS,
    **{state: state for state in events.STATES},
}


def start(call: Call, asked: tm.Start) -> dict[str, Any]:
    """Take up what a client tells of a trace as a whole."""
    info = asked.trace.trace_info if asked.trace else None
    if info is None:
        raise missing_value("trace")
    place = info.trace_location.mlflow_experiment if info.trace_location else None
    if place is None or not place.experiment_id:
        raise missing_value("trace.trace_info.trace_location.mlflow_experiment.experiment_id")
    trace = check_id(info.trace_id)
    state = _STATES.get(info.state)
    if state is None:
        raise wrong_value("state", info.state)
    within = experiments.active(call, place.experiment_id)
    may_log(call, within, [trace])
    metadata = {**_checked(info.trace_metadata), _FINISHED: "true"}
    tags = {**_checked(info.tags), LOCATION: artifacts_of(within, trace)}
    prose = {name: keep_text(call, name, metadata[name]) for name in _PROSE & metadata.keys()}
    metadata |= {name: f"object:{found}" for name, found in prose.items()}
    told, refs, rest = _fitting(call, metadata, tags)
    previews = _kept_previews(call, info.request_preview, info.response_preview)
    finds = drafts_of(call, trace, info.assessments)
    flush(call)
    call.append(
        events.told(
            trace,
            experiment=place_of(within),
            request_ms=from_moment("request_time", info.request_time or "1970-01-01T00:00:00Z"),
            state=state,
            duration_ms=(
                from_duration("execution_duration", info.execution_duration)
                if info.execution_duration
                else None
            ),
            client=check_length("client_request_id", info.client_request_id, limits.KEY_CHARS_MAX)
            if info.client_request_id is not None
            else None,
            previews=previews,
            metadata=told[0],
            tags=told[1],
            refs=[*refs, *prose.values()],
        ),
        *(
            events.tagged(trace, own_tags, metadata=own, refs=own_refs)
            for own, own_tags, own_refs in rest
        ),
        *finds,
    )
    return _answer(call, trace)


def get_info(call: Call, _: tm.Ref) -> dict[str, Any]:
    """Return a trace without its spans."""
    found = trace_of(call, call.path["trace_id"], Action.TRACE_READ)
    return {"trace": {"trace_info": infos(call, [found])[0]}}


def get(call: Call, asked: tm.Get) -> dict[str, Any]:
    """Return a trace with its spans; all of them, unless a part will do."""
    require(trace_id=asked.trace_id)
    if not query.traces_of(call.workspace.query, [kept_id(asked.trace_id or "")]):
        raise missing(f"Trace with ID {asked.trace_id} is not found.")
    found = trace_of(call, asked.trace_id, Action.TRACE_READ)
    answers = _with_spans(call, [found], partial=asked.allow_partial is True)
    if not answers:
        raise missing(
            f"Trace with ID {asked.trace_id} is not fully exported yet, please try again later."
        )
    return {"trace": answers[0]}


def batch_get(call: Call, asked: tm.Ids) -> dict[str, Any]:
    """Return those of some traces of which all spans are there."""
    found = traces_of(call, _ids(asked))
    return {"traces": _with_spans(call, found, partial=False)}


def batch_get_infos(call: Call, asked: tm.Ids) -> dict[str, Any]:
    """Return some traces without their spans."""
    return {"trace_infos": infos(call, traces_of(call, _ids(asked)))}


def search(call: Call, asked: tm.Search) -> dict[str, Any]:
    """Return a page of traces."""
    size = page_size(asked.max_results, PAGE, PAGE_MAX)
    if asked.locations is None:
        raise missing_value("locations")
    places = [each.mlflow_experiment for each in asked.locations]
    ids = [each.experiment_id for each in places if each and each.experiment_id]
    wanted = TraceSearch(asked.filter or "", asked.order_by or ())
    within = places_of(call, ids)
    found, token = wanted.page(call, within, size=size, token=asked.page_token)
    answer: dict[str, Any] = {"traces": infos(call, found)}
    if token:
        answer["next_page_token"] = token
    return answer


def _answer(call: Call, trace: str) -> dict[str, Any]:
    found = query.traces_of(call.workspace.query, [trace])
    return {"trace": {"trace_info": infos(call, found)[0]}}


def _with_spans(call: Call, found: Sequence[query.Trace], *, partial: bool) -> list[dict[str, Any]]:
    """Return traces with their spans; unless partly ones will do, only those that are whole.

    Raises:
        Rest: the spans of one are not here, but where its client put them.
    """
    spans = spans_of(call, [one.id for one in found])
    answers = []
    for one, info in zip(found, infos(call, found), strict=True):
        own = spans.get(one.id)
        if own is None:
            raise Rest(BAD_REQUEST, "Trace data not stored in tracking store")
        if partial or len(own) >= _expected(info["trace_metadata"].get(_SIZES)):
            told = [span_answer(each) for each in own]
            answers.append({"trace_info": info, "spans": told})
    return answers


def _expected(sizes: str | None) -> int:
    """Return how many spans a trace has, as its client counted them; 0 when it did not."""
    found = said(sizes or "")
    count = found.get("num_spans") if isinstance(found, dict) else 0
    return count if isinstance(count, int) else 0


def _ids(asked: tm.Ids) -> list[str]:
    ids = asked.trace_ids or []
    if not ids:
        raise missing_value("trace_ids")
    if len(ids) > BATCH_MAX:
        raise invalid(f"at most {BATCH_MAX} traces in a request")
    return ids


def _checked(values: Mapping[str, str]) -> dict[str, str]:
    """Return tags or metadata whose keys can be kept, values cut to their bound."""
    if len(values) > PAIRS_MAX:
        raise invalid(f"a trace has at most {PAIRS_MAX} tags, and as much metadata")
    return {
        check_length("key", key, limits.KEY_CHARS_MAX): value[:TAG_CHARS_MAX]
        for key, value in values.items()
    }


_Part = tuple[dict[str, str], dict[str, str], Sequence[ObjectId]]


def _fitting(
    call: Call, metadata: Mapping[str, str], tags: Mapping[str, str]
) -> tuple[tuple[dict[str, str], dict[str, str]], Sequence[ObjectId], list[_Part]]:
    """Return what of metadata and tags fits the first entry, its objects, and the rest."""
    of_metadata, of_tags = keep_tags(call, metadata), keep_tags(call, tags)
    first, refs = of_metadata[0]
    if len(of_metadata) == len(of_tags) == 1:
        return (first, of_tags[0][0]), [*refs, *of_tags[0][1]], []
    rest: list[_Part] = [(values, {}, own) for values, own in of_metadata[1:]]
    rest += [({}, values, own) for values, own in of_tags]
    return (first, {}), refs, rest


def _kept_previews(call: Call, request: str | None, response: str | None) -> ObjectId | None:
    if request is None and response is None:
        return None
    return keep(call, Previews(cut(request), cut(response)), Previews)


_AT = "/mlflow/traces"
_READ, _LOG = Action.TRACE_READ, Action.TRACE_LOG
_NEW = ("3.0",)
RPCS = (
    Rpc("POST", _AT, _LOG, tm.Start, start, _NEW),
    Rpc("GET", f"{_AT}/get", _READ, tm.Get, get, _NEW),
    Rpc("GET", f"{_AT}/batchGet", _READ, tm.Ids, batch_get, _NEW),
    Rpc("POST", f"{_AT}/batchGetInfos", _READ, tm.Ids, batch_get_infos, _NEW),
    Rpc("POST", f"{_AT}/search", _READ, tm.Search, search, _NEW),
    Rpc("GET", f"{_AT}/{{trace_id}}", _READ, tm.Ref, get_info, _NEW),
)
