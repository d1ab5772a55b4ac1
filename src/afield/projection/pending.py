"""What a chunk of entries wants written: one row per register, the winner of the chunk.

Superseded operations are dropped here, before the database sees them. This is the hot loop of
a fold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, TypeVar

from afield.projection.database import Database
from afield.projection.limits import STATEMENT_ROWS_MAX, STATEMENT_VALUES_MAX
from afield.projection.ops import Add, Put, PutMany
from afield.projection.schema import ONCE, Table
from afield.projection.statements import upsert, upsert_many

_KEY_TYPES = frozenset({str, int, bytes})
_VALUE_TYPES = _KEY_TYPES | {float, bool, type(None)}

_Row = tuple[Any, ...]


class _Register:
    """What waits for one group of one table.

    Attributes:
        rows: the winners of single rows, by key; a row ends with its stamp.
        blocks: rows of one `PutMany` each, as the parameters of `upsert_many`, by their number.
            Two may write one row: then the stamps decide it in the database.
    """

    __slots__ = ("blocks", "first_wins", "group", "key_size", "rows", "width")

    def __init__(self, table: Table, group: str) -> None:
        self.group = group
        self.rows: dict[_Row, _Row] = {}
        self.blocks: defaultdict[int, list[list[Any]]] = defaultdict(list)
        self.key_size = len(table.key)
        self.width = self.key_size - 1 + len(table.groups[group])
        self.first_wins = group == ONCE

    def __len__(self) -> int:
        return len(self.rows) + sum(size * len(found) for size, found in self.blocks.items())

    def put(self, key: _Row, row: _Row) -> None:
        """Take a row, unless the one that waits wins."""
        stamp = row[-1]
        before = self.rows.get(key)
        if (
            before is None
            or (self.first_wins and stamp < before[-1])
            # of two writes by one entry the later counts
            or (not self.first_wins and stamp >= before[-1])
        ):
            self.rows[key] = row

    def put_many(self, first: Any, stamp: bytes, cells: list[Any]) -> None:
        """Take rows in blocks of no more than one statement holds."""
        rows = min(STATEMENT_ROWS_MAX, STATEMENT_VALUES_MAX // self.width)
        size = rows * self.width
        for start in range(0, len(cells), size):
            part = cells[start : start + size]
            self.blocks[len(part) // self.width].append([first, stamp, *part])

    def write_blocks(self, table: Table, database: Database) -> None:
        """Write the blocks and forget them."""
        for rows, found in self.blocks.items():
            database.write_many(upsert_many(table, self.group, rows), _by_key(found))
        self.blocks.clear()


class Pending:
    """Collects operations of stamped entries and writes the winners."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._tables = tuple(tables)
        self._registers = {
            table.name: {group: _Register(table, group) for group in table.groups}
            for table in self._tables
        }

    def __len__(self) -> int:
        """How many rows wait to be written."""
        return sum(len(each) for groups in self._registers.values() for each in groups.values())

    def add(self, stamp: bytes, ops: Iterable[Put | PutMany | Add]) -> None:
        """Take the operations of one entry: all of them or, when one is refused, none.

        Raises:
            TypeError: a key or value is of a kind that no column holds.
            AssertionError: an operation names a table or group that was never declared.
        """
        placed: list[tuple[_Register, _Row, _Row]] = []
        many: list[tuple[_Register, PutMany]] = []
        for op in ops:
            if type(op) is PutMany:
                many.append((self._place_many(op), op))
                continue
            register, key, values = self._place(op)
            _check(op.table, key, values)
            placed.append((register, key, (*key, *values, stamp)))
        for register, key, row in placed:
            register.put(key, row)
        for register, op in many:
            register.put_many(op.first, stamp, op.cells)

    def _place(self, op: Put | PutMany | Add) -> tuple[_Register, _Row, _Row]:
        """Return the register of an operation, its key and its values."""
        if isinstance(op, Put):
            return self._register(op.table, op.group), op.key, op.values
        assert isinstance(op, Add)
        register = self._register(op.table, ONCE)
        return register, op.row[: register.key_size], op.row[register.key_size :]

    def _place_many(self, op: PutMany) -> _Register:
        """Return the register of many rows, which are checked."""
        register = self._register(op.table, op.group)
        width = register.width
        assert not len(op.cells) % width, f"the cells of {op.table} are no whole rows"
        keys = [op.first]
        for part in range(register.key_size - 1):
            keys += op.cells[part::width]
        _check(op.table, keys, op.cells)
        return register

    def _register(self, table: str, group: str) -> _Register:
        try:
            return self._registers[table][group]
        except KeyError as error:
            raise AssertionError(f"no such table or group: {table}.{group}") from error

    def write(self, database: Database) -> None:
        """Write all winners, in the order of their keys, and forget them."""
        for table in self._tables:
            registers = [*self._registers[table.name].values()]
            _write_rows(table, registers, database)
            for register in registers:
                register.write_blocks(table, database)


def _check(table: str, key: Iterable[Any], values: Iterable[Any]) -> None:
    if not _KEY_TYPES.issuperset(map(type, key)):
        raise TypeError(f"a part of a key of table {table} is no text, integer, bytes")
    if not _VALUE_TYPES.issuperset(map(type, values)):
        raise TypeError(f"a value for table {table} is no single value")


def _write_rows(table: Table, registers: Sequence[_Register], database: Database) -> None:
    """Write single rows: each of them once, with all those of its groups that wait."""
    waiting = [register for register in registers if register.rows]
    if len(waiting) == 1:
        database.write_many(upsert(table, waiting[0].group), _by_key([*waiting[0].rows.values()]))
    elif waiting:
        for groups, rows in _joined(waiting).items():
            database.write_many(upsert(table, *groups), _by_key(rows))
    for register in waiting:
        register.rows.clear()


def _joined(registers: Sequence[_Register]) -> dict[tuple[str, ...], list[_Row]]:
    """Return what waits for each row as one row, by the groups that it holds."""
    rows: dict[_Row, _Row] = {}
    groups: dict[_Row, tuple[str, ...]] = {}
    for register in registers:
        only = (register.group,)
        for key, row in register.rows.items():
            before = rows.get(key)
            if before is None:
                rows[key], groups[key] = row, only
            else:
                rows[key] = before + row[register.key_size :]
                groups[key] += only
    found: defaultdict[tuple[str, ...], list[_Row]] = defaultdict(list)
    for key, row in rows.items():
        found[groups[key]].append(row)
    return found


_Rows = TypeVar("_Rows", list[_Row], list[list[Any]])


def _by_key(rows: _Rows) -> _Rows:
    """Sort rows by the first part of their key, so that neighbours in the tree come together."""
    try:
        rows.sort(key=itemgetter(0))
    except TypeError:  # numbers and texts in one column of the key
        rows.sort(key=lambda row: str(row[0]))
    return rows
