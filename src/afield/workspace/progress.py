"""How far a running run is, as earlier runs of its experiment tell: never a promise."""

from __future__ import annotations

from statistics import median
from typing import Literal, NamedTuple

from afield.kernel.late import late
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

EARLIER_MAX = 10
"""Ended runs of an experiment from which the end of one is estimated."""

_RESULT = late(r"(?i)(^|[/_.])(loss|error|acc|accuracy|auc|f1|score|r2|rmse|mae)$")


class Progress(NamedTuple):
    """How far a run is.

    Attributes:
        elapsed_s: since it started.
        metrics: their names: those with most points first, of these what is called as results are.
        metric: the one with most points; None: it logs none.
        progress: from 0 to 1; None: nothing tells it.
        left_s: how long it goes on; None: nothing tells it.
        by: whether by how many points they logged of `metric`, or by how long they took.
        of: how many earlier runs tell it.
    """

    elapsed_s: float
    metrics: list[str]
    metric: str | None
    progress: float | None = None
    left_s: float | None = None
    by: Literal["points", "duration"] | None = None
    of: int = 0


def progress_of(workspace: Workspace, view: RunView, now_ms: int) -> Progress:
    """Say how far a run is by its experiment's last finished runs: by points, else by time."""
    elapsed_s = max(0.0, now_ms / 1000 - view.started.timestamp())
    points = {name: found.count for name, found in view.metrics.items()}
    names = sorted(points, key=lambda name: _rank(name, points[name]))
    metric = max(points, key=lambda name: points[name], default=None)
    alone = Progress(elapsed_s, names, metric)
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
    if metric is not None and counts and points[metric]:
        done = points[metric] / median(counts)
        if done >= 1:
            return alone._replace(by="points", of=len(counts))
        left_s = elapsed_s * (1 - done) / done
        return alone._replace(progress=done, left_s=left_s, by="points", of=len(counts))
    if took_s and metric is None and elapsed_s < (usual_s := median(took_s)):
        done, left_s = elapsed_s / usual_s, usual_s - elapsed_s
        return alone._replace(progress=done, left_s=left_s, by="duration", of=len(took_s))
    return alone


def _rank(name: str, count: int) -> tuple[int, bool, str]:
    return -count, _RESULT().search(name) is None, name
