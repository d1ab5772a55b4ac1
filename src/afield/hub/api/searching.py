"""`/search`: the box that finds what anybody wrote or recorded, by its words."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs, projects_of
from afield.hub.api.team_items import may_follow
from afield.hub.limits import FOUND_MAX, SEARCH_CHARS_MAX
from afield.members.actions import Action
from afield.workspace.search.documents import found_part
from afield.workspace.search.find import search, search_each
from afield.workspace.search.sources import NEEDED
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["search"])


class Excerpt(BaseModel):
    """A piece of what was found; `marks` are pairs: where words begin and end, in characters."""

    text: str
    marks: list[list[int]]


class Found(BaseModel):
    """Something that holds the words; `kind` says what, and `id` is what its own address takes.

    That is of a note its run's, of a thread the link of what it is about. `score` is the larger
    the better, and comparable within one answer.
    """

    kind: str
    id: str
    label: str
    project: str | None
    detail: str | None
    at: datetime | None
    by: str | None
    score: float
    excerpt: Excerpt | None


class FoundAnswer(BaseModel):
    """What was found: by kind, or with `ranked` all together, the best first."""

    found: list[Found]


@router.get("/search", response_model=FoundAnswer, dependencies=[needs(Action.RUN_READ)])
async def find_words(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    text: Annotated[str, Query(max_length=SEARCH_CHARS_MAX)],
    limit: Annotated[int, Query(ge=1, le=FOUND_MAX)] = 10,
    ranked: bool = False,
) -> Response:
    """Find what holds every word: runs, notes, data, models, traces, people, and what they wrote.

    `text` is words, "phrases", -not, prefix*, and `sort:`, `by:`, `project:`, `since:`. At most
    `limit` of each kind, or `limit` in all when they are `ranked` together.
    """
    visible = {sort: projects_of(caller, action) for sort, action in NEEDED.items()}

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.catch_up()
        if ranked:
            found = search(workspace, text, limit=limit, visible=visible).found
        else:
            found = tuple(search_each(workspace, text, limit=limit, visible=visible))

        def follows(link: str) -> bool:
            return may_follow(workspace, caller, link)

        return [found_part(workspace, one, may_follow=follows) for one in found]

    return answer(request, {"found": await hosted.read(find)})
