"""`/devices`: whose machines write this record, how far each is known here, and its remotes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheHosted, needs
from afield.members.actions import Action
from afield.workspace.sharing import sharing_document
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["devices"])


class DeviceShape(BaseModel):
    """A machine: `entries` is the number of its last entry here, `at` its time."""

    id: str
    name: str | None
    member: str
    by: str
    introduced: datetime
    entries: int
    at: datetime | None
    state: str
    here: bool


class WaitingShape(BaseModel):
    """A machine that nobody has confirmed, and how many of its entries wait."""

    id: str
    member: str
    entries: int


class RemoteShape(BaseModel):
    """A place where copies meet, and how many packs there are known not to be here."""

    name: str
    url: str
    labels: list[str]
    synced: bool
    packs_elsewhere: int


class Sharing(BaseModel):
    """Who writes this record, and where its copies meet."""

    devices: list[DeviceShape]
    waiting: list[WaitingShape]
    remotes: list[RemoteShape]


@router.get("/devices", response_model=Sharing, dependencies=[needs(Action.MEMBER_READ)])
async def list_devices(request: Request, hosted: TheHosted) -> Response:
    """Tell how far the log of each device is known here, which wait, and the remotes."""

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        return sharing_document(workspace)

    return answer(request, await hosted.read(find))
