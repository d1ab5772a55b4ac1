"""`/meetings` and `/overlap`: called in everybody's time, noted; when people can meet."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.team_items import (
    ItemShape,
    Name,
    Text,
    TheItem,
    Title,
    links_named,
    member_named,
    readable,
    shown,
)
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.teamwork.query import Item
from afield.teamwork.sorts.meeting import MEETING
from afield.workspace.team.meetings import (
    call_meeting,
    cancel_meeting,
    meeting_part,
    meetings,
    note_meeting,
    read_meeting,
)
from afield.workspace.team.overlap import overlap_part
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["meetings"])
Instant = Annotated[int, Field(ge=0, le=1 << 45)]


class Attendee(BaseModel):
    """Somebody who is asked to come; `local` is its beginning and end where they are then."""

    member: str
    name: str
    zone: str
    local: list[str]
    presence: Literal["working", "waking", "asleep"]
    came: bool
    to_read: bool


class Meeting(ItemShape):
    """A meeting, `from` and `until` in Unix ms; `raised` are links to what its notes made."""

    state: Literal["ahead", "on", "held", "cancelled"]
    begins: Annotated[int, Field(alias="from")]
    until: int
    attendees: list[str]
    agenda: str | None
    notes: str | None
    must_read: bool | None
    about: list[str]
    raised: list[str]
    people: list[Attendee]


class Meetings(BaseModel):
    """Meetings, the next one first; all, the newest first, where they were asked for."""

    meetings: list[Meeting]


class NewMeeting(BaseModel):
    """When, about what, and who is asked to come."""

    title: Title
    from_ms: Instant
    until_ms: Instant
    attendees: list[Name] = []
    agenda: Text = ""
    about: list[Name] = []


class Notes(BaseModel):
    """What came of it: `- [ ] @ada label the rest by 2d` is a task, `! keep it` a decision."""

    notes: Annotated[str, Field(min_length=1, max_length=100_000)]
    present: list[Name] = []
    must_read: bool = True


class CalledOff(BaseModel):
    """Why it is called off."""

    text: Text = ""


class ClockChange(BaseModel):
    """When somebody's clock is changed, and by how many minutes."""

    at_ms: int
    minutes: int


class Carrier(BaseModel):
    """Somebody, and what meetings of 90 days before and after cost them, in weighed minutes."""

    member: str
    name: str
    zone: str
    assumed: bool
    carried: int
    clock_changes: list[ClockChange]


class CostShape(BaseModel):
    """What a time to meet costs one person, in minutes."""

    member: str
    name: str
    local: str
    outside: int
    asleep: int
    busy: int


class SlotShape(BaseModel):
    """A time to meet."""

    start_ms: int
    end_ms: int
    costs: list[CostShape]


class Stretch(BaseModel):
    """A stretch of time."""

    start_ms: int
    end_ms: int


class Overlap(BaseModel):
    """Times to meet, the best first; when somebody works, and when nobody does."""

    start_ms: int
    end_ms: int
    minutes: int
    members: list[Carrier]
    slots: list[SlotShape]
    covered: list[Stretch]
    gaps: list[Stretch]


@router.get("/overlap", response_model=Overlap, dependencies=[needs(Action.TEAM_READ)])
async def show_overlap(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    who: Annotated[list[str] | None, Query(max_length=300)] = None,
    minutes: Annotated[int, Query(ge=1, le=1440)] = 30,
    from_ms: Annotated[int | None, Query(ge=0, le=1 << 45)] = None,
    days: Annotated[int, Query(ge=1, le=60)] = 7,
) -> Response:
    """Find times at which some members, or all, can meet; from now on where nothing is said."""

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        members = [member_named(workspace, caller, one) for one in who or []]
        start_ms = workspace.record.now_ms() if from_ms is None else from_ms
        return overlap_part(workspace, members, start_ms, start_ms + days * 86_400_000, minutes)

    return answer(request, await hosted.read(find))


@router.get("/meetings", response_model=Meetings, dependencies=[needs(Action.TEAM_READ)])
async def list_meetings(
    request: Request, hosted: TheHosted, caller: TheCaller, *, held: bool = False
) -> Response:
    """List meetings ahead, or all."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.catch_up()
        found = readable(caller, meetings(workspace, held=held))
        return [_part(workspace, caller, one) for one in found]

    return answer(request, {"meetings": await hosted.read(find)})


@router.post(
    "/meetings", status_code=201, response_model=Meeting, dependencies=[needs(Action.TEAM_WRITE)]
)
async def call(
    request: Request, hosted: TheHosted, caller: TheCaller, given: NewMeeting
) -> Response:
    """Call a meeting."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        caller.need(Action.TEAM_WRITE, "default")
        item = call_meeting(
            workspace,
            given.title,
            given.from_ms,
            given.until_ms,
            [member_named(workspace, caller, one) for one in given.attendees],
            agenda=given.agenda,
            about=links_named(workspace, caller, given.about),
            by=caller.member,
        )
        return _part(workspace, caller, item)

    return answer(request, await hosted.read(write), 201)


@router.get("/meetings/{item}", response_model=Meeting, dependencies=[needs(Action.TEAM_READ)])
async def show_meeting(asked: TheItem) -> Response:
    """Return a meeting, in everybody's time."""
    return await asked.show(MEETING, meeting_part)


@router.post(
    "/meetings/{item}/notes", response_model=Meeting, dependencies=[needs(Action.TEAM_WRITE)]
)
async def note(asked: TheItem, given: Notes) -> Response:
    """Write what came of it; given again, nothing is raised twice."""

    def act(workspace: Workspace, found: Item) -> Item:
        return note_meeting(
            workspace,
            found,
            given.notes,
            present=[member_named(workspace, asked.caller, one) for one in given.present],
            must_read=given.must_read,
            by=asked.caller.member,
        )

    return await asked.change(MEETING, meeting_part, act)


@router.post(
    "/meetings/{item}/read", response_model=Meeting, dependencies=[needs(Action.TEAM_WRITE)]
)
async def tell_read(asked: TheItem) -> Response:
    """Say that the caller, who was not there, has read what came of it."""

    def act(workspace: Workspace, found: Item) -> Item:
        return read_meeting(workspace, found, by=asked.caller.member)

    return await asked.change(MEETING, meeting_part, act)


@router.post(
    "/meetings/{item}/cancel", response_model=Meeting, dependencies=[needs(Action.TEAM_WRITE)]
)
async def call_off(asked: TheItem, given: CalledOff) -> Response:
    """Call it off."""

    def act(workspace: Workspace, found: Item) -> Item:
        return cancel_meeting(workspace, found, given.text, by=asked.caller.member)

    return await asked.change(MEETING, meeting_part, act)


def _part(workspace: Workspace, caller: Caller, item: Item) -> dict[str, Any]:
    return shown(workspace, caller, meeting_part(workspace, item))
