"""`/pages`: Markdown that many edit, merged by paragraph."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.team_items import (
    ItemShape,
    Name,
    TheItem,
    Title,
    member_named,
    readable,
    shown,
)
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.teamwork.query import Item
from afield.teamwork.sorts.page import PAGE
from afield.workspace.team.pages import edit_page, new_page, page_part, pages, set_page
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["pages"])
Words = Annotated[str, Field(min_length=1, max_length=500_000)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]


class Other(BaseModel):
    """What another one made of a paragraph; empty: took it away."""

    text: str
    by: str


class Paragraph(BaseModel):
    """A paragraph, and versions of it that exclude this one."""

    text: str
    by: str
    others: list[Other]


class Edit(BaseModel):
    """An edit, and those that it was made from."""

    place: str
    by: str
    member: str
    at_ms: int
    base: list[str]
    chars: int


class Page(ItemShape):
    """A page; `heads` are the edits that its text comes from: an edit names them as its `base`."""

    state: Literal["ok", "due", "conflicted"]
    owner: str | None
    owner_name: str | None
    review: str | None
    text: str
    paragraphs: list[Paragraph]
    heads: list[str]
    about: list[str]
    broken: list[str]
    named_by: list[str]
    history: list[Edit]


class Pages(BaseModel):
    """Pages, the newest touched first."""

    pages: list[Page]


class NewPage(BaseModel):
    """A page; `run:NAME`, `data:NAME@3`, `decision:ID` in its text are links."""

    title: Title
    text: Words
    owner: Name | None = None
    review: Day | None = None
    project: Name = "default"


class NewEdit(BaseModel):
    """Another text for what somebody saw: `base` are the `heads` of that."""

    text: Words
    base: Annotated[list[Name], Field(max_length=50)]


class ChangedPage(BaseModel):
    """What is changed; an empty `review` clears it."""

    title: Title | None = None
    owner: Name | None = None
    review: Day | Literal[""] | None = None


@router.get("/pages", response_model=Pages, dependencies=[needs(Action.TEAM_READ)])
async def list_pages(
    request: Request, hosted: TheHosted, caller: TheCaller, *, due: bool = False
) -> Response:
    """List pages: all, or those past their day of review."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.catch_up()
        found = readable(caller, pages(workspace, due=due))
        return [_part(workspace, caller, one) for one in found]

    return answer(request, {"pages": await hosted.read(find)})


@router.post(
    "/pages", status_code=201, response_model=Page, dependencies=[needs(Action.TEAM_WRITE)]
)
async def make_page(
    request: Request, hosted: TheHosted, caller: TheCaller, given: NewPage
) -> Response:
    """Write a page."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        caller.need(Action.TEAM_WRITE, given.project)
        item = new_page(
            workspace,
            given.title,
            given.text,
            owner=None if given.owner is None else member_named(workspace, caller, given.owner),
            review=given.review,
            project=given.project,
            by=caller.member,
        )
        return _part(workspace, caller, item)

    return answer(request, await hosted.read(write), 201)


@router.get("/pages/{item}", response_model=Page, dependencies=[needs(Action.TEAM_READ)])
async def show_page(asked: TheItem) -> Response:
    """Return a page as it stands, with its history."""
    return await asked.show(PAGE, page_part)


@router.post("/pages/{item}/edits", response_model=Page, dependencies=[needs(Action.TEAM_WRITE)])
async def edit(asked: TheItem, given: NewEdit) -> Response:
    """Put another text for what somebody saw; what others wrote meanwhile is merged."""

    def act(workspace: Workspace, found: Item) -> Item:
        return edit_page(workspace, found, given.text, base=given.base, by=asked.caller.member)

    return await asked.change(PAGE, page_part, act)


@router.patch("/pages/{item}", response_model=Page, dependencies=[needs(Action.TEAM_WRITE)])
async def change_page(asked: TheItem, given: ChangedPage) -> Response:
    """Change what a page is called, who looks after it, and until when it holds."""

    def act(workspace: Workspace, found: Item) -> Item:
        values = given.model_dump(exclude_none=True)
        if given.owner is not None:
            values["owner"] = member_named(workspace, asked.caller, given.owner)
        if given.review == "":
            values["review"] = None
        return set_page(workspace, found, values, by=asked.caller.member)

    return await asked.change(PAGE, page_part, act)


def _part(workspace: Workspace, caller: Caller, item: Item) -> dict[str, Any]:
    return shown(workspace, caller, page_part(workspace, item))
