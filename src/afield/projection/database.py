"""The database as the engine needs it: portable SQL behind one Protocol.

Statements use `?` for parameters, double quotes for names, `ON CONFLICT … DO UPDATE`, `IS NOT
TRUE` and `NULLS LAST`; whatever differs between databases is a method here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from afield.projection.ops import Frame
from afield.projection.schema import Table


@dataclass(frozen=True, slots=True)
class PostgresAt:
    """A schema in a database of PostgreSQL.

    Args:
        url: `postgresql://user:password@host:port/name`; shown nowhere.
        schema: the schema that is this projection's alone.
    """

    url: str = field(repr=False)
    schema: str


class Database(Protocol):
    """One connection. Faults are those of `errors`, and `Busy`."""

    def query(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; return all its rows."""
        ...

    def write_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row of parameters."""
        ...

    def upsert(self, table: Table, groups: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write registers of rows: the key, then each group's columns and its stamp.

        What a column cannot hold is made to fit; how is a function of the value alone.
        """
        ...

    def upsert_many(
        self, table: Table, group: str, size: int, blocks: Iterable[Sequence[Any]]
    ) -> None:
        """Write one group of `size` rows a block that share the first part of their key.

        A block is that part, the stamp, then for each row the rest of its key and the columns.
        """
        ...

    def upsert_alike(
        self, table: Table, group: str, frame: Frame, blocks: Iterable[Sequence[Any]]
    ) -> None:
        """Write one group of a frame's rows, which share the first part of their key, a block.

        A block is that part, the stamp, then the values of the frame.
        """
        ...

    def make_indexes(self, tables: Iterable[Table]) -> None:
        """Make the indexes of tables that hold rows already."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Hold the one writer's place: commits at the end, rolls back on an exception."""
        ...

    def table_sql(self, table: Table) -> str:
        """Return the statement that makes a table."""
        ...

    def like_sql(self, expression: str, pattern: str, *, fold: bool) -> tuple[str, tuple[str, ...]]:
        """Return a condition and its parameters for LIKE (`fold`: ILIKE) on an expression."""
        ...

    def rlike_sql(self, expression: str, pattern: str) -> tuple[str, tuple[str, ...]]:
        """Return a condition and its parameters for a regular expression on an expression."""
        ...

    def prefix_sql(self, expression: str) -> str | None:
        """Return what an index has of a text that may be `long`; None: the whole of it."""
        ...

    @property
    def ordered_join(self) -> str:
        """The word for a join in the order as written, if there is one."""
        ...

    @property
    def probes(self) -> bool:
        """Whether a row's pairs are looked up for it, rather than all that fit gathered first."""
        ...

    def narrow_rows(self, table: str) -> int:
        """Return how many rows are looked up one by one sooner than an index is walked for them."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...
