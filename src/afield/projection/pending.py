"""What a chunk of entries wants written: one row per register, the winner of the chunk.

Superseded operations are dropped here, before the database sees them. This is the hot loop of
a fold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from afield.projection.database import Database
from afield.projection.limits import (
    FRAME_BLOCKS_MIN,
    STATEMENT_ROWS_MAX,
    STATEMENT_VALUES_MAX,
)
from afield.projection.ops import Add, Frame, Put, PutAlike, PutMany, PutRow
from afield.projection.schema import ONCE, Table

_KEY_TYPES = frozenset({str, int, bytes})
_VALUE_TYPES = _KEY_TYPES | {float, bool, type(None)}

_Row = tuple[Any, ...]


class _Part(NamedTuple):
    """Where one group stands.

    Attributes:
        start: in a waiting row, its first column.
        at: there, its stamp, right behind its columns.
        first: in an operation's values, its first one.
        last: there, the end.
        bit: tells in a waiting row that the group waits.
        first_wins: the smallest stamp counts, not the largest.
    """

    start: int
    at: int
    first: int
    last: int
    bit: int
    first_wins: bool


class _Shape(NamedTuple):
    """Groups that are set together.

    Attributes:
        rows: where rows wait for them.
        parts: the groups, in the order of their values.
        width: how many values there are.
        bits: those of the groups.
        whole: lays the key, the values, a stamp, None and the groups' bits out as a waiting row.
    """

    rows: _Rows
    parts: tuple[_Part, ...]
    width: int
    bits: int
    whole: itemgetter[Any]


class _Rows:
    """Single rows of one table that wait, the winner of each group in them.

    A waiting row is flat: the key, each group's columns and its stamp, and last the bits of the
    groups that wait.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._key_size = len(table.key)
        self._groups = tuple(table.groups)
        self._starts: dict[str, int] = {}
        self._width = self._key_size
        for group, columns in table.groups.items():
            self._starts[group] = self._width
            self._width += len(columns) + 1
        self._waiting: dict[_Row, list[Any]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def shape(self, groups: Sequence[str]) -> _Shape:
        """Return how the values of some groups, one after the other, stand in a row."""
        parts = []
        width = 0
        for group in groups:
            start, size = self._starts[group], len(self._table.groups[group])
            bit = 1 << self._groups.index(group)
            parts.append(_Part(start, start + size, width, width + size, bit, group == ONCE))
            width += size
        stamp = self._key_size + width
        cells = [*range(self._key_size), *[stamp + 1] * (self._width - self._key_size), stamp + 2]
        for part in parts:
            first = self._key_size + part.first
            cells[part.start : part.at + 1] = [*range(first, first + part.last - part.first), stamp]
        return _Shape(
            self, tuple(parts), width, sum(part.bit for part in parts), itemgetter(*cells)
        )

    def put(self, shape: _Shape, key: _Row, values: _Row, stamp: bytes) -> None:
        """Take what wins against the groups that wait for this row."""
        row = self._waiting.get(key)
        if row is None:
            self._waiting[key] = list(shape.whole((*key, *values, stamp, None, shape.bits)))
            return
        for start, at, first, last, bit, first_wins in shape.parts:
            before = row[at]
            # of two writes by one entry the later counts
            if before is None or (stamp < before if first_wins else stamp >= before):
                row[start:at] = values[first:last]
                row[at] = stamp
                row[-1] |= bit

    def write(self, database: Database) -> None:
        """Write each row once, with all its groups that wait, and forget them."""
        found: defaultdict[int, list[list[Any]]] = defaultdict(list)
        for row in self._waiting.values():
            found[row[-1]].append(row)
        self._waiting.clear()
        for bits, rows in found.items():
            groups = [name for index, name in enumerate(self._groups) if bits >> index & 1]
            columns = [*range(self._key_size)]
            for part in self.shape(groups).parts:
                columns += range(part.start, part.at + 1)
            cells = itemgetter(*columns)
            database.upsert(self._table, groups, map(cells, _by_key(rows)))


class _Blocks:
    """Rows of one group that wait in blocks, of one `PutMany` each.

    They are the parameters of `upsert_many`, by the number of rows. Two blocks may write one
    row: then the stamps decide it in the database.
    """

    def __init__(self, table: Table, group: str) -> None:
        self._table = table
        self._group = group
        self.key_size = len(table.key)
        self.width = self.key_size - 1 + len(table.groups[group])
        self._rows_max = min(STATEMENT_ROWS_MAX, STATEMENT_VALUES_MAX // self.width)
        self._waiting: defaultdict[int, list[list[Any]]] = defaultdict(list)

    def __len__(self) -> int:
        return sum(size * len(found) for size, found in self._waiting.items())

    def put(self, first: Any, stamp: bytes, cells: list[Any]) -> None:
        """Take rows in blocks of no more than one statement holds."""
        rows = len(cells) // self.width
        if rows <= self._rows_max:
            if rows:
                self._waiting[rows].append([first, stamp, *cells])
            return
        size = self._rows_max * self.width
        for start in range(0, len(cells), size):
            self.put(first, stamp, cells[start : start + size])

    def write(self, database: Database) -> None:
        """Write the blocks and forget them."""
        for rows, found in self._waiting.items():
            database.upsert_many(self._table, self._group, rows, _by_key(found))
        self._waiting.clear()


class _Alike:
    """Rows of one frame that wait in blocks, of one `PutAlike` each."""

    def __init__(self, table: Table, group: str, frame: Frame, blocks: _Blocks) -> None:
        self._table = table
        self._group = group
        self._frame = frame
        self._blocks = blocks
        self._waiting: list[list[Any]] = []
        self.values = len(frame.rows) * frame.width
        assert len(frame.rows) <= STATEMENT_ROWS_MAX, f"a frame of {table.name} is too long"
        assert self.values <= STATEMENT_VALUES_MAX, f"a frame of {table.name} is too wide"
        assert {blocks.width}.issuperset(map(len, frame.rows)), f"{table.name} has other rows"

    def __len__(self) -> int:
        return len(self._waiting) * len(self._frame.rows)

    def put(self, first: Any, stamp: bytes, values: list[Any]) -> None:
        """Take the values of one block, if there are any."""
        if values:
            self._waiting.append([first, stamp, *values])

    def write(self, database: Database) -> None:
        """Write the blocks and forget them: few are written as if there were no frame."""
        if len(self._waiting) >= FRAME_BLOCKS_MIN:
            rows = _by_key(self._waiting)
            database.upsert_alike(self._table, self._group, self._frame, rows)
        else:
            for first, stamp, *values in self._waiting:
                self._blocks.put(first, stamp, self._frame.cells(values))
        self._waiting.clear()


class Pending:
    """Collects operations of stamped entries and writes the winners."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._tables = {table.name: table for table in tables}
        self._rows = {table.name: _Rows(table) for table in self._tables.values()}
        self._blocks: dict[tuple[str, str], _Blocks] = {}
        self._alike: dict[tuple[str, str, Frame], _Alike] = {}
        self._shapes: dict[tuple[str, str | tuple[str, ...]], _Shape] = {}

    def __len__(self) -> int:
        """How many rows wait to be written."""
        return sum(len(each) for each in self._waiting())

    def add(self, stamp: bytes, ops: Iterable[Put | PutRow | PutMany | PutAlike | Add]) -> None:
        """Take the operations of one entry: all of them or, when one is refused, none.

        Raises:
            TypeError: a key or value is of a kind that no column holds.
            AssertionError: an operation names a table or group that was never declared.
        """
        placed: list[tuple[_Shape, _Row, _Row]] = []
        many: list[tuple[_Blocks | _Alike, Any, list[Any]]] = []
        for op in ops:
            if isinstance(op, PutAlike):
                many.append((self._place_alike(op), op.first, op.values))
            elif isinstance(op, PutMany):
                many.append((self._place_many(op), op.first, op.cells))
            else:
                placed.append(self._place(op))
        for shape, key, values in placed:
            shape.rows.put(shape, key, values, stamp)
        for blocks, first, cells in many:
            blocks.put(first, stamp, cells)

    def _place(self, op: Put | PutRow | Add) -> tuple[_Shape, _Row, _Row]:
        """Return where an operation's values go, its key and the values, which are checked."""
        if isinstance(op, Add):
            shape = self._shape(op.table, ONCE)
            size = len(self._tables[op.table].key)
            key, values = op.row[:size], op.row[size:]
        else:
            shape = self._shape(op.table, op.group if isinstance(op, Put) else op.groups)
            key, values = op.key, op.values
        assert len(values) == shape.width, f"{op.table} wants {shape.width} values"
        _check(op.table, key, values)
        return shape, key, values

    def _shape(self, table: str, groups: str | tuple[str, ...]) -> _Shape:
        found = self._shapes.get((table, groups))
        if found is None:
            names = (groups,) if isinstance(groups, str) else groups
            for group in names:
                self._known(table, group)
            found = self._shapes[table, groups] = self._rows[table].shape(names)
        return found

    def _place_many(self, op: PutMany) -> _Blocks:
        """Return where many rows wait, which are checked."""
        blocks = self._blocks_of(op.table, op.group)
        width = blocks.width
        assert not len(op.cells) % width, f"the cells of {op.table} are no whole rows"
        keys = [op.first]
        for part in range(blocks.key_size - 1):
            keys += op.cells[part::width]
        _check(op.table, keys, op.cells)
        return blocks

    def _place_alike(self, op: PutAlike) -> _Alike:
        """Return where the rows of a frame wait, which are checked."""
        found = self._alike.get((op.table, op.group, op.frame))
        if found is None:
            blocks = self._blocks_of(op.table, op.group)
            found = _Alike(self._tables[op.table], op.group, op.frame, blocks)
            self._alike[op.table, op.group, op.frame] = found
        assert len(op.values) == found.values, f"{op.table} wants {found.values} values"
        _check(op.table, (op.first,), op.values)
        return found

    def _blocks_of(self, table: str, group: str) -> _Blocks:
        blocks = self._blocks.get((table, group))
        if blocks is None:
            blocks = self._blocks[table, group] = _Blocks(self._known(table, group), group)
        return blocks

    def _known(self, table: str, group: str) -> Table:
        found = self._tables.get(table)
        assert found is not None, f"no such table or group: {table}.{group}"
        assert group in found.groups, f"no such table or group: {table}.{group}"
        return found

    def write(self, database: Database) -> None:
        """Write all winners, in the order of their keys, and forget them."""
        for waiting in self._waiting():
            waiting.write(database)
        self._alike.clear()  # there may be as many frames as entries

    def _waiting(self) -> Iterator[_Rows | _Alike | _Blocks]:
        for name, rows in self._rows.items():
            yield rows
            yield from (found for (table, *_), found in self._alike.items() if table == name)
            yield from (found for (table, _), found in self._blocks.items() if table == name)


def _check(table: str, key: Iterable[Any], values: Iterable[Any]) -> None:
    if not _KEY_TYPES.issuperset(map(type, key)):
        raise TypeError(f"a part of a key of table {table} is no text, integer, bytes")
    if not _VALUE_TYPES.issuperset(map(type, values)):
        raise TypeError(f"a value for table {table} is no single value")


def _by_key(rows: list[list[Any]]) -> list[list[Any]]:
    """Sort rows by the first part of their key, so that neighbours in the tree come together."""
    try:
        rows.sort(key=itemgetter(0))
    except TypeError:  # numbers and texts in one column of the key
        rows.sort(key=lambda row: str(row[0]))
    return rows
