"""What a chunk of entries wants written: one row per register, the winner of the chunk.

Superseded operations are dropped here, before the database sees them. This is the hot loop of
a fold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from afield.projection.database import Database
from afield.projection.ops import Add, Put
from afield.projection.schema import ONCE, Table
from afield.projection.statements import upsert

_KEY_TYPES = frozenset({str, int, bytes})
_VALUE_TYPES = _KEY_TYPES | {float, bool, type(None)}

_Row = tuple[Any, ...]


class _Register:
    """The rows that wait for one group of one table, by key; a row ends with its stamp."""

    __slots__ = ("first_wins", "key_size", "rows", "upsert")

    def __init__(self, table: Table, group: str) -> None:
        self.rows: dict[_Row, _Row] = {}
        self.key_size = len(table.key)
        self.first_wins = group == ONCE
        self.upsert = upsert(table, group)


class Pending:
    """Collects operations of stamped entries and writes the winners."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._registers = {
            table.name: {group: _Register(table, group) for group in table.groups}
            for table in tables
        }

    def __len__(self) -> int:
        """How many rows wait to be written."""
        return sum(
            len(each.rows) for groups in self._registers.values() for each in groups.values()
        )

    def add(self, stamp: bytes, ops: Iterable[Put | Add]) -> None:
        """Take the operations of one entry: all of them or, when one is refused, none.

        Raises:
            TypeError: a key or value is of a kind that no column holds.
            AssertionError: an operation names a table or group that was never declared.
        """
        placed: list[tuple[_Register, _Row, _Row]] = []
        for op in ops:
            register, key, values = self._place(op)
            if not _KEY_TYPES.issuperset(map(type, key)):
                raise TypeError(f"a part of a key of table {op.table} is no text, integer, bytes")
            if not _VALUE_TYPES.issuperset(map(type, values)):
                raise TypeError(f"a value for table {op.table} is no single value")
            placed.append((register, key, (*key, *values, stamp)))
        for register, key, row in placed:
            rows = register.rows
            before = rows.get(key)
            if before is None:
                rows[key] = row
            elif register.first_wins:
                if stamp < before[-1]:
                    rows[key] = row
            elif stamp >= before[-1]:  # of two writes by one entry the later counts
                rows[key] = row

    def _place(self, op: Put | Add) -> tuple[_Register, _Row, _Row]:
        """Return the register of an operation, its key and its values."""
        try:
            groups = self._registers[op.table]
            if isinstance(op, Put):
                return groups[op.group], op.key, op.values
            register = groups[ONCE]
        except KeyError as error:
            raise AssertionError(f"no such table or group: {op}") from error
        return register, op.row[: register.key_size], op.row[register.key_size :]

    def write(self, database: Database) -> None:
        """Write all winners, in the order of their keys, and forget them."""
        for register in self._all():
            if register.rows:
                database.write_many(register.upsert, _by_key(list(register.rows.values())))
                register.rows.clear()

    def _all(self) -> list[_Register]:
        return [each for groups in self._registers.values() for each in groups.values()]


def _by_key(rows: list[_Row]) -> Sequence[_Row]:
    """Sort rows by the first part of their key, so that neighbours in the tree come together."""
    try:
        rows.sort(key=itemgetter(0))
    except TypeError:  # numbers and texts in one column of the key
        rows.sort(key=lambda row: str(row[0]))
    return rows
