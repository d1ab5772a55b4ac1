"""Blockers: what keeps somebody from going on, whose it is to clear, and who offers help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from afield.kernel.ids import MemberId
from afield.teamwork.errors import ItemBad, MoveRefused
from afield.teamwork.query import Item, items_of
from afield.teamwork.shapes import Move
from afield.teamwork.sorts.blocker import BLOCKER, CLEARED, OFFERED, REOPENED
from afield.teamwork.states import blocker_standing
from afield.workspace.team.items import Writing, find_item, item_part
from afield.workspace.team.links import label_of
from afield.workspace.workspace import Workspace


def block(
    workspace: Workspace,
    title: str,
    *,
    owner: MemberId | None = None,
    about: Sequence[str] = (),
    project: str = "default",
    by: MemberId | None = None,
) -> Item:
    """Say what keeps you from going on; `owner` is to clear it, who says so when it is None.

    Raises:
        ItemBad: nothing is said.
    """
    if not title.strip():
        raise ItemBad("nothing blocks you", hint='afield block "No access to the eval bucket"')
    writing = Writing(workspace, by=by)
    values = {"title": title, "owner": owner or writing.member, "about": list(about)}
    item = writing.make(BLOCKER, values, project=project)
    writing.done()
    return find_item(workspace, BLOCKER, item)


def offer(workspace: Workspace, item: Item, text: str, *, by: MemberId | None = None) -> Item:
    """Offer help.

    Raises:
        MoveRefused: it is cleared.
    """
    if blocker_standing(item).state != "open":
        raise MoveRefused("nothing to help with", item.id, "the blocker is cleared")
    return _moved(workspace, item, OFFERED, text, by)


def clear(workspace: Workspace, item: Item, text: str = "", *, by: MemberId | None = None) -> Item:
    """Say that a blocker is out of the way.

    Raises:
        MoveRefused: it is already.
    """
    if blocker_standing(item).state != "open":
        raise MoveRefused("cannot clear the blocker", item.id, "it is cleared")
    return _moved(workspace, item, CLEARED, text, by)


def reopen(workspace: Workspace, item: Item, text: str = "", *, by: MemberId | None = None) -> Item:
    """Say that a blocker is in the way again.

    Raises:
        MoveRefused: it still is.
    """
    if blocker_standing(item).state == "open":
        raise MoveRefused("cannot open the blocker again", item.id, "it is open")
    return _moved(workspace, item, REOPENED, text, by)


def blockers(workspace: Workspace, *, cleared: bool = False) -> list[Item]:
    """Return blockers, the newest first: those in the way, or all."""
    found = items_of(workspace.query, BLOCKER)
    return [one for one in found if cleared or blocker_standing(one).state == "open"]


def blocker_part(workspace: Workspace, item: Item) -> dict[str, Any]:
    """Return a blocker as a document."""
    owner = item.get("owner")
    return {
        **item_part(workspace, item),
        "state": blocker_standing(item).state,
        "owner_name": None if owner is None else workspace.name_of(owner),
        "labels": {link: label_of(workspace, link) for link in item.get("about")},
    }


def _moved(workspace: Workspace, item: Item, move: Move, text: str, by: MemberId | None) -> Item:
    writing = Writing(workspace, by=by)
    writing.move(BLOCKER, item.id, move, {"text": text})
    writing.done()
    return find_item(workspace, BLOCKER, item.id)
