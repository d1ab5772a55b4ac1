"""`/runs`, `/groups`: the table of runs, searched and sorted, and how many have what."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import Cursor, answer, cursor_text, read_cursor
from afield.hub.api.asking import TheCaller, TheHosted, needs, projects_of
from afield.hub.api.shapes import RunRow
from afield.hub.limits import COLUMNS_MAX, OFFSET_MAX, PAGE_MAX, QUERY_CHARS_MAX
from afield.members.actions import Action
from afield.workspace.listing import Asked, groups, page
from afield.workspace.listing import total as count_all
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["runs"])


class RunsPage(BaseModel):
    """Some of the runs that fit a query, in its order."""

    schema_: Literal["afield.runs/1"]
    runs: list[RunRow]
    next: str | None
    total: int | None


class Group(BaseModel):
    """Runs that have a value in common; null: none."""

    value: str | None
    runs: int
    newest_ms: int | None


class Groups(BaseModel):
    """The values of a field, and how many runs have each."""

    by: str
    groups: list[Group]


@router.get("/runs", response_model=RunsPage, dependencies=[needs(Action.RUN_READ)])
async def list_runs(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    query: Annotated[str, Query(max_length=QUERY_CHARS_MAX)] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
    cursor: str | None = None,
    offset: Annotated[int, Query(ge=0, le=OFFSET_MAX)] = 0,
    column: Annotated[list[str] | None, Query(max_length=COLUMNS_MAX)] = None,
    deleted: bool = False,
    total: bool = False,
) -> Response:
    """List runs, newest first unless the query orders them.

    `query` is that of `afield runs`; `column` names the params, metrics and tags to tell, as in
    `metrics.loss` (all without any); `total` counts all that fit. A table that jumps names an
    `offset` in place of the `cursor` of the page before.
    """
    which = Asked(query, deleted, projects_of(caller, Action.RUN_READ))
    asked = f"{deleted}:{query}"
    offset = offset if cursor is None else read_cursor(cursor, asked)

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.refresh()
        found = page(workspace, which, limit=limit + 1, offset=offset, columns=column)
        following = Cursor(asked, offset + limit) if len(found) > limit else None
        return {
            "schema": "afield.runs/1",
            "runs": found[:limit],
            "next": None if following is None else cursor_text(following),
            "total": count_all(workspace, which) if total else None,
        }

    return answer(request, await hosted.read(find))


@router.get("/groups", response_model=Groups, dependencies=[needs(Action.RUN_READ)])
async def list_groups(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    by: Annotated[str, Query(min_length=1, max_length=QUERY_CHARS_MAX)],
    query: Annotated[str, Query(max_length=QUERY_CHARS_MAX)] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
    deleted: bool = False,
) -> Response:
    """Group the runs that fit a query by `params.NAME`, `tags.NAME` or a field; largest first."""
    which = Asked(query, deleted, projects_of(caller, Action.RUN_READ))

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.refresh()
        return {"by": by, "groups": groups(workspace, which, by, limit=limit)}

    return answer(request, await hosted.read(find))
