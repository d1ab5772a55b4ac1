"""`/today`: what runs now and how far it is, and what waits for a person."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from statistics import median
from typing import Any, Literal, NamedTuple

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
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["activity"])
EARLIER_MAX = 10
"""Ended runs of an experiment from which the end of one is estimated."""

METRICS_TOLD = 6
_RESULT = re.compile(r"(^|[/_.])(loss|error|acc|accuracy|auc|f1|score|r2|rmse|mae)$", re.IGNORECASE)


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


class _Estimate(NamedTuple):
    """How far a run is."""

    progress: float | None = None
    left_s: float | None = None
    by: str | None = None
    of: int = 0


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


def _rank(name: str, count: int) -> tuple[int, bool, str]:
    """Put first what has most points, of these what is called as results are."""
    return -count, _RESULT.search(name) is None, name


def _going(workspace: Workspace, view: RunView, now_ms: int) -> dict[str, Any]:
    elapsed_s = max(0.0, now_ms / 1000 - view.started.timestamp())
    counts = {name: found.count for name, found in view.metrics.items()}
    metric = max(counts, key=lambda name: counts[name], default=None)
    found = _estimate(workspace, view, elapsed_s, metric, counts.get(metric or "", 0))
    return {
        "id": view.id,
        "name": view.name,
        "project": view.project,
        "experiment": view.experiment,
        "user": view.user,
        "host": view.host,
        "started": view.started,
        "elapsed_s": elapsed_s,
        "metrics": sorted(counts, key=lambda name: _rank(name, counts[name]))[:METRICS_TOLD],
        "metric": metric,
        **found._asdict(),
    }


def _estimate(
    workspace: Workspace, view: RunView, elapsed_s: float, metric: str | None, count: int
) -> _Estimate:
    """Say how far a run is by its experiment's last finished runs: by points, else by time."""
    rows = workspace.query(
        "SELECT r.ended_ms - r.started_ms,"
        ' (SELECT m."count" FROM metrics m WHERE m.run = r.id AND m.name = ?)'
        " FROM runs r WHERE r.project = ? AND r.experiment = ? AND r.status = 'finished'"
        " AND r.started_ms < ? AND r.deleted IS NOT TRUE ORDER BY r.started_ms DESC LIMIT ?",
        (
            metric or "",
            view.project,
            view.experiment,
            int(view.started.timestamp() * 1000),
            EARLIER_MAX,
        ),
    )
    counts = [logged for _, logged in rows if logged]
    took_s = [ms / 1000 for ms, _ in rows if ms is not None and ms > 0]
    if counts and count:
        done = count / median(counts)
        if done < 1:
            return _Estimate(done, elapsed_s * (1 - done) / done, "points", len(counts))
        return _Estimate(None, None, "points", len(counts))
    if took_s and not metric:
        done = elapsed_s / median(took_s)
        if done < 1:
            return _Estimate(done, median(took_s) - elapsed_s, "duration", len(took_s))
    return _Estimate()


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
