"""The facts about items, made from their sorts' declarations and checked against them.

`about` is the item's id. The body of `<sort>.made` and `<sort>.set` is `{"set": {field: value},
"add": {field: [values]}, "remove": {field: [values]}}`, all three optional; null clears a
field. `made` also has the `project`. The body of a move is `{"with": {field: value}}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from afield.journal import Draft
from afield.kernel.digest import digest
from afield.kernel.ids import ObjectId, random_id
from afield.teamwork.errors import ItemBad
from afield.teamwork.limits import ID_CHARS, MANY_MAX
from afield.teamwork.shapes import Field, Move, Sort, Type, Value


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of fields: set or cleared (None), added to sets, taken from sets."""

    set: Mapping[str, Value | None] = field(default_factory=dict)
    add: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    remove: Mapping[str, Sequence[Value]] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return it as it stands in an entry."""
        parts = {
            "set": dict(self.set),
            "add": {name: list(values) for name, values in self.add.items() if values},
            "remove": {name: list(values) for name, values in self.remove.items() if values},
        }
        return {name: part for name, part in parts.items() if part}


def new_id() -> str:
    """Make an id for an item."""
    return random_id(ID_CHARS)


def id_about(sort: Sort, subject: str) -> str:
    """Return the id of the one item of a sort about a subject, the same for two who make it."""
    return digest(f"{sort.name}\n{subject}".encode())[:ID_CHARS]


def made(sort: Sort, item: str, change: Change, *, project: str) -> Draft:
    """Say that there is an item.

    Raises:
        ItemBad: a field is not one of the sort's, or cannot hold its value.
    """
    refs = _checked(sort, change)
    return Draft(sort.made, item, {"project": project, **change.body()}, refs)


def changed(sort: Sort, item: str, change: Change) -> Draft:
    """Change fields of an item.

    Raises:
        ItemBad: a field is not one of the sort's, or cannot hold its value.
    """
    return Draft(sort.set, item, change.body(), _checked(sort, change))


def moved(sort: Sort, item: str, move: Move, values: Mapping[str, Any]) -> Draft:
    """Do something with an item; the value of a field of many is a list.

    Raises:
        ItemBad: the sort has no such move, or a field cannot hold its value.
    """
    if sort.move(move.name) != move:
        raise ItemBad(f"nothing that is done with a {sort.name}", move.name)
    refs: list[ObjectId] = []
    for name, value in values.items():
        each = _known(move.field(name), name)
        many = value if each.many else [value]
        if not isinstance(many, (list, tuple)) or len(many) > MANY_MAX:
            raise ItemBad(f"too many for `{name}`", len(value), f"at most {MANY_MAX}")
        refs += _objects(each, many)
    return Draft(sort.kind_of(move), item, {"with": dict(values)}, tuple(dict.fromkeys(refs)))


def _checked(sort: Sort, change: Change) -> tuple[ObjectId, ...]:
    refs: list[ObjectId] = []
    for name, value in change.set.items():
        each = _known(sort.field(name), name)
        if each.many:
            raise ItemBad(f"`{name}` holds many", str(value), "they are added and taken away")
        if value is not None:
            refs += _objects(each, [value])
    for name, values in _together(change.add, change.remove):
        each = _known(sort.field(name), name)
        if not each.many or len(values) > MANY_MAX:
            raise ItemBad(f"too many for `{name}`", len(values), f"at most {MANY_MAX}")
        refs += _objects(each, values)
    return tuple(dict.fromkeys(refs))


def _together(
    *parts: Mapping[str, Sequence[Value]],
) -> Iterator[tuple[str, Sequence[Value]]]:
    for part in parts:
        yield from part.items()


def _known(found: Field | None, name: str) -> Field:
    if found is None:
        raise ItemBad("no such field", name)
    return found


def _objects(each: Field, values: Iterable[Any]) -> list[ObjectId]:
    for value in values:
        if not each.holds(value):
            why = f"one of {', '.join(each.words)}" if each.words else f"a {each.type}"
            raise ItemBad(f"cannot be `{each.name}`", str(value), why)
    return [ObjectId(value) for value in values] if each.type is Type.PROSE else []
