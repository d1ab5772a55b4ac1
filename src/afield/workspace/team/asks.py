"""Asks: what somebody needs from somebody, by when, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from afield.kernel.ids import MemberId
from afield.teamwork.errors import ItemBad, MoveRefused
from afield.teamwork.query import Item, items_of
from afield.teamwork.sorts.ask import ANSWERED, ASK, CLOSED, REOPENED
from afield.teamwork.states import ask_standing
from afield.workspace.team.items import Writing, find_item, item_part
from afield.workspace.team.links import label_of
from afield.workspace.workspace import Workspace

OPEN = ("open", "answered")


def ask(
    workspace: Workspace,
    title: str,
    to: MemberId,
    *,
    detail: str = "",
    need: str = "answer",
    urgency: str = "normal",
    due_ms: int | None = None,
    about: Sequence[str] = (),
    project: str = "default",
    by: MemberId | None = None,
) -> Item:
    """Ask a member for something.

    Args:
        workspace: where.
        title: what is needed, on one line.
        to: of whom.
        detail: what they need to know for it.
        need: `answer`, `decision`, `review` or `action`.
        urgency: `normal` or `urgent`.
        due_ms: by when, in Unix milliseconds.
        about: links to what it is about.
        project: in which project.
        by: on whose behalf, when not this device's member.

    Raises:
        ItemBad: a value cannot stand where it is given.
    """
    writing = Writing(workspace, by=by)
    if not title.strip():
        raise ItemBad("nothing is asked", hint='afield ask ada "Which split did you use?"')
    values = {
        "title": title,
        "detail": detail,
        "to": to,
        "need": need,
        "urgency": urgency,
        "due": due_ms,
        "about": list(about),
    }
    item = writing.make(ASK, values, project=project)
    writing.done()
    return find_item(workspace, ASK, item)


def answer(
    workspace: Workspace,
    item: Item,
    text: str,
    *,
    about: Sequence[str] = (),
    by: MemberId | None = None,
) -> Item:
    """Answer an ask; only who is asked can: the words of others are comments.

    Raises:
        MoveRefused: it is closed, or somebody else is asked.
    """
    if ask_standing(item).state == "closed":
        hint = f"afield ask reopen {item.id}"
        raise MoveRefused("cannot answer the ask", item.id, "it is closed", hint=hint)
    if (by or workspace.config.member) != item.get("to"):
        why = f"{workspace.name_of(item.get('to') or '')} is asked"
        hint = f'afield comment ask:{item.id[:8]} "what you know of it"'
        raise MoveRefused("cannot answer the ask", item.id, why, hint=hint)
    values: dict[str, Any] = {"text": text, "about": list(about) or None}
    return _moved(workspace, item, ANSWERED, values, by)


def close(
    workspace: Workspace,
    item: Item,
    *,
    outcome: str = "done",
    text: str = "",
    by: MemberId | None = None,
) -> Item:
    """Close an ask: who asked as done or withdrawn, who was asked by declining.

    Raises:
        MoveRefused: it is closed, or somebody else's.
    """
    member = by or workspace.config.member
    if ask_standing(item).state == "closed":
        raise MoveRefused("cannot close the ask", item.id, "it is closed")
    if member != (item.get("to") if outcome == "declined" else item.author):
        asker, asked = workspace.name_of(item.author), workspace.name_of(item.get("to") or "")
        why = f"{asker} asked, {asked} was asked; you are neither, or not the one who says so"
        raise MoveRefused(f"cannot close the ask as {outcome}", item.id, why)
    return _moved(workspace, item, CLOSED, {"outcome": outcome, "text": text}, by)


def reopen(workspace: Workspace, item: Item, *, text: str = "", by: MemberId | None = None) -> Item:
    """Open an ask again.

    Raises:
        MoveRefused: it is open.
    """
    if ask_standing(item).state == "open":
        raise MoveRefused("cannot open the ask again", item.id, "it is open")
    return _moved(workspace, item, REOPENED, {"text": text}, by)


def hand_on(workspace: Workspace, item: Item, to: MemberId, *, by: MemberId | None = None) -> Item:
    """Let somebody else be asked.

    Raises:
        MoveRefused: it is closed.
    """
    if ask_standing(item).state == "closed":
        raise MoveRefused("cannot hand the ask on", item.id, "it is closed")
    writing = Writing(workspace, by=by)
    writing.change(item, {"to": to})
    writing.done()
    return find_item(workspace, ASK, item.id)


def asks(
    workspace: Workspace,
    *,
    to: str | None = None,
    author: str | None = None,
    closed: bool = False,
) -> list[Item]:
    """Return asks, the newest first: those of a person, or by one; open ones unless `closed`."""
    return [
        one
        for one in items_of(workspace.query, ASK)
        if (to is None or one.get("to") == to)
        and (author is None or one.author == author)
        and (closed or ask_standing(one).state in OPEN)
    ]


def ask_part(workspace: Workspace, item: Item) -> dict[str, Any]:
    """Return an ask as a document."""
    standing = ask_standing(item)
    to = item.get("to")
    return {
        **item_part(workspace, item),
        "state": standing.state,
        "to_name": None if to is None else workspace.name_of(to),
        "labels": {link: label_of(workspace, link) for link in item.get("about")},
    }


def _moved(
    workspace: Workspace, item: Item, move: Any, values: dict[str, Any], by: MemberId | None
) -> Item:
    writing = Writing(workspace, by=by)
    writing.move(ASK, item.id, move, values)
    writing.done()
    return find_item(workspace, ASK, item.id)
