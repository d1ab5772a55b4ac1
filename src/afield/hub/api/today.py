"""`/today`: what runs now and how far it is, and what waits for a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.limits import RUNNING_MAX
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.members.query import waiting
from afield.workspace.disagreements import disagreements
from afield.workspace.progress import progress_of
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["activity"])
METRICS_TOLD = 6


class Going(BaseModel):
    """A run that goes on; what is estimated is null where nothing tells it.

    `progress` (0 to 1) and `left_s` are from earlier runs of its experiment: `by` says whether by
    how many points they logged of `metric`, or by how long they took; `of` says how many they are.
    """

    id: str
    name: str
    project: str
    experiment: str
    user: str
    host: str | None
    started: datetime
    elapsed_s: float
    metrics: list[str]
    metric: str | None
    progress: float | None
    left_s: float | None
    by: Literal["points", "duration"] | None
    of: int


class Waiting(BaseModel):
    """Something that a person is to decide: a device to confirm, or what two people changed."""

    kind: Literal["device", "disagreement"]
    about: str
    detail: str


class Today(BaseModel):
    """What runs now, the newest first, and what waits."""

    now: datetime
    running: list[Going]
    running_total: int
    waiting: list[Waiting]


@router.get("/today", response_model=Today, dependencies=[needs(Action.RUN_READ)])
async def show_today(request: Request, hosted: TheHosted, caller: TheCaller) -> Response:
    """Tell what runs now, how far it is, and what waits for a person."""

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.refresh()
        now_ms = workspace.record.clock.wall_ns() // 1_000_000
        rows = workspace.query(
            "SELECT id, project FROM runs WHERE (status IS NULL OR status = 'running')"
            " AND started_ms IS NOT NULL AND deleted IS NOT TRUE ORDER BY started_ms DESC"
        )
        ids = [id_ for id_, project in rows if caller.may(Action.RUN_READ, project).allowed]
        views = workspace.views(ids[:RUNNING_MAX])
        return {
            "now": datetime.fromtimestamp(now_ms / 1000, UTC),
            "running": [_going(workspace, view, now_ms) for view in views],
            "running_total": len(ids),
            "waiting": _waiting(workspace, caller),
        }

    return answer(request, await hosted.read(find))


def _going(workspace: Workspace, view: RunView, now_ms: int) -> dict[str, Any]:
    found = progress_of(workspace, view, now_ms)
    return {
        "id": view.id,
        "name": view.name,
        "project": view.project,
        "experiment": view.experiment,
        "user": view.user,
        "host": view.host,
        "started": view.started,
        **found._asdict(),
        "metrics": found.metrics[:METRICS_TOLD],
    }


def _waiting(workspace: Workspace, caller: Caller) -> list[dict[str, Any]]:
    found = []
    if caller.may(Action.MEMBER_MANAGE).allowed:
        found += [
            {"kind": "device", "about": one.id, "detail": f"{one.entries} entries"}
            for one in waiting(workspace.projection)
        ]
    if caller.may(Action.RUN_READ).allowed:
        found += [
            {"kind": "disagreement", "about": one.about, "detail": one.field}
            for one in disagreements(workspace)
        ]
    return found
