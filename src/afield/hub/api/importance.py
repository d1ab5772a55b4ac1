"""`/importance`: which params go along with a metric, over the runs that a query selects.

Association, not cause: params that people changed together show the same strength.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs, projects_of
from afield.hub.limits import JUDGED_MAX, QUERY_CHARS_MAX
from afield.members.actions import Action
from afield.projection.language import parse
from afield.projection.search import search
from afield.workspace.listing import Asked
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["compare"])
_AT_ONCE = 400
_RUNS_MIN = 3
_NUMBERS = frozenset({"integer", "real"})


class Importance(BaseModel):
    """How strongly a param goes along with the metric, over the `runs` that have both.

    `spearman`: the absolute rank correlation, with its sign in `direction`. `epsilon`: for texts,
    the square root of the share of the ranks' variance that its values explain, corrected for
    their number (epsilon squared of the Kruskal-Wallis test, not below 0). Both are from 0 to 1.
    """

    name: str
    measure: Literal["spearman", "epsilon"]
    strength: float
    direction: float | None
    runs: int
    values: int


class Importances(BaseModel):
    """Params by strength; those of one value alone, or of another one in every run, are not in it.

    `left_out` are texts that differ in every run, `runs` how many have the metric.
    """

    metric: str
    runs: int
    params: list[Importance]
    left_out: list[str]


class _Column(NamedTuple):
    """A param's values and the metric beside each; `number` where all are numbers."""

    number: bool
    values: list[Any]
    metric: list[float]


@router.get("/importance", response_model=Importances, dependencies=[needs(Action.RUN_READ)])
async def rank_params(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    metric: Annotated[str, Query(min_length=1, max_length=QUERY_CHARS_MAX)],
    query: Annotated[str, Query(max_length=QUERY_CHARS_MAX)] = "",
    of: Literal["last", "min", "max", "mean"] = "last",
    run: Annotated[list[str] | None, Query(max_length=JUDGED_MAX)] = None,
) -> Response:
    """Rank params by how strongly they go along with a metric: of the runs of a query, or these."""
    which = Asked(query, projects=projects_of(caller, Action.RUN_READ))

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.refresh()
        ids = search(
            workspace.projection,
            parse(which.query),
            workspace.catalog(which.query),
            clock=workspace.record.clock,
            limit=JUDGED_MAX,
            where=which.where.text,
            args=which.where.params,
        )
        wanted = ids if run is None else sorted(set(ids) & set(run))
        return _ranked(workspace, wanted, metric, of)

    return answer(request, await hosted.read(find))


def _ranked(workspace: Workspace, ids: Sequence[str], metric: str, of: str) -> dict[str, Any]:
    sql = f"SELECT run, {of} FROM metrics WHERE name = ? AND run IN"  # noqa: S608 - one of four
    reached = {
        run: float(value)
        for run, value in _by_run(workspace, sql, (metric,), ids)
        if value is not None and math.isfinite(value)
    }
    found, left_out = [], []
    for name, column in sorted(_columns(workspace, reached).items()):
        count, values = len(column.values), len(set(column.values))
        if count < _RUNS_MIN or values == 1:
            continue
        if not column.number and values == count:
            left_out.append(name)
            continue
        found.append({"name": name, "runs": count, "values": values, **_strength(column)})
    found.sort(key=lambda one: -one["strength"])
    return {"metric": metric, "runs": len(reached), "params": found, "left_out": left_out}


def _columns(workspace: Workspace, reached: dict[str, float]) -> dict[str, _Column]:
    sql = "SELECT run, name, type, text, number FROM params WHERE run IN"
    rows: dict[str, list[tuple[str, str, str | None, float | None]]] = {}
    for run, name, *value in _by_run(workspace, sql, (), list(reached)):
        rows.setdefault(name, []).append((run, *value))
    found = {}
    for name, values in rows.items():
        number = all(
            kind in _NUMBERS and given is not None and math.isfinite(given)
            for _, kind, _, given in values
        )
        found[name] = _Column(
            number,
            [given if number else text for _, _, text, given in values],
            [reached[run] for run, *_ in values],
        )
    return found


def _by_run(
    workspace: Workspace, sql: str, args: tuple[Any, ...], ids: Sequence[str]
) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        found += workspace.query(f"{sql} ({', '.join('?' * len(some))})", (*args, *some))
    return found


def _strength(column: _Column) -> dict[str, Any]:
    import numpy as np  # loaded when first asked

    metric = _ranks(np.asarray(column.metric))
    if column.number:
        param = _ranks(np.asarray(column.values, dtype=float))
        spread = float(metric.std() * param.std())
        rho = (
            float(((metric - metric.mean()) * (param - param.mean())).mean()) / spread
            if spread
            else 0.0
        )
        return {"measure": "spearman", "strength": min(1.0, abs(rho)), "direction": rho}
    groups: dict[Any, list[float]] = {}
    for value, rank in zip(column.values, metric.tolist(), strict=True):
        groups.setdefault(value, []).append(rank)
    count, total = len(metric), float(((metric - metric.mean()) ** 2).sum())
    between = sum(len(one) * (sum(one) / len(one) - metric.mean()) ** 2 for one in groups.values())
    share = float(between) / total if total else 0.0
    corrected = (share * (count - 1) - (len(groups) - 1)) / (count - len(groups))
    strength = math.sqrt(min(1.0, max(0.0, corrected)))
    return {"measure": "epsilon", "strength": strength, "direction": None}


def _ranks(values: Any) -> Any:
    """Return ranks from 0; those of equal values are their mean."""
    import numpy as np  # loaded when first asked

    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return ((ends - counts) + (ends - 1))[place] / 2
