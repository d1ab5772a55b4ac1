"""`/datasets/{version}/rows`, `/histograms`, `/runs`: what is in its tables, and who uses it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.files import FileNotFound
from afield.hub.api.shapes import RunRow
from afield.hub.limits import PATH_CHARS_MAX, ROWS_MAX
from afield.members.actions import Action
from afield.workspace import datasets
from afield.workspace.documents import run_row
from afield.workspace.samples import rows_of
from afield.workspace.uses import used_by
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["data"])


class Rows(BaseModel):
    """The first rows of a table; values that JSON has no word for are texts."""

    path: str
    columns: list[str]
    types: list[str]
    rows: list[list[Any]]


class Histogram(BaseModel):
    """How a column's numbers are spread: shares of its rows in buckets of equal width."""

    name: str
    from_: float = Field(alias="from")
    to: float
    shares: list[float]


class TableHistograms(BaseModel):
    """The columns of numbers of one table, called by its first path."""

    path: str
    columns: list[Histogram]


class Histograms(BaseModel):
    """The histograms of a version's tables, from the sketches of its profile, each off by 1 %."""

    tables: list[TableHistograms]


class Users(BaseModel):
    """Runs that read a version; `complete` false: ask again, more is being looked through."""

    runs: list[RunRow]
    complete: bool


@router.get("/datasets/{version}/rows", response_model=Rows, dependencies=[needs(Action.DATA_READ)])
async def show_rows(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    version: str,
    path: Annotated[str, Query(min_length=1, max_length=PATH_CHARS_MAX)],
    limit: Annotated[int, Query(ge=1, le=ROWS_MAX)] = 50,
) -> Response:
    """Return the first rows of a table among the files of a version: CSV, Parquet, Arrow, JSONL."""
    caller.need(Action.DATA_READ)

    def find(workspace: Workspace) -> dict[str, Any]:
        found = datasets.find(workspace, version)
        for entry in datasets.files_of(workspace, found):
            if entry.path == path:
                return {"path": path, **rows_of(workspace, entry, limit)}
        raise FileNotFound("no such file", path, f"{found.label} has none of this name")

    return answer(request, await hosted.read(find))


@router.get(
    "/datasets/{version}/histograms",
    response_model=Histograms,
    dependencies=[needs(Action.DATA_READ)],
)
async def show_histograms(
    request: Request, hosted: TheHosted, caller: TheCaller, version: str
) -> Response:
    """Return how the numbers in a version's tables are spread; none where no profile is here."""
    caller.need(Action.DATA_READ)

    def find(workspace: Workspace) -> dict[str, Any]:
        return {"tables": datasets.histograms_of(workspace, datasets.find(workspace, version))}

    return answer(request, await hosted.read(find))


@router.get(
    "/datasets/{version}/runs", response_model=Users, dependencies=[needs(Action.DATA_READ)]
)
async def list_users(
    request: Request, hosted: TheHosted, caller: TheCaller, version: str
) -> Response:
    """List the runs that read a version, by its own name or by the bytes of its files."""
    caller.need(Action.DATA_READ)

    def find(workspace: Workspace) -> dict[str, Any]:
        found = datasets.find(workspace, version)
        entries = datasets.files_here(workspace, found)
        runs, complete = used_by(workspace, found.tree, entries)
        shown = [run for run in runs if caller.may(Action.RUN_READ, run.project).allowed]
        return {"runs": [run_row(run) for run in shown], "complete": complete}

    return answer(request, await hosted.read(find))
