"""`/compare`: how two runs differ and the first cause of it; and what differs among many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from msgspec import to_builtins
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.pair_shapes import PairShape
from afield.hub.api.run import seen, seen_all
from afield.hub.api.shapes import RunRow, Scalar
from afield.hub.limits import COLUMNS_MAX, COMPARED_MAX
from afield.kernel.errors import Usage
from afield.members.actions import Action
from afield.runs.events import RUNNING
from afield.workspace.documents import run_row
from afield.workspace.listing import preload
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["compare"])
_PAIR = 2


class Differences(BaseModel):
    """What is not the same in all runs; a value is null where a run has none."""

    params: dict[str, list[Scalar]]
    metrics: dict[str, list[float | None]]
    tags: dict[str, list[str | None]]
    facts: dict[str, list[Scalar]]


class Compared(BaseModel):
    """Runs side by side, in the order in which they were asked for.

    `metrics` says of each metric's name how many of them have it, whether it was asked for or not.
    """

    runs: list[RunRow]
    metrics: dict[str, int]
    differ: Differences
    same: dict[str, Scalar]


@router.get("/compare", response_model=Compared, dependencies=[needs(Action.RUN_READ)])
async def compare_many(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    run: Annotated[list[str], Query(min_length=1, max_length=COMPARED_MAX)],
    metric: Annotated[list[str] | None, Query(max_length=COLUMNS_MAX)] = None,
) -> Response:
    """Return up to 200 runs and what differs among them; params that are equal are in `same`.

    `metric` names the metrics to tell; all without any, none with an empty one.
    """

    def find(workspace: Workspace) -> dict[str, Any]:
        views = seen_all(workspace, caller, run, Action.RUN_READ)
        counts = _counts(workspace, views)
        if metric is not None:  # a run may have thousands
            _read_metrics(workspace, views, metric)
        rows = [run_row(view) for view in views]
        return {"runs": rows, "metrics": counts, **_split(views)}

    return answer(request, await hosted.read(find))


@router.get("/compare/pair", response_model=PairShape, dependencies=[needs(Action.RUN_READ)])
async def compare_pair(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    run: Annotated[list[str], Query(min_length=1, max_length=COMPARED_MAX)],
) -> Response:
    """Return the document `afield.compare/1` of two runs: code, environment, inputs, results."""
    from afield.replay import compare_runs  # heavy

    if len(run) != _PAIR:
        raise Usage("cannot compare", len(run), "name two runs", hint="?run=A&run=B")

    def find(workspace: Workspace) -> Any:
        a, b = (seen(workspace, caller, ref, Action.RUN_READ) for ref in run)
        return to_builtins(compare_runs(workspace.record, workspace, a.id, b.id))

    return answer(request, await hosted.read(find))


def _counts(workspace: Workspace, views: list[RunView]) -> dict[str, int]:
    """Return how many of the runs have each metric, by its name; a running run tells its own."""
    live = [view for view in views if view.status == RUNNING and view.metrics]
    ended = [view.id for view in views if view not in live]
    marks = ", ".join("?" * len(ended)) or "NULL"
    sql = f"SELECT name, COUNT(*) FROM metrics WHERE run IN ({marks}) GROUP BY name"  # noqa: S608 - `?` parameters
    counts = Counter(dict(workspace.query(sql, ended)))
    for view in live:
        counts.update(view.metrics.keys())
    return dict(sorted(counts.items()))


def _read_metrics(workspace: Workspace, views: list[RunView], names: Sequence[str]) -> None:
    """Read the metrics of these names, and no others, beside all params and tags."""
    again = workspace.views([view.id for view in views])
    preload(workspace, again, {"params": [], "tags": [], "metrics": list(names)})
    found = {view.id: view.metrics for view in again}
    for view in views:
        vars(view)["metrics"] = found[view.id]


def _split(views: list[RunView]) -> dict[str, Any]:
    params = _columns([view.params for view in views])
    metrics = [{name: found.last for name, found in view.metrics.items()} for view in views]
    facts = [
        {key: view.facts.get(key) for key in ("branch", "commit", "python")}
        | {"status": view.status, "host": view.host, "user": view.user}
        for view in views
    ]
    tags = _columns([view.tags for view in views])
    return {
        "differ": {
            "params": _differing(params),
            "metrics": _columns(metrics),
            "tags": _differing(tags),
            "facts": _differing(_columns(facts)),
        },
        "same": {name: found[0] for name, found in params.items() if not _differ(found)},
    }


def _columns(rows: list[Any]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in sorted(names)}


def _differing(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: values for name, values in columns.items() if _differ(values)}


def _differ(values: list[Any]) -> bool:
    return any(value != values[0] or type(value) is not type(values[0]) for value in values)
