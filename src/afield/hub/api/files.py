"""`/runs/{run}/files`: what a run was made of and gave, as lists and as bytes, whole or in part.

Whatever a file is called and holds, a browser that is given it runs nothing of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from typing import Annotated, Any, BinaryIO, Literal, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.run import seen
from afield.hub.limits import BLOCK_BYTES, PATH_CHARS_MAX
from afield.hub.ranges import Span, span_of
from afield.kernel.errors import NotFound
from afield.kernel.ids import ObjectId, parse_object_id
from afield.members.actions import Action
from afield.workspace.hosted import Hosted
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["files"])
Kind = Literal["code", "input", "output", "saved"]
KINDS = ("code", "input", "output", "saved")
SHOWN_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}
"""What a browser may draw by itself; all else is text (SVG and HTML can hold scripts) or saved."""

DRAWN = {"svg": "image/svg+xml", "html": "text/html; charset=utf-8"}
"""What is drawn only when that is asked for, in a sandbox without scripts."""

_TEXTS = "txt md py ipynb json jsonl csv tsv yaml yml toml cfg ini log sh r sql svg html"
TEXT_ENDINGS = frozenset(_TEXTS.split(" "))
SAFE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, max-age=31536000, immutable",
}
DRAWN_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""A sandbox with nothing allowed: no script, no request, an origin of its own."""


class FileShape(BaseModel):
    """A file of a run; `digest` is null where its bytes were not kept."""

    kind: Kind
    path: str
    size_bytes: int | None
    digest: str | None


class FilesAnswer(BaseModel):
    """The files of a run."""

    files: list[FileShape]


class RunFile(NamedTuple):
    """A file of a run."""

    kind: str
    path: str
    size_bytes: int | None
    digest: str | None


class FileNotFound(NotFound):
    """The run has no such file, or its bytes were not kept."""

    code = "hub.file_not_found"


@router.get(
    "/runs/{run}/files",
    response_model=FilesAnswer,
    dependencies=[needs(Action.ARTIFACT_READ)],
)
async def list_files(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    run: str,
    kind: Annotated[list[Kind] | None, Query()] = None,
) -> Response:
    """List the files of a run: its code, inputs, outputs, and what it saved."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        view = seen(workspace, caller, run, Action.ARTIFACT_READ)
        return [found._asdict() for found in _files(workspace, view, kind or KINDS)]

    return answer(request, {"files": await hosted.read(find)})


@router.get(
    "/runs/{run}/files/{kind}",
    response_class=Response,
    dependencies=[needs(Action.ARTIFACT_READ)],
)
async def read_file(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    run: str,
    kind: Kind,
    path: Annotated[str, Query(min_length=1, max_length=PATH_CHARS_MAX)],
    drawn: bool = False,
) -> Response:
    """Return the bytes of a file, or a range of them.

    `drawn`: SVG and HTML as such instead of as text, in a sandbox without scripts.
    """

    def look(workspace: Workspace) -> ObjectId:
        view = seen(workspace, caller, run, Action.ARTIFACT_READ)
        found = find(workspace, view, kind, path)
        if found.digest is None:
            raise FileNotFound("no such file", path, f"run {view.id} did not keep its bytes")
        return parse_object_id(found.digest)

    return await send_object(request, hosted, await hosted.read(look), path, drawn=drawn)


def find(workspace: Workspace, view: RunView, kind: str, path: str) -> RunFile:
    """Return a file of a run.

    Raises:
        FileNotFound: it has none of this kind and path.
    """
    for found in _files(workspace, view, (kind,)):
        if found.path == path:
            return found
    raise FileNotFound("no such file", path, f"run {view.id} has none as {kind}")


async def send_object(
    request: Request, hosted: Hosted, digest: ObjectId, path: str, *, drawn: bool = False
) -> Response:
    """Return an object's bytes as the file `path`; each block is verified as it is read."""
    tag = f'"{digest}"'
    headers = {**SAFE, "etag": tag, "accept-ranges": "bytes", **_shown_as(path)}
    if drawn and ending_of(path) in DRAWN:
        headers["content-type"] = DRAWN[ending_of(path)]
        headers["content-security-policy"] = DRAWN_POLICY
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    vault = hosted.record.vault
    size_bytes = await hosted.read(lambda _: vault.size(digest))
    span = span_of(request.headers.get("range"), size_bytes)
    if span is None:
        headers["content-range"] = f"bytes */{size_bytes}"
        return Response(status_code=416, headers=headers)
    headers["content-length"] = str(span.size)
    if span.is_part:
        headers["content-range"] = f"bytes {span.start}-{span.end - 1}/{size_bytes}"
    body = _blocks(hosted, digest, span)
    status = 206 if span.is_part else 200
    return StreamingResponse(body, status, headers, headers.pop("content-type"))


async def _blocks(hosted: Hosted, digest: ObjectId, span: Span) -> AsyncIterator[bytes]:
    with closing(await hosted.read(lambda _: hosted.record.vault.open(digest))) as stream:
        stream.seek(span.start)
        left = span.size
        while left:
            block = await hosted.read(lambda _: _read(stream, left))  # noqa: B023 - awaited here
            if not block:
                return
            left -= len(block)
            yield block


def _read(stream: BinaryIO, most: int) -> bytes:
    return stream.read(min(most, BLOCK_BYTES))


def ending_of(path: str) -> str:
    """Return what stands behind the last dot of a file's name, in lower case."""
    name = path.rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[-1].lower() if "." in name else ""


def _shown_as(path: str) -> dict[str, str]:
    """Return the type of a file and whether a browser shows it or saves it."""
    name = path.rsplit("/", 1)[-1]
    ending = ending_of(path)
    shown = SHOWN_TYPES.get(ending)
    if shown is None and ending in TEXT_ENDINGS:
        shown = "text/plain; charset=utf-8"
    how = "attachment" if shown is None else "inline"
    return {
        "content-type": shown or "application/octet-stream",
        "content-disposition": f"{how}; filename*=UTF-8''{quote(name, safe='', errors='replace')}",
    }


def _files(workspace: Workspace, view: RunView, kinds: Sequence[str]) -> Iterator[RunFile]:
    manifest = workspace.manifest(view)
    if manifest is not None:
        if manifest.code is not None and "code" in kinds:
            for entry in workspace.record.vault.open_tree(ObjectId(manifest.code.tree)):
                yield RunFile("code", entry.path, entry.size_bytes, entry.object)
        for kind, found in (("input", manifest.inputs), ("output", manifest.outputs)):
            for one in found if kind in kinds else ():
                yield RunFile(kind, one.path, one.size_bytes, one.digest if one.kept else None)
    for saved in view.saved if "saved" in kinds else ():
        yield RunFile("saved", saved.path, saved.size_bytes, saved.object)
