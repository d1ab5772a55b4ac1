"""Handovers: drawn up from the record, filled in, offered, and taken over line by line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from afield.kernel.ids import MemberId
from afield.teamwork.errors import ItemBad, MoveRefused
from afield.teamwork.handover import (
    CLOSED,
    Line,
    handover_standing,
    lines,
)
from afield.teamwork.query import Item, items_of
from afield.teamwork.shapes import Move
from afield.teamwork.sorts.handover import (
    DROPPED,
    HANDOVER,
    LINED,
)
from afield.workspace.team.drafting import Suggested, draft
from afield.workspace.team.items import Writing, find_item, words_of
from afield.workspace.team.watching import checked
from afield.workspace.workspace import Workspace

WORDS = ("facts", "assessment", "condition", "when", "then")
_FILLED = ("severity", "topic", "about", *WORDS, "call", "until")
_RANK = {"unstable": 0, "watch": 1, "stable": 2}
_SHOWN = 8


def start_handover(
    workspace: Workspace, to: MemberId, values: Mapping[str, Any], *, by: MemberId | None = None
) -> Item:
    """Draw up a handover from the record, or bring the draft to the same person up to date.

    What is for a time and what is for good are two handovers.

    Args:
        workspace: where.
        to: who is to take over.
        values: by field of the sort; `due` in words: see `due.due_ms`.
        by: on whose behalf, when not this device's member.

    Raises:
        ItemBad: a value cannot stand where it is given, or one would hand over to oneself.
    """
    member = MemberId(by or workspace.config.member)
    backup = values.get("backup")
    if member in (to, backup) or to == backup:
        who = workspace.name_of(to if to == member else str(backup))
        raise ItemBad("cannot take over", who, "sender, receiver and backup are three people")
    given = {name: value for name, value in values.items() if value is not None}
    kind = given.get("kind") or "shift"
    if kind == "role" and not given.get("about"):
        why = "say what changes hands for good"
        raise ItemBad(
            "nothing is handed over",
            "role",
            why,
            hint="afield handover WHO --role --about model:NAME@2",
        )
    writing = Writing(workspace, by=by)
    found = next(
        (one for one in handovers(workspace, author=member) if _is_draft_to(one, to, kind)), None
    )
    title = given.get("title") or f"{workspace.name_of(member)} to {workspace.name_of(to)}"
    told = {**given, "to": to, "title": title}
    if found is None:
        item = writing.make(HANDOVER, told)
        known: list[Line] = []
    else:
        writing.change(found, told)
        item, known = found.id, lines(found)
    suggested = _for_good(given) if kind == "role" else draft(workspace, member)
    _renew(workspace, writing, item, known, suggested)
    writing.done()
    return find_item(workspace, HANDOVER, item)


def add_line(
    workspace: Workspace, item: Item, values: Mapping[str, Any], *, by: MemberId | None = None
) -> Item:
    """Add a line in one's own words.

    Raises:
        ItemBad: nothing is said, or a value cannot stand where it is given.
        MoveRefused: it is no draft of one's own.
    """
    if not (values.get("facts") or "").strip():
        raise ItemBad(
            "nothing is said", hint='afield handover add ID "the proxy is off until Monday"'
        )
    check_draft(workspace, item, by)
    writing = Writing(workspace, by=by)
    writing.move(HANDOVER, item.id, LINED, _checked_line(values))
    writing.done()
    return find_item(workspace, HANDOVER, item.id)


def fill(
    workspace: Workspace,
    item: Item,
    number: int,
    values: Mapping[str, Any],
    *,
    by: MemberId | None = None,
) -> Item:
    """Say of a line what a person knows: how it is, and what to do if.

    Raises:
        ItemBad: there is no such line, or a value cannot stand where it is given.
        MoveRefused: it is no draft of one's own.
    """
    check_draft(workspace, item, by)
    line = line_of(item, number)
    given = {name: value for name, value in values.items() if value is not None}
    writing = Writing(workspace, by=by)
    told = {
        **_values_of(workspace, line),
        **_checked_line(given, line.get("about")),
        "replaces": line.place,
    }
    writing.move(HANDOVER, item.id, LINED, told)
    writing.done()
    return find_item(workspace, HANDOVER, item.id)


def drop(
    workspace: Workspace, item: Item, numbers: Sequence[int], *, by: MemberId | None = None
) -> Item:
    """Leave lines out.

    Raises:
        ItemBad: there is no such line.
        MoveRefused: it is no draft of one's own.
    """
    check_draft(workspace, item, by)
    places = [line_of(item, number).place for number in numbers]
    return _moved(workspace, item, DROPPED, {"lines": places}, by)


def handovers(
    workspace: Workspace,
    *,
    author: str | None = None,
    to: str | None = None,
    closed: bool = True,
) -> list[Item]:
    """Return handovers, the newest first: by somebody, to somebody; open ones unless `closed`."""
    return [
        one
        for one in items_of(workspace.query, HANDOVER)
        if (author is None or one.author == author)
        and (to is None or to in (one.get("to"), one.get("backup")))
        and (closed or handover_standing(one).state not in CLOSED)
    ]


def line_of(item: Item, number: int) -> Line:
    """Return the line of a number.

    Raises:
        ItemBad: there is none.
    """
    found = {one.number: one for one in lines(item)}
    if number not in found:
        known = ", ".join(map(str, found)) or "none"
        hint = f"afield handover show {item.id[:_SHOWN]}"
        raise ItemBad("no such line", number, f"there are {known}", hint=hint)
    return found[number]


def _for_good(given: Mapping[str, Any]) -> list[Suggested]:
    return [Suggested("stable", "note", link, "changes hands for good") for link in given["about"]]


def _renew(
    workspace: Workspace,
    writing: Writing,
    item: str,
    known: Iterable[Line],
    suggested: Sequence[Suggested],
) -> None:
    """Bring a draft's lines up to date; what a person said of one stays with it."""
    before = {_key(one.get("topic"), one.get("about")): one for one in known if one.get("about")}
    for one in suggested:
        new = {name: getattr(one, name) for name in _FILLED}
        old = before.pop(_key(one.topic, one.about), None) if one.about else None
        if old is None:
            writing.move(HANDOVER, item, LINED, new)
            continue
        said = _values_of(workspace, old)
        kept = {name: said.get(name) or new[name] for name in _FILLED}
        kept |= {"facts": new["facts"], "topic": new["topic"]}
        kept["severity"] = min(said["severity"], new["severity"], key=_RANK.__getitem__)
        if kept != {name: said.get(name) or new[name] for name in _FILLED}:
            writing.move(HANDOVER, item, LINED, {**kept, "replaces": old.place})
    kept_topics = ("note", "temporary")
    gone = [
        one.place
        for one in before.values()
        if one.get("topic") not in kept_topics and not one.get("assessment")
    ]
    if gone:
        writing.move(HANDOVER, item, DROPPED, {"lines": gone})


