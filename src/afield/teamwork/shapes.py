"""What a sort of items is made of: its fields, and the moves that people make on it.

Declarations only. A field is a register: the last writer counts. A move is a fact that stays, with
who and when. What a person words in their own way is `PROSE`: the entry holds its object's id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from afield.kernel.late import late
from afield.teamwork.limits import CODE_CHARS_MAX, LINK_CHARS_MAX, NUMBER_MAX

Value = str | int | float | bool
Place = tuple[str, int]
"""The device and number of the entry that a move is."""


class Type(StrEnum):
    """What a field holds, and how it stands in an entry."""

    WORD = "word"
    """One of a few words that the declaration lists."""
    MEMBER = "member"
    """A member's id."""
    TIME = "time"
    """Unix milliseconds."""
    DAY = "day"
    """A date of somebody's calendar, `2026-11-23`."""
    NUMBER = "number"
    """An integer or a finite float."""
    FLAG = "flag"
    """True or false."""
    LINK = "link"
    """Something in the record, as `links` spells it: `run:<id>`."""
    CODE = "code"
    """A short word for machines, without spaces: a place in a file, the name of a metric."""
    PLACE = "place"
    """A move: `<device> <seq>`."""
    PROSE = "prose"
    """The id of an object that holds a person's words."""


_MEMBER = late(r"[0-9a-hjkmnp-tv-z]{16}")
_DAY = late(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_PLACE = late(r"[0-9a-f]{32} [1-9]\d{0,11}")
_OBJECT = late(r"[0-9a-f]{64}")
_LINK = late(r"[a-z][a-z-]{0,15}:\S+")


class Field(msgspec.Struct, frozen=True):
    """One field.

    Args:
        name: unique in its sort or move.
        type: what it holds.
        words: for `WORD`, those that there are; the first is meant where none stands.
        many: it is a set, to which values are added and from which they are taken.
    """

    name: str
    type: Type
    words: tuple[str, ...] = ()
    many: bool = False

    def holds(self, value: Any) -> bool:
        """Tell whether a value of an entry can stand here."""
        return _FITS[self.type](self, value)


class Move(msgspec.Struct, frozen=True):
    """Something that a person does with an item.

    Args:
        name: the last part of the entry's kind.
        fields: what comes with it.
        by: the item's field that names who alone makes it; others' moves count for nothing. Whoever
            the field named at some time before the move made it in good faith.
        or_author: who made the item makes it, too.
    """

    name: str
    fields: tuple[Field, ...] = ()
    by: str = ""
    or_author: bool = False

    def field(self, name: str) -> Field | None:
        """Return the field of this name."""
        return next((each for each in self.fields if each.name == name), None)


class Sort(msgspec.Struct, frozen=True):
    """One sort of items.

    Args:
        name: `ask`; the first part of the kinds of its entries.
        fields: what people fill in and change.
        moves: what they do with it, besides those of every item.
    """

    name: str
    fields: tuple[Field, ...]
    moves: tuple[Move, ...] = ()

    def field(self, name: str) -> Field | None:
        """Return the field of this name."""
        return next((each for each in self.fields if each.name == name), None)

    def named(self) -> tuple[tuple[str, str], ...]:
        """Return the moves that only some make, each with the field that names these."""
        return tuple((move.name, move.by) for move in self.moves if move.by)

    @property
    def of_author(self) -> frozenset[str]:
        """The names of the moves that who made the item makes, too, where only some do."""
        return frozenset(move.name for move in self.moves if move.or_author)

    def every_move(self) -> tuple[Move, ...]:
        """Return its own moves and those of every item."""
        return (*self.moves, *EVERY)

    def move(self, name: str) -> Move | None:
        """Return the move of this name."""
        return next((each for each in self.every_move() if each.name == name), None)

    @property
    def made(self) -> str:
        """The kind of the entry that makes one."""
        return f"{self.name}.made"

    @property
    def set(self) -> str:
        """The kind of the entry that changes fields."""
        return f"{self.name}.set"

    def kind_of(self, move: Move) -> str:
        """Return the kind of the entry that is a move."""
        return f"{self.name}.{move.name}"

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of all entries about items of this sort."""
        return (self.made, self.set, *map(self.kind_of, self.every_move()))


TEXT = Field("text", Type.PROSE)
RE = Field("re", Type.PLACE)
COMMENTED = Move(
    "commented",
    (TEXT, RE, Field("anchor", Type.CODE), Field("mentions", Type.MEMBER, many=True)),
)
RESOLVED = Move("resolved", (RE, Field("done", Type.FLAG)))
FOLLOWED = Move("followed", (Field("on", Type.FLAG),))
EVERY = (COMMENTED, RESOLVED, FOLLOWED)
"""What can be done with every item: comment, say that a comment is dealt with, follow or not."""


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and -NUMBER_MAX <= value <= NUMBER_MAX  # no NaN, no infinity
    )


def _is_time(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < NUMBER_MAX


def _is_text(value: Any, chars_max: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= chars_max and value.isprintable()


_FITS: Mapping[Type, Callable[[Field, Any], bool]] = {
    Type.WORD: lambda each, value: isinstance(value, str) and value in each.words,
    Type.MEMBER: lambda _, value: isinstance(value, str) and bool(_MEMBER().fullmatch(value)),
    Type.TIME: lambda _, value: _is_time(value),
    Type.DAY: lambda _, value: isinstance(value, str) and bool(_DAY().fullmatch(value)),
    Type.NUMBER: lambda _, value: _is_number(value),
    Type.FLAG: lambda _, value: isinstance(value, bool),
    Type.LINK: lambda _, value: _is_text(value, LINK_CHARS_MAX) and bool(_LINK().fullmatch(value)),
    Type.CODE: lambda _, value: (
        _is_text(value, CODE_CHARS_MAX) and not any(map(str.isspace, value))
    ),
    Type.PLACE: lambda _, value: isinstance(value, str) and bool(_PLACE().fullmatch(value)),
    Type.PROSE: lambda _, value: isinstance(value, str) and bool(_OBJECT().fullmatch(value)),
}
