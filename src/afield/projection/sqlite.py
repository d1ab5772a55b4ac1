"""SQLite behind the `Database` Protocol: connection, faults, LIKE.

The file is a cache of the journal: it may be deleted at any time, so nothing here tries to
repair it. What must not live here: anything that knows of entries, rooms or the journal.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from operator import is_
from typing import Any

from afield.kernel.errors import Busy
from afield.projection.errors import ProjectionDamaged, ProjectionDoubtful, ProjectionUnwritable
from afield.projection.limits import (
    BUSY_WAIT_S,
    CACHE_KIB,
    FRAME_BLOCKS_MIN,
    NARROW_ROWS,
    PAGE_BYTES,
    SORTED_KIB,
)
from afield.projection.ops import Frame
from afield.projection.patterns import compiled, finds, matches_folded
from afield.projection.schema import ColumnType, Table
from afield.projection.statements import (
    create_table,
    index_statements,
    upsert,
    upsert_alike,
    upsert_many,
)

MEMORY = ":memory:"
_AGAIN_S = 0.01
TYPES: dict[ColumnType, str] = {
    "text": "TEXT",
    "integer": "INTEGER",
    "boolean": "INTEGER",
    "real": "REAL",
    "blob": "BLOB",
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_SCHEMA}
_UNWRITABLE = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOLFS,
}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_INTEGER_MAX = 2**63
_NO_TEXT = "Could not decode to UTF-8"  # of a column, by Python's sqlite3, with no code
_NO_SCHEMA = re.compile(r"no such (column|table|index)|table \S+ has no column named")
"""What every statement of ours names was made with the file; without it the schema is damaged."""


class SqliteDatabase:
    """One SQLite connection, to a file or to memory; usable from one thread at a time.

    Args:
        path: the file, or `:memory:`.
        busy_wait_s: how long to wait for another writer.
        lasting: False for a new file that nobody else knows of yet: it is written without a
            log, so that it is of no use unless all that was meant for it was written.

    Raises:
        ProjectionDamaged: the file is no database.
        ProjectionUnwritable: it can be neither made nor written.
        Busy: another process writes for longer than the bound.
    """

    def __init__(
        self, path: str, *, busy_wait_s: float = BUSY_WAIT_S, lasting: bool = True
    ) -> None:
        self.path = path
        self._lasting = lasting
        with self._faults():
            self._connection = sqlite3.connect(
                path, timeout=busy_wait_s, isolation_level=None, check_same_thread=False
            )
            try:
                self._configure(busy_wait_s)
            except BaseException:
                self._connection.close()
                raise

    def _configure(self, busy_wait_s: float) -> None:
        run = self._connection.execute
        run(f"PRAGMA page_size = {PAGE_BYTES}")
        run(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._connection.create_function("afield_ilike", 2, matches_folded, deterministic=True)
        self._connection.create_function("afield_rlike", 2, finds, deterministic=True)
        if not self._lasting:
            run("PRAGMA journal_mode = OFF")
            run("PRAGMA synchronous = OFF")
            run("PRAGMA locking_mode = EXCLUSIVE")
            run("PRAGMA temp_store = FILE")  # in memory, all that an index sorts would be there
            run("PRAGMA threads = 1")  # it sorts while rows are read
            return
        run("PRAGMA temp_store = MEMORY")
        if self.path != MEMORY:
            # After a loss of power WAL with NORMAL may lack the last transactions, which the
            # journal gives again, but is never torn; OFF could be torn without a sign of it.
            self._make_wal(time.monotonic() + busy_wait_s)
            run("PRAGMA synchronous = NORMAL")

    def _make_wal(self, until_s: float) -> None:
        """Have the file use a WAL; of several who say so at once SQLite lets none wait."""
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() >= until_s:
                    raise
                time.sleep(_AGAIN_S)
            else:
                return

    def query(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; return all its rows."""
        with self._faults():
            return self._connection.execute(sql, args).fetchall()

    def write_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row; values that SQLite cannot hold are made to fit.

        Integers past 64 bits become reals, lone surrogates are spelt out. What is written is
        a function of the value alone.
        """
        rows = list(rows)
        with self._faults():
            try:
                self._connection.executemany(sql, rows)
            except (OverflowError, UnicodeEncodeError):
                fitting = [tuple(_fit(value) for value in row) for row in rows]
                self._connection.executemany(sql, fitting)

    def upsert(self, table: Table, groups: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write registers of rows: the key, then each group's columns and its stamp."""
        rows = list(rows)
        if len(rows) < FRAME_BLOCKS_MIN:
            self.write_many(upsert(table, groups), rows)
            return
        places, bound = _told_apart(rows)
        self.write_many(upsert(table, groups, places), zip(*bound, strict=True))

    def upsert_many(
        self, table: Table, group: str, size: int, blocks: Iterable[Sequence[Any]]
    ) -> None:
        """Write one group of `size` rows a block; see `statements.upsert_many`."""
        self.write_many(upsert_many(table, group, size), blocks)

    def upsert_alike(
        self, table: Table, group: str, frame: Frame, blocks: Iterable[Sequence[Any]]
    ) -> None:
        """Write one group of a frame's rows a block; see `statements.upsert_alike`."""
        sql = upsert_alike(table, group, frame)
        if sql is not None:
            self.write_many(sql, blocks)
            return
        whole = [(*block[:2], *frame.cells(block[2:])) for block in blocks]
        self.upsert_many(table, group, len(frame.rows), whole)

    def make_indexes(self, tables: Iterable[Table]) -> None:
        """Make the indexes of tables that hold rows already."""
        with self._faults():
            self._connection.execute(f"PRAGMA cache_size = -{SORTED_KIB}")
            try:
                for table in tables:
                    for sql in index_statements(table):
                        self._connection.execute(sql)
            finally:
                self._connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the one writer's place: commits at the end, rolls back on an exception."""
        with self._faults():
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            with self._faults():
                self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a fault may have ended it already
                self._connection.execute("ROLLBACK")
            raise

    def table_sql(self, table: Table) -> str:
        """Return the statement that makes a table.

        Narrow rows hang on the key's own tree (WITHOUT ROWID): one tree, not two.
        """
        made = create_table(table, TYPES)
        return made if table.wide else f"{made} WITHOUT ROWID"

    def like_sql(self, expression: str, pattern: str, *, fold: bool) -> tuple[str, tuple[str, ...]]:
        """Return a condition for LIKE (`fold`: ILIKE) on an expression.

        SQLite's own LIKE ignores the case of ASCII letters only, so it is ILIKE for ASCII
        patterns; GLOB minds the case. Both take time of text times pattern at worst.
        """
        if not fold:
            return f"{expression} GLOB ?", (_glob(pattern),)
        if pattern.isascii():
            return f"{expression} LIKE ?", (pattern,)
        return f"afield_ilike(?, {expression})", (pattern,)

    def rlike_sql(self, expression: str, pattern: str) -> tuple[str, tuple[str, ...]]:
        """Return a condition for a regular expression that fits somewhere in an expression.

        Raises:
            PatternRefused: it is none, or too large.
        """
        compiled(pattern)
        return f"afield_rlike(?, {expression})", (pattern,)

    def prefix_sql(self, expression: str) -> None:  # noqa: ARG002 - others have one
        """Return None: an index has the whole of a text."""
        return

    @property
    def ordered_join(self) -> str:
        """`CROSS JOIN`, which means the order as written: no statistics are needed."""
        return "CROSS JOIN"

    @property
    def probes(self) -> bool:
        """False: whatever fits is gathered first, over an index: that costs what fits."""
        return False

    def narrow_rows(self, table: str) -> int:  # noqa: ARG002 - others ask how large it is
        """Return how many rows are looked up one by one sooner than an index is walked for them."""
        return NARROW_ROWS

    def close(self) -> None:
        """Close the connection; the last one of all processes folds the WAL into the file."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn faults of file and lock into ours; of what we asked wrongly none is made."""
        try:
            yield
        except UnicodeDecodeError as error:  # of a fault's own words, which quote the file
            raise ProjectionDamaged("cannot read projection", self.path, str(error)) from error
        except sqlite3.DatabaseError as error:
            primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
            told = str(error)
            if primary in _DAMAGED or told.startswith(_NO_TEXT) or _NO_SCHEMA.match(told):
                raise ProjectionDamaged("cannot read projection", self.path, str(error)) from error
            if primary in _UNWRITABLE:
                raise ProjectionUnwritable(
                    "cannot write projection", self.path, str(error)
                ) from error
            if primary in _BUSY:
                raise Busy(
                    "cannot update projection", self.path, "another process is updating it"
                ) from error
            if isinstance(error, sqlite3.ProgrammingError):
                raise
            raise ProjectionDoubtful("cannot read projection", self.path, told) from error


def _told_apart(rows: Sequence[Sequence[Any]]) -> tuple[list[int | None], list[Sequence[Any]]]:
    """Return which columns have to be bound, and for each column which of them it is.

    None: it is NULL in all rows. The stamps of groups that one entry wrote are one column.
    """
    places: list[int | None] = []
    bound: list[Sequence[Any]] = []
    for column in zip(*rows, strict=True):
        if column.count(None) == len(rows):
            places.append(None)
            continue
        same = (place for place, other in enumerate(bound) if all(map(is_, column, other)))
        place = next(same, len(bound))
        places.append(place)
        if place == len(bound):
            bound.append(column)
    return places, bound


def _fit(value: Any) -> Any:
    if isinstance(value, int) and not -_INTEGER_MAX <= value < _INTEGER_MAX:
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


def _glob(pattern: str) -> str:
    """Write a LIKE pattern as a GLOB pattern."""
    special = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
    return "".join(special.get(char, char) for char in pattern)
