"""`/runs/{run}/console`: what the command printed, in pieces; of a running run as far as it is."""

from __future__ import annotations

import base64
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal, NamedTuple

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import Cursor, answer, cursor_text, read_cursor
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.run import seen
from afield.hub.limits import CONSOLE_BYTES_MAX
from afield.kernel.ids import parse_object_id
from afield.members.actions import Action
from afield.runs.capture.console import HEADER
from afield.workspace.follow import CONSOLE, Chunk, Follower
from afield.workspace.phantoms import fetchable
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["run"])
STREAMS = {1: "stdout", 2: "stderr"}


class ConsoleChunk(BaseModel):
    """What the command wrote at one moment; `base64` instead of `text` where it is no UTF-8."""

    stream: Literal["stdout", "stderr"]
    at_ns: int
    text: str | None = None
    base64: str | None = None


class Console(BaseModel):
    """A part of a console; `next` is null at the end of an ended run.

    `start_bytes` of `total_bytes` stand before this part, frames counted.
    """

    chunks: list[ConsoleChunk]
    next: str | None
    live: bool
    start_bytes: int
    total_bytes: int


class _Part(NamedTuple):
    """Frames from `start` to `end` of a console of `total` bytes."""

    chunks: list[Chunk]
    start: int
    end: int
    total: int


_NONE = _Part([], 0, 0, 0)


@router.get("/runs/{run}/console", response_model=Console, dependencies=[needs(Action.RUN_READ)])
async def show_console(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    run: str,
    cursor: str | None = None,
    limit_bytes: Annotated[int, Query(ge=1, le=CONSOLE_BYTES_MAX)] = CONSOLE_BYTES_MAX,
    tail: bool = False,
) -> Response:
    """Return what the command printed, from `cursor` on; of a running run, what there is.

    With `tail` and no cursor: the last `limit_bytes` of it.
    """

    def find(workspace: Workspace) -> dict[str, Any]:
        view = seen(workspace, caller, run, Action.RUN_READ)
        offset = 0 if cursor is None else read_cursor(cursor, view.id)
        folder = workspace.live_folder(view.id)
        live = Follower(folder).is_live()
        record = workspace.record
        with (
            fetchable(record.workspace, record.files, view.id),
            closing(_Console(workspace, view, live=live)) as console,
        ):
            if tail and cursor is None:
                offset = console.last(limit_bytes)
            part = console.part(offset, limit_bytes)
        more = live or part.end < part.total
        return {
            "chunks": [_chunk(chunk) for chunk in part.chunks],
            "next": cursor_text(Cursor(view.id, part.end)) if more else None,
            "live": live,
            "start_bytes": part.start,
            "total_bytes": part.total,
        }

    return answer(request, await hosted.read(find))


class _Console:
    """The console of a run: the file that is being written, or the object that it became."""

    def __init__(self, workspace: Workspace, view: RunView, *, live: bool) -> None:
        self._folder = workspace.live_folder(view.id)
        self._stream: BinaryIO | None = None
        self.total = 0
        if live:
            self._stream = _opened(Path(self._folder) / CONSOLE)
        else:
            manifest = workspace.manifest(view)
            if manifest is not None and manifest.console is not None:
                self._stream = workspace.record.vault.open(parse_object_id(manifest.console))
        if self._stream is not None:
            self.total = self._stream.seek(0, 2)

    def part(self, offset: int, limit_bytes: int) -> _Part:
        """Return the whole frames from `offset` on, until they hold `limit_bytes`."""
        if self._stream is None:
            return _NONE
        taken: list[Chunk] = []
        end, size_bytes = offset, 0
        follower = Follower(self._folder, console_offset=offset)
        for chunk in follower.rest_of(self._stream):
            taken.append(chunk)
            end += HEADER.size + len(chunk.data)
            size_bytes += len(chunk.data)
            if size_bytes >= limit_bytes:
                break
        return _Part(taken, offset, end, self.total)

    def last(self, limit_bytes: int) -> int:
        """Return where the first frame begins of those that the last `limit_bytes` hold."""
        offset = 0
        while self._stream is not None and offset < self.total - limit_bytes:
            self._stream.seek(offset)
            header = self._stream.read(HEADER.size)
            if len(header) < HEADER.size:
                break
            offset += HEADER.size + HEADER.unpack(header)[2]
        return offset

    def close(self) -> None:
        """Let go of the file."""
        if self._stream is not None:
            self._stream.close()


def _opened(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        return None


def _chunk(chunk: Chunk) -> dict[str, Any]:
    found: dict[str, Any] = {"stream": STREAMS[chunk.stream], "at_ns": chunk.at_ns}
    try:
        return {**found, "text": chunk.data.decode()}
    except UnicodeDecodeError:
        return {**found, "base64": base64.b64encode(chunk.data).decode()}
