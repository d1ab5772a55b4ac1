"""Whether a value in memory fits a term of a filter."""

from __future__ import annotations

import operator
from typing import Any

from afield.mlflow_rest.search.grammar import Term
from afield.projection.patterns import finds, matches

_SIGNS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def holds(value: Any, term: Term) -> bool:
    """Tell whether a value fits; one that is missing fits `IS NULL` only."""
    if term.sign in ("IS NULL", "IS NOT NULL"):
        return (value is None) == (term.sign == "IS NULL")
    wanted: Any = term.value
    if value is None or term.sign in ("IN", "NOT IN"):
        return value is not None and (value in wanted) == (term.sign == "IN")
    if term.sign == "LIKE":
        return matches(wanted, value)
    if term.sign == "ILIKE":
        return matches(wanted.casefold(), value.casefold())
    if term.sign == "RLIKE":
        return bool(finds(wanted, value))
    return bool(_SIGNS[term.sign](value, wanted))
