"""The spans of a trace as one file, and the files that a client put beside them."""

from __future__ import annotations

import io
from typing import BinaryIO

import msgspec
from starlette.types import Receive, Scope, Send

from afield.kernel.ids import ObjectId
from afield.members.actions import Action
from afield.mlflow_rest import known
from afield.mlflow_rest.decode import Query, require
from afield.mlflow_rest.paths import File, of_path
from afield.mlflow_rest.route import Call, Raw, caller_of
from afield.mlflow_rest.sending import send_file
from afield.mlflow_rest.traces.infos import span_file, spans_of
from afield.mlflow_rest.traces.known import artifacts_of, shown_place, trace_of
from afield.runs.served.writer import Served
from afield.workspace.hosted import Hosted
from afield.workspace.workspace import Workspace

_NAME = "traces.json"


class TraceFile:
    """Sends the spans of a trace, or a file beside them.

    Args:
        hosted: the workspace.
        served: the runs that this process records.
    """

    def __init__(self, hosted: Hosted, served: Served) -> None:
        self._hosted = hosted
        self._served = served

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Send what the query names."""
        query = Query(scope)
        asked = dict(query.pairs)
        require(request_id=asked.get("request_id"))
        caller = caller_of(scope)

        def find(workspace: Workspace) -> tuple[File, BinaryIO]:
            workspace.catch_up()
            call = Call(workspace, self._served, caller, {}, query.headers)
            return _found(call, asked["request_id"], asked.get("path"))

        found, stream = await self._hosted.read(find)
        with stream:
            await send_file(found, stream, query.headers, scope["method"], send)


def _found(call: Call, trace: str, path: str | None) -> tuple[File, BinaryIO]:
    one = trace_of(call, trace, Action.TRACE_READ)
    vault = call.served.record.vault
    if path:
        within = known.experiment(call.workspace, shown_place(one.experiment))
        root = artifacts_of(within, one.id).removeprefix(known.ROOT)
        owned = of_path(call, f"{root}/attachments/{path}")
        call.need(Action.ARTIFACT_READ, owned.project)
        found = owned.file(call)
        assert found.object is not None, "a file has bytes"
        return found, vault.open(ObjectId(found.object))
    spans = spans_of(call, [one.id]).get(one.id, [])
    data = msgspec.json.encode({"spans": [span_file(each) for each in spans]})
    return File(_NAME, None, len(data)), io.BytesIO(data)


def raws(hosted: Hosted, served: Served) -> tuple[Raw, ...]:
    """Return the route."""
    path = "/mlflow/get-trace-artifact"
    return (Raw("GET", path, Action.TRACE_READ, TraceFile(hosted, served), ("2.0", "3.0")),)
