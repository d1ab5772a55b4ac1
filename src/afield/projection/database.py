"""The database as the engine needs it: portable SQL behind one Protocol.

Statements use `?` for parameters, double quotes for names, `ON CONFLICT … DO UPDATE`, `IS NOT
TRUE` and `NULLS LAST`; whatever differs between databases is a method here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from afield.projection.schema import Table


class Database(Protocol):
    """One connection. Faults are `projection.damaged`, `projection.unwritable`, `Busy`."""

    def query(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; return all its rows."""
        ...

    def write_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row of parameters."""
        ...

    def make_indexes(self, statements: Iterable[str]) -> None:
        """Run the statements that make indexes of tables that hold rows already."""
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

    def close(self) -> None:
        """Let go of the connection."""
        ...
