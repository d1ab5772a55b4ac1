"""`/asks` and `/blockers`: what people need of each other, and what keeps them from going on."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
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
from afield.teamwork.sorts.ask import ASK
from afield.teamwork.sorts.blocker import BLOCKER
from afield.workspace.team import asks, blockers
from afield.workspace.team.due import due_ms
from afield.workspace.team.links import project_of
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["asks"])


class Ask(ItemShape):
    """An ask; `due` in Unix milliseconds."""

    detail: str | None
    to: str | None
    to_name: str | None
    need: str
    urgency: str
    due: int | None
    about: list[str]


class Asks(BaseModel):
    """Asks, the newest first."""

    asks: list[Ask]


class Blocker(ItemShape):
    """What keeps somebody from going on."""

    owner: str | None
    owner_name: str | None
    about: list[str]


class Blockers(BaseModel):
    """Blockers, the newest first."""

    blockers: list[Blocker]


class NewAsk(BaseModel):
    """What is asked of whom; `due` is as in `4h`, in the time of who is asked."""

    title: Title
    to: Name
    detail: Text = ""
    need: Literal["answer", "decision", "review", "action"] = "answer"
    urgency: Literal["normal", "urgent"] = "normal"
    due: Name | None = None
    about: list[Name] = []
    project: Name | None = None


class NewBlocker(BaseModel):
    """What is in the way; whose it is to clear, one's own where nobody is named."""

    title: Title
    owner: Name | None = None
    about: list[Name] = []
    project: Name | None = None


class Answered(BaseModel):
    """An answer, and what it points to."""

    text: Text
    about: list[Name] = []


class Closed(BaseModel):
    """What came of it."""

    outcome: Literal["done", "declined", "withdrawn"] = "done"
    text: Text = ""


class Passed(BaseModel):
    """Who is asked instead."""

    to: Name


class Words(BaseModel):
    """What is said with it."""

    text: Text = ""


@router.get("/asks", response_model=Asks, dependencies=[needs(Action.TEAM_READ)])
async def list_asks(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    to: Annotated[str | None, Query(max_length=300)] = None,
    by: Annotated[str | None, Query(max_length=300)] = None,
    closed: bool = False,
) -> Response:
    """List open asks: all, those of somebody, those by somebody."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.catch_up()
        asked = None if to is None else member_named(workspace, caller, to)
        author = None if by is None else member_named(workspace, caller, by)
        found = asks.asks(workspace, to=asked, author=author, closed=closed)
        return [_ask(workspace, caller, one) for one in readable(caller, found)]

    return answer(request, {"asks": await hosted.read(find)})


@router.post("/asks", status_code=201, response_model=Ask, dependencies=[needs(Action.TEAM_WRITE)])
async def make_ask(
    request: Request, hosted: TheHosted, caller: TheCaller, given: NewAsk
) -> Response:
    """Ask somebody for something."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        member = member_named(workspace, caller, given.to)
        about, where = _where(workspace, caller, given.about, given.project)
        item = asks.ask(
            workspace,
            given.title,
            member,
            detail=given.detail,
            need=given.need,
            urgency=given.urgency,
            due_ms=due_ms(workspace, member, given.due, urgent=given.urgency == "urgent"),
            about=about,
            project=where,
            by=caller.member,
        )
        return _ask(workspace, caller, item)

    return answer(request, await hosted.read(write), 201)


@router.get("/asks/{item}", response_model=Ask, dependencies=[needs(Action.TEAM_READ)])
async def show_ask(asked: TheItem) -> Response:
    """Return an ask with what was said to it."""
    return await asked.show(ASK, asks.ask_part)


@router.post("/asks/{item}/answer", response_model=Ask, dependencies=[needs(Action.TEAM_WRITE)])
async def answer_ask(asked: TheItem, given: Answered) -> Response:
    """Answer an ask."""

    def act(workspace: Workspace, found: Item) -> Item:
        about = links_named(workspace, asked.caller, given.about)
        return asks.answer(workspace, found, given.text, about=about, by=asked.caller.member)

    return await asked.change(ASK, asks.ask_part, act)


