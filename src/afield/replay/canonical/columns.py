"""Columns of Arrow tables, compared by value: what `tables_apart` asks for every slice.

Nulls are nulls whatever lies beneath them, and how values are encoded (dictionary, runs) does
not count; types, nullability, the schema's own texts and the categories of a column do. Floats
within the tolerance, in lists and structs as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from afield.replay.canonical.tally import Tally
from afield.replay.limits import CATEGORIES_MAX
from afield.replay.text import clip
from afield.replay.timing import is_duration_name

Place = Callable[[int], str]
_WRITERS = ("creator", "pandas_version")
_NUMBERED = (b"PARQUET:field_id",)


def schema_difference(old: Any, new: Any) -> str | None:  # noqa: PLR0911 - a list of what may differ
    """Return how two schemas differ, in words, or None; who wrote them does not count."""
    if old.names != new.names:
        for one, other in zip(old.names, new.names, strict=False):
            if one != other:
                return f"column `{one}` vs `{other}`"
        return f"{len(old.names)} vs {len(new.names)} columns"
    for one, other in zip(old, new, strict=True):
        if not one.type.equals(other.type, check_metadata=False):
            return f"column `{one.name}`: {one.type} vs {other.type}"
        if one.nullable != other.nullable:
            return f"column `{one.name}`: one may hold nulls, the other not"
        if _texts(one.metadata) != _texts(other.metadata):
            return f"column `{one.name}`: its metadata differs"
    left, right = _texts(old.metadata), _texts(new.metadata)
    for key in sorted(left.keys() | right.keys()):
        if left.get(key) != right.get(key):
            return f"metadata `{key.decode('utf-8', 'replace')}` of the schema differs"
    return None


def _texts(metadata: dict[bytes, bytes] | None) -> dict[bytes, Any]:
    kept: dict[bytes, Any] = {k: v for k, v in (metadata or {}).items() if k not in _NUMBERED}
    try:
        pandas = json.loads(kept[b"pandas"])
        kept[b"pandas"] = {key: pandas[key] for key in pandas if key not in _WRITERS}
    except (KeyError, ValueError, TypeError, RecursionError):
        return kept
    return kept


@dataclass(frozen=True, slots=True)
class _Categories:
    ordered: bool
    categories: Any
    last: Any


class Columns:
    """Compares the columns of one schema, slice after slice.

    Args:
        schema: of both sides.
        tally: takes the differences within tolerance.
    """

    def __init__(self, schema: Any, tally: Tally) -> None:
        import pyarrow as pa

        self._tally = tally
        self._names = schema.names
        tally.hollow = True  # until a column is judged
        self._times = [
            is_duration_name(field.name) and _is_plain_number(field.type) for field in schema
        ]
        self._categories: dict[int, list[Any]] = {
            index: [None, None]
            for index, field in enumerate(schema)
            if pa.types.is_dictionary(field.type)
        }

    def compare(self, old: Any, new: Any, row: int) -> str | None:
        """Compare two slices of equal length that begin at `row`."""
        for index, name in enumerate(self._names):
            left, right = old.column(index), new.column(index)
            if index in self._categories:
                self._remember(index, left, right)
            if self._times[index] and _are_times(left, right):
                if not left.equals(right):
                    self._tally.times[name] = None
                continue
            self._tally.hollow = False

            def place(at: int, name: str = name) -> str:
                return f"column `{name}`, row {row + at}"

            found = self._values(left, right, place)
            if found is not None:
                return found
        return None

    def categories_differ(self) -> str | None:
        """Return the first column whose categories differ although its values agree."""
        for index, sides in self._categories.items():
            if None in sides:
                continue
            left, right = (list(map(repr, side.categories.to_pylist())) for side in sides)
            if not sides[0].ordered:
                left, right = sorted(left), sorted(right)
            if left != right:
                return f"column `{self._names[index]}`: its categories differ"
        return None

    def _remember(self, index: int, *sides: Any) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        for side, array in enumerate(sides):
            known = self._categories[index][side]
            more = last = array.dictionary
            if known is not None:
                if known.last.equals(last):
                    continue
                more = pc.unique(pa.concat_arrays([known.categories, last]))
            if len(more) > CATEGORIES_MAX:
                raise ValueError("too many categories")
            self._categories[index][side] = _Categories(array.type.ordered, more, last)

    def _values(self, left: Any, right: Any, place: Place) -> str | None:  # noqa: PLR0911 - by type
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = left.type
        if pa.types.is_dictionary(kind):
            return self._values(left.dictionary_decode(), right.dictionary_decode(), place)
        if isinstance(kind, pa.BaseExtensionType):
            return self._values(left.storage, right.storage, place)
        if pa.types.is_run_end_encoded(kind):
            return self._values(pc.run_end_decode(left), pc.run_end_decode(right), place)
        if not _has_floats(kind):
            return None if left.equals(right) else _first(left, right, place)
        one, other = (_truths(side.is_null()) for side in (left, right))
        if (at := _unlike(one, other)) is not None:
            return f"{place(at)}: {_shown(left[at])} vs {_shown(right[at])}"
        if pa.types.is_floating(kind):
            return self._floats(left, right, place)
        if pa.types.is_struct(kind):
            return self._struct(left, right, place)
        if _is_list(kind):
            return self._lists(left, right, place)
        return _objects(left.to_pylist(), right.to_pylist(), place)

    def _floats(self, left: Any, right: Any, place: Place) -> str | None:
        import numpy as np

        valid = np.flatnonzero(_truths(left.is_valid()))
        one, other = (side.drop_null().to_numpy(zero_copy_only=False) for side in (left, right))
        return self._tally.numbers(one, other, lambda at: place(int(valid[at])))

    def _struct(self, left: Any, right: Any, place: Place) -> str | None:
        pairs = zip(left.flatten(), right.flatten(), strict=True)
        for at, (one, other) in enumerate(pairs):
            name = left.type.field(at).name

            def inner(row: int, name: str = name) -> str:
                return f"{place(row)}.{name}"

            found = self._values(one, other, inner)
            if found is not None:
                return found
        return None

    def _lists(self, left: Any, right: Any, place: Place) -> str | None:
        import numpy as np
        import pyarrow.compute as pc

        one, other = (np.asarray(pc.list_value_length(side).fill_null(0)) for side in (left, right))
        if (at := _unlike(one, other)) is not None:
            return f"{place(at)}: {one[at]} vs {other[at]} items"
        ends = np.cumsum(one)

        def item(index: int) -> str:
            at = int(np.searchsorted(ends, index, side="right"))
            return f"{place(at)}[{index - int(ends[at] - one[at])}]"

        return self._values(left.flatten(), right.flatten(), item)


def _truths(array: Any) -> Any:
    return array.to_numpy(zero_copy_only=False)


def _unlike(one: Any, other: Any) -> int | None:
    differs = one != other
    return int(differs.argmax()) if differs.any() else None


def _objects(old: list[Any], new: list[Any], place: Place) -> str | None:
    for at, (one, other) in enumerate(zip(old, new, strict=True)):
        if repr(one) != repr(other):
            return clip(f"{place(at)}: {one!r} vs {other!r}")
    return None


def _first(left: Any, right: Any, place: Place) -> str:
    low, high = 0, len(left)
    while high - low > 1:  # the half that differs first
        middle = (low + high) // 2
        same = left.slice(low, middle - low).equals(right.slice(low, middle - low))
        low, high = (middle, high) if same else (low, middle)
    return f"{place(low)}: {_shown(left[low])} vs {_shown(right[low])}"


def _has_floats(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_floating(kind):
        return True
    if pa.types.is_dictionary(kind):
        return _has_floats(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return _has_floats(kind.storage_type)
    if pa.types.is_nested(kind):
        return any(_has_floats(kind.field(at).type) for at in range(kind.num_fields))
    return False


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(test(kind) for test in tests)


def _is_plain_number(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _are_times(left: Any, right: Any) -> bool:
    """Tell whether both hold numbers that a clock may have measured: none below zero."""
    import pyarrow.compute as pc

    if not left.is_null().equals(right.is_null()):
        return False
    least = [pc.min(side).as_py() for side in (left, right)]
    return all(one is None or one >= 0 for one in least)


def _shown(value: Any) -> str:
    return clip(str(value.as_py()), 60)
