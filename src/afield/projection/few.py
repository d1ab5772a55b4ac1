"""Attributes of few values, such as who made a run: what the values are, by the index of a column.

A name that is worked out of a column, in an order that no index has, is looked up for each value of
the column instead of for each row.
"""

from __future__ import annotations

from typing import Any, Protocol

from afield.projection.catalog import Attribute
from afield.projection.compile import NEVER, Sql
from afield.projection.limits import FEW_VALUES_MAX
from afield.projection.statements import quoted


class Asked(Protocol):
    """What is asked: a `Projection`."""

    def query(self, sql: str, args: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run a SELECT; return its rows."""
        ...


def groups(
    database: Asked, table: str, attribute: Attribute, *, descending: bool
) -> list[list[Any]] | None:
    """Return the column's values, those of one name together, in the order of the names.

    Args:
        database: the projection.
        table: the catalog's.
        attribute: one that has `few`.
        descending: which way the names are sorted.

    Returns:
        None: there are too many.
    """
    rows = _values(database, table, attribute, f"ORDER BY 2 {'DESC' if descending else 'ASC'}")
    if len(rows) > FEW_VALUES_MAX or any(name is None for _, name in rows):
        return None
    found: list[list[Any]] = []
    last = None
    for value, name in rows:
        if not found or name != last:
            found.append([])
        found[-1].append(value)
        last = name
    return found


def fitting(database: Asked, table: str, attribute: Attribute, condition: Sql) -> Sql | None:
    """Return a condition on the column that all rows fit which fit one on the attribute.

    Args:
        database: the projection.
        table: the catalog's.
        attribute: one that has `few`.
        condition: that is false where the attribute is missing.

    Returns:
        None: the column has too many values.
    """
    every = _values(database, table, attribute, "")
    if len(every) > FEW_VALUES_MAX:
        return None
    rows = _values(database, table, attribute, f"AND {condition.text}", condition.params)
    return among(attribute, [value for value, _ in rows]) if rows else Sql(NEVER)


def _values(
    database: Asked, table: str, attribute: Attribute, more: str, params: tuple[Any, ...] = ()
) -> list[tuple[Any, Any]]:
    """Return the column's values and what they are called: one look at an index for each."""
    assert attribute.few is not None
    column, own = quoted(attribute.few), quoted(table)
    sql = (
        f"WITH RECURSIVE few({column}) AS (SELECT min({column}) FROM {own} UNION ALL"
        f" SELECT (SELECT min(t.{column}) FROM {own} t WHERE t.{column} > few.{column})"
        f" FROM few WHERE few.{column} IS NOT NULL)"
        f" SELECT r.{column}, {attribute.sql} FROM (SELECT * FROM few LIMIT ?) r"
        f" WHERE r.{column} IS NOT NULL {more}"
    )
    return [(value, name) for value, name in database.query(sql, (FEW_VALUES_MAX + 1, *params))]


def among(attribute: Attribute, values: list[Any] | None) -> Sql:
    """Return the condition that the column has one of some values; None: that it has none."""
    assert attribute.few is not None
    column = f"r.{quoted(attribute.few)}"
    if values is None:
        return Sql(f"{column} IS NULL")
    return Sql(f"{column} IN ({', '.join('?' * len(values))})", tuple(values))
