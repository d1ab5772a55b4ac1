"""What routes about decisions, reviews and tasks share: who may read an item, who is meant.

A link that a caller may not follow is shown as it stands, without what it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted
from afield.kernel.ids import MemberId
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.teamwork.query import Item
from afield.teamwork.shapes import Sort
from afield.teamwork.sorts import SORT_OF
from afield.workspace.hosted import Hosted
from afield.workspace.team.items import find_item
from afield.workspace.team.links import link_to, project_of
from afield.workspace.team.people import ME, find_member
from afield.workspace.workspace import Workspace

Document = Callable[[Workspace, Item], dict[str, Any]]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(max_length=100_000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]
_READS = {"run": Action.RUN_READ, "data": Action.DATA_READ, "model": Action.MODEL_READ}


class Moved(BaseModel):
    """What somebody did with an item; what came with it stands beside."""

    model_config = ConfigDict(extra="allow")

    move: str
    by: str
    member: str
    at_ms: int
    place: str


class OneItem:
    """What is asked about one item: it is shown to who may read it, changed by who may write it."""

    def __init__(self, request: Request, hosted: Hosted, caller: Caller, words: str) -> None:
        self.caller = caller
        self._request, self._hosted, self._words = request, hosted, words

    async def show(self, sort: Sort, part: Document) -> Response:
        """Answer with the item's document."""

        def find(workspace: Workspace) -> dict[str, Any]:
            item = seen(workspace, self.caller, sort, self._words, Action.TEAM_READ)
            return shown(workspace, self.caller, part(workspace, item))

        return answer(self._request, await self._hosted.read(find))

    async def change(
        self, sort: Sort, part: Document, act: Callable[[Workspace, Item], Item]
    ) -> Response:
        """Do something with the item and answer with what it is then."""

        def write(workspace: Workspace) -> dict[str, Any]:
            item = seen(workspace, self.caller, sort, self._words, Action.TEAM_WRITE)
            return shown(workspace, self.caller, part(workspace, act(workspace, item)))

        return answer(self._request, await self._hosted.read(write))


async def _one(request: Request, hosted: TheHosted, caller: TheCaller, item: str) -> OneItem:
    return OneItem(request, hosted, caller, item)


TheItem = Annotated[OneItem, Depends(_one)]


class ItemShape(BaseModel):
    """An item: what it is, by whom, where it stands, and what was done with it, in order.

    `labels` says what links are called, where the caller may follow them. Prose that was erased is
    said to be so.
    """

    model_config = ConfigDict(extra="allow")

    id: str
    sort: str
    project: str
    author: str
    by: str
    made_ms: int
    touched_ms: int
    title: str | None
    state: str
    moves: list[Moved]
    labels: dict[str, str]


def seen(workspace: Workspace, caller: Caller, sort: Sort, words: str, action: Action) -> Item:
    """Return an item by id or its beginning, when its caller may do something with it.

    Raises:
        ItemNotFound: there is none.
        ActionNotAllowed: the caller may not, in the item's project.
    """
    workspace.catch_up()
    item = find_item(workspace, sort, words)
    caller.need(action, item.project)
    return item


def readable(caller: Caller, items: Iterable[Item]) -> list[Item]:
    """Return those that a caller may read."""
    return [one for one in items if caller.may(Action.TEAM_READ, one.project).allowed]


def member_named(workspace: Workspace, caller: Caller, words: str) -> MemberId:
    """Return a member by name or id; `me` is who asks.

    Raises:
        NotFound: there is none, or several fit.
    """
    return caller.member if words.strip() == ME else find_member(workspace, words)


def links_named(workspace: Workspace, caller: Caller, words: Iterable[str]) -> list[str]:
    """Return links to things that a caller may read.

    Raises:
        NotFound: there is nothing of a name.
        ActionNotAllowed: the caller may not read one.
    """
    found = [link_to(workspace, one) for one in words]
    for link in found:
        caller.need(_action(link), project_of(workspace, link) if _placed(link) else None)
    return found


def shown(workspace: Workspace, caller: Caller, part: dict[str, Any]) -> dict[str, Any]:
    """Return an item's document without the names of things that a caller may not read."""
    labels = {
        link: label if may_follow(workspace, caller, link) else link
        for link, label in part["labels"].items()
    }
    return {**part, "labels": labels}


def may_follow(workspace: Workspace, caller: Caller, link: str) -> bool:
    """Tell whether a caller may read what a link names."""
    place = project_of(workspace, link) if _placed(link) else None
    return caller.may(_action(link), place).allowed


def _action(link: str) -> Action:
    return _READS.get(link.partition(":")[0], Action.TEAM_READ)


def _placed(link: str) -> bool:
    """Tell whether what a link names is in a project that is known."""
    kind = link.partition(":")[0]
    return kind == "run" or kind in SORT_OF
