"""`/datasets`: datasets, their versions, files, statistics and cards; how two versions differ."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.data_shapes import (
    CardShape,
    DataDiff,
    DataFileShape,
    DatasetShape,
    StatisticsShape,
    VersionShape,
)
from afield.hub.api.files import FileNotFound, send_object
from afield.hub.limits import FILES_MAX, PATH_CHARS_MAX
from afield.kernel.ids import ObjectId
from afield.members.actions import Action
from afield.workspace import datasets
from afield.workspace.data_documents import (
    card_part,
    difference_part,
    file_parts,
    version_part,
)
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["data"])
MAY_READ = [needs(Action.DATA_READ)]


class Datasets(BaseModel):
    """All datasets, each with its newest version and its card."""

    datasets: list[DatasetShape]


class OneVersion(BaseModel):
    """A version: what it holds, its statistics and the dataset's card.

    `files` are the first of `files_total`, `history` all versions, the oldest first.
    """

    version: VersionShape
    versions: list[int]
    history: list[VersionShape]
    files: list[DataFileShape]
    files_total: int
    statistics: StatisticsShape | None
    card: CardShape


@router.get("/datasets", response_model=Datasets, dependencies=MAY_READ)
async def list_datasets(request: Request, hosted: TheHosted, caller: TheCaller) -> Response:
    """List the datasets that are not dropped."""
    caller.need(Action.DATA_READ)

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        newest = {version.name: version for version in datasets.history(workspace)}
        return [
            {
                **version_part(workspace, version),
                "card": card_part(datasets.card_of(workspace, name)),
            }
            for name, version in sorted(newest.items())
        ]

    return answer(request, {"datasets": await hosted.read(find)})


@router.get("/datasets/{version}", response_model=OneVersion, dependencies=MAY_READ)
async def show_version(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    version: str,
    files: Annotated[int, Query(ge=0, le=FILES_MAX)] = 100,
) -> Response:
    """Return a version, `name@3`, `name@latest` or `name@<digest>`; a name alone is its latest."""
    caller.need(Action.DATA_READ)

    def find(workspace: Workspace) -> dict[str, Any]:
        found = datasets.find(workspace, version)
        entries = datasets.files_here(workspace, found)
        known = datasets.history(workspace, found.name)
        return {
            "version": version_part(workspace, found),
            "versions": [one.number for one in known],
            "history": [version_part(workspace, one) for one in known],
            "files": file_parts(entries[:files]),
            "files_total": len(entries),
            "statistics": datasets.statistics_of(workspace, found),
            "card": card_part(datasets.card_of(workspace, found.name)),
        }

    return answer(request, await hosted.read(find))


@router.get("/datasets/{version}/file", response_class=Response, dependencies=MAY_READ)
async def read_data_file(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    version: str,
    path: Annotated[str, Query(min_length=1, max_length=PATH_CHARS_MAX)],
) -> Response:
    """Return the bytes of one file of a version, or a range of them."""
    caller.need(Action.DATA_READ)

    def find(workspace: Workspace) -> ObjectId:
        found = datasets.find(workspace, version)
        for entry in datasets.files_of(workspace, found):
            if entry.path == path:
                return entry.object
        raise FileNotFound("no such file", path, f"{found.label} has none of this name")

    return await send_object(request, hosted, await hosted.read(find), path)


@router.get("/datasets/{version}/diff/{other}", response_model=DataDiff, dependencies=MAY_READ)
async def diff_versions(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    version: str,
    other: str,
    key: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """Say how `other` differs from `version`: files, and rows and columns of tables.

    Rows are paired by `key`, else by position.
    """
    caller.need(Action.DATA_READ)

    def find(workspace: Workspace) -> dict[str, Any]:
        a, b = datasets.find(workspace, version), datasets.find(workspace, other)
        found = datasets.difference(
            workspace, a, b, key=key or (), progress=lambda _files, _bytes: None
        )
        return {
            "schema": "afield.data-diff/1",
            "a": version_part(workspace, a),
            "b": version_part(workspace, b),
            **difference_part(found),
        }

    return answer(request, await hosted.read(find))
