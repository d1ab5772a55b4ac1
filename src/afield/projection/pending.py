"""What a chunk of entries wants written: one value per register, the winner of the chunk.

Superseded operations are dropped here, before the database sees them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from afield.projection.database import Database
from afield.projection.ops import Add, Put
from afield.projection.schema import ONCE, Table
from afield.projection.statements import upsert

_KEY_TYPES = frozenset({str, int, bytes})
_VALUE_TYPES = _KEY_TYPES | {float, bool, type(None)}

_Register = dict[tuple[Any, ...], tuple[bytes, tuple[Any, ...]]]


class Pending:
    """Collects operations of stamped entries and writes the winners.

    Attributes:
        registers: how many registers wait to be written.
    """

    def __init__(self, tables: Iterable[Table]) -> None:
        self.registers = 0
        self._key_sizes: dict[str, int] = {}
        self._slots: dict[tuple[str, str], _Register] = {}
        self._upserts: dict[tuple[str, str], str] = {}
        for table in tables:
            self._key_sizes[table.name] = len(table.key)
            for group in table.groups:
                self._slots[table.name, group] = {}
                self._upserts[table.name, group] = upsert(table, group)

    def add(self, stamp: bytes, ops: Sequence[Put | Add]) -> None:
        """Take the operations of one entry: all of them or, when one is refused, none.

        Raises:
            TypeError: a key or value is of a kind that no column holds.
            AssertionError: an operation names a table or group that was never declared.
        """
        placed = [self._place(op) for op in ops]
        for slot, key, values in placed:
            register = self._slots[slot]
            before = register.get(key)
            if before is None:
                register[key] = (stamp, values)
                self.registers += 1
            elif stamp < before[0] if slot[1] == ONCE else stamp >= before[0]:
                register[key] = (stamp, values)

    def _place(self, op: Put | Add) -> tuple[tuple[str, str], tuple[Any, ...], tuple[Any, ...]]:
        if isinstance(op, Put):
            slot, key, values = (op.table, op.group), op.key, op.values
        else:
            size = self._key_sizes[op.table]
            slot, key, values = (op.table, ONCE), op.row[:size], op.row[size:]
        assert slot in self._slots, f"no table {op.table} with a group {slot[1]}"
        if not _KEY_TYPES.issuperset(map(type, key)):
            raise TypeError(f"a key of table {op.table} has a part that is no text, integer, bytes")
        if not _VALUE_TYPES.issuperset(map(type, values)):
            raise TypeError(f"a value for table {op.table} is no single value")
        return slot, key, values

    def write(self, database: Database) -> None:
        """Write all winners, in the order of their keys, and forget them."""
        for slot, register in self._slots.items():
            if register:
                rows = [(*key, *values, stamp) for key, (stamp, values) in register.items()]
                rows.sort(key=_key_order)  # neighbours in the tree are written together
                database.write_many(self._upserts[slot], rows)
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        for register in self._slots.values():
            register.clear()
        self.registers = 0


def _key_order(row: tuple[Any, ...]) -> str:
    return str(row[0])
