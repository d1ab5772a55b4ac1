"""Turns on call: who agreed to be woken, from when until when."""

from __future__ import annotations

from typing import Any

from afield.kernel.ids import MemberId
from afield.teamwork.errors import ItemBad, MoveRefused
from afield.teamwork.query import Item, items_of
from afield.teamwork.sorts.oncall import ONCALL, WITHDRAWN
from afield.workspace.team.items import Writing, find_item, item_part
from afield.workspace.workspace import Workspace

LONGEST_MS = 31 * 24 * 3_600_000


def take_call(
    workspace: Workspace, from_ms: int, until_ms: int, *, by: MemberId | None = None
) -> Item:
    """Agree to be woken between two instants; nobody else can say so for a person.

    Who agreed to that already, also for longer, is on call then once: that turn is returned.

    Raises:
        ItemBad: it ends before it begins, or is longer than a month.
    """
    if not from_ms < until_ms <= from_ms + LONGEST_MS:
        why = "it ends before it begins" if until_ms <= from_ms else "it is longer than 31 days"
        hint = "afield oncall take now 2026-11-28T18:00"
        raise ItemBad("not a turn on call", None, why, hint=hint)
    writing = Writing(workspace, by=by)
    for one in turns(workspace, after_ms=from_ms):
        if one.author == writing.member and one.get("from") <= from_ms < until_ms <= one.get(
            "until"
        ):
            return one
    item = writing.make(ONCALL, {"from": from_ms, "until": until_ms})
    writing.done()
    return find_item(workspace, ONCALL, item)


def drop_call(workspace: Workspace, item: Item, *, by: MemberId | None = None) -> Item:
    """Take one's own turn back.

    Raises:
        MoveRefused: it is somebody else's, or was taken back.
    """
    if (by or workspace.config.member) != item.author:
        raise MoveRefused("cannot take it back", item.id[:8], "it is somebody else's turn")
    if is_withdrawn(item):
        raise MoveRefused("cannot take it back", item.id[:8], "it was taken back already")
    writing = Writing(workspace, by=by)
    writing.move(ONCALL, item.id, WITHDRAWN, {})
    writing.done()
    return find_item(workspace, ONCALL, item.id)


def turns(workspace: Workspace, *, after_ms: int = 0) -> list[Item]:
    """Return the turns that stand and end after an instant, the first to begin first."""
    found = [
        one
        for one in items_of(workspace.query, ONCALL)
        if not is_withdrawn(one) and (one.get("until") or 0) > after_ms
    ]
    return sorted(found, key=lambda one: (one.get("from") or 0, one.id))


def oncall_at(workspace: Workspace, at_ms: int) -> list[MemberId]:
    """Return who agreed to be woken at an instant."""
    found = [one.author for one in turns(workspace, after_ms=at_ms) if one.get("from") <= at_ms]
    return [MemberId(one) for one in dict.fromkeys(found)]


def is_withdrawn(item: Item) -> bool:
    """Tell whether its author took a turn back; what others say does not count."""
    return any(one.member == item.author for one in item.did("withdrawn"))


def turn_part(workspace: Workspace, item: Item) -> dict[str, Any]:
    """Return a turn as a document."""
    return {**item_part(workspace, item), "withdrawn": is_withdrawn(item)}
