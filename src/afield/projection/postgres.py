"""PostgreSQL behind the `Database` Protocol: types, upserts, indexes, LIKE.

The tables are a cache of the journal, so a commit does not wait for the disk. One process folds
at a time, under an advisory lock; readers wait for nobody. What must not live here: anything
that knows of entries, rooms or the journal.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from afield.projection.limits import (
    BUSY_WAIT_S,
    NARROW_PAGE,
    NARROW_ROWS,
    PREFIX_CHARS,
    UPSERT_ROWS,
)
from afield.projection.ops import Frame
from afield.projection.patterns import compiled
from afield.projection.postgres_link import Link
from afield.projection.postgres_pattern import as_postgres
from afield.projection.postgres_values import array_text, fits, transposed
from afield.projection.schema import Column, ColumnType, Table, stamp_name
from afield.projection.statements import create_table, on_conflict, quoted, register

TYPES: dict[ColumnType, str] = {
    "text": 'TEXT COLLATE "C"',
    "integer": "BIGINT",
    "boolean": "BOOLEAN",  # which alone may be asked whether it IS TRUE
    "real": "DOUBLE PRECISION",
    "blob": "BYTEA",
}
"""Texts are compared by their bytes, as everywhere else."""

_ARRAYS: dict[ColumnType, str] = {
    "text": "text[]",
    "integer": "bigint[]",
    "boolean": "boolean[]",
    "real": "double precision[]",
    "blob": "bytea[]",
}
_FOLDED = 'upper({} COLLATE "und-x-icu")'
"""Unicode's own letters, whatever the database's locale."""


class PostgresDatabase:
    """One schema through one connection; usable from one thread at a time.

    Raises:
        DatabaseUnreachable: no connection could be made.
        DatabaseRefused: the address is none, or the server is too old.
    """

    def __init__(self, url: str, schema: str, *, busy_wait_s: float = BUSY_WAIT_S) -> None:
        self.link = Link(url, schema, durable=False, busy_wait_s=busy_wait_s)

    def query(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; return all its rows."""
        return self.link.query(sql, args)

    def write_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row."""
        self.link.write_many(sql, rows)

    def upsert(self, table: Table, groups: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write registers of rows, some thousand with one statement."""
        columns = [*table.key]
        for group in groups:
            columns += [*table.groups[group], Column(stamp_name(group), "blob")]
        all_fits = fits(table)
        each = [all_fits[column.name] for column in columns]
        types = [column.type for column in columns]
        sql = _upsert(table, groups, columns)
        found = list(rows)
        for start in range(0, len(found), UPSERT_ROWS):
            for part in _distinct(
                transposed(found[start : start + UPSERT_ROWS], each), len(table.key)
            ):
                self.link.write_arrays(sql, list(map(array_text, part, types)))

    def upsert_many(
        self, table: Table, group: str, size: int, blocks: Iterable[Sequence[Any]]
    ) -> None:
        """Write one group of `size` rows a block."""
        key = len(table.key) - 1
        width = key + len(table.groups[group])
        rows = [
            (block[0], *block[at : at + width], block[1])
            for block in blocks
            for at in range(2, 2 + size * width, width)
        ]
        self.upsert(table, (group,), rows)

    def upsert_alike(
        self, table: Table, group: str, frame: Frame, blocks: Iterable[Sequence[Any]]
    ) -> None:
        """Write one group of a frame's rows a block."""
        whole = [(*block[:2], *frame.cells(block[2:])) for block in blocks]
        self.upsert_many(table, group, len(frame.rows), whole)

    def make_indexes(self, tables: Iterable[Table]) -> None:
        """Make the indexes of tables that hold rows already, and count what is in them."""
        self.query("SET LOCAL maintenance_work_mem = '256MB'")
        for table in tables:
            for sql in _index_statements(table):
                self.query(sql)
            self.query(f"ANALYZE {quoted(table.name)}")

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the one writer's place: commits at the end, rolls back on an exception."""
        with self.link.together(self.link.schema):
            yield

    def table_sql(self, table: Table) -> str:
        """Return the statement that makes a table."""
        return create_table(table, TYPES)

    def like_sql(self, expression: str, pattern: str, *, fold: bool) -> tuple[str, tuple[str, ...]]:
        """Return a condition for LIKE (`fold`: ILIKE) on an expression.

        With the collation `C` ILIKE folds the letters of ASCII alone. A pattern with others is
        compared as Python folds it, to whom the sigma at a word's end is a sigma.
        """
        if not fold:
            return f"{expression} LIKE ? ESCAPE ''", (pattern,)
        if pattern.isascii():
            return f"({expression} COLLATE \"C\") ILIKE ? ESCAPE ''", (pattern,)
        lower = f'lower({_FOLDED.format(expression)} COLLATE "und-x-icu")'
        return f"replace({lower}, '\u03c2', '\u03c3') LIKE ? ESCAPE ''", (pattern.casefold(),)

    def rlike_sql(self, expression: str, pattern: str) -> tuple[str, tuple[str, ...]]:
        """Return a condition for a regular expression that fits somewhere in an expression.

        What RE2 takes has no references back, with which alone PostgreSQL's own would backtrack;
        it means the same there, or is refused.

        Raises:
            PatternRefused: it is none, or too large.
        """
        compiled(pattern)
        return f'({expression} COLLATE "C") ~ ?', (as_postgres(pattern),)

    def prefix_sql(self, expression: str) -> str | None:
        """Return what an index has of a long text: an entry of it has no more than 2,704 bytes."""
        return f"left({expression}, {PREFIX_CHARS})"

    @property
    def ordered_join(self) -> str:
        """`JOIN`: it has statistics, and takes what order it likes."""
        return "JOIN"

    @property
    def probes(self) -> bool:
        """True: a set of hundreds of thousands would be gathered for a page of fifty."""
        return True

    def narrow_rows(self, table: str) -> int:
        """Return how many rows are looked up one by one sooner than an index is walked for them.

        That costs their number; to walk for a page costs a page's share of the table divided by
        it. Both are alike at the root of page times table.
        """
        sql = "SELECT sqrt(? * greatest(reltuples, 0)) FROM pg_class WHERE oid = to_regclass(?)"
        rows = self.query(sql, (NARROW_PAGE, quoted(table)))
        return max(NARROW_ROWS, int(rows[0][0])) if rows else NARROW_ROWS

    def close(self) -> None:
        """Let go of the connection."""
        self.link.close()


