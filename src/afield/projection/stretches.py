"""Where the values of a key/value field are cut, so that sorting by it looks at few rows.

An index has rows by value, but those of one value in no order that a page has. Where a value
stands for very many rows, those are a query of their own; what lies between is cut into stretches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from afield.projection.compile import Sql, joined
from afield.projection.limits import NARROW_ROWS

_TURNED = str.maketrans("<>", "><")


class Asked(Protocol):
    """What is asked: a `Projection`."""

    def query(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a SELECT; return its rows."""
        ...


@dataclass(frozen=True, slots=True)
class Sorted:
    """Rows sorted by one column.

    Attributes:
        source: `FROM … WHERE …`, of which an index has the order.
        value: the SQL of what it is sorted by.
        constant: the SQL of what stands before it in the index and is missing in all of these
            rows, without which PostgreSQL does not see the order; empty: nothing.
        descending: which way.
    """

    source: Sql
    value: str
    constant: str
    descending: bool

    @property
    def order(self) -> str:
        """Return what stands after `ORDER BY`."""
        way = "DESC" if self.descending else "ASC"
        return ", ".join(f"{each} {way}" for each in (self.constant, self.value) if each)

    def first(self, database: Asked, after: Sql | None, *, skip: int = 0) -> tuple[Any, ...] | None:
        """Return the value after `skip` rows of those that fit a condition, in a tuple of one."""
        source = self.source if after is None else joined([self.source, after], "AND")
        sql = f"SELECT {self.value} {source.text} ORDER BY {self.order} LIMIT 1 OFFSET ?"
        rows = database.query(sql, (*source.params, skip))
        return rows[0] if rows else None

    def beside(self, sign: str, value: Any) -> Sql:
        """Return the condition of what comes before a value (`<`), at it or after it (`>=`)."""
        turned = sign.translate(_TURNED) if self.descending else sign
        return Sql(f"{self.value} {turned} ?", (value,))


def stretches(database: Asked, rows: Sorted, most: int) -> Iterator[Sql | tuple[Any]]:
    """Yield what all rows are made of, in order.

    Args:
        database: the projection.
        rows: what is sorted.
        most: rows of a stretch at most; the first are shorter.

    Yields:
        The condition of a stretch, or in a tuple a value that more rows have than fit in one.
    """
    most = max(1, most)
    size, found = min(NARROW_ROWS, most), rows.first(database, None)
    while found is not None:
        (value,) = found
        here = rows.beside(">=", value)
        ahead = rows.first(database, here, skip=size)
        if ahead is None:
            yield here
            return
        if ahead == found:
            yield (value,)
            found = rows.first(database, rows.beside(">", value))
        else:
            yield joined([here, rows.beside("<", ahead[0])], "AND")
            found = ahead
        size = min(2 * size, most)
