"""What a room says about its tables: columns, keys, groups, indexes, and the folds into them.

Declarations only: no SQL and no database. A *group* is a set of columns that are written
together and guarded by one hidden stamp column, `<group>_at`; it is one last-writer-wins
register per row. The group named `once` is the other way round: the smallest stamp wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from afield.journal.entry import Entry
from afield.kernel.digest import digest
from afield.projection.gate import Gate
from afield.projection.ops import Add, Put, PutAlike, PutMany, PutRow
from afield.projection.owners import Owners

FORMAT = 3
"""Raised when the engine stores the same declarations differently."""

ONCE = "once"
"""The group whose first writer wins; `Add` writes it."""

ColumnType = Literal["text", "integer", "boolean", "real", "blob"]
Fold = Callable[[Entry], Iterable[Put | PutRow | PutMany | PutAlike | Add]]
"""A pure function of one entry: the same entry always gives the same operations."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Column(msgspec.Struct, frozen=True):
    """A column. NaN in a `real` column is stored as NULL; infinities are kept.

    Args:
        name: unique in its table.
        type: what it holds; a `boolean` is read as what is true or false.
        long: texts of any length, of which an index may hold a part only.
    """

    name: str
    type: ColumnType
    long: bool = False

    def __post_init__(self) -> None:
        _check_name(self.name)


class Index(msgspec.Struct, frozen=True):
    """An index on columns of one table.

    Args:
        columns: their names, in order.
        falling: those of them that fall.
        sql: an expression of the columns that is indexed instead of them.
        large: made only in a database for very many rows, where to sort them takes too long.
    """

    columns: tuple[str, ...]
    falling: frozenset[str] = frozenset()
    sql: str = ""
    large: bool = False


class Table(msgspec.Struct, frozen=True):
    """A table of registers.

    Args:
        name: unique over all rooms.
        key: the primary key; never NULL.
        groups: columns that are set together, by the name of their register.
        indexes: tuples of column names, or `Index`.
        wide: rows of more than some hundred bytes; kept apart from the key's tree, so that
            the tree stays shallow.
    """

    name: str
    key: tuple[Column, ...]
    groups: Mapping[str, tuple[Column, ...]]
    indexes: tuple[Index | tuple[str, ...], ...] = ()
    wide: bool = False

    def __post_init__(self) -> None:
        _check_name(self.name)
        if not self.key or not self.groups:
            raise ValueError(f"table {self.name} needs a key and a group")
        names = [column.name for column in self.key]
        for group, columns in self.groups.items():
            _check_name(group)
            names += [column.name for column in columns]
            names.append(stamp_name(group))
        if len(set(names)) != len(names):
            raise ValueError(f"table {self.name} names a column twice")
        for indexed in self.index_columns():
            if missing := set(indexed) - set(names):
                raise ValueError(f"table {self.name} has no columns {sorted(missing)} to index")

    def index_columns(self) -> list[tuple[str, ...]]:
        """Return the columns of each index, whichever way they were declared."""
        return [each.columns for each in self.every_index()]

    def every_index(self) -> list[Index]:
        """Return the indexes, whichever way they were declared."""
        return [each if isinstance(each, Index) else Index(each) for each in self.indexes]


class Room(msgspec.Struct, frozen=True):
    """What one room gives to the engine.

    Args:
        name: the room's name.
        tables: its tables.
        folds: by kind of entry; several rooms may fold the same kind.
        claims: the same, for entries whether or not they count: what a gate's verdicts are
            worked out from.
        version: raised when a fold changes its meaning but not its tables, so that every
            projection is rebuilt.
        gate: decides which entries count; at most one room brings one.
        owners: whose the objects are that its entries name.
    """

    name: str
    tables: tuple[Table, ...] = ()
    folds: Mapping[str, Fold] = msgspec.field(default_factory=dict)
    claims: Mapping[str, Fold] = msgspec.field(default_factory=dict)
    version: int = 1
    gate: Gate | None = None
    owners: tuple[Owners, ...] = ()


def stamp_name(group: str) -> str:
    """Return the name of the hidden column that guards a group."""
    return f"{group}_at"


def fingerprint(rooms: Sequence[Room]) -> str:
    """Digest all that decides what the tables hold; another digest means: rebuild."""
    parts: list[str] = [f"format {FORMAT}"]
    for room in sorted(rooms, key=lambda room: room.name):
        kinds = ",".join(sorted(room.folds))
        parts.append(
            f"room {room.name} {room.version} {room.gate.name if room.gate else None} {kinds}"
        )
        if room.claims:
            parts.append(f"claims {','.join(sorted(room.claims))}")
        for table in sorted(room.tables, key=lambda table: table.name):
            parts.append(f"table {table.name} {table.wide} {_columns(table.key)}")
            parts += [f"group {name} {_columns(each)}" for name, each in table.groups.items()]
            parts += [
                f"index {','.join(each.columns)} {','.join(sorted(each.falling))} {each.sql}"
                for each in table.every_index()
            ]
    return digest("\n".join(parts).encode())


def _columns(columns: Iterable[Column]) -> str:
    return ",".join(f"{column.name}:{column.type}" for column in columns)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a table, column or group")
