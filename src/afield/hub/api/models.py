"""`/models`: registered models, their versions, aliases and stages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.members.actions import Action
from afield.workspace import models
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["models"])
MAY_READ = [needs(Action.MODEL_READ)]


class ModelVersionShape(BaseModel):
    """A version of a model; `source` is where its files are: `runs:/<run>/<path>`.

    `link` names it for good, in threads and reviews too; numbers are counted when asked.
    """

    label: str
    link: str
    number: int
    stage: str
    source: str
    run: str | None
    registered: datetime
    by: str
    description: str | None


class ModelShape(BaseModel):
    """A model; `aliases` are numbers of versions by alias, `versions` the newest first."""

    name: str
    project: str
    made: datetime
    description: str | None
    aliases: dict[str, int]
    versions: list[ModelVersionShape]


class Models(BaseModel):
    """All registered models, by name."""

    models: list[ModelShape]


@router.get("/models", response_model=Models, dependencies=MAY_READ)
async def list_models(request: Request, hosted: TheHosted, caller: TheCaller) -> Response:
    """List the registered models with their versions."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.refresh()
        return [
            models.model_part(workspace, one)
            for one in models.models(workspace)
            if caller.may(Action.MODEL_READ, one.project).allowed
        ]

    return answer(request, {"models": await hosted.read(find)})


@router.get("/models/{name}", response_model=ModelShape, dependencies=MAY_READ)
async def show_model(request: Request, hosted: TheHosted, caller: TheCaller, name: str) -> Response:
    """Return one model, by its name or id, with its versions."""

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.refresh()
        model = models.find_model(workspace, name)
        caller.need(Action.MODEL_READ, model.project)
        return models.model_part(workspace, model)

    return answer(request, await hosted.read(find))
