"""The inbox: what waits for a member, and what was said to them; one list, the most pressing first.

Worked out from the record each time. What somebody has read is known in their own copy alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any, Literal

from afield.kernel.ids import MemberId
from afield.teamwork.decision import decision_standing, voices
from afield.teamwork.handover import (
    Watch,
    escalation,
    handover_standing,
    open_questions,
    watches,
)
from afield.teamwork.meeting import meeting_standing, to_read
from afield.teamwork.query import Item, Moved, concerning, items_of
from afield.teamwork.review import GONE, asked, review_standing
from afield.teamwork.sorts.ask import ASK
from afield.teamwork.sorts.blocker import BLOCKER
from afield.teamwork.sorts.decision import DECISION
from afield.teamwork.sorts.handover import HANDOVER
from afield.teamwork.sorts.meeting import MEETING
from afield.teamwork.sorts.review import REVIEW
from afield.teamwork.states import ask_standing, blocker_standing, follows
from afield.workspace.team.decisions import windows_of
from afield.workspace.team.items import title_of, words_of
from afield.workspace.team.links import label_of
from afield.workspace.team.oncall import oncall_at
from afield.workspace.team.seen import key_of, seen_by
from afield.workspace.team.watching import is_met
from afield.workspace.workspace import Workspace

Kind = Literal[
    "asked", "answered", "blocker", "review", "decision", "handover", "question", "declined",
    "accepted", "replied", "firing", "read", "meeting", "mention", "comment",
]  # fmt: skip
_TEXT_CHARS = 160
REMEMBERED_MS = 60 * 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Letter:
    """One thing in the inbox.

    Attributes:
        key: what it is read by; another one when something new was said.
        kind: what it is.
        link: the item that it is about.
        on: what the thread is on, when the item is one.
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
    on: str | None
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
    """Return what waits for a member, by when it is due, then what was said, the newest first.

    What was said about things that ended two months ago or longer is not among it.
    """
    read = frozenset(seen_by(workspace, member).keys)
    now_ms = workspace.record.now_ms()
    mine = concerning(workspace.query, member, now_ms - REMEMBERED_MS)
    found: list[Letter] = []
    for item in mine.get(ASK.name, ()):
        found += _asks(workspace, item, member, read)
    for item in mine.get(BLOCKER.name, ()):
        found += _blockers(workspace, item, member, read)
    found += _judgements(workspace, mine, member, read)
    found += _handed(workspace, member, read)
    for item in mine.get(MEETING.name, ()):
        found += _met(workspace, item, member, read)
    for item in chain.from_iterable(mine.values()):
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


def _judgements(
    workspace: Workspace, mine: Mapping[str, list[Item]], member: str, read: frozenset[str]
) -> Iterator[Letter]:
    """Yield reviews that wait for a member, and decisions on which they can still comment."""
    for item in mine.get(REVIEW.name, ()):
        for one in asked(item):
            if one.member == member and one.verdict is None and review_standing(item).state != GONE:
                yield _letter(workspace, item, "review", read, due_ms=one.due_ms)
    for item in mine.get(DECISION.name, ()):
        if decision_standing(item).state == "proposed" and member in voices(item):
            for window in windows_of(workspace, item):
                if window.member == member and window.is_open:
                    yield _letter(workspace, item, "decision", read, due_ms=window.closes_ms)


def _handed(workspace: Workspace, member: str, read: frozenset[str]) -> Iterator[Letter]:
    """Yield handovers that a member is to take, what came of theirs, and what fires."""
    items = items_of(workspace.query, HANDOVER)
    now_ms = workspace.record.now_ms()
    oncall = oncall_at(workspace, now_ms)
    for item in items:
        state = handover_standing(item).state
        is_open = state in ("offered", "questioned", "partly")
        if is_open and member in escalation(item, now_ms, oncall).members:
            last = item.get("backup_due") if member == item.get("backup") else item.get("due")
            yield _letter(workspace, item, "handover", read, due_ms=last)
        for one in open_questions(item) if item.author == member else ():
            yield _letter(workspace, item, "question", read, move=one)
        for one in item.did("accepted", "declined", "replied"):
            if member == item.author and one.name != "replied" and one.member != member:
                kind: Kind = "accepted" if one.name == "accepted" else "declined"
                yield _letter(workspace, item, kind, read, move=one, waits=False)
            elif one.name == "replied" and member != one.member and member in item.people:
                yield _letter(workspace, item, "replied", read, move=one, waits=False)
    for watch in watches(items, now_ms):
        if member in {watch.member, *oncall} and is_met(workspace, watch):
            yield _fires(workspace, watch, read)


def _met(workspace: Workspace, item: Item, member: str, read: frozenset[str]) -> Iterator[Letter]:
    """Yield meetings that a member is asked to, and notes that they are to read."""
    state = meeting_standing(item, workspace.record.now_ms()).state
    if state == "held" and member in to_read(item):
        yield _letter(workspace, item, "read", read)
    elif state in ("ahead", "on") and member in item.get("attendees"):
        yield _letter(workspace, item, "meeting", read, due_ms=item.get("from"))


def _fires(workspace: Workspace, watch: Watch, read: frozenset[str]) -> Letter:
    found = _letter(workspace, watch.item, "firing", read)
    key = key_of("firing", watch.item.link, watch.line.place)
    words = [words_of(workspace, watch.line.get(name)) for name in ("when", "then")]
    return replace(found, key=key, text=": ".join(words), urgent=True, unread=key not in read)


def _said(workspace: Workspace, item: Item, member: str, read: frozenset[str]) -> Iterator[Letter]:
    """Yield what others said to a member by name, or about what the member follows."""
    is_followed = follows(item, member)
    offers = ("offered",) if item.sort == BLOCKER.name else ()
    for one in item.did("commented", *offers):
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
    due_ms: int | None = None,
    waits: bool = True,
) -> Letter:
    key = key_of(kind, item.link, None if move is None else move.place_text)
    said = None if move is None else move.values.get("text") or move.values.get("synthesis")
    text = words_of(workspace, said)
    on = item.get("about") if item.sort == "thread" else None
    return Letter(
        key=key,
        kind=kind,
        link=item.link,
        on=on,
        project=item.project,
        title=label_of(workspace, on) if on else title_of(workspace, item),
        text=" ".join(text.split())[:_TEXT_CHARS],
        member=item.author if move is None else move.member,
        at_ms=item.made_ms if move is None else move.at_ms,
        due_ms=item.get("due") if kind == "asked" else due_ms,
        urgent=item.sort == ASK.name and item.get("urgency") == "urgent",
        waits=waits,
        unread=key not in read,
    )