def _upsert(table: Table, groups: Sequence[str], columns: Sequence[Column]) -> str:
    """Return the upsert of rows whose columns are the parameters, as arrays."""
    names = [quoted(column.name) for column in table.key]
    names += [column for group in groups for column in register(table, group)]
    arrays = ", ".join(f"%s::{_ARRAYS[column.type]}" for column in columns)
    into = f"INSERT INTO {quoted(table.name)} ({', '.join(names)})"
    return f"{into} SELECT * FROM unnest({arrays}) {on_conflict(table, groups)}"


def _distinct(columns: list[list[Any]], key: int) -> Iterator[list[list[Any]]]:
    """Yield rows in parts, none of which writes a row twice: one statement must not."""
    while columns and columns[0]:
        seen: set[Any] = set()
        first: list[int] = []
        again: list[int] = []
        for index, found in enumerate(zip(*columns[:key], strict=True)):
            if found in seen:
                again.append(index)
            else:
                seen.add(found)
                first.append(index)
        if not again:
            yield columns
            return
        yield [[column[index] for index in first] for column in columns]
        columns = [[column[index] for index in again] for column in columns]


def _index_statements(table: Table) -> Iterator[str]:
    """Yield the statements for a table's indexes; of long texts they have the beginning."""
    long = {c.name for group in table.groups.values() for c in group if c.long}
    for number, index in enumerate(table.every_index()):
        name = quoted(f"{table.name[:50]}_index_{number}")
        parts = [
            (f"left({quoted(column)}, {PREFIX_CHARS})" if column in long else quoted(column))
            + (" DESC" if column in index.falling else "")
            for column in index.columns
        ]
        on = index.sql or ", ".join(parts)
        yield f"CREATE INDEX IF NOT EXISTS {name} ON {quoted(table.name)} ({on})"
