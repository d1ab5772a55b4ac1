"""Values as the columns of PostgreSQL hold them, whose types are kept to the letter.

What does not fit is made to, as a function of the value and the column alone, so that any order
of delivery gives the same tables. Texts in a key or an index are bounded there: longer ones are
cut, and end in the digest of the whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from afield.kernel.digest import digest
from afield.projection.limits import INDEXED_BYTES_MAX
from afield.projection.postgres_link import fit_text
from afield.projection.schema import Column, ColumnType, Table, stamp_name

_INTEGER_MAX = (1 << 63) - 1
_MARK = "…"
_DIGEST_CHARS = 32

Fit = Callable[[Any], Any]


def fits(table: Table) -> dict[str, Fit]:
    """Return for each column what makes a value fit."""
    bounds = _bounds(table)
    columns = [*table.key, *(column for group in table.groups.values() for column in group)]
    found: dict[str, Fit] = {}
    for column in columns:
        fit = _FITS[column.type]
        bound = bounds.get(column.name)
        found[column.name] = partial(_bounded, bound, fit) if bound is not None else fit
        if column in table.key:
            found[column.name] = partial(_present, _EMPTY[column.type], found[column.name])
    return found | {stamp_name(group): _same for group in table.groups}


def _bounds(table: Table) -> dict[str, int]:
    """Return the bytes that texts which an index has whole may have."""
    columns = {column.name: column for column in table.key}
    for group in table.groups.values():
        columns |= {column.name: column for column in group}
    found: dict[str, int] = {}
    for names in [tuple(column.name for column in table.key), *table.index_columns()]:
        texts = [name for name in names if is_bounded(columns.get(name))]
        for name in texts:
            found[name] = min(found.get(name, INDEXED_BYTES_MAX), INDEXED_BYTES_MAX // len(names))
    return found


def is_bounded(column: Column | None) -> bool:
    """Tell whether an index has the whole of this column, which may be a text."""
    return column is not None and column.type in ("text", "blob") and not column.long


def _bounded(most: int, fit: Fit, value: Any) -> Any:
    found = fit(value)
    if found is None or len(found) * 4 <= most:
        return found
    raw = found.encode() if isinstance(found, str) else found
    if len(raw) <= most:
        return found
    end = f"{_MARK}{digest(raw)[:_DIGEST_CHARS]}"
    kept = raw[: most - len(end.encode())]
    if isinstance(found, str):
        return kept.decode("utf-8", "ignore") + end
    return kept + end.encode()


def _present(empty: Any, fit: Fit, value: Any) -> Any:
    found = fit(value)
    return empty if found is None else found


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    if value is None or type(value) is str:
        return fit_text(value)
    if isinstance(value, bytes):
        return fit_text(value.decode("utf-8", "backslashreplace"))
    return str(int(value)) if isinstance(value, bool) else str(value)


def _integer(value: Any) -> int | None:
    if type(value) is int:
        return max(-_INTEGER_MAX - 1, min(value, _INTEGER_MAX))
    number = _real(value)
    return None if number is None or not number.is_integer() else _integer(int(number))


def _real(value: Any) -> float | None:
    if type(value) is not float:
        if value is None or isinstance(value, bytes):
            return None
        try:
            value = float(value)
        except ValueError:
            return None
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return None if math.isnan(value) else value


def _boolean(value: Any) -> bool | None:
    return None if value is None else bool(value)


def _blob(value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    text: str = _text(value)
    return text.encode()


_FITS: dict[ColumnType, Fit] = {
    "text": _text,
    "integer": _integer,
    "boolean": _boolean,
    "real": _real,
    "blob": _blob,
}
_EMPTY: dict[ColumnType, Any] = {
    "text": "",
    "integer": 0,
    "boolean": False,
    "real": 0.0,
    "blob": b"",
}


def array_text(values: Sequence[Any], type_: ColumnType) -> str:
    """Return values that fit a column as PostgreSQL writes an array; the driver takes thrice that.

    Format: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
    """
    word = _WORDS[type_]
    return f"{{{','.join(['NULL' if value is None else word(value) for value in values])}}}"


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


_WORDS: dict[ColumnType, Callable[[Any], str]] = {
    "text": _quoted,
    "integer": str,
    "boolean": str,
    "real": repr,
    "blob": lambda value: f'"\\\\x{value.hex()}"',
}


def transposed(rows: Sequence[Sequence[Any]], each: Sequence[Fit]) -> list[list[Any]]:
    """Return the columns of some rows, each made to fit."""
    columns = zip(*rows, strict=True)
    return [list(map(fit, column)) for fit, column in zip(each, columns, strict=True)]
