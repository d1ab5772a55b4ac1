"""`/activity`: what changed since one last looked, by whom."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.limits import ACTIVITY_MAX, COLUMNS_MAX, QUERY_CHARS_MAX
from afield.members.actions import Action
from afield.workspace.activity import Happening, activity
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["activity"])


class HappeningShape(BaseModel):
    """One thing that happened."""

    at: datetime
    kind: str
    about: str
    project: str | None
    name: str | None
    by: str | None
    member: str | None
    detail: str | None


class Activity(BaseModel):
    """What happened, newest first; `before` goes on where this ends, null when it is all."""

    happenings: list[HappeningShape]
    before: datetime | None


@router.get("/activity", response_model=Activity, dependencies=[needs(Action.RUN_READ)])
async def list_activity(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    since: AwareDatetime | None = None,
    before: AwareDatetime | None = None,
    member: Annotated[str | None, Query(max_length=QUERY_CHARS_MAX)] = None,
    kind: Annotated[list[str] | None, Query(max_length=COLUMNS_MAX)] = None,
    project: Annotated[str | None, Query(max_length=QUERY_CHARS_MAX)] = None,
    limit: Annotated[int, Query(ge=1, le=ACTIVITY_MAX)] = 100,
) -> Response:
    """List begun and ended runs, verdicts, notes and versions of data from `since` to `before`.

    Of a `member`, of some kinds, of a `project`: then a page may have fewer than `limit` and go on.
    """

    def find(workspace: Workspace) -> dict[str, Any]:
        found = activity(
            workspace,
            since_ms=0 if since is None else int(since.timestamp() * 1000),
            before_ms=None if before is None else int(before.timestamp() * 1000),
            limit=limit,
        )
        shown = [
            _told(workspace, one)
            for one in found
            if caller.may(_needed(one), one.project).allowed
            and (member is None or one.member == member)
            and (kind is None or one.kind in kind)
            and (project is None or one.project == project)
        ]
        return {"happenings": shown, "before": found[-1].at if len(found) >= limit else None}

    return answer(request, await hosted.read(find))


def _needed(one: Happening) -> Action:
    return Action.DATA_READ if one.kind.startswith("dataset.") else Action.RUN_READ


def _told(workspace: Workspace, one: Happening) -> dict[str, Any]:
    return {
        "at": one.at,
        "kind": one.kind,
        "about": one.about,
        "project": one.project,
        "name": one.name,
        "by": None if one.member is None else workspace.name_of(one.member),
        "member": one.member,
        "detail": one.detail,
    }
