"""Taking a handover over: line by line, in the receiver's own words; or asking, or declining."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from afield.kernel.ids import MemberId
from afield.teamwork.errors import ItemBad, MoveRefused
from afield.teamwork.handover import (
    CLOSED,
    escalation,
    handover_standing,
    lines,
    offered,
    open_questions,
)
from afield.teamwork.query import Item
from afield.teamwork.shapes import Move
from afield.teamwork.sorts.handover import (
    ACCEPTED,
    DECLINED,
    HANDOVER,
    QUESTIONED,
    REPLIED,
    SURPRISED,
    WITHDRAWN,
)
from afield.workspace.team.handovers import WORDS, line_of
from afield.workspace.team.items import Writing, find_item, words_of
from afield.workspace.team.oncall import oncall_at
from afield.workspace.team.passing import pass_on
from afield.workspace.workspace import Workspace

_SAYS = {QUESTIONED.name: "question", DECLINED.name: "decline"}
_SHOWN = 8


def accept(
    workspace: Workspace,
    item: Item,
    synthesis: str,
    *,
    numbers: Sequence[int] = (),
    by: MemberId | None = None,
) -> Item:
    """Take lines over (all that are left, when none is named), in one's own words.

    What they are about is the receiver's from now on: tasks, blockers, asks and reviews that were
    the sender's move with them, and contingencies are looked after.

    Raises:
        ItemBad: the synthesis is missing or the sender's own words, or there is no such line.
        MoveRefused: it is not offered, somebody has taken the lines, or others are to take it.
    """
    member = MemberId(by or workspace.config.member)
    _check_taker(workspace, item, member)
    if not synthesis.strip():
        hint = f'afield handover accept {item.id[:_SHOWN]} "what you take over, in your words"'
        raise ItemBad("nothing is accepted without a word of yours", hint=hint)
    if _is_copied(workspace, item, synthesis):
        raise ItemBad("that is the sender's own text", synthesis[:40], "say it in your words")
    open_lines = [one for one in lines(item) if one.state in ("waiting", "questioned")]
    chosen = [line_of(item, number) for number in numbers] or open_lines
    taken = [one for one in chosen if one.state == "accepted"]
    if taken or (not chosen and lines(item)):
        who = ", ".join(sorted({workspace.name_of(one.by.member) for one in taken if one.by}))
        raise MoveRefused(
            "cannot accept", item.id[:_SHOWN], f"{who or 'somebody'} has them already"
        )
    writing = Writing(workspace, by=by)
    places = [one.place for one in chosen]
    writing.move(HANDOVER, item.id, ACCEPTED, {"lines": places, "synthesis": synthesis})
    links = [one.get("about") for one in chosen if one.get("about")]
    pass_on(workspace, writing, links, sender=item.author, to=member)
    writing.done()
    return find_item(workspace, HANDOVER, item.id)


def question(
    workspace: Workspace,
    item: Item,
    text: str,
    *,
    numbers: Sequence[int] = (),
    by: MemberId | None = None,
) -> Item:
    """Ask about lines before one takes them; they wait for the reply.

    Raises:
        ItemBad: nothing is asked, or there is no such line.
        MoveRefused: it is not offered, or others are to take it.
    """
    return _said(workspace, item, QUESTIONED, text, numbers=numbers, by=by)


def decline(
    workspace: Workspace,
    item: Item,
    text: str,
    *,
    numbers: Sequence[int] = (),
    by: MemberId | None = None,
) -> Item:
    """Refuse lines, and say why; they stay with who handed them over.

    Raises:
        ItemBad: no reason is given, or there is no such line.
        MoveRefused: it is not offered, or others are to take it.
    """
    return _said(workspace, item, DECLINED, text, numbers=numbers, by=by)


def reply(workspace: Workspace, item: Item, text: str, *, by: MemberId | None = None) -> Item:
    """Answer all questions that are open.

    Raises:
        ItemBad: nothing is said.
        MoveRefused: nothing was asked.
    """
    asked = open_questions(item)
    if not asked:
        raise MoveRefused("nothing to reply to", item.id[:_SHOWN], "no question is open")
    if not text.strip():
        raise ItemBad("nothing is said", item.id[:_SHOWN], hint=_hint(item, "reply"))
    writing = Writing(workspace, by=by)
    for one in asked:
        writing.move(HANDOVER, item.id, REPLIED, {"re": one.place_text, "text": text})
    writing.done()
    return find_item(workspace, HANDOVER, item.id)


def surprise(workspace: Workspace, item: Item, text: str, *, by: MemberId | None = None) -> Item:
    """Say what came up that should have been in the handover.

    Raises:
        ItemBad: nothing is said.
        MoveRefused: nobody has accepted anything yet.
    """
    if not item.did("accepted"):
        raise MoveRefused("nothing surprises yet", item.id[:_SHOWN], "nobody has accepted it")
    if not text.strip():
        raise ItemBad("nothing is said", item.id[:_SHOWN], hint=_hint(item, "surprise"))
    return _moved(workspace, item, SURPRISED, {"text": text}, by)


def withdraw(
    workspace: Workspace, item: Item, text: str = "", *, by: MemberId | None = None
) -> Item:
    """Take back a handover of one's own that nobody has accepted.

    Raises:
        MoveRefused: it is somebody else's, or accepted in part.
    """
    state = handover_standing(item).state
    if (by or workspace.config.member) != item.author:
        raise MoveRefused("cannot take it back", item.id[:_SHOWN], "it is somebody else's")
    if state in CLOSED or state == "partly":
        raise MoveRefused("cannot take it back", item.id[:_SHOWN], f"it is {state}")
    return _moved(workspace, item, WITHDRAWN, {"text": text}, by)


def _check_taker(workspace: Workspace, item: Item, member: MemberId) -> None:
    if offered(item) is None or handover_standing(item).state in CLOSED:
        state = handover_standing(item).state
        raise MoveRefused("cannot take it over", item.id[:_SHOWN], f"it is {state}")
    now_ms = workspace.record.now_ms()
    oncall = oncall_at(workspace, now_ms)
    # The backup need not wait until they are asked: what somebody has, nobody has to look for.
    may = {item.get("to"), item.get("backup"), *escalation(item, now_ms, oncall).members}
    if member not in may:
        names = ", ".join(sorted(workspace.name_of(one) for one in may if one))
        raise MoveRefused("is not yours to take", item.id[:_SHOWN], f"it waits for {names}")


def _hint(item: Item, verb: str) -> str:
    return f'afield handover {verb} {item.id[:_SHOWN]} "…"'


def _is_copied(workspace: Workspace, item: Item, synthesis: str) -> bool:
    said = [words_of(workspace, item.get("summary"))]
    said += [words_of(workspace, one.get(name)) for one in lines(item) for name in WORDS]
    return _plain(synthesis) in {_plain(one) for one in said if one}


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")


def _said(
    workspace: Workspace,
    item: Item,
    move: Move,
    text: str,
    *,
    numbers: Sequence[int],
    by: MemberId | None,
) -> Item:
    _check_taker(workspace, item, MemberId(by or workspace.config.member))
    if not text.strip():
        hint = _hint(item, _SAYS[move.name])
        raise ItemBad("nothing is said", item.id[:_SHOWN], "say what, or why", hint=hint)
    places = [line_of(item, number).place for number in numbers]
    places = places or [one.place for one in lines(item) if one.state != "accepted"]
    return _moved(workspace, item, move, {"lines": places, "text": text}, by)


def _moved(
    workspace: Workspace, item: Item, move: Move, values: Mapping[str, Any], by: MemberId | None
) -> Item:
    writing = Writing(workspace, by=by)
    writing.move(HANDOVER, item.id, move, values)
    writing.done()
    return find_item(workspace, HANDOVER, item.id)
