"""`/names`: the params, metrics and tags that there are, to choose columns and complete queries."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs, projects_of
from afield.hub.limits import NAMES_MAX, QUERY_CHARS_MAX
from afield.members.actions import Action
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["runs"])
RECENT_RUNS = 50
"""The newest runs, whose names are offered first: a record may have thousands of others."""


class Names(BaseModel):
    """Names that a query can use: those of the newest runs first; `total` is how many fit."""

    names: list[str]
    total: int


@router.get("/names/{kind}", response_model=Names, dependencies=[needs(Action.RUN_READ)])
async def list_names(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    kind: Literal["params", "metrics", "tags", "projects", "experiments"],
    prefix: Annotated[str, Query(max_length=QUERY_CHARS_MAX)] = "",
    text: Annotated[str, Query(max_length=QUERY_CHARS_MAX)] = "",
    limit: Annotated[int, Query(ge=1, le=NAMES_MAX)] = NAMES_MAX,
) -> Response:
    """List names that begin with `prefix` and hold every word of `text`, in any case."""
    projects = projects_of(caller, Action.RUN_READ)
    words = text.casefold().split()

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.refresh()
        if kind in ("projects", "experiments"):
            known = _fields(workspace, kind.removesuffix("s"), projects)
        else:
            known = _recent(workspace, kind, projects) | _all(workspace, kind, projects)
        found = [
            name
            for name in known
            if name.startswith(prefix) and all(word in name.casefold() for word in words)
        ]
        return {"names": found[:limit], "total": len(found)}

    return answer(request, await hosted.read(find))


def _fields(workspace: Workspace, column: str, projects: tuple[str, ...] | None) -> dict[str, None]:
    where, args = _within(projects)
    sql = (
        f"SELECT r.{column} FROM runs r WHERE r.started_ms IS NOT NULL{where}"  # noqa: S608 - ours
        " GROUP BY 1 ORDER BY COUNT(*) DESC, 1"
    )
    return dict.fromkeys(name for (name,) in workspace.query(sql, args) if name is not None)


def _recent(workspace: Workspace, table: str, projects: tuple[str, ...] | None) -> dict[str, None]:
    """Return the names that the newest runs use: the most used first, `loss` before `a/loss`."""
    where, args = _within(projects)
    sql = (
        f"SELECT t.name FROM {table} t JOIN (SELECT r.id FROM runs r"  # noqa: S608 - names of ours
        f" WHERE r.started_ms IS NOT NULL{where} ORDER BY r.started_ms DESC LIMIT {RECENT_RUNS}) n"
        " ON n.id = t.run GROUP BY 1 ORDER BY COUNT(*) DESC, t.name LIKE '%/%', 1"
    )
    return dict.fromkeys(name for (name,) in workspace.query(sql, args))


def _all(workspace: Workspace, table: str, projects: tuple[str, ...] | None) -> dict[str, None]:
    """Return every name, in order; by one step in the index for each where all may be seen."""
    if projects is None:
        sql = (
            f"WITH RECURSIVE n(name) AS (SELECT MIN(name) FROM {table} UNION ALL"  # noqa: S608 - ours
            f" SELECT (SELECT MIN(t.name) FROM {table} t WHERE t.name > n.name) FROM n"
            " WHERE n.name IS NOT NULL) SELECT name FROM n WHERE name IS NOT NULL"
        )
        return dict.fromkeys(name for (name,) in workspace.query(sql))
    where, args = _within(projects)
    sql = (
        f"SELECT DISTINCT t.name FROM {table} t JOIN runs r ON r.id = t.run WHERE 1 = 1{where}"  # noqa: S608 - ours
        " ORDER BY 1"
    )
    return dict.fromkeys(name for (name,) in workspace.query(sql, args))


def _within(projects: tuple[str, ...] | None) -> tuple[str, tuple[str, ...]]:
    if projects is None:
        return "", ()
    return f" AND r.project IN ({', '.join('?' * len(projects)) or 'NULL'})", projects
