"""`/threads`, `/inbox` and `/people`: what was said, what waits for who asks, and who works now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.team_items import Name, Text, links_named
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.teamwork.query import Item
from afield.workspace.team import threads
from afield.workspace.team.hours import bands_part, team_part
from afield.workspace.team.inbox import Kind, inbox, inbox_part
from afield.workspace.team.links import project_of
from afield.workspace.team.seen import mark_read
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["talks"])


class Comment(BaseModel):
    """What somebody said; `re` is the number of the comment that it answers.

    `unread`: who asks has read it neither here nor in their inbox; `key` says to `/inbox/read` that
    they have. Both are known to the copy that shows it alone.
    """

    number: int
    member: str
    by: str
    at_ms: int
    text: str
    re: int | None
    anchor: str | None
    mentions: list[str]
    resolved: bool
    key: str
    unread: bool


class Thread(BaseModel):
    """What was said about a thing, in order; `thread` is null while nothing was."""

    about: str
    label: str
    thread: str | None
    comments: list[Comment]


class NewComment(BaseModel):
    """What to say about what; `@name` in the text calls a member."""

    about: Name
    text: Text
    re: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    anchor: Name | None = None


class DealtWith(BaseModel):
    """The comment of what thing, by its number, is dealt with; or, `done` false, is not after all.

    Replies to it go with it.
    """

    about: Name
    number: Annotated[int, Field(ge=1, le=1_000_000)]
    done: bool = True


class Letter(BaseModel):
    """One thing in the inbox; what was read is known to the copy that shows it, not to a server."""

    key: str
    kind: Kind
    link: str
    on: str | None
    project: str
    title: str
    text: str
    member: str
    at_ms: int
    due_ms: int | None
    urgent: bool
    waits: bool
    unread: bool


class Inbox(BaseModel):
    """What waits, by when it is due, then what was said, the newest first."""

    items: list[Letter]


class Since(BaseModel):
    """A zone or a region, and the day from which it holds; null for the first."""

    since: str | None = Field(alias="from")
    value: str


class Spans(BaseModel):
    """Weekly rules, and the day from which they hold; null for the first."""

    since: str | None = Field(alias="from")
    value: list[str]


class Leave(BaseModel):
    """Days off, both included."""

    id: str
    first: str
    last: str
    note: str | None


class Person(BaseModel):
    """A member, where it is what time for them, and what they said of it."""

    member: str
    name: str
    assumed: bool
    zone: str
    local: datetime
    presence: Literal["working", "waking", "asleep"]
    until_ms: int
    focus: bool
    away: bool
    busy: bool
    next_working_ms: int | None
    zones: list[Since]
    hours: list[Spans]
    focus_hours: list[Spans]
    holidays: list[Since]
    standup: str | None
    leave: list[Leave]


class Band(BaseModel):
    """A stretch in which a member can be met in one way, and the zone in which they are."""

    start_ms: int
    end_ms: int
    presence: Literal["working", "waking", "asleep"]
    focus: bool
    away: bool
    zone: str


class Bands(BaseModel):
    """A member's stretches, in order, without a gap."""

    member: str
    name: str
    bands: list[Band]


class PeopleBands(BaseModel):
    """The members' stretches between two instants."""

    members: list[Bands]


class ReadLetters(BaseModel):
    """What was read in the inbox, by its keys."""

    keys: Annotated[list[Annotated[str, Field(max_length=400)]], Field(max_length=1000)]


class People(BaseModel):
    """The members, those who work now first."""

    members: list[Person]


@router.get("/threads", response_model=Thread, dependencies=[needs(Action.TEAM_READ)])
async def show_thread(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    about: Annotated[str, Query(min_length=1, max_length=300)],
) -> Response:
    """Return what was said about a thing."""

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        link = _link(workspace, caller, about, Action.TEAM_READ)
        return _thread(workspace, caller, threads.thread_of(workspace, link), link)

    return answer(request, await hosted.read(find))


@router.post(
    "/threads", status_code=201, response_model=Thread, dependencies=[needs(Action.TEAM_WRITE)]
)
async def say(
    request: Request, hosted: TheHosted, caller: TheCaller, given: NewComment
) -> Response:
    """Say something about a thing."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        link = _link(workspace, caller, given.about, Action.TEAM_WRITE)
        re = None if given.re is None else threads.place_of(workspace, link, given.re)
        item = threads.comment(
            workspace,
            link,
            given.text,
            re=re,
            anchor=given.anchor,
            project=project_of(workspace, link),
            by=caller.member,
        )
        return _thread(workspace, caller, item, link)

    return answer(request, await hosted.read(write), 201)


@router.post("/threads/resolve", response_model=Thread, dependencies=[needs(Action.TEAM_WRITE)])
async def resolve_comment(
    request: Request, hosted: TheHosted, caller: TheCaller, given: DealtWith
) -> Response:
    """Say that a comment is dealt with, or open it again."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        link = _link(workspace, caller, given.about, Action.TEAM_WRITE)
        place = threads.place_of(workspace, link, given.number)
        found = threads.need_thread(workspace, link)
        item = threads.resolve(workspace, found, place, done=given.done, by=caller.member)
        return _thread(workspace, caller, item, link)

    return answer(request, await hosted.read(write))


@router.get("/inbox", response_model=Inbox, dependencies=[needs(Action.TEAM_READ)])
async def show_inbox(request: Request, hosted: TheHosted, caller: TheCaller) -> Response:
    """Return what waits for who asks, and what was said to them."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.catch_up()
        return [
            inbox_part(one)
            for one in inbox(workspace, caller.member)
            if caller.may(Action.TEAM_READ, one.project).allowed
        ]

    return answer(request, {"items": await hosted.read(find)})


@router.post("/inbox/read", status_code=204, dependencies=[needs(Action.TEAM_READ)])
async def tell_letters_read(hosted: TheHosted, caller: TheCaller, given: ReadLetters) -> None:
    """Remember here what the caller has read, in their inbox or where it was said."""

    def write(workspace: Workspace) -> None:
        mark_read(workspace, caller.member, given.keys)

    await hosted.read(write)


@router.get("/people", response_model=People, dependencies=[needs(Action.MEMBER_READ)])
async def list_people(request: Request, hosted: TheHosted, caller: TheCaller) -> Response:  # noqa: ARG001 - asked by `needs`
    """List the members with their local time."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.catch_up()
        return team_part(workspace)

    return answer(request, {"members": await hosted.read(find)})


@router.get("/people/bands", response_model=PeopleBands, dependencies=[needs(Action.MEMBER_READ)])
async def list_bands(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,  # noqa: ARG001 - asked by `needs`
    *,
    from_ms: Annotated[int, Query(ge=0, le=1 << 45)],
    hours: Annotated[int, Query(ge=1, le=336)] = 24,
) -> Response:
    """Say how each member can be met from an instant on, for so many hours."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.catch_up()
        return bands_part(workspace, from_ms, from_ms + hours * 3_600_000)

    return answer(request, {"members": await hosted.read(find)})


def _link(workspace: Workspace, caller: Caller, words: str, action: Action) -> str:
    (link,) = links_named(workspace, caller, [words])
    caller.need(action, project_of(workspace, link))
    return link


def _thread(workspace: Workspace, caller: Caller, item: Item | None, link: str) -> dict[str, Any]:
    return threads.thread_part(workspace, item, link, reader=caller.member)
