"""`/runs/{run}/lineage`, `/why`, `/runs/{run}/reproductions`: where it came from, if it repeats."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from msgspec import to_builtins
from pydantic import BaseModel, Field
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.pair_shapes import ReportShape
from afield.hub.api.run import seen
from afield.hub.limits import PATH_CHARS_MAX
from afield.kernel.errors import AfieldError
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.workspace.lineage_graph import DEPTH_MAX, lineage_document
from afield.workspace.views import Reproduction
from afield.workspace.why.subject import place_of, subject
from afield.workspace.why.trace import DEPTH_MAX as WHY_DEPTH_MAX
from afield.workspace.why.trace import why_document
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["provenance"])
_READS = {
    "run": Action.RUN_READ,
    "data": Action.DATA_READ,
    "model": Action.MODEL_READ,
    "item": Action.TEAM_READ,
    "file": Action.ARTIFACT_READ,
}


class Node(BaseModel):
    """A run, or a version of data (`label`)."""

    id: str
    kind: Literal["run", "version"]
    name: str
    label: str | None = None
    project: str | None = None
    status: str | None = None
    started: datetime | None = None
    reproduces: str | None = None


class Edge(BaseModel):
    """Files that went from one to the other; `paths` are some of them, or the words asked by."""

    from_: str = Field(alias="from")
    to: str
    kind: Literal["file", "data"]
    files: int
    paths: list[str]


class Lineage(BaseModel):
    """What a run's inputs came from and what became of its outputs.

    `complete` is false when there is more than was looked at; asking again looks further.
    """

    schema_: Literal["afield.lineage/1"] = Field(alias="schema")
    run: str
    nodes: list[Node]
    edges: list[Edge]
    complete: bool


class ReproductionShape(BaseModel):
    """How a repetition of a run came out; `report` is null where its bytes are not here."""

    run: str
    verdict: str
    cause: str | None
    at: datetime
    report: ReportShape | None


class Reproductions(BaseModel):
    """All repetitions of a run, oldest first."""

    reproductions: list[ReproductionShape]


class Said(BaseModel):
    """A note, or an item that names the thing: a decision, a review, an ask."""

    sort: str
    id: str
    label: str
    project: str | None
    at: datetime
    by: str


class WhyNode(BaseModel):
    """One thing of a trace and what it came from; `facts` are those of its `kind`.

    `via` says how it hangs on the one above: by files (`paths`), or `as` something. With `above`
    it is told of elsewhere in the same trace.
    """

    kind: str
    id: str
    label: str
    project: str | None
    at: datetime | None
    by: str | None
    via: dict[str, Any] | None
    above: bool
    facts: dict[str, Any]
    said: list[Said]
    sources: list[WhyNode]


class Why(BaseModel):
    """What something came from, as a tree; `withheld` counts what the caller may not read."""

    schema_: Literal["afield.why/1"] = Field(alias="schema")
    asked: str
    object: WhyNode
    withheld: int
    complete: bool


@router.get("/why", response_model=Why, dependencies=[needs(Action.RUN_READ)])
async def show_why(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    what: Annotated[str, Query(max_length=PATH_CHARS_MAX)],
    depth: Annotated[int, Query(ge=0, le=WHY_DEPTH_MAX)] = 4,
) -> Response:
    """Trace something back to runs, data, code, people and decisions.

    `what` is `RUN:metrics.NAME`, a run, `RUN:PATH`, `model:NAME@3`, `data:NAME@2`, the digest of a
    file, or an item as `decision:ID`.
    """

    def may(kind: str, project: str | None) -> bool:
        return caller.may(_READS[kind], project).allowed

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        asked = subject(workspace, what)
        kind, project = place_of(asked)
        caller.need(_READS[kind], project)
        return why_document(workspace, what, asked, depth=depth, may=may)

    return answer(request, await hosted.read(find))


@router.get("/runs/{run}/lineage", response_model=Lineage, dependencies=[needs(Action.RUN_READ)])
async def show_lineage(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    run: str,
    depth: Annotated[int, Query(ge=1, le=DEPTH_MAX)] = 3,
) -> Response:
    """Return the runs and versions of data around a run, found by the bytes of their files."""

    def find(workspace: Workspace) -> dict[str, Any]:
        view = seen(workspace, caller, run, Action.RUN_READ)
        return _allowed(lineage_document(workspace, view, depth=depth), caller)

    return answer(request, await hosted.read(find))


@router.get(
    "/runs/{run}/reproductions",
    response_model=Reproductions,
    dependencies=[needs(Action.RUN_READ)],
)
async def list_reproductions(
    request: Request, hosted: TheHosted, caller: TheCaller, run: str
) -> Response:
    """Return how the repetitions of a run came out, each with its whole report."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        view = seen(workspace, caller, run, Action.RUN_READ)
        return [_reproduction(workspace, one) for one in view.reproductions]

    return answer(request, {"reproductions": await hosted.read(find)})


def _allowed(document: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Leave out what the caller may not see."""
    kept = [
        node
        for node in document["nodes"]
        if caller.may(
            Action.RUN_READ if node["kind"] == "run" else Action.DATA_READ, node.get("project")
        ).allowed
    ]
    names = {node["id"] for node in kept}
    edges = [one for one in document["edges"] if one["from"] in names and one["to"] in names]
    return {**document, "nodes": kept, "edges": edges}


def _reproduction(workspace: Workspace, one: Reproduction) -> dict[str, Any]:
    from afield.replay.report import decode_report

    report = None
    if one.report is not None:
        try:
            report = to_builtins(decode_report(workspace.record.vault.get(one.report)))
        except (AfieldError, ValueError):
            report = None
    return {
        "run": one.run,
        "verdict": one.verdict,
        "cause": one.cause_kind,
        "at": one.at,
        "report": report,
    }
