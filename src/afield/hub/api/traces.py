"""`/traces`: what programs asked of models, with spans and what was found of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import Cursor, answer, cursor_text, read_cursor
from afield.hub.api.asking import TheCaller, TheHosted, needs, projects_of
from afield.members.actions import Action
from afield.workspace import traces
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["traces"])
MAY_READ = [needs(Action.TRACE_READ)]
_LIMIT, _LIMIT_MAX = 50, 500


class TraceShape(BaseModel):
    """A trace; `request` and `response` are beginnings, `tokens` counts by name."""

    id: str
    name: str | None
    project: str
    experiment: str
    state: str
    began: datetime
    duration_ms: int | None
    session: str | None
    tokens: dict[str, Any] | None
    request: str | None
    response: str | None


class Traces(BaseModel):
    """A page of traces, the newest first."""

    traces: list[TraceShape]
    next: str | None


class TraceSpan(BaseModel):
    """A piece of work; times are Unix nanoseconds, `end_ns` null while it goes on."""

    id: str
    parent: str | None
    name: str
    type: str | None
    status: str | None
    message: str | None
    start_ns: int
    end_ns: int | None
    attributes: dict[str, Any]
    events: list[dict[str, Any]]


class TraceAssessment(BaseModel):
    """What somebody found; `valid` is false when another one stands in for it."""

    id: str
    name: str
    what: str
    value: Any
    rationale: str | None
    source: str | None
    by: str | None
    valid: bool


class WholeTrace(TraceShape):
    """A trace with its spans, roots first, and all that is known of it."""

    tags: dict[str, str]
    metadata: dict[str, str]
    links: dict[str, list[str]]
    assessments: list[TraceAssessment]
    spans: list[TraceSpan]


@router.get("/traces", response_model=Traces, dependencies=MAY_READ)
async def list_traces(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    experiment: str | None = None,
    state: Literal["OK", "ERROR", "IN_PROGRESS"] | None = None,
    limit: Annotated[int, Query(ge=1, le=_LIMIT_MAX)] = _LIMIT,
    cursor: str | None = None,
) -> Response:
    """List traces, the newest first."""
    asked = f"{experiment}\n{state}"
    offset = 0 if cursor is None else read_cursor(cursor, asked)
    projects = projects_of(caller, Action.TRACE_READ)

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.refresh()
        found = traces.traces(
            workspace,
            limit=limit + 1,
            offset=offset,
            experiment=experiment,
            state=state,
            projects=projects,
        )
        return traces.trace_parts(workspace, found)

    rows = await hosted.read(find)
    following = Cursor(asked, offset + limit) if len(rows) > limit else None
    told = {
        "traces": rows[:limit],
        "next": None if following is None else cursor_text(following),
    }
    return answer(request, told)


@router.get("/traces/{trace}", response_model=WholeTrace, dependencies=MAY_READ)
async def show_trace(
    request: Request, hosted: TheHosted, caller: TheCaller, trace: str
) -> Response:
    """Return one trace with its spans."""

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.refresh()
        found = traces.find_trace(workspace, trace, whole=True)
        (project, _) = traces.places(workspace, [found.experiment])[found.experiment]
        caller.need(Action.TRACE_READ, project)
        return traces.whole_trace(workspace, found)

    return answer(request, await hosted.read(find))