def _key(topic: str, about: str | None) -> tuple[str, str | None]:
    is_run = about is not None and about.startswith("run:")
    return "run" if is_run and topic not in ("note", "temporary") else topic, about


def _values_of(workspace: Workspace, line: Line) -> dict[str, Any]:
    found = {name: line.get(name) for name in _FILLED}
    return {**found, **{name: words_of(workspace, found[name]) for name in WORDS}}


def _checked_line(values: Mapping[str, Any], about: str | None = None) -> dict[str, Any]:
    """Return the parts of a line that are given; `about` is what it is about as yet."""
    unknown = set(values) - set(_FILLED)
    if unknown:
        raise ItemBad("no such part of a line", ", ".join(sorted(unknown)))
    found = dict(values)
    if found.get("when"):
        found["when"] = checked(found["when"], found.get("about") or about)
    return found


def _is_draft_to(item: Item, to: str, kind: str) -> bool:
    is_draft = handover_standing(item).state == "draft"
    return is_draft and (item.get("to"), item.get("kind")) == (to, kind)


def check_draft(workspace: Workspace, item: Item, by: MemberId | None) -> None:
    """Refuse to change what is no draft of one's own.

    Raises:
        MoveRefused: it is not.
    """
    state = handover_standing(item).state
    if (by or workspace.config.member) != item.author:
        why = f"it is {workspace.name_of(item.author)}'s"
        raise MoveRefused("cannot change the handover", item.id[:_SHOWN], why)
    if state != "draft":
        why = f"it is {state}; no line changes once it is handed over"
        raise MoveRefused("cannot change the handover", item.id[:_SHOWN], why)


def _moved(
    workspace: Workspace, item: Item, move: Move, values: Mapping[str, Any], by: MemberId | None
) -> Item:
    writing = Writing(workspace, by=by)
    writing.move(HANDOVER, item.id, move, values)
    writing.done()
    return find_item(workspace, HANDOVER, item.id)
