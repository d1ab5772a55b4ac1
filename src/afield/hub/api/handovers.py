"""`/handovers`: drawn up from the record, filled in, offered, taken over line by line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec
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
from afield.teamwork.sorts.handover import HANDOVER
from afield.workspace.team.drafting import Suggested, draft
from afield.workspace.team.handover_documents import handover_part
from afield.workspace.team.handovers import add_line, drop, fill, handovers, start_handover
from afield.workspace.team.links import label_of
from afield.workspace.team.offering import offer
from afield.workspace.team.taking import accept, decline, question, reply, surprise, withdraw
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["handovers"])
State = Literal["draft", "offered", "questioned", "partly", "accepted", "declined", "withdrawn"]
Severity = Literal["stable", "watch", "unstable"]
Said = Literal["accept", "question", "decline", "reply", "surprise", "withdraw"]
Number = Annotated[int, Field(ge=1, le=100_000)]


class LineShape(BaseModel):
    """A line; `place` is what moves name it by, `missing` what it needs, `by` who led it there."""

    number: int
    place: str
    severity: Severity
    topic: str
    about: str | None
    facts: str | None
    assessment: str | None
    condition: str | None
    when: str | None
    then: str | None
    call: str | None
    call_name: str | None
    until_ms: int | None
    missing: list[str]
    state: Literal["waiting", "accepted", "questioned", "declined"]
    by: str | None
    accepted_by: list[str]


class QuestionShape(BaseModel):
    """A question that nobody has answered."""

    by: str
    at_ms: int
    text: str


class GapShape(BaseModel):
    """A stretch in which nobody who has a part in it works."""

    start_ms: int
    end_ms: int


class CheckShape(BaseModel):
    """One thing that has to be so before something changes hands for good."""

    name: str
    about: str
    good: bool
    why: str
    hint: str


class MeasuresShape(BaseModel):
    """How it went; `accept_minutes` are working time of the receiver."""

    accept_minutes: int | None
    with_synthesis: bool
    needing: int
    with_contingency: int
    surprises: int


class Handover(ItemShape):
    """A handover; `contested` are numbers of lines that several accepted, not knowing of it."""

    kind: Literal["shift", "role"]
    to: str | None
    backup: str | None
    until: int | None
    due: int | None
    backup_due: int | None
    summary: str | None
    safe_state: str | None
    rollback: str | None
    despite: str | None
    about: list[str]
    lines: list[LineShape]
    stage: Literal["receiver", "backup", "anyone"] | None
    waits_for: list[str]
    questions: list[QuestionShape]
    contested: list[int]
    unstaffed: list[GapShape]
    readiness: list[CheckShape]
    measures: MeasuresShape | None
    names: dict[str, str]


class Handovers(BaseModel):
    """Handovers, the newest first."""

    handovers: list[Handover]


class SuggestedShape(BaseModel):
    """A line that the record suggests."""

    severity: Severity
    topic: str
    about: str | None
    facts: str


class Draft(BaseModel):
    """What one would hand over now."""

    lines: list[SuggestedShape]
    labels: dict[str, str]


class NewHandover(BaseModel):
    """To whom; a draft to the same person is brought up to date."""

    to: Name
    backup: Name | None = None
    kind: Literal["shift", "role"] = "shift"
    title: Title | None = None
    summary: Text | None = None
    safe_state: Text | None = None
    rollback: Text | None = None
    until: Annotated[int, Field(ge=0, le=1 << 53)] | None = None
    about: list[Name] = []


class LineFields(BaseModel):
    """What a person says of a line; what is left out stays."""

    severity: Severity | None = None
    about: Name | None = None
    facts: Text | None = None
    assessment: Text | None = None
    condition: Text | None = None
    when: Text | None = None
    then: Text | None = None
    call: Name | None = None
    until: Annotated[int, Field(ge=0, le=1 << 53)] | None = None


class NewLine(LineFields):
    """A line in one's own words."""

    facts: Annotated[str, Field(min_length=1, max_length=100_000)]
    topic: Literal["note", "temporary"] = "note"


class Offer(BaseModel):
    """By when it is to be accepted (`30m` of their work, a time), and what has to be said."""

    due: Name | None = None
    summary: Text | None = None
    safe_state: Text | None = None
    rollback: Text | None = None
    despite: Text | None = None


class Words(BaseModel):
    """What is said, of which lines; none: all that are left."""

    text: Text = ""
    lines: list[Number] = []


