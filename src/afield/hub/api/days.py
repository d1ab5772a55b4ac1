"""`/brief` and `/oncall`: what a member has to know of what happened, and who can be woken."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.team_items import ItemShape, readable, seen
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.teamwork.query import Item
from afield.teamwork.sorts.oncall import ONCALL
from afield.workspace.team.brief import brief, since
from afield.workspace.team.oncall import drop_call, take_call, turn_part, turns
from afield.workspace.team.seen import mark_looked
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["day"])
Instant = Annotated[int, Field(ge=0, le=1 << 53)]


class Line(BaseModel):
    """One line of a brief: what happened or waits, to what, by whom."""

    kind: str
    link: str
    project: str | None
    title: str
    text: str
    member: str | None
    by: str | None
    at_ms: int
    due_ms: int | None
    urgent: bool


class Section(BaseModel):
    """Lines of one kind; `more` are not told."""

    name: str
    lines: list[Line]
    more: int


class Unheard(BaseModel):
    """A device of which nothing was heard for three days."""

    name: str
    since_ms: int


class Brief(BaseModel):
    """What a member has to know; `by` says why it looks back to `since_ms`."""

    since_ms: int
    until_ms: int
    by: Literal["looked", "away", "asked"]
    sections: list[Section]
    standup_due: bool
    holds_until_ms: int | None
    unheard: list[Unheard]


class Looked(BaseModel):
    """Up to when a brief was seen: its `until_ms`."""

    until_ms: Instant


class Turn(ItemShape):
    """A turn on call; `until` and `from` are Unix milliseconds."""

    begins: Annotated[int | None, Field(alias="from")]
    until: int | None
    withdrawn: bool


class Turns(BaseModel):
    """Turns that go on or are ahead, the first to begin first."""

    turns: list[Turn]


class NewTurn(BaseModel):
    """From when until when the caller agrees to be woken."""

    from_ms: Instant
    until_ms: Instant


@router.get("/brief", response_model=Brief, dependencies=[needs(Action.TEAM_READ)])
async def show_brief(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    since_: Annotated[str | None, Query(alias="since", max_length=40)] = None,
) -> Response:
    """Return what the caller has to know.

    `since`: `8h`, `3d`, a date, `away`; left out: the last look that was told, else `away`.
    """

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        since_ms, by = since(workspace, caller.member, since_)
        found = brief(
            workspace,
            caller.member,
            since_ms,
            by,
            may=lambda link, project: _may_see(caller, link, project),
        )
        sections = []
        for section in found.sections:
            lines = [
                {**msgspec.to_builtins(one), "by": _name(workspace, one.member)}
                for one in section.lines
            ]
            sections.append({"name": section.name, "lines": lines, "more": section.more})
        return {
            "since_ms": found.since_ms,
            "until_ms": found.until_ms,
            "by": found.by,
            "sections": sections,
            "standup_due": found.standup_due,
            "holds_until_ms": found.state.until_ms,
            "unheard": [{"name": name, "since_ms": at_ms} for name, at_ms in found.state.unheard],
        }

    return answer(request, await hosted.read(find))


@router.post("/brief/looked", status_code=204, dependencies=[needs(Action.TEAM_READ)])
async def tell_look(hosted: TheHosted, caller: TheCaller, given: Looked) -> None:
    """Remember here that the caller has seen a brief up to an instant; the next begins there."""

    def write(workspace: Workspace) -> None:
        mark_looked(workspace, caller.member, min(given.until_ms, workspace.record.now_ms()))

    await hosted.read(write)


@router.get("/oncall", response_model=Turns, dependencies=[needs(Action.TEAM_READ)])
async def list_turns(request: Request, hosted: TheHosted, caller: TheCaller) -> Response:
    """List turns on call that go on or are ahead."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.catch_up()
        found = turns(workspace, after_ms=workspace.record.now_ms())
        return [_turn(workspace, one) for one in readable(caller, found)]

    return answer(request, {"turns": await hosted.read(find)})


@router.post(
    "/oncall", status_code=201, response_model=Turn, dependencies=[needs(Action.TEAM_WRITE)]
)
async def take_turn(
    request: Request, hosted: TheHosted, caller: TheCaller, given: NewTurn
) -> Response:
    """Let the caller agree to be woken; nobody can for somebody else."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        caller.need(Action.TEAM_WRITE, "default")
        item = take_call(workspace, given.from_ms, given.until_ms, by=caller.member)
        return _turn(workspace, item)

    return answer(request, await hosted.read(write), 201)


@router.delete("/oncall/{item}", response_model=Turn, dependencies=[needs(Action.TEAM_WRITE)])
async def drop_turn(request: Request, hosted: TheHosted, caller: TheCaller, item: str) -> Response:
    """Take one of the caller's turns back."""

    def write(workspace: Workspace) -> dict[str, Any]:
        found = seen(workspace, caller, ONCALL, item, Action.TEAM_WRITE)
        return _turn(workspace, drop_call(workspace, found, by=caller.member))

    return answer(request, await hosted.read(write))


def _turn(workspace: Workspace, item: Item) -> dict[str, Any]:
    state = "withdrawn" if item.did("withdrawn") else "agreed"
    return {"title": None, "labels": {}, "state": state, **turn_part(workspace, item)}


def _name(workspace: Workspace, member: str | None) -> str | None:
    return None if member is None else workspace.name_of(member)


_READS = {"run": Action.RUN_READ, "data": Action.DATA_READ, "model": Action.MODEL_READ}


def _may_see(caller: Caller, link: str, project: str | None) -> bool:
    action = _READS.get(link.partition(":")[0], Action.TEAM_READ)
    return caller.may(action, project).allowed
