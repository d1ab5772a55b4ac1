"""`/events`: a stream that says when the record has gone on, so that a page reads again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import StreamingResponse

from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.run import seen_all
from afield.hub.limits import EVENT_WAIT_S, LIVE_WAIT_S, RUNNING_MAX
from afield.members.actions import Action
from afield.runs.series.live import live_parts
from afield.workspace.follow import CONSOLE
from afield.workspace.hosted import Hosted

router = APIRouter(tags=["events"])
_DIGITS_MAX = 20


@router.get("/events", response_class=StreamingResponse, dependencies=[needs(Action.RUN_READ)])
async def follow(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    run: Annotated[list[str] | None, Query(max_length=RUNNING_MAX)] = None,
) -> StreamingResponse:
    """Send an event `position` with a growing number, at once and whenever something is new.

    The number says that, not what. A client that comes again with `Last-Event-ID` hears at once
    when it missed something. What a running run logs and prints is no entry: of the runs named by
    `run`, an event `live` tells how many points and bytes of console each has by now, whenever they
    are more. A comment comes every 15 s, to keep the connection.
    """
    last = request.headers.get("last-event-id", "")
    known = int(last) if last.isascii() and last.isdigit() and len(last) < _DIGITS_MAX else -1
    folders: dict[str, str] = {}
    if run:
        views = await hosted.read(lambda one: seen_all(one, caller, run, Action.RUN_READ))
        folders = {view.id: hosted.record.live_folder(view.id) for view in views}
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(
        _news(request, hosted, known, folders), media_type="text/event-stream", headers=headers
    )


async def _news(
    request: Request, hosted: Hosted, known: int, folders: dict[str, str]
) -> AsyncIterator[str]:
    live: dict[str, list[int]] = {}
    quiet_s = 0.0
    while not hosted.is_ending and not await request.is_disconnected():
        wait_s = LIVE_WAIT_S if folders else EVENT_WAIT_S
        now = await hosted.changed(known, wait_s)
        grown = await hosted.read(lambda _: logged(folders)) if folders else {}
        if now != known:
            yield f"event: position\nid: {now}\ndata: {now}\n\n"
        if grown != live:
            yield f"event: live\ndata: {msgspec.json.encode(grown).decode()}\n\n"
        quiet_s = quiet_s + wait_s if (now, grown) == (known, live) else 0.0
        if quiet_s >= EVENT_WAIT_S:
            yield ": still here\n\n"
            quiet_s = 0.0
        known, live = now, grown


def logged(folders: dict[str, str]) -> dict[str, list[int]]:
    """Return how many points and bytes each running run has; one that has ended is not in it."""
    found = {}
    for run, folder in folders.items():
        if Path(folder).is_dir():
            points = sum(part.records for part in live_parts(folder))
            found[run] = [points, _size_bytes(Path(folder) / CONSOLE)]
    return found


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