@router.get("/handovers", response_model=Handovers, dependencies=[needs(Action.TEAM_READ)])
async def list_handovers(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    to: Annotated[str | None, Query(max_length=300)] = None,
    author: Annotated[str | None, Query(max_length=300)] = None,
    closed: bool = False,
) -> Response:
    """List handovers: those that are open, or all; to somebody, by somebody."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.catch_up()
        found = handovers(
            workspace,
            to=None if to is None else member_named(workspace, caller, to),
            author=None if author is None else member_named(workspace, caller, author),
            closed=closed,
        )
        return [_part(workspace, caller, one) for one in readable(caller, found)]

    return answer(request, {"handovers": await hosted.read(find)})


@router.get("/handovers/draft", response_model=Draft, dependencies=[needs(Action.TEAM_READ)])
async def show_draft(request: Request, hosted: TheHosted, caller: TheCaller) -> Response:
    """Return what the caller would hand over now; nothing is written."""

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        found = draft(workspace, caller.member)
        labels = {one.about: label_of(workspace, one.about) for one in found if one.about}
        return shown(workspace, caller, {"lines": [_line(one) for one in found], "labels": labels})

    return answer(request, await hosted.read(find))


@router.post(
    "/handovers", status_code=201, response_model=Handover, dependencies=[needs(Action.TEAM_WRITE)]
)
async def start(
    request: Request, hosted: TheHosted, caller: TheCaller, given: NewHandover
) -> Response:
    """Draw a handover up from the record, or bring the draft to the same person up to date."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        caller.need(Action.TEAM_WRITE, "default")
        values = given.model_dump(exclude={"to"}, exclude_none=True)
        values["about"] = links_named(workspace, caller, given.about)
        if given.backup is not None:
            values["backup"] = member_named(workspace, caller, given.backup)
        to = member_named(workspace, caller, given.to)
        return _part(workspace, caller, start_handover(workspace, to, values, by=caller.member))

    return answer(request, await hosted.read(write), 201)


@router.get("/handovers/{item}", response_model=Handover, dependencies=[needs(Action.TEAM_READ)])
async def show_handover(asked: TheItem) -> Response:
    """Return a handover, line by line, with what was said."""
    return await asked.show(HANDOVER, handover_part)


@router.post(
    "/handovers/{item}/lines", response_model=Handover, dependencies=[needs(Action.TEAM_WRITE)]
)
async def add(asked: TheItem, given: NewLine) -> Response:
    """Add a line to a draft."""

    def act(workspace: Workspace, found: Item) -> Item:
        return add_line(
            workspace, found, _values(workspace, asked.caller, given), by=asked.caller.member
        )

    return await asked.change(HANDOVER, handover_part, act)


@router.patch(
    "/handovers/{item}/lines/{number}",
    response_model=Handover,
    dependencies=[needs(Action.TEAM_WRITE)],
)
async def fill_line(asked: TheItem, number: Number, given: LineFields) -> Response:
    """Say of a draft's line what a person knows."""

    def act(workspace: Workspace, found: Item) -> Item:
        return fill(
            workspace,
            found,
            number,
            _values(workspace, asked.caller, given),
            by=asked.caller.member,
        )

    return await asked.change(HANDOVER, handover_part, act)


@router.delete(
    "/handovers/{item}/lines/{number}",
    response_model=Handover,
    dependencies=[needs(Action.TEAM_WRITE)],
)
async def drop_line(asked: TheItem, number: Number) -> Response:
    """Leave a line out of a draft."""

    def act(workspace: Workspace, found: Item) -> Item:
        return drop(workspace, found, [number], by=asked.caller.member)

    return await asked.change(HANDOVER, handover_part, act)


@router.post(
    "/handovers/{item}/offer", response_model=Handover, dependencies=[needs(Action.TEAM_WRITE)]
)
async def hand_over(asked: TheItem, given: Offer) -> Response:
    """Hand a draft over; from now on its lines do not change."""
    values = given.model_dump(exclude={"due"}, exclude_none=True)

    def act(workspace: Workspace, found: Item) -> Item:
        return offer(workspace, found, due=given.due, values=values, by=asked.caller.member)

    return await asked.change(HANDOVER, handover_part, act)


@router.post(
    "/handovers/{item}/{move}", response_model=Handover, dependencies=[needs(Action.TEAM_WRITE)]
)
async def say(asked: TheItem, move: Said, given: Words) -> Response:
    """Take lines over in one's own words, ask about them, decline, reply, or take it back."""
    some: Mapping[str, Callable[..., Item]] = {
        "accept": accept, "question": question, "decline": decline,
    }  # fmt: skip
    whole: Mapping[str, Callable[..., Item]] = {
        "reply": reply, "surprise": surprise, "withdraw": withdraw,
    }  # fmt: skip

    def act(workspace: Workspace, found: Item) -> Item:
        member = asked.caller.member
        if move in some:
            return some[move](workspace, found, given.text, numbers=given.lines, by=member)
        return whole[move](workspace, found, given.text, by=member)

    return await asked.change(HANDOVER, handover_part, act)


def _values(workspace: Workspace, caller: Caller, given: LineFields) -> dict[str, Any]:
    values = given.model_dump(exclude_none=True)
    if given.call is not None:
        values["call"] = member_named(workspace, caller, given.call)
    if given.about is not None:
        (values["about"],) = links_named(workspace, caller, [given.about])
    return values


def _line(one: Suggested) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(one)
    return {name: found[name] for name in SuggestedShape.model_fields}


def _part(workspace: Workspace, caller: Caller, item: Item) -> dict[str, Any]:
    return shown(workspace, caller, handover_part(workspace, item))
