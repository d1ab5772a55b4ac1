"""OpenTelemetry's way in: `POST /v1/traces`, for every exporter that speaks OTLP over HTTP.

All spans of a request are kept, or none. What comes packed is unpacked to a bound.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

from starlette.types import Receive, Scope, Send

from afield.journal import Draft
from afield.kernel.ids import ObjectId
from afield.members.actions import Action
from afield.mlflow_rest import experiments
from afield.mlflow_rest.decode import Query, read_body
from afield.mlflow_rest.errors import BAD_REQUEST, TOO_LARGE, Rest
from afield.mlflow_rest.route import Call, Raw, caller_of, send_json
from afield.mlflow_rest.traces.keep import clean, flush, keep
from afield.mlflow_rest.traces.known import LOCATION, artifacts_of, check_id, may_log, place_of
from afield.mlflow_rest.traces.limits import OTLP_BYTES_MAX
from afield.runs.served.writer import Served
from afield.traces import events, otlp, spans
from afield.traces.conventions import translated
from afield.traces.previews import Previews, preview
from afield.traces.spans import Span
from afield.workspace.hosted import Hosted
from afield.workspace.workspace import Workspace

_WIRE, _JSON = "application/x-protobuf", "application/json"
_EXPERIMENT = "x-mlflow-experiment-id"
_WINDOWS = {"gzip": (zlib.MAX_WBITS | 16,), "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}
_SPANS_LOCATION, _IN_STORE = "mlflow.trace.spansLocation", "TRACKING_STORE"
_SESSION, _USER = "mlflow.trace.session", "mlflow.trace.user"


class Ingest:
    """Takes in spans.

    Args:
        hosted: the workspace.
        served: the runs that this process records.
    """

    def __init__(self, hosted: Hosted, served: Served) -> None:
        self._hosted = hosted
        self._served = served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take in the spans of a request."""
        caller = caller_of(scope)
        headers = Query(scope).headers
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (_WIRE, _JSON):
            raise Rest(BAD_REQUEST, f"Invalid Content-Type. Expected: {_WIRE} or {_JSON}")
        if not headers.get(_EXPERIMENT):
            raise Rest(BAD_REQUEST, f"Request must have the header '{_EXPERIMENT}'.")
        body = await read_body(scope, receive)

        def work(workspace: Workspace) -> None:
            workspace.catch_up()
            call = Call(workspace, self._served, caller, {}, headers)
            data = unpacked(body, headers.get("content-encoding", ""))
            found = otlp.from_json(data) if kind == _JSON else otlp.from_wire(data)
            if not found:
                raise Rest(BAD_REQUEST, "Invalid OpenTelemetry format - no spans found")
            log_spans(call, headers[_EXPERIMENT], found)

        await self._hosted.read(work)
        if kind == _JSON:
            await send_json(b"{}", send)
        else:
            answer = [(b"content-type", _WIRE.encode()), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 200, "headers": answer})
            await send({"type": "http.response.body", "body": b""})


def unpacked(body: bytes, encoding: str) -> bytes:
    """Return a body as it was before it was packed, to a bound.

    Raises:
        Rest: it is packed in no way that is known, or cut, or too large.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    for window in _WINDOWS.get(encoding, ()):
        unpacker = zlib.decompressobj(window)
        try:
            data = unpacker.decompress(body, OTLP_BYTES_MAX + 1)
        except zlib.error:
            continue
        if len(data) > OTLP_BYTES_MAX:
            raise Rest(TOO_LARGE, f"a request has at most {OTLP_BYTES_MAX} bytes, unpacked")
        if unpacker.eof:
            return data
    raise Rest(BAD_REQUEST, f"Failed to decompress payload of Content-Encoding '{encoding[:20]}'")


def log_spans(call: Call, experiment: str, found: Sequence[Span]) -> None:
    """Keep spans, of one trace or of several.

    Raises:
        Rest: there is no such experiment, or a trace cannot be.
        ActionNotAllowed: the caller may not log to it, or to one of the traces.
    """
    within = experiments.active(call, experiment)
    by_trace: dict[str, list[Span]] = {}
    for each in found:
        span = translated(each)
        by_trace.setdefault(check_id(span.trace_id), []).append(span)
    there = {one.id for one in may_log(call, within, list(by_trace))}
    drafts = []
    for trace, some in by_trace.items():
        tags = {_SPANS_LOCATION: _IN_STORE}
        if trace not in there:
            tags[LOCATION] = artifacts_of(within, trace)
        drafts.append(_draft(call, trace, place_of(within), some, tags))
    flush(call)
    call.append(*drafts)


def _draft(
    call: Call, trace: str, place: str, found: Sequence[Span], tags: Mapping[str, str]
) -> Draft:
    root = spans.root_of(found)
    metadata = {
        name: value
        for name, value in (
            (_SESSION, spans.noted(found, "session.id")),
            (_USER, spans.noted(found, "user.id")),
        )
        if value
    }
    metadata = clean(call, metadata)
    tokens = spans.summed((each.attributes.get(spans.TOKENS) for each in found), spans.TOKEN_COUNTS)
    return events.spanned(
        trace,
        experiment=place,
        spans=keep(call, list(found), list[Span]),
        count=len(found),
        start_ms=spans.start_ms(found),
        end_ms=spans.end_ms(found),
        state=None if root is None else spans.state_of(root),
        previews=None if root is None else _previews(call, root),
        metadata=metadata,
        tokens={name: int(count) for name, count in tokens.items()},
        cost=spans.summed((each.attributes.get(spans.COST) for each in found), spans.COSTS),
        tags=tags,
    )


def _previews(call: Call, root: Span) -> ObjectId | None:
    request = preview(root.attributes.get(spans.INPUTS), "user")
    response = preview(root.attributes.get(spans.OUTPUTS), "assistant")
    if request is None and response is None:
        return None
    return keep(call, Previews(request, response), Previews)


def raws(hosted: Hosted, served: Served) -> tuple[Raw, ...]:
    """Return the routes that take in spans."""
    return (Raw("POST", "/v1/traces", Action.TRACE_LOG, Ingest(hosted, served), ()),)
