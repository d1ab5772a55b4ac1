"""The inbox: what waits for a member, and what was said to them; one list, the most pressing first.

Worked out from the record each time. What somebody has read is known in their own copy alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from afield.kernel.ids import MemberId
from afield.teamwork.query import Item, Moved, items_of
from afield.teamwork.sorts import SORTS
from afield.teamwork.sorts.ask import ASK
from afield.teamwork.sorts.blocker import BLOCKER
from afield.teamwork.states import ask_standing, blocker_standing, follows
from afield.workspace.team.items import title_of, words_of
from afield.workspace.team.links import label_of
from afield.workspace.team.seen import seen_by
from afield.workspace.workspace import Workspace

Kind = Literal["asked", "answered", "blocker", "mention", "comment"]
_TEXT_CHARS = 160


@dataclass(frozen=True, slots=True)
class Letter:
    """One thing in the inbox.

    Attributes:
        key: what it is read by; another one when something new was said.
        kind: what it is.
        link: the item that it is about.
        project: of the item.
        title: of the item, or the label of what a thread is on.
        text: what was said, shortened; empty for what only waits.
        member: who asked or said it.
        at_ms: when.
        due_ms: by when something is to be done; None: no time was named.
        urgent: it does not wait for a focus block to end.
        waits: it stays until something is done about it, read or not.
        unread: it was not shown yet.
    """

    key: str
    kind: Kind
    link: str
    project: str
    title: str
    text: str
    member: str
    at_ms: int
    due_ms: int | None
    urgent: bool
    waits: bool
    unread: bool


def inbox(workspace: Workspace, member: MemberId) -> list[Letter]:
    """Return what waits for a member, by when it is due, then what was said, the newest first."""
    read = frozenset(seen_by(workspace, member).keys)
    found: list[Letter] = []
    for item in items_of(workspace.query, ASK):
        found += _asks(workspace, item, member, read)
    for item in items_of(workspace.query, BLOCKER):
        found += _blockers(workspace, item, member, read)
    for sort in SORTS:
        for item in items_of(workspace.query, sort):
            found += _said(workspace, item, member, read)
    return sorted(found, key=_rank)


def inbox_part(letter: Letter) -> dict[str, Any]:
    """Return a letter as a document."""
    return asdict(letter)


def _rank(one: Letter) -> tuple[bool, bool, float, float]:
    due = float("inf") if one.due_ms is None else float(one.due_ms)
    return not one.waits, not one.urgent, due, -one.at_ms


def _asks(workspace: Workspace, item: Item, member: str, read: frozenset[str]) -> Iterator[Letter]:
    state, by = ask_standing(item)
    if state == "open" and item.get("to") == member:
        yield _letter(workspace, item, "asked", read, move=by)
    elif state == "answered" and item.author == member:
        yield _letter(workspace, item, "answered", read, move=by)


def _blockers(
    workspace: Workspace, item: Item, member: str, read: frozenset[str]
) -> Iterator[Letter]:
    if blocker_standing(item).state == "open" and item.get("owner") == member:
        yield _letter(workspace, item, "blocker", read)


def _said(workspace: Workspace, item: Item, member: str, read: frozenset[str]) -> Iterator[Letter]:
    """Yield what others said to a member by name, or about what the member follows."""
    is_followed = follows(item, member)
    for one in item.did("commented", "offered"):
        if one.member == member:
            continue
        is_named = member in one.values.get("mentions", ())
        if is_named or is_followed:
            kind: Kind = "mention" if is_named else "comment"
            yield _letter(workspace, item, kind, read, move=one, waits=False)


def _letter(
    workspace: Workspace,
    item: Item,
    kind: Kind,
    read: frozenset[str],
    *,
    move: Moved | None = None,
    waits: bool = True,
) -> Letter:
    key = f"{kind} {item.link}" if move is None else f"{kind} {item.link} {move.place_text}"
    text = "" if move is None else words_of(workspace, move.values.get("text"))
    on = item.get("about") if item.sort == "thread" else None
    return Letter(
        key=key,
        kind=kind,
        link=item.link,
        project=item.project,
        title=label_of(workspace, on) if on else title_of(workspace, item),
        text=" ".join(text.split())[:_TEXT_CHARS],
        member=item.author if move is None else move.member,
        at_ms=item.made_ms if move is None else move.at_ms,
        due_ms=item.get("due") if item.sort == ASK.name else None,
        urgent=item.sort == ASK.name and item.get("urgency") == "urgent",
        waits=waits,
        unread=key not in read,
    )
