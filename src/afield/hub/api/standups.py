"""`/standups`, `/digest`, `/day`: what members say of their days, and that one is over."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.talks import Letter
from afield.hub.api.team_items import Name, Text, member_named, readable, shown
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.teamwork.query import Item
from afield.workspace.team.digest import digest
from afield.workspace.team.hours import calendar_of, end_day
from afield.workspace.team.oncall import oncall_at
from afield.workspace.team.standup_days import choose_time, time_of
from afield.workspace.team.standup_drafts import prefill
from afield.workspace.team.standups import standup_part, standups, write_standup
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["day"])
Slot = Literal["morning", "evening"]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]


class Standup(BaseModel):
    """What somebody said of a half of their day."""

    id: str
    author: str
    by: str
    made_ms: int
    touched_ms: int
    written_ms: int
    day: str
    slot: Slot
    state: str | None
    next: str | None
    decided: str | None
    stuck: str | None
    unchanged: bool | None
    about: list[str]
    raised: list[str]
    mentions: list[str]
    labels: dict[str, str]


class Standups(BaseModel):
    """Stand-ups, the newest first."""

    standups: list[Standup]


class Told(BaseModel):
    """A line that the record suggests for a field, `place`, with what it is about."""

    place: Literal["state", "next", "decided", "stuck"]
    kind: str
    text: str
    link: str
    at_ms: int


class Prefill(BaseModel):
    """What the record says of the caller's day, or what they said of it already: `written`."""

    day: str
    slot: Slot
    since_ms: int
    until_ms: int
    state: str
    next: str
    decided: str
    stuck: str
    about: list[str]
    lines: list[Told]
    written: bool


class StandupTime(BaseModel):
    """When the caller writes their stand-up: `09:15`, `morning`, `evening` (of a shift) or null."""

    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^morning$|^evening$")] | None


class DayEnd(BaseModel):
    """Whether the caller's day is over; what is left of their shift is no working time then."""

    over: bool = True


class DayEnded(BaseModel):
    """When the caller works next, and who agreed to be woken until then."""

    next_working_ms: int | None
    oncall: list[str]


class Question(BaseModel):
    """Whom to ask what."""

    to: Name
    title: Annotated[str, Field(min_length=1, max_length=200)]


class NewStandup(BaseModel):
    """What is said; what is left out stays as it was said, else as the record has it."""

    state: Text | None = None
    next: Text | None = None
    decided: Text | None = None
    day: Day | None = None
    slot: Slot | None = None
    unchanged: bool = False
    blockers: list[Annotated[str, Field(min_length=1, max_length=200)]] = []
    owner: Name | None = None
    asks: list[Question] = []


class Silent(BaseModel):
    """A member who has not written, and how they can be met."""

    member: str
    name: str
    why: Literal["leave", "day off", "asleep", "not at work", "at work"]
    last_ms: int | None
    back_ms: int | None


class Heard(Standup):
    """Somebody else's stand-up; `yours` are the links to what is the caller's among its links."""

    yours: list[str]


class Digest(BaseModel):
    """What needs the caller, and the others' stand-ups since their last working day."""

    day: str
    since_ms: int
    next_ms: int | None
    needs: list[Letter]
    standups: list[Heard]
    silent: list[Silent]


@router.get("/standups", response_model=Standups, dependencies=[needs(Action.TEAM_READ)])
async def list_standups(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    member: Annotated[str | None, Query(max_length=300)] = None,
    day: Annotated[str | None, Query(pattern=r"^\d{4}-\d\d-\d\d$")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """List stand-ups, the newest first: somebody's, of a day of theirs."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.catch_up()
        who = None if member is None else member_named(workspace, caller, member)
        found = readable(caller, standups(workspace, member=who, day=day))
        return [_standup(workspace, caller, one) for one in found[:limit]]

    return answer(request, {"standups": await hosted.read(find)})


@router.get("/standups/draft", response_model=Prefill, dependencies=[needs(Action.TEAM_READ)])
async def draft_standup(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    day: Annotated[str | None, Query(pattern=r"^\d{4}-\d\d-\d\d$")] = None,
    slot: Annotated[Slot | None, Query()] = None,
) -> Response:
    """Return what the record says of the caller's day; nothing is written."""

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        found = prefill(workspace, caller.member, day=day, slot=slot)
        part: dict[str, Any] = msgspec.to_builtins(found)
        return part

    return answer(request, await hosted.read(find))


@router.post(
    "/standups", status_code=201, response_model=Standup, dependencies=[needs(Action.TEAM_WRITE)]
)
async def say_standup(
    request: Request, hosted: TheHosted, caller: TheCaller, given: NewStandup
) -> Response:
    """Write the caller's stand-up of this half of their day, or change it."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        caller.need(Action.TEAM_WRITE, "default")
        item = write_standup(
            workspace,
            given.model_dump(include={"state", "next", "decided", "day", "slot"}),
            unchanged=given.unchanged,
            raise_blockers=given.blockers,
            owner=None if given.owner is None else member_named(workspace, caller, given.owner),
            raise_asks=[(member_named(workspace, caller, one.to), one.title) for one in given.asks],
            by=caller.member,
        )
        return _standup(workspace, caller, item)

    return answer(request, await hosted.read(write), 201)


@router.put("/standups/time", status_code=204, dependencies=[needs(Action.TEAM_WRITE)])
async def choose_standup_time(hosted: TheHosted, caller: TheCaller, given: StandupTime) -> None:
    """Say when the caller writes their stand-up; a brief then says that it is due."""

    def write(workspace: Workspace) -> None:
        choose_time(workspace, time_of(given.at or "none"), by=caller.member)

    await hosted.read(write)


@router.put("/day", response_model=DayEnded, dependencies=[needs(Action.TEAM_WRITE)])
async def say_day_is_over(
    request: Request, hosted: TheHosted, caller: TheCaller, given: DayEnd
) -> Response:
    """Say that the caller's day is over now, or goes on after all."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        end_day(workspace, over=given.over, by=caller.member)
        now_ms = workspace.record.now_ms()
        return {
            "next_working_ms": calendar_of(workspace, caller.member).next_working(now_ms),
            "oncall": [workspace.name_of(one) for one in oncall_at(workspace, now_ms)],
        }

    return answer(request, await hosted.read(write))


@router.get("/digest", response_model=Digest, dependencies=[needs(Action.TEAM_READ)])
async def show_digest(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    day: Annotated[str | None, Query(pattern=r"^\d{4}-\d\d-\d\d$")] = None,
) -> Response:
    """Return what needs the caller, and what the others said of their day, or of one named."""

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        found = digest(workspace, caller.member, day=day)
        return {
            "day": found.day,
            "since_ms": found.since_ms,
            "next_ms": found.next_ms,
            "needs": [
                asdict(one)
                for one in found.needs
                if caller.may(Action.TEAM_READ, one.project).allowed
            ],
            "standups": [shown(workspace, caller, one) for one in found.standups],
            "silent": [
                {**msgspec.to_builtins(one), "name": workspace.name_of(one.member)}
                for one in found.silent
            ],
        }

    return answer(request, await hosted.read(find))


def _standup(workspace: Workspace, caller: Caller, item: Item) -> dict[str, Any]:
    return shown(workspace, caller, standup_part(workspace, item))
