"""`/tasks`: what is to be done, its parts, the matrix, and the six of a day."""

from __future__ import annotations

from typing import Annotated, Any, Literal

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
    seen,
    shown,
)
from afield.kernel.ids import MemberId
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.teamwork.query import Item
from afield.teamwork.sorts.task import TASK
from afield.teamwork.task import SIX
from afield.workspace.team.due import due_ms
from afield.workspace.team.links import project_of
from afield.workspace.team.tasks import (
    add_task,
    change,
    choose_six,
    finish,
    matrix,
    next_day,
    reopen,
    six,
    task_part,
    tasks,
)
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["tasks"])


class Part(BaseModel):
    """A task that is a part of another."""

    id: str
    state: str


class Task(ItemShape):
    """A task; `due` in Unix milliseconds, `day` and `place` where it stands among the six."""

    detail: str | None
    owner: str | None
    owner_name: str | None
    due: int | None
    important: bool | None
    urgent: bool | None
    part_of: str | None
    about: list[str]
    day: str | None
    place: int | float | None
    parts: list[Part]


class Tasks(BaseModel):
    """Tasks; of a list the newest first, of a day in their order."""

    tasks: list[Task]


class DayTasks(Tasks):
    """A member's tasks for a day, which is a date."""

    day: str


class Matrix(BaseModel):
    """A member's open tasks by what is to be done with them: `do`, `plan`, `pass on`, `drop`."""

    owner: str
    matrix: dict[str, list[Task]]


class TaskFields(BaseModel):
    """What is filled in; what is left out stays. `due` is as in `4h`, in the owner's time."""

    detail: Text | None = None
    owner: Name | None = None
    due: Name | None = None
    important: bool | None = None
    urgent: bool | None = None
    about: list[Name] = []


class NewTask(TaskFields):
    """A task; one's own without an owner."""

    title: Title
    part_of: Name | None = None
    project: Name | None = None


class ChangedTask(TaskFields):
    """What is changed."""

    title: Title | None = None


class Finished(BaseModel):
    """What became of it."""

    outcome: Literal["done", "dropped"] = "done"
    text: Text = ""


class Reopened(BaseModel):
    """Why it is open again."""

    text: Text = ""


class SixTasks(BaseModel):
    """One's tasks for a day, the most important first."""

    tasks: Annotated[list[Name], Field(max_length=SIX)]


@router.get("/tasks", response_model=Tasks, dependencies=[needs(Action.TEAM_READ)])
async def list_tasks(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    owner: Annotated[str | None, Query(max_length=300)] = None,
    about: Annotated[str | None, Query(max_length=300)] = None,
    closed: bool = False,
) -> Response:
    """List open tasks: all, somebody's, those about a thing."""

    def find(workspace: Workspace) -> list[dict[str, Any]]:
        workspace.catch_up()
        who = None if owner is None else member_named(workspace, caller, owner)
        of = None if about is None else links_named(workspace, caller, [about])[0]
        return _parts(workspace, caller, tasks(workspace, owner=who, about=of, closed=closed))

    return answer(request, {"tasks": await hosted.read(find)})


@router.get("/task-matrix", response_model=Matrix, dependencies=[needs(Action.TEAM_READ)])
async def show_matrix(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    owner: Annotated[str, Query(max_length=300)] = "me",
) -> Response:
    """Return a member's open tasks by what is urgent and what is important."""

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        member = member_named(workspace, caller, owner)
        found = {
            name: _parts(workspace, caller, some)
            for name, some in matrix(workspace, member).items()
        }
        return {"owner": member, "matrix": found}

    return answer(request, await hosted.read(find))


@router.get("/task-days/{day}", response_model=DayTasks, dependencies=[needs(Action.TEAM_READ)])
async def show_six(request: Request, hosted: TheHosted, caller: TheCaller, day: str) -> Response:
    """Return one's tasks for a day: a date, or `next` for the next one on which one works."""

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        on = _day(workspace, caller, day)
        return {"day": on, "tasks": _parts(workspace, caller, six(workspace, caller.member, on))}

    return answer(request, await hosted.read(find))


