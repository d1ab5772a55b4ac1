"""Decisions: written down with their evidence, open for comments in everybody's hours, settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from afield.kernel.ids import MemberId
from afield.teamwork.decision import (
    MINUTES,
    MINUTES_MAX,
    ONE_WAY,
    Window,
    decision_standing,
    settled_otherwise,
    voices,
    windows,
)
from afield.teamwork.errors import ItemBad, MoveRefused
from afield.teamwork.query import Item, items_of, items_with
from afield.teamwork.shapes import Value
from afield.teamwork.sorts.decision import DECISION, OUTCOMES, PROPOSED, REVISITED, SETTLED
from afield.workspace.team.hours import hours_of
from afield.workspace.team.items import Writing, find_item, item_part, move_part
from afield.workspace.team.links import label_of
from afield.workspace.workspace import Workspace

PROSE = ("context", "drivers", "options", "outcome", "consequences", "confirmation")
LINKED = ("evidence", "supersedes")
PEOPLE = ("deciders", "consulted", "informed")


def decide(
    workspace: Workspace,
    title: str,
    values: Mapping[str, Any],
    *,
    project: str = "default",
    by: MemberId | None = None,
) -> Item:
    """Write a decision down as a draft.

    Args:
        workspace: where.
        title: what is decided, on one line.
        values: by field of the sort: words, members, links, `way`, `review`.
        project: in which project.
        by: on whose behalf, when not this device's member.

    Raises:
        ItemBad: a value cannot stand where it is given.
    """
    if not title.strip():
        hint = 'afield decide "Train on the split of November" --evidence run:brisk-otter'
        raise ItemBad("nothing is decided", hint=hint)
    _check_superseded(values.get("supersedes") or ())
    writing = Writing(workspace, by=by)
    item = writing.make(DECISION, {"title": title, **values}, project=project)
    writing.done()
    return find_item(workspace, DECISION, item)


def change(
    workspace: Workspace,
    item: Item,
    values: Mapping[str, Any],
    *,
    remove: Mapping[str, Sequence[Value]] | None = None,
    by: MemberId | None = None,
) -> Item:
    """Change a decision that is not settled; one that is gets another that supersedes it.

    Raises:
        MoveRefused: it is settled.
        ItemBad: a value cannot stand where it is given.
    """
    state = decision_standing(item).state
    if state in OUTCOMES:
        hint = f'afield decide "…" --supersedes decision:{item.id[:8]}'
        raise MoveRefused("cannot change the decision", item.id, f"it is {state}", hint=hint)
    _check_superseded(values.get("supersedes") or ())
    writing = Writing(workspace, by=by)
    writing.change(item, values, remove=remove)
    writing.done()
    return find_item(workspace, DECISION, item.id)


def propose(
    workspace: Workspace,
    item: Item,
    *,
    minutes: int = MINUTES,
    text: str = "",
    by: MemberId | None = None,
) -> Item:
    """Ask deciders and consulted members for comments, so many minutes of each one's working time.

    Raises:
        MoveRefused: it is settled.
        ItemBad: it would be for too long.
    """
    state = decision_standing(item).state
    if state in OUTCOMES:
        raise MoveRefused("cannot propose the decision", item.id, f"it is {state}")
    if not 0 <= minutes <= MINUTES_MAX:
        raise ItemBad("not a time for comments", minutes, f"0 to {MINUTES_MAX} minutes")
    return _moved(workspace, item, PROPOSED, {"minutes": minutes, "text": text}, by)


def settle(
    workspace: Workspace,
    item: Item,
    outcome: str,
    *,
    text: str = "",
    early: str = "",
    by: MemberId | None = None,
) -> Item:
    """Accept, reject or withdraw a decision.

    Args:
        workspace: where.
        item: the decision.
        outcome: `accepted`, `rejected` or `withdrawn`.
        text: what there is to say of it.
        early: why nobody waits for those who still have time to comment.
        by: on whose behalf, when not this device's member.

    Raises:
        MoveRefused: it is settled so, another one decides, or a one-way decision would be accepted
            while somebody still has time to comment and nothing says why.
    """
    member = by or workspace.config.member
    standing = decision_standing(item)
    if standing.state == outcome:
        raise MoveRefused("cannot settle the decision", item.id, f"it is {outcome} already")
    deciders = item.get("deciders") or [item.author]
    if member not in {*deciders, item.author} or (
        outcome != "withdrawn" and member not in deciders
    ):
        names = ", ".join(map(workspace.name_of, deciders))
        raise MoveRefused(f"cannot settle it as {outcome}", item.id, f"{names} decide")
    waiting = [one for one in windows_of(workspace, item) if one.is_open and one.member != member]
    if outcome == "accepted" and item.get("way") == ONE_WAY and waiting and not early:
        names = ", ".join(workspace.name_of(one.member) for one in waiting)
        raise MoveRefused(
            "cannot accept the decision yet",
            item.id,
            f"there is no way back from it, and {names} still have time to comment",
            hint=f"afield decision settle {item.id[:8]} accepted --early WHY",
        )
    values = {"outcome": outcome, "text": text, "early": early}
    return _moved(workspace, item, SETTLED, values, by)


def revisit(
    workspace: Workspace, item: Item, *, text: str, review: str | None, by: MemberId | None = None
) -> Item:
    """Say that a decision was looked at again and holds, until another day.

    Raises:
        MoveRefused: it is not accepted.
    """
    if decision_standing(item).state != "accepted":
        raise MoveRefused("cannot revisit the decision", item.id, "it is not accepted")
    writing = Writing(workspace, by=by)
    writing.move(DECISION, item.id, REVISITED, {"text": text, "review": review})
    writing.change(item, {"review": review})
    writing.done()
    return find_item(workspace, DECISION, item.id)


def decisions(workspace: Workspace, *, state: str | None = None) -> list[Item]:
    """Return the decisions, the newest first; in one state only."""
    return [
        one
        for one in items_of(workspace.query, DECISION)
        if state is None or state_of(workspace, one) == state
    ]


def state_of(workspace: Workspace, item: Item) -> str:
    """Return where a decision stands; `superseded` when an accepted one stands for it."""
    state = decision_standing(item).state
    return "superseded" if state == "accepted" and superseded_by(workspace, item) else state


def superseded_by(workspace: Workspace, item: Item) -> list[Item]:
    """Return the accepted decisions that stand for this one."""
    found = items_with(workspace.query, DECISION, "supersedes", item.link)
    return [one for one in found if decision_standing(one).state == "accepted"]


def windows_of(workspace: Workspace, item: Item) -> list[Window]:
    """Return the time for comments of each member who is asked."""
    if not item.did("proposed"):
        return []
    calendars = {one: hours_of(workspace, MemberId(one)) for one in voices(item)}
    return windows(item, calendars, workspace.record.clock.wall_ns() // 1_000_000)


def decision_part(workspace: Workspace, item: Item) -> dict[str, Any]:
    """Return a decision as a document."""
    linked = [link for name in LINKED for link in item.get(name)]
    return {
        **item_part(workspace, item),
        "state": state_of(workspace, item),
        "windows": [
            {
                "member": one.member,
                "name": workspace.name_of(one.member),
                "closes_ms": one.closes_ms,
                "spoke": one.spoke,
                "open": one.is_open,
            }
            for one in windows_of(workspace, item)
        ],
        "settled_otherwise": [
            move_part(workspace, one, DECISION) for one in settled_otherwise(item)
        ],
        "superseded_by": [one.link for one in superseded_by(workspace, item)],
        "labels": {link: label_of(workspace, link) for link in linked},
        "names": {
            member: workspace.name_of(member) for name in PEOPLE for member in item.get(name)
        },
    }


def _check_superseded(links: Sequence[str]) -> None:
    for link in links:
        if not link.startswith("decision:"):
            raise ItemBad("only a decision is superseded", link, hint="--supersedes decision:ID")


def _moved(
    workspace: Workspace, item: Item, move: Any, values: Mapping[str, Any], by: MemberId | None
) -> Item:
    writing = Writing(workspace, by=by)
    writing.move(DECISION, item.id, move, values)
    writing.done()
    return find_item(workspace, DECISION, item.id)
