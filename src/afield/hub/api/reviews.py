"""`/reviews`: asked for, judged, handed on; who could look."""

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
from afield.teamwork.sorts.review import REVIEW
from afield.workspace.team.expertise import suggested
from afield.workspace.team.links import project_of
from afield.workspace.team.reviews import (
    ask_also,
    ask_review,
    judge,
    review_part,
    reviews,
    stand_in,
    withdraw,
)
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["reviews"])
Verdict = Literal["comment", "approve", "request-changes", "reproduced", "could-not-reproduce"]


class AskedShape(BaseModel):
    """Somebody who is to look, by when in their own hours; `away`: not back before that."""

    member: str
    name: str
    due_ms: int | None
    verdict: str | None
    overdue: bool
    starts_ms: int | None
    away: bool


class VerdictShape(BaseModel):
    """What somebody found last."""

    member: str
    name: str
    verdict: str
    text: str | None
    evidence: str | None
    at_ms: int


class Review(ItemShape):
    """A review; `contested`: some are for it and some against."""

    detail: str | None
    what: Literal["run", "code", "data", "model", "page"]
    about: str | None
    against: str | None
    contested: bool
    asked: list[AskedShape]
    verdicts: list[VerdictShape]


class Reviews(BaseModel):
    """Reviews, the newest first."""

    reviews: list[Review]


class NewReview(BaseModel):
    """What is to be looked at, by whom, and by when in their working time (`4h`, a date)."""

    about: Name
    against: Name | None = None
    reviewers: list[Name] = []
    title: Title | None = None
    detail: Text = ""
    due: Name | None = None


class Judgement(BaseModel):
    """What one found."""

    verdict: Verdict
    text: Text = ""
    evidence: Name | None = None


class Passed(BaseModel):
    """Who looks `instead` of whom (or besides); without `to`, who knows it and starts soonest."""

    to: Name | None = None
    instead: Name | None = None
    text: Text = ""
    due: Name | None = None


class TakenBack(BaseModel):
    """Why nobody needs to look any more."""

    text: Text = ""


class SuggestedShape(BaseModel):
    """Somebody who could look: what they have done with it, and when they work next."""

    member: str
    name: str
    why: list[str]
    starts_ms: int | None


class Suggestions(BaseModel):
    """Who could look, the best first."""

    about: str
    suggested: list[SuggestedShape]


@router.get("/reviews", response_model=Reviews, dependencies=[needs(Action.TEAM_READ)])
async def list_reviews(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    reviewer: Annotated[str | None, Query(max_length=300)] = None,
    about: Annotated[str | None, Query(max_length=300)] = None,
    closed: bool = False,
) -> Response:
    """List reviews that are open: all, those that wait for a `reviewer`, those of a thing."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.catch_up()
        who = None if reviewer is None else member_named(workspace, caller, reviewer)
        of = None if about is None else links_named(workspace, caller, [about])[0]
        found = reviews(workspace, reviewer=who, about=of, closed=closed)
        return [_part(workspace, caller, one) for one in readable(caller, found)]

    return answer(request, {"reviews": await hosted.read(find)})


@router.get(
    "/review-suggestions", response_model=Suggestions, dependencies=[needs(Action.TEAM_READ)]
)
async def suggest_reviewers(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    about: Annotated[str, Query(max_length=300)],
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> Response:
    """Say who could review something, but oneself: who knows it, and who starts soonest."""

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        (link,) = links_named(workspace, caller, [about])
        found = suggested(workspace, link, but={caller.member})[:limit]
        rows = [
            {**one._asdict(), "name": workspace.name_of(one.member), "why": list(one.why)}
            for one in found
        ]
        return {"about": link, "suggested": rows}

    return answer(request, await hosted.read(find))


@router.post(
    "/reviews", status_code=201, response_model=Review, dependencies=[needs(Action.TEAM_WRITE)]
)
async def make_review(
    request: Request, hosted: TheHosted, caller: TheCaller, given: NewReview
) -> Response:
    """Ask for a review."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        (about,) = links_named(workspace, caller, [given.about])
        against = links_named(workspace, caller, [given.against] if given.against else [])
        caller.need(Action.TEAM_WRITE, project_of(workspace, about))
        item = ask_review(
            workspace,
            about,
            [member_named(workspace, caller, one) for one in given.reviewers],
            title=given.title or "",
            detail=given.detail,
            against=next(iter(against), None),
            due=given.due,
            by=caller.member,
        )
        return _part(workspace, caller, item)

    return answer(request, await hosted.read(write), 201)


@router.get("/reviews/{item}", response_model=Review, dependencies=[needs(Action.TEAM_READ)])
async def show_review(asked: TheItem) -> Response:
    """Return a review with its verdicts and comments."""
    return await asked.show(REVIEW, review_part)


@router.post(
    "/reviews/{item}/verdicts", response_model=Review, dependencies=[needs(Action.TEAM_WRITE)]
)
async def judge_review(asked: TheItem, given: Judgement) -> Response:
    """Say what one found; the last word of each person counts."""

    def act(workspace: Workspace, found: Item) -> Item:
        shows = links_named(workspace, asked.caller, [given.evidence] if given.evidence else [])
        evidence = next(iter(shows), None)
        return judge(
            workspace,
            found,
            given.verdict,
            text=given.text,
            evidence=evidence,
            by=asked.caller.member,
        )

    return await asked.change(REVIEW, review_part, act)


@router.post(
    "/reviews/{item}/asked", response_model=Review, dependencies=[needs(Action.TEAM_WRITE)]
)
async def pass_review(asked: TheItem, given: Passed) -> Response:
    """Ask one more member, or one in place of another."""

    def act(workspace: Workspace, found: Item) -> Item:
        return ask_also(
            workspace,
            found,
            stand_in(workspace, found)
            if given.to is None
            else member_named(workspace, asked.caller, given.to),
            instead=None
            if given.instead is None
            else member_named(workspace, asked.caller, given.instead),
            text=given.text,
            due=given.due,
            by=asked.caller.member,
        )

    return await asked.change(REVIEW, review_part, act)


@router.post(
    "/reviews/{item}/withdraw", response_model=Review, dependencies=[needs(Action.TEAM_WRITE)]
)
async def withdraw_review(asked: TheItem, given: TakenBack) -> Response:
    """Take a review back that one asked for."""

    def act(workspace: Workspace, found: Item) -> Item:
        return withdraw(workspace, found, text=given.text, by=asked.caller.member)

    return await asked.change(REVIEW, review_part, act)


def _part(workspace: Workspace, caller: Caller, item: Item) -> dict[str, Any]:
    return shown(workspace, caller, review_part(workspace, item))
