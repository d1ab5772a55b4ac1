"""`/runs/{run}/preview/{kind}`: what a file of a run holds, as far as a page shows it.

Nothing that a file holds is handed out as something that a browser would run: texts stay texts,
tables become plain values, of notebooks only texts and pictures are told.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.files import DRAWN, SHOWN_TYPES, TEXT_ENDINGS, Kind, RunFile, ending_of, find
from afield.hub.api.run import seen
from afield.hub.limits import (
    CELLS_MAX,
    NOTEBOOK_BYTES_MAX,
    PATH_CHARS_MAX,
    PICTURE_CHARS_MAX,
    PREVIEW_BYTES_MAX,
    ROWS_MAX,
)
from afield.kernel.errors import AfieldError
from afield.kernel.ids import parse_object_id
from afield.members.actions import Action
from afield.vault import TreeEntry
from afield.workspace.samples import rows_of
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["files"])
TABLES = frozenset({"csv", "tsv", "parquet", "arrow", "feather", "jsonl"})
_REGULAR = 0o644


class PreviewTable(BaseModel):
    """The first rows of a table; values that JSON has no word for are texts."""

    columns: list[str]
    types: list[str]
    rows: list[list[Any]]


class CellOutput(BaseModel):
    """What a cell put out: a text, or a picture in base64."""

    kind: Literal["text", "error", "image/png", "image/jpeg", "left out"]
    data: str


class Cell(BaseModel):
    """A cell of a notebook."""

    kind: Literal["code", "markdown", "raw"]
    number: int | None
    source: str
    outputs: list[CellOutput]


class Preview(BaseModel):
    """What a file holds; of `shown`, the field of that name is set.

    `image` and `page` (HTML) are shown from the file's own address, with `drawn=true`; `none`:
    nothing can be shown, `why` says why. `cut`: there is more than is told.
    """

    kind: Kind
    path: str
    size_bytes: int | None
    digest: str | None
    shown: Literal["image", "page", "table", "text", "json", "notebook", "none"]
    why: str | None = None
    cut: bool = False
    text: str | None = None
    table: PreviewTable | None = None
    cells: list[Cell] | None = None


@router.get(
    "/runs/{run}/preview/{kind}",
    response_model=Preview,
    dependencies=[needs(Action.ARTIFACT_READ)],
)
async def preview_file(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    run: str,
    kind: Kind,
    path: Annotated[str, Query(min_length=1, max_length=PATH_CHARS_MAX)],
    rows: Annotated[int, Query(ge=1, le=ROWS_MAX)] = 50,
) -> Response:
    """Return what can be shown of a file: that it is a picture, rows, text, a notebook's cells."""

    def look(workspace: Workspace) -> dict[str, Any]:
        view = seen(workspace, caller, run, Action.ARTIFACT_READ)
        file = find(workspace, view, kind, path)
        try:
            shown = _shown(workspace, file, rows)
        except (AfieldError, ValueError, RecursionError) as error:
            shown = {"shown": "none", "why": str(error)}
        return {**file._asdict(), **shown}

    return answer(request, await hosted.read(look))


def _shown(workspace: Workspace, file: RunFile, rows: int) -> dict[str, Any]:
    if file.digest is None:
        return {"shown": "none", "why": "its bytes were not kept"}
    ending = ending_of(file.path)
    if ending in SHOWN_TYPES or ending == "svg":
        return {"shown": "image"}
    if ending in TABLES:
        entry = TreeEntry(file.path, _REGULAR, file.size_bytes or 0, parse_object_id(file.digest))
        return {"shown": "table", "table": rows_of(workspace, entry, rows), "cut": True}
    if ending in DRAWN:
        return {"shown": "page"}
    if ending == "ipynb" and (file.size_bytes or 0) <= NOTEBOOK_BYTES_MAX:
        data = workspace.record.vault.get(parse_object_id(file.digest))
        return _notebook(json.loads(data))
    return _text(workspace, file, ending)


def _text(workspace: Workspace, file: RunFile, ending: str) -> dict[str, Any]:
    assert file.digest is not None
    with workspace.record.vault.open(parse_object_id(file.digest)) as stream:
        data = stream.read(PREVIEW_BYTES_MAX + 1)
    cut = len(data) > PREVIEW_BYTES_MAX
    data = data[:PREVIEW_BYTES_MAX]
    if b"\0" in data and ending not in TEXT_ENDINGS:
        return {"shown": "none", "why": "no text, nor a kind of file that is known here"}
    text = data.decode("utf-8", "replace")
    if ending == "json" and not cut:
        try:
            return {"shown": "json", "text": json.dumps(json.loads(text), indent=2)}
        except (ValueError, RecursionError):
            return {"shown": "text", "text": text}
    return {"shown": "text", "text": text, "cut": cut}


def _notebook(document: Any) -> dict[str, Any]:
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list):
        raise ValueError("it is no notebook of format 4")  # noqa: TRY004 - told as why
    known = [one for one in cells if isinstance(one, dict)]
    return {
        "shown": "notebook",
        "cells": [_cell(one) for one in known[:CELLS_MAX]],
        "cut": len(known) > CELLS_MAX,
    }


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    kind = cell.get("cell_type")
    number = cell.get("execution_count")
    outputs = cell.get("outputs")
    return {
        "kind": kind if kind in ("code", "markdown") else "raw",
        "number": number if isinstance(number, int) else None,
        "source": _joined(cell.get("source")),
        "outputs": [
            _output(one) for one in outputs if isinstance(one, dict)
        ] if isinstance(outputs, list) else [],
    }  # fmt: skip


def _output(output: dict[str, Any]) -> dict[str, str]:
    if output.get("output_type") == "error":
        return {"kind": "error", "data": _joined(output.get("traceback"), "\n")}
    if output.get("output_type") == "stream":
        return {"kind": "text", "data": _joined(output.get("text"))}
    found = output.get("data")
    data: dict[str, Any] = found if isinstance(found, dict) else {}
    for kind in ("image/png", "image/jpeg"):
        if kind in data and len(picture := _whole(data[kind])) <= PICTURE_CHARS_MAX:
            return {"kind": kind, "data": "".join(picture.split())}
    if "text/plain" in data:
        return {"kind": "text", "data": _joined(data["text/plain"])}
    return {"kind": "left out", "data": ", ".join(map(str, data))}


def _joined(value: Any, between: str = "") -> str:
    return _whole(value, between)[:PREVIEW_BYTES_MAX]


def _whole(value: Any, between: str = "") -> str:
    parts = value if isinstance(value, list) else [value]
    return between.join(part for part in parts if isinstance(part, str))