@router.put("/task-days/{day}", response_model=DayTasks, dependencies=[needs(Action.TEAM_WRITE)])
async def choose_tasks(
    request: Request, hosted: TheHosted, caller: TheCaller, day: str, given: SixTasks
) -> Response:
    """Choose at most six of one's tasks for a day or `next`, in their order."""

    def write(workspace: Workspace) -> dict[str, Any]:
        chosen = [seen(workspace, caller, TASK, one, Action.TEAM_WRITE) for one in given.tasks]
        on = _day(workspace, caller, day)
        found = choose_six(workspace, on, chosen, by=caller.member)
        return {"day": on, "tasks": _parts(workspace, caller, found)}

    return answer(request, await hosted.read(write))


@router.post(
    "/tasks", status_code=201, response_model=Task, dependencies=[needs(Action.TEAM_WRITE)]
)
async def make_task(
    request: Request, hosted: TheHosted, caller: TheCaller, given: NewTask
) -> Response:
    """Write a task down."""

    def write(workspace: Workspace) -> dict[str, Any]:
        workspace.catch_up()
        values = _values(workspace, caller, given, caller.member)
        if given.part_of is not None:
            values["part_of"] = seen(workspace, caller, TASK, given.part_of, Action.TEAM_WRITE).link
        linked = values.get("part_of") or next(iter(values.get("about", ())), None)
        where = given.project or ("default" if linked is None else project_of(workspace, linked))
        caller.need(Action.TEAM_WRITE, where)
        item = add_task(workspace, given.title, values, project=where, by=caller.member)
        return _part(workspace, caller, item)

    return answer(request, await hosted.read(write), 201)


@router.get("/tasks/{item}", response_model=Task, dependencies=[needs(Action.TEAM_READ)])
async def show_task(asked: TheItem) -> Response:
    """Return a task with its parts."""
    return await asked.show(TASK, task_part)


@router.patch("/tasks/{item}", response_model=Task, dependencies=[needs(Action.TEAM_WRITE)])
async def change_task(asked: TheItem, given: ChangedTask) -> Response:
    """Change a task."""

    def act(workspace: Workspace, found: Item) -> Item:
        values = _values(workspace, asked.caller, given, found.get("owner") or asked.caller.member)
        if given.title is not None:
            values["title"] = given.title
        return change(workspace, found, values, by=asked.caller.member)

    return await asked.change(TASK, task_part, act)


@router.post("/tasks/{item}/finish", response_model=Task, dependencies=[needs(Action.TEAM_WRITE)])
async def finish_task(asked: TheItem, given: Finished) -> Response:
    """Say that a task is done, or dropped."""

    def act(workspace: Workspace, found: Item) -> Item:
        return finish(
            workspace, found, outcome=given.outcome, text=given.text, by=asked.caller.member
        )

    return await asked.change(TASK, task_part, act)


@router.post("/tasks/{item}/reopen", response_model=Task, dependencies=[needs(Action.TEAM_WRITE)])
async def reopen_task(asked: TheItem, given: Reopened) -> Response:
    """Open a task again."""

    def act(workspace: Workspace, found: Item) -> Item:
        return reopen(workspace, found, text=given.text, by=asked.caller.member)

    return await asked.change(TASK, task_part, act)


def _values(workspace: Workspace, caller: Caller, given: TaskFields, owner: str) -> dict[str, Any]:
    """Return the fields that are filled in; a due time in the time of who is to do it."""
    values = given.model_dump(exclude_unset=True, exclude={"title", "part_of", "project"})
    if given.owner is not None:
        values["owner"] = owner = member_named(workspace, caller, given.owner)
    if given.due is not None:
        values["due"] = due_ms(workspace, MemberId(owner), given.due)
    if "about" in values:
        values["about"] = links_named(workspace, caller, given.about)
    return values


def _part(workspace: Workspace, caller: Caller, item: Item) -> dict[str, Any]:
    return shown(workspace, caller, task_part(workspace, item))


def _parts(workspace: Workspace, caller: Caller, items: list[Item]) -> list[dict[str, Any]]:
    return [_part(workspace, caller, one) for one in readable(caller, items)]


def _day(workspace: Workspace, caller: Caller, day: str) -> str:
    return next_day(workspace, caller.member) if day == "next" else day
