"""`/runs/{run}`: one run: everything that is known of it, and what people put on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.run_shapes import RunShape
from afield.hub.limits import MARKED_MAX
from afield.kernel.ids import RunId
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.workspace.documents import run_document
from afield.workspace.marks import delete_runs, mark_run, note_run
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["run"])


class Note(BaseModel):
    """A note, in prose."""

    text: str


class Marks(BaseModel):
    """What to change of a run; what is left out stays."""

    name: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    remove: list[str] = Field(default_factory=list)


class BulkMarks(BaseModel):
    """What to change of many runs; a tag to remove that one of them lacks is no fault."""

    runs: list[str] = Field(min_length=1, max_length=MARKED_MAX)
    tags: dict[str, str] = Field(default_factory=dict)
    remove: list[str] = Field(default_factory=list)
    deleted: bool | None = None


class Marked(BaseModel):
    """The runs that were marked."""

    runs: list[str]


def seen(workspace: Workspace, caller: Caller, ref: str, action: Action) -> RunView:
    """Return a run by id, prefix or name, when its caller may do `action` to it.

    Raises:
        RunNotFound: there is none.
        ActionNotAllowed: the caller may not, in the run's project.
    """
    run = workspace.run(ref)
    caller.need(action, run.project)
    return run


def seen_all(
    workspace: Workspace, caller: Caller, refs: Sequence[str], action: Action
) -> list[RunView]:
    """Return runs as `seen` does each, with one look at the record where they are named by id."""
    workspace.refresh()
    known = {view.id: view for view in workspace.views(list(dict.fromkeys(refs)))}
    found = [known.get(RunId(ref)) or workspace.run(ref) for ref in refs]
    for view in found:
        caller.need(action, view.project)
    return found


@router.get("/runs/{run}", response_model=RunShape, dependencies=[needs(Action.RUN_READ)])
async def show_run(request: Request, hosted: TheHosted, caller: TheCaller, run: str) -> Response:
    """Return everything that is known of a run: the document `afield.run/1`."""

    def find(workspace: Workspace) -> dict[str, Any]:
        return _document(workspace, seen(workspace, caller, run, Action.RUN_READ))

    return answer(request, await hosted.read(find))


@router.post(
    "/runs/{run}/notes",
    status_code=201,
    response_model=Note,
    dependencies=[needs(Action.RUN_EDIT)],
)
async def add_note(
    request: Request, hosted: TheHosted, caller: TheCaller, run: str, note: Note
) -> Response:
    """Write a note down on a run; secrets in it are replaced."""

    def write(workspace: Workspace) -> dict[str, Any]:
        view = seen(workspace, caller, run, Action.RUN_EDIT)
        _, words, _ = note_run(workspace, view, note.text, by=caller.member)
        return {"text": words}

    return answer(request, await hosted.read(write), 201)


@router.patch("/runs/{run}", response_model=RunShape, dependencies=[needs(Action.RUN_EDIT)])
async def change_run(
    request: Request, hosted: TheHosted, caller: TheCaller, run: str, marks: Marks
) -> Response:
    """Give a run another name, set tags, remove tags; return the run."""

    def write(workspace: Workspace) -> dict[str, Any]:
        view = seen(workspace, caller, run, Action.RUN_EDIT)
        mark_run(
            workspace,
            view,
            tags=marks.tags,
            removed=marks.remove,
            name=marks.name,
            by=caller.member,
        )
        return _document(workspace, workspace.run(view.id))

    return answer(request, await hosted.read(write))


@router.delete("/runs/{run}", status_code=204, dependencies=[needs(Action.RUN_DELETE)])
async def delete_run(hosted: TheHosted, caller: TheCaller, run: str) -> Response:
    """Put a run out of sight; nothing is erased."""
    await hosted.read(lambda workspace: _set_deleted(workspace, caller, run, deleted=True))
    return Response(status_code=204)


@router.post("/runs/{run}/restore", status_code=204, dependencies=[needs(Action.RUN_DELETE)])
async def restore_run(hosted: TheHosted, caller: TheCaller, run: str) -> Response:
    """Bring a deleted run back."""
    await hosted.read(lambda workspace: _set_deleted(workspace, caller, run, deleted=False))
    return Response(status_code=204)


@router.post("/marks", response_model=Marked, dependencies=[needs(Action.RUN_READ)])
async def mark_runs(
    request: Request, hosted: TheHosted, caller: TheCaller, marks: BulkMarks
) -> Response:
    """Set and remove tags of many runs, delete or restore them: all, or none when one cannot be."""

    def write(workspace: Workspace) -> dict[str, Any]:
        views = [workspace.run(ref) for ref in dict.fromkeys(marks.runs)]
        for view in views:
            if marks.tags or marks.remove:
                caller.need(Action.RUN_EDIT, view.project)
            if marks.deleted is not None:
                caller.need(Action.RUN_DELETE, view.project)
        for view in views:
            removed = [key for key in marks.remove if key in view.tags]
            mark_run(workspace, view, tags=marks.tags, removed=removed, by=caller.member)
        if marks.deleted is not None:
            delete_runs(workspace, views, deleted=marks.deleted, by=caller.member)
        return {"runs": [view.id for view in views]}

    return answer(request, await hosted.read(write))


def _document(workspace: Workspace, view: RunView) -> dict[str, Any]:
    return {**run_document(workspace, view), "by": view.user, "parent": view.parent}


def _set_deleted(workspace: Workspace, caller: Caller, run: str, *, deleted: bool) -> None:
    view = seen(workspace, caller, run, Action.RUN_DELETE)
    delete_runs(workspace, [view], deleted=deleted, by=caller.member)
