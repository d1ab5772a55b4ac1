"""From facts about items to their tables: one fold for all sorts, made from the declarations.

Pure, and forgiving towards later versions: fields and values that no declaration here knows are
passed over. Values stand as JSON, so that a reader gives them back as they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from afield.journal import Entry
from afield.kernel.clock import stamp_to_ms
from afield.projection import Add, Column, Fold, Put, Room, Table
from afield.projection.owners import Ask, Owner, Owners
from afield.runs.experiments.bodies import mapping, text
from afield.teamwork.limits import MANY_MAX
from afield.teamwork.shapes import Field, Move, Sort, Type
from afield.teamwork.sorts import SORTS

ITEMS = Table(
    "items",
    key=(Column("id", "text"), Column("sort", "text")),
    groups={
        "once": (
            Column("made", "integer"),
            Column("author", "text"),
            Column("project", "text"),
            Column("device", "text"),
            Column("seq", "integer"),
        ),
        "touched": (Column("touched_ms", "integer"),),
    },
    indexes=(("sort",),),
)
FIELDS = Table(
    "item_fields",
    key=(Column("item", "text"), Column("sort", "text"), Column("field", "text")),
    groups={"set": (Column("value", "text"), Column("member", "text"), Column("at", "integer"))},
    indexes=(("value",),),
)
SETS = Table(
    "item_sets",
    key=(
        Column("item", "text"),
        Column("sort", "text"),
        Column("field", "text"),
        Column("value", "text"),
    ),
    groups={"put": (Column("present", "boolean"),)},
    indexes=(("value",),),
)
MOVES = Table(
    "item_moves",
    key=(Column("device", "text"), Column("seq", "integer")),
    groups={
        "once": (
            Column("item", "text"),
            Column("sort", "text"),
            Column("move", "text"),
            Column("at", "integer"),
            Column("member", "text"),
            Column("with_json", "text", long=True),
        ),
    },
    indexes=(("item",), ("member",)),
)
MENTIONS = Table(
    "item_mentions",
    key=(Column("value", "text"), Column("device", "text"), Column("seq", "integer")),
    groups={"once": (Column("item", "text"), Column("sort", "text"), Column("move", "text"))},
)
"""Links and members in moves, so that what names something is found."""
TAKERS = Table(
    "item_takers",
    key=(
        Column("item", "text"),
        Column("sort", "text"),
        Column("field", "text"),
        Column("device", "text"),
        Column("seq", "integer"),
    ),
    groups={"once": (Column("member", "text"), Column("at", "integer"))},
)
"""Whom a field ever named, where only they make a move: the field itself keeps the last alone."""

_NAMED = frozenset({Type.LINK, Type.MEMBER})


def _fields(sort: Sort, entry: Entry) -> Iterator[Put | Add]:
    body = entry.body
    for name, value in list(mapping(body, "set").items())[:MANY_MAX]:
        found = sort.field(name)
        if found is None or found.many or not (value is None or found.holds(value)):
            continue
        stored = None if value is None else _stored(value)
        key = (entry.about, sort.name, name)
        yield Put("item_fields", key, "set", (stored, entry.by, entry.at))
        if stored is not None and name in {field for _, field in sort.named()}:
            place = (entry.device, entry.seq)
            yield Add("item_takers", (*key, *place, stored, entry.at))
    for part, present in (("add", 1), ("remove", 0)):
        for name, values in mapping(body, part).items():
            found = sort.field(name)
            if found is None or not found.many or not isinstance(values, list):
                continue
            for value in values[:MANY_MAX]:
                if found.holds(value):
                    element = (entry.about, sort.name, name, _stored(value))
                    yield Put("item_sets", element, "put", (present,))
    yield Put("items", (entry.about, sort.name), "touched", (stamp_to_ms(entry.at),))


def _made(sort: Sort, entry: Entry) -> Iterator[Put | Add]:
    project = text(entry.body, "project") or "default"
    once = (entry.at, entry.by, project, entry.device, entry.seq)
    yield Put("items", (entry.about, sort.name), "once", once)
    yield from _fields(sort, entry)


def _moved(sort: Sort, move: Move, entry: Entry) -> Iterator[Put | Add]:
    kept: dict[str, Any] = {}
    for name, value in mapping(entry.body, "with").items():
        found = move.field(name)
        if found is not None and (taken := _taken(found, value)) is not None:
            kept[name] = taken
    place = (entry.device, entry.seq)
    words = msgspec.json.encode(kept, order="deterministic").decode()
    row = (*place, entry.about, sort.name, move.name, entry.at, entry.by, words)
    yield Add("item_moves", row)
    yield Put("items", (entry.about, sort.name), "touched", (stamp_to_ms(entry.at),))
    named: set[str] = set()
    for each in move.fields:
        if each.type in _NAMED and each.name in kept:
            named.update(kept[each.name] if each.many else [kept[each.name]])
    for value in sorted(named):
        yield Add("item_mentions", (value, *place, entry.about, sort.name, move.name))


def _taken(found: Field, value: Any) -> Any:
    """Return a value of a move as far as it can be understood; None: not at all."""
    if not found.many:
        return value if found.holds(value) else None
    if not isinstance(value, list):
        return None
    return [each for each in value[:MANY_MAX] if found.holds(each)]


def _stored(value: Any) -> str:
    """Return a value as the tables keep it: text as it is, so that it can be looked for."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _folds() -> dict[str, Fold]:
    found: dict[str, Fold] = {}
    for sort in SORTS:
        found[sort.made] = partial(_made, sort)
        found[sort.set] = partial(_fields, sort)
        for move in sort.every_move():
            found[sort.kind_of(move)] = partial(_moved, sort, move)
    return found


def _known(ask: Ask) -> Iterator[Owner]:
    for item, sort, project in ask("SELECT id, sort, project FROM items", ()):
        yield Owner("item", item, f"{sort} {item[:8]}", project or "")


FOLDS = _folds()
EVENTS = tuple(FOLDS)
ROOM = Room(
    name="teamwork",
    tables=(ITEMS, FIELDS, SETS, MOVES, MENTIONS, TAKERS),
    folds=FOLDS,
    owners=(Owners("item", frozenset(FOLDS), lambda entry: entry.about, _known),),
)
