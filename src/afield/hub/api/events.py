"""`/events`: a stream that says when the record has gone on, so that a page reads again."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from afield.hub.api.asking import TheHosted, needs
from afield.hub.limits import EVENT_WAIT_S
from afield.members.actions import Action
from afield.workspace.hosted import Hosted

router = APIRouter(tags=["events"])
_DIGITS_MAX = 20


@router.get("/events", response_class=StreamingResponse, dependencies=[needs(Action.RUN_READ)])
async def follow(request: Request, hosted: TheHosted) -> StreamingResponse:
    """Send an event `position` with a growing number, at once and whenever something is new.

    The number says that, not what. A client that comes again with `Last-Event-ID` hears at once
    when it missed something. A comment comes every 15 s, to keep the connection.
    """
    last = request.headers.get("last-event-id", "")
    known = int(last) if last.isascii() and last.isdigit() and len(last) < _DIGITS_MAX else -1
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(
        _positions(request, hosted, known), media_type="text/event-stream", headers=headers
    )


async def _positions(request: Request, hosted: Hosted, known: int) -> AsyncIterator[str]:
    while not hosted.is_ending and not await request.is_disconnected():
        now = await hosted.changed(known, EVENT_WAIT_S)
        yield ": still here\n\n" if now == known else f"event: position\nid: {now}\ndata: {now}\n\n"
        known = now
