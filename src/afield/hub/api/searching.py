"""`/search`: the box that finds runs, notes, datasets and people by plain words."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.limits import FOUND_MAX, SEARCH_CHARS_MAX
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.workspace.searching import search
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["search"])
_NEEDED = {
    "run": Action.RUN_READ,
    "note": Action.RUN_READ,
    "dataset": Action.DATA_READ,
    "member": Action.MEMBER_READ,
}


class Found(BaseModel):
    """Something that holds the words; `id` is what its own address takes."""

    kind: Literal["run", "note", "dataset", "member"]
    id: str
    label: str
    project: str | None
    detail: str | None
    at: datetime | None


class FoundAnswer(BaseModel):
    """What was found, by kind, the newest first."""

    found: list[Found]


@router.get("/search", response_model=FoundAnswer, dependencies=[needs(Action.RUN_READ)])
async def find_words(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    text: Annotated[str, Query(max_length=SEARCH_CHARS_MAX)],
    limit: Annotated[int, Query(ge=1, le=FOUND_MAX)] = 10,
) -> Response:
    """Find what holds every word: names, ids, tags and failures of runs, notes, data, people."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.catch_up()
        found = search(workspace, text, limit=FOUND_MAX)
        shown = [one for one in found if _may(caller, one)]
        return [
            one
            for kind in _NEEDED
            for one in [each for each in shown if each["kind"] == kind][:limit]
        ]

    return answer(request, {"found": await hosted.read(find)})


def _may(caller: Caller, one: dict[str, Any]) -> bool:
    return caller.may(_NEEDED[one["kind"]], one["project"]).allowed
