"""`/people/me`: what the caller says of their own time; nobody can for somebody else."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.talks import Person
from afield.members.actions import Action
from afield.workspace.team.hours import (
    cancel_leave,
    hours_part,
    set_focus,
    set_holidays,
    set_hours,
    set_zone,
    take_leave,
)
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["talks"])
Rule = Annotated[str, Field(min_length=1, max_length=100)]
Rules = Annotated[list[Rule], Field(min_length=1, max_length=50)]


class OwnHours(BaseModel):
    """What is said, from a date on (`since`); what is left out stays as it is.

    `hours` and `focus` are rules such as `Mon-Fri 09:00-17:30`, or `none`; `holidays` is a country
    or a part of one (`DE-BE`), or `none`.
    """

    zone: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    hours: Rules | None = None
    focus: Rules | None = None
    holidays: Annotated[str, Field(min_length=1, max_length=20)] | None = None
    since: date | None = None


class NewLeave(BaseModel):
    """From which day to which day, both away, and what for."""

    first: date
    last: date
    note: Annotated[str, Field(max_length=200)] = ""


@router.get("/people/me", response_model=Person, dependencies=[needs(Action.TEAM_READ)])
async def show_own(request: Request, hosted: TheHosted, caller: TheCaller) -> Response:
    """Return what the caller said of their time, and where they are in it."""

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        return hours_part(workspace, caller.member)

    return answer(request, await hosted.read(find))


@router.patch("/people/me", response_model=Person, dependencies=[needs(Action.TEAM_WRITE)])
async def say_own(
    request: Request, hosted: TheHosted, caller: TheCaller, given: OwnHours
) -> Response:
    """Say when the caller works, where they are, and when they are not to be disturbed."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        since, by = given.since or date.min, caller.member
        if given.zone is not None:
            set_zone(workspace, given.zone, since, by=by)
        if given.hours is not None:
            set_hours(workspace, given.hours, since, by=by)
        if given.focus is not None:
            set_focus(workspace, given.focus, since, by=by)
        if given.holidays is not None:
            set_holidays(workspace, given.holidays, since, by=by)
        return hours_part(workspace, caller.member)

    return answer(request, await hosted.read(write))


@router.post(
    "/people/me/leave",
    status_code=201,
    response_model=Person,
    dependencies=[needs(Action.TEAM_WRITE)],
)
async def go_on_leave(
    request: Request, hosted: TheHosted, caller: TheCaller, given: NewLeave
) -> Response:
    """Say that the caller is away."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        take_leave(workspace, given.first, given.last, given.note, by=caller.member)
        return hours_part(workspace, caller.member)

    return answer(request, await hosted.read(write), 201)


@router.delete(
    "/people/me/leave/{leave}", response_model=Person, dependencies=[needs(Action.TEAM_WRITE)]
)
async def come_back(request: Request, hosted: TheHosted, caller: TheCaller, leave: str) -> Response:
    """Take a leave of the caller's back."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        cancel_leave(workspace, leave, by=caller.member)
        return hours_part(workspace, caller.member)

    return answer(request, await hosted.read(write))
