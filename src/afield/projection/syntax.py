"""The query language's tree, and its canonical text.

Pure data: no catalog, no SQL. `parse(to_text(query)) == query` for every query.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

KEYWORDS = frozenset(
    {"and", "or", "not", "like", "ilike", "in", "is", "null", "order", "by", "asc", "desc"}
)
Operator = Literal[
    "=", "!=", "<", "<=", ">", ">=", "like", "not like", "ilike", "not ilike",
    "in", "not in", "is null", "is not null",
]  # fmt: skip
_PLAIN = re.compile(r"[^\W\d][\w/-]*(?:\.[\w/-]+)*")


@dataclass(frozen=True, slots=True)
class Field:
    """What is compared: `metrics.acc` has the scope `metrics`; an attribute's scope is empty."""

    scope: str
    name: str
    offset: int = field(default=0, compare=False)
    length: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Value:
    """A literal: its text, and its number when it is written as one."""

    text: str
    number: float | None = None
    offset: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field against values: none for `is null`, several for `in`, else one."""

    field: Field
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; what is missing counts as false before it is turned round."""

    term: Expression


@dataclass(frozen=True, slots=True)
class All:
    """Terms joined by `and`; two or more."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Terms joined by `or`; two or more."""

    terms: tuple[Expression, ...]


Expression = Comparison | Not | All | Any


@dataclass(frozen=True, slots=True)
class Order:
    """A field to sort by; what lacks it comes last either way."""

    field: Field
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """What to select and how to sort it; `text` is as the person wrote it."""

    where: Expression | None
    order: tuple[Order, ...]
    text: str = field(default="", compare=False)


def to_text(query: Query) -> str:
    """Write a query so that it parses to the same tree."""
    parts = [] if query.where is None else [_expression(query.where)]
    if query.order:
        orders = [_field(each.field) + (" desc" if each.descending else "") for each in query.order]
        parts.append("order by " + ", ".join(orders))
    return " ".join(parts)


def _expression(node: Expression) -> str:
    if isinstance(node, Comparison):
        return _comparison(node)
    if isinstance(node, Not):
        return f"not {_enclosed(node.term)}"
    word = " and " if isinstance(node, All) else " or "
    return word.join(_enclosed(term) for term in node.terms)


def _enclosed(node: Expression) -> str:
    text = _expression(node)
    return f"({text})" if isinstance(node, All | Any) else text


def _comparison(node: Comparison) -> str:
    left = f"{_field(node.field)} {node.operator}"
    if not node.values:
        return left
    values = ", ".join(_value(value) for value in node.values)
    return f"{left} ({values})" if node.operator.endswith("in") else f"{left} {values}"


def _field(node: Field) -> str:
    if not node.scope:
        plain = _PLAIN.fullmatch(node.name) and "." not in node.name
        return node.name if plain and node.name.lower() not in KEYWORDS else _quoted(node.name, "`")
    name = node.name if _PLAIN.fullmatch(node.name) else _quoted(node.name, "`")
    return f"{node.scope}.{name}"


def _value(node: Value) -> str:
    return node.text if node.number is not None else _quoted(node.text, '"')


def _quoted(text: str, mark: str) -> str:
    return mark + text.replace(mark, mark * 2) + mark
