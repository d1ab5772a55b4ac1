"""`/me`: who asks, what they may do, and what record this is."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.members.actions import Action
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["me"])


class Me(BaseModel):
    """Who asks; `may` are the actions allowed in one project or more."""

    member: str
    name: str
    how: Literal["local", "session", "token", "device"]
    may: list[str]
    workspace: str
    device: str
    version: str


@router.get("/me", response_model=Me, dependencies=[needs(Action.RUN_READ)])
async def show_me(request: Request, hosted: TheHosted, caller: TheCaller) -> Response:
    """Say who asks and what they may do."""
    from importlib.metadata import version

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        return {
            "member": caller.member,
            "name": workspace.name_of(caller.member),
            "how": caller.how,
            "may": [str(action) for action in Action if caller.may_anywhere(action)],
            "workspace": workspace.config.workspace,
            "device": workspace.config.device,
            "version": version("afield"),
        }

    return answer(request, await hosted.read(find))