@router.post("/asks/{item}/close", response_model=Ask, dependencies=[needs(Action.TEAM_WRITE)])
async def close_ask(asked: TheItem, given: Closed) -> Response:
    """Say what came of an ask."""

    def act(workspace: Workspace, found: Item) -> Item:
        return asks.close(
            workspace, found, outcome=given.outcome, text=given.text, by=asked.caller.member
        )

    return await asked.change(ASK, asks.ask_part, act)


@router.post("/asks/{item}/reopen", response_model=Ask, dependencies=[needs(Action.TEAM_WRITE)])
async def reopen_ask(asked: TheItem, given: Words) -> Response:
    """Open an ask again."""

    def act(workspace: Workspace, found: Item) -> Item:
        return asks.reopen(workspace, found, text=given.text, by=asked.caller.member)

    return await asked.change(ASK, asks.ask_part, act)


@router.post("/asks/{item}/pass", response_model=Ask, dependencies=[needs(Action.TEAM_WRITE)])
async def pass_ask(asked: TheItem, given: Passed) -> Response:
    """Let somebody else be asked."""

    def act(workspace: Workspace, found: Item) -> Item:
        member = member_named(workspace, asked.caller, given.to)
        return asks.hand_on(workspace, found, member, by=asked.caller.member)

    return await asked.change(ASK, asks.ask_part, act)


@router.get("/blockers", response_model=Blockers, dependencies=[needs(Action.TEAM_READ)])
async def list_blockers(
    request: Request, hosted: TheHosted, caller: TheCaller, *, cleared: bool = False
) -> Response:
    """List what is in somebody's way."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.catch_up()
        found = readable(caller, blockers.blockers(workspace, cleared=cleared))
        return [_blocker(workspace, caller, one) for one in found]

    return answer(request, {"blockers": await hosted.read(find)})


@router.post(
    "/blockers", status_code=201, response_model=Blocker, dependencies=[needs(Action.TEAM_WRITE)]
)
async def make_blocker(
    request: Request, hosted: TheHosted, caller: TheCaller, given: NewBlocker
) -> Response:
    """Say what keeps you from going on."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        owner = None if given.owner is None else member_named(workspace, caller, given.owner)
        about, where = _where(workspace, caller, given.about, given.project)
        item = blockers.block(
            workspace, given.title, owner=owner, about=about, project=where, by=caller.member
        )
        return _blocker(workspace, caller, item)

    return answer(request, await hosted.read(write), 201)


@router.post(
    "/blockers/{item}/{move}", response_model=Blocker, dependencies=[needs(Action.TEAM_WRITE)]
)
async def move_blocker(
    asked: TheItem,
    *,
    move: Literal["offer", "clear", "reopen"],
    given: Words,
) -> Response:
    """Offer help with a blocker, say that it is cleared, or that it is in the way again."""
    moves = {"offer": blockers.offer, "clear": blockers.clear, "reopen": blockers.reopen}

    def act(workspace: Workspace, found: Item) -> Item:
        return moves[move](workspace, found, given.text, by=asked.caller.member)

    return await asked.change(BLOCKER, blockers.blocker_part, act)


def _where(
    workspace: Workspace, caller: Caller, about: list[str], project: str | None
) -> tuple[list[str], str]:
    """Return the links, and the project that is named or that of the first link."""
    links = links_named(workspace, caller, about)
    where = project or (project_of(workspace, links[0]) if links else "default")
    caller.need(Action.TEAM_WRITE, where)
    return links, where


def _ask(workspace: Workspace, caller: Caller, item: Item) -> dict[str, Any]:
    return shown(workspace, caller, asks.ask_part(workspace, item))


def _blocker(workspace: Workspace, caller: Caller, item: Item) -> dict[str, Any]:
    return shown(workspace, caller, blockers.blocker_part(workspace, item))
