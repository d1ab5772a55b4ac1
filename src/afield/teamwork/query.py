"""Items read from the tables: whole, with the values of their fields and all moves on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import msgspec

from afield.kernel.clock import stamp_to_ms
from afield.projection.owners import Ask
from afield.teamwork.errors import ItemNotFound
from afield.teamwork.shapes import Field, Place, Sort, Type, Value
from afield.teamwork.sorts import SORT_OF

_BATCH = 400
"""Ids that one question asks for."""


class Moved(msgspec.Struct, frozen=True):
    """What somebody did with an item.

    Attributes:
        name: of the move.
        member: who.
        at: the stamp of the entry, by which moves are in order; `at_ms` is its time.
        values: what came with it, by field.
        place: the entry; how other moves name this one.
    """

    name: str
    member: str
    at: int
    values: dict[str, Any]
    place: Place

    @property
    def at_ms(self) -> int:
        """When, in Unix milliseconds."""
        return stamp_to_ms(self.at)

    @property
    def place_text(self) -> str:
        """The place as a field holds it."""
        return f"{self.place[0]} {self.place[1]}"


class Item(msgspec.Struct, frozen=True, dict=True):
    """One item.

    Attributes:
        id: of the item.
        sort: what it is.
        project: where.
        author: who made it.
        made_ms: when, in Unix milliseconds.
        touched_ms: when something was last done with it.
        values: of its fields, typed; sets are sorted lists; what is not set is missing.
        moves: what was done with it, in order.
    """

    id: str
    sort: str
    project: str
    author: str
    made_ms: int
    touched_ms: int
    values: dict[str, Any]
    moves: tuple[Moved, ...]

    @property
    def link(self) -> str:
        """What others link it by."""
        return f"{self.sort}:{self.id}"

    def get(self, name: str) -> Any:
        """Return the value of a field; None, or an empty list for a set, where nothing stands."""
        found = self.values.get(name)
        if found is not None:
            return found
        each = SORT_OF[self.sort].field(name)
        if each is None or not each.many:
            return each.words[0] if each is not None and each.words else None
        return []

    def did(self, *names: str) -> list[Moved]:
        """Return the moves of these names, in order."""
        return [one for one in self.moves if one.name in names]

    @cached_property
    def people(self) -> frozenset[str]:
        """Everybody who has a part in it: the author, who is named, who did something."""
        found = {self.author, *(one.member for one in self.moves)}
        for each in SORT_OF[self.sort].fields:
            if each.type is Type.MEMBER:
                value = self.get(each.name)
                found.update(value if each.many else [value] if value else [])
        return frozenset(found)


def items_of(ask: Ask, sort: Sort, *, project: str | None = None) -> list[Item]:
    """Return the items of a sort, the newest first."""
    where, args = ("", []) if project is None else (" AND project = ?", [project])
    sql = (
        "SELECT id FROM items WHERE sort = ? AND made IS NOT NULL"  # noqa: S608 - literals
        f"{where} ORDER BY made DESC, id"
    )
    return read(ask, sort, [row[0] for row in ask(sql, (sort.name, *args))])


def items_with(ask: Ask, sort: Sort, field: str, value: Value) -> list[Item]:
    """Return the items of a sort whose field, or one of whose set, is a value; the newest first."""
    found = sort.field(field)
    stored = _stored(value)
    if found is not None and found.many:
        sql = "SELECT item FROM item_sets WHERE value = ? AND sort = ? AND field = ? AND present"
    else:
        sql = "SELECT item FROM item_fields WHERE value = ? AND sort = ? AND field = ?"
    rows = ask(sql, (stored, sort.name, field))
    return read(ask, sort, [row[0] for row in rows])


def items_naming(ask: Ask, value: str) -> list[tuple[str, str]]:
    """Return sort and id of the items that name a link or a member, in a field or a move."""
    sql = (
        "SELECT sort, item FROM item_fields WHERE value = ?"
        " UNION SELECT sort, item FROM item_sets WHERE value = ? AND present"
        " UNION SELECT sort, item FROM item_mentions WHERE value = ?"
        " ORDER BY 1, 2"
    )
    return [(sort, item) for sort, item in ask(sql, (value, value, value)) if sort in SORT_OF]


def concerning(ask: Ask, member: str, since_ms: int) -> dict[str, list[Item]]:
    """Return by sort the items in which a member has a part, the newest first.

    Those that somebody ended, and with which nothing was done since `since_ms` (Unix ms), are left
    out: so an inbox costs what goes on, not what ever was.
    """
    sql = (
        "SELECT i.sort, i.id FROM items i JOIN ("
        "SELECT sort, id AS item FROM items WHERE author = ?"
        " UNION SELECT sort, item FROM item_fields WHERE value = ?"
        " UNION SELECT sort, item FROM item_sets WHERE value = ? AND present"
        " UNION SELECT sort, item FROM item_moves WHERE member = ?"
        " UNION SELECT sort, item FROM item_mentions WHERE value = ?"
        ") c ON c.item = i.id AND c.sort = i.sort WHERE i.made IS NOT NULL"
        " AND (i.touched_ms >= ? OR NOT EXISTS (SELECT 1 FROM item_moves m WHERE m.item = i.id"
        " AND m.sort = i.sort AND m.move IN ('closed', 'cleared', 'finished', 'settled'))"
        " OR EXISTS (SELECT 1 FROM item_moves m WHERE m.item = i.id AND m.sort = i.sort"
        " AND m.move = 'reopened'))"
    )
    ids: dict[str, list[str]] = {}
    for sort, item in ask(sql, (*(member,) * 5, since_ms)):
        ids.setdefault(sort, []).append(item)
    return {sort: read(ask, SORT_OF[sort], some) for sort, some in ids.items() if sort in SORT_OF}


def find(ask: Ask, sort: Sort, words: str) -> Item:
    """Return the item of an id or its unique beginning.

    Raises:
        ItemNotFound: none begins so, or several do.
    """
    start = words.strip().lower().removeprefix(f"{sort.name}:")
    sql = (
        "SELECT id FROM items WHERE sort = ? AND id >= ? AND id < ? AND made IS NOT NULL"
        " ORDER BY id LIMIT 3"
    )
    rows = ask(sql, (sort.name, start, f"{start}~")) if start else []
    if len(rows) != 1:
        why = "several begin so" if rows else ""
        raise ItemNotFound(f"no such {sort.name}", words, why, hint=f"afield {sort.name} list")
    return read(ask, sort, [rows[0][0]])[0]


def read(ask: Ask, sort: Sort, ids: Sequence[str]) -> list[Item]:
    """Return items by id, the newest first; those that nobody made are left out."""
    found: list[Item] = []
    for start in range(0, len(ids), _BATCH):
        found += _read(ask, sort, ids[start : start + _BATCH])
    return sorted(found, key=lambda one: (-one.made_ms, one.id))


def _read(ask: Ask, sort: Sort, ids: Sequence[str]) -> Iterable[Item]:
    marks = ", ".join("?" * len(ids))
    args = (sort.name, *ids)
    values: dict[str, dict[str, Any]] = {}
    sql = f"SELECT item, field, value FROM item_fields WHERE sort = ? AND item IN ({marks})"  # noqa: S608
    for item, name, stored in ask(sql, args):
        each = sort.field(name)
        if each is not None and stored is not None:
            values.setdefault(item, {})[name] = _value(each, stored)
    sql = (
        f"SELECT item, field, value FROM item_sets WHERE sort = ? AND item IN ({marks})"  # noqa: S608
        " AND present ORDER BY value"
    )
    for item, name, stored in ask(sql, args):
        each = sort.field(name)
        if each is not None:
            values.setdefault(item, {}).setdefault(name, []).append(_value(each, stored))
    sql = (
        "SELECT id, project, author, made, touched_ms FROM items"  # noqa: S608
        f" WHERE sort = ? AND id IN ({marks}) AND made IS NOT NULL"
    )
    heads = ask(sql, args)
    authors = {item: author for item, _, author, _, _ in heads}
    moves: dict[str, list[Moved]] = {}
    named = dict(sort.named())
    takers = _takers(ask, sort, ids) if named else {}
    sql = (
        'SELECT item, move, member, "at", with_json, device, seq FROM item_moves'  # noqa: S608
        f' WHERE sort = ? AND item IN ({marks}) ORDER BY "at", device, seq'
    )
    for item, name, member, at, words, device, seq in ask(sql, args):
        field = named.get(name)
        own = name in sort.of_author and member == authors.get(item)
        if field is None or own or takers.get((item, field, member), at + 1) <= at:
            one = Moved(name, member, at, msgspec.json.decode(words), (device, seq))
            moves.setdefault(item, []).append(one)
    for item, project, author, at, touched_ms in heads:
        made_ms = stamp_to_ms(at)
        yield Item(
            id=item,
            sort=sort.name,
            project=project,
            author=author,
            made_ms=made_ms,
            touched_ms=touched_ms or made_ms,
            values=values.get(item, {}),
            moves=tuple(moves.get(item, ())),
        )


def _takers(ask: Ask, sort: Sort, ids: Sequence[str]) -> dict[tuple[str, str, str], int]:
    """Return by item, field and member when the field first named them."""
    marks = ", ".join("?" * len(ids))
    sql = (
        'SELECT item, field, member, MIN("at") FROM item_takers'  # noqa: S608
        f" WHERE sort = ? AND item IN ({marks}) GROUP BY item, field, member"
    )
    return {(item, field, member): at for item, field, member, at in ask(sql, (sort.name, *ids))}


_AS_TEXT = frozenset(set(Type) - {Type.TIME, Type.NUMBER, Type.FLAG})


def _value(each: Field, stored: str) -> Any:
    return stored if each.type in _AS_TEXT else msgspec.json.decode(stored)


def _stored(value: Value) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
