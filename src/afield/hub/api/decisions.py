"""`/decisions`: written down, proposed, settled, looked at again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.team_items import (
    ItemShape,
    Moved,
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
from afield.teamwork.decision import MINUTES, MINUTES_MAX
from afield.teamwork.query import Item
from afield.teamwork.sorts.decision import DECISION
from afield.workspace.team.decisions import (
    LINKED,
    PEOPLE,
    change,
    decide,
    decision_part,
    decisions,
    propose,
    revisit,
    settle,
)
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["decisions"])
State = Literal["draft", "proposed", "accepted", "rejected", "withdrawn", "superseded"]
_MANY = (*PEOPLE, *LINKED)


class Window(BaseModel):
    """The time that a member has for comments, in their own working hours."""

    member: str
    name: str
    closes_ms: int | None
    spoke: bool
    open: bool


class Decision(ItemShape):
    """A decision; `settled_otherwise` is what others said apart from how it stands."""

    way: Literal["two-way", "one-way"]
    context: str | None
    drivers: str | None
    options: str | None
    outcome: str | None
    consequences: str | None
    confirmation: str | None
    deciders: list[str]
    consulted: list[str]
    informed: list[str]
    evidence: list[str]
    supersedes: list[str]
    review: str | None
    windows: list[Window]
    settled_otherwise: list[Moved]
    superseded_by: list[str]
    names: dict[str, str]


class Decisions(BaseModel):
    """Decisions, the newest first."""

    decisions: list[Decision]


class Fields(BaseModel):
    """What is filled in; members and links by what they are called, added to those that stand."""

    context: Text | None = None
    drivers: Text | None = None
    options: Text | None = None
    outcome: Text | None = None
    consequences: Text | None = None
    confirmation: Text | None = None
    way: Literal["two-way", "one-way"] | None = None
    deciders: list[Name] = []
    consulted: list[Name] = []
    informed: list[Name] = []
    evidence: list[Name] = []
    supersedes: list[Name] = []
    review: Name | None = None


class NewDecision(Fields):
    """A draft."""

    title: Title
    project: Name = "default"


class ChangedDecision(Fields):
    """What is changed; what is left out stays."""

    title: Title | None = None


class Proposal(BaseModel):
    """For how many minutes of each one's working time comments are asked for."""

    minutes: Annotated[int, Field(ge=0, le=MINUTES_MAX)] = MINUTES
    text: Text = ""


class Settlement(BaseModel):
    """What became of it; `early` says why nobody waits for more comments."""

    outcome: Literal["accepted", "rejected", "withdrawn"]
    text: Text = ""
    early: Text = ""


class Revisited(BaseModel):
    """That it still holds, and when to look again."""

    text: Text
    review: Name | None = None


@router.get("/decisions", response_model=Decisions, dependencies=[needs(Action.TEAM_READ)])
async def list_decisions(
    request: Request, hosted: TheHosted, caller: TheCaller, *, state: State | None = None
) -> Response:
    """List decisions, the newest first."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.catch_up()
        return [
            _part(workspace, caller, one)
            for one in readable(caller, decisions(workspace, state=state))
        ]

    return answer(request, {"decisions": await hosted.read(find)})


@router.post(
    "/decisions", status_code=201, response_model=Decision, dependencies=[needs(Action.TEAM_WRITE)]
)
async def make_decision(
    request: Request, hosted: TheHosted, caller: TheCaller, given: NewDecision
) -> Response:
    """Write a decision down as a draft."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        caller.need(Action.TEAM_WRITE, given.project)
        values = _values(workspace, caller, given)
        item = decide(workspace, given.title, values, project=given.project, by=caller.member)
        return _part(workspace, caller, item)

    return answer(request, await hosted.read(write), 201)


@router.get("/decisions/{item}", response_model=Decision, dependencies=[needs(Action.TEAM_READ)])
async def show_decision(asked: TheItem) -> Response:
    """Return a decision with what was said."""
    return await asked.show(DECISION, decision_part)


@router.patch("/decisions/{item}", response_model=Decision, dependencies=[needs(Action.TEAM_WRITE)])
async def change_decision(asked: TheItem, given: ChangedDecision) -> Response:
    """Change a decision that is not settled."""

    def act(workspace: Workspace, found: Item) -> Item:
        values = _values(workspace, asked.caller, given)
        if given.title is not None:
            values["title"] = given.title
        return change(workspace, found, values, by=asked.caller.member)

    return await asked.change(DECISION, decision_part, act)


@router.post(
    "/decisions/{item}/propose", response_model=Decision, dependencies=[needs(Action.TEAM_WRITE)]
)
async def propose_decision(asked: TheItem, given: Proposal) -> Response:
    """Ask deciders and who is consulted for comments."""

    def act(workspace: Workspace, found: Item) -> Item:
        return propose(
            workspace, found, minutes=given.minutes, text=given.text, by=asked.caller.member
        )

    return await asked.change(DECISION, decision_part, act)


@router.post(
    "/decisions/{item}/settle", response_model=Decision, dependencies=[needs(Action.TEAM_WRITE)]
)
async def settle_decision(asked: TheItem, given: Settlement) -> Response:
    """Accept, reject or withdraw a decision."""

    def act(workspace: Workspace, found: Item) -> Item:
        told = {"text": given.text, "early": given.early}
        return settle(workspace, found, given.outcome, **told, by=asked.caller.member)

    return await asked.change(DECISION, decision_part, act)


@router.post(
    "/decisions/{item}/revisit", response_model=Decision, dependencies=[needs(Action.TEAM_WRITE)]
)
async def revisit_decision(asked: TheItem, given: Revisited) -> Response:
    """Say that an accepted decision was looked at again and holds."""

    def act(workspace: Workspace, found: Item) -> Item:
        return revisit(
            workspace, found, text=given.text, review=given.review, by=asked.caller.member
        )

    return await asked.change(DECISION, decision_part, act)


def _values(workspace: Workspace, caller: Caller, given: Fields) -> dict[str, Any]:
    """Return the fields that are filled in."""
    values = given.model_dump(exclude_unset=True, exclude={"title", "project"})
    for name in PEOPLE:
        if name in values:
            values[name] = [member_named(workspace, caller, one) for one in values[name]]
    for name in LINKED:
        if name in values:
            values[name] = links_named(workspace, caller, values[name])
    return values


def _part(workspace: Workspace, caller: Caller, item: Item) -> dict[str, Any]:
    return shown(workspace, caller, decision_part(workspace, item))
