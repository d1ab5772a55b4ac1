"""The statistics of a column, gathered batch by batch and merged over files.

Types, rows, nulls, least and greatest value, mean, quantiles, different values. As JSON, with the
sketches, so that those of many files make up those of a version.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from afield.datasets.distinct import Distinct, as_int64, hash_values
from afield.datasets.limits import PROFILED_COLUMNS_MAX, VALUE_CHARS_MAX
from afield.datasets.quantiles import Quantiles

if TYPE_CHECKING:
    import pyarrow as pa

SHARES = {"p01": 0.01, "p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95, "p99": 0.99}
"""The quantiles that are shown, by name."""

NUMBER, TIME, TEXT, OTHER = "number", "time", "text", "other"
Value = int | float | str | None


class Column:
    """What is known of one column.

    Attributes:
        types: names of the types it was seen with; several where files differ.
        family: `number`, `time`, `text` or `other`: what least and greatest mean.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.types: set[str] = set()
        self.family: str | None = None
        self.rows = 0
        self.nulls = 0
        self.nans = 0
        self.total = 0.0
        self.least: Value = None
        self.greatest: Value = None
        self.distinct: Distinct | None = Distinct()
        self.quantiles = Quantiles()

    def add(self, values: pa.Array) -> None:
        """Take in rows."""
        import pyarrow as pa

        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        self.rows += len(values)
        self.nulls += values.null_count
        if not pa.types.is_null(values.type):
            self.types.add(str(values.type))
            self._join(_family(values.type))
        values = values.drop_null()
        if not len(values):
            return
        hashes = hash_values(values)
        if hashes is None:
            self.distinct = None
        elif self.distinct is not None:
            self.distinct.add(hashes)
        if self.family == _family(values.type):
            self._measure(values)

    def merge(self, other: Column) -> None:
        """Take in what is known of the same column elsewhere."""
        self.types |= other.types
        self.rows += other.rows
        self.nulls += other.nulls
        self.nans += other.nans
        if other.family is not None:
            self._join(other.family)
        if self.distinct is not None:
            if other.distinct is None:
                self.distinct = None
            else:
                self.distinct.merge(other.distinct)
        if self.family == other.family:
            self.total += other.total
            self._widen(other.least, other.greatest)
            self.quantiles.merge(other.quantiles)

    def to_json(self, *, sketches: bool) -> dict[str, Any]:
        """Return it as JSON, with the sketches or without."""
        counted = self.rows - self.nulls - self.nans
        number = self.family == NUMBER and counted > 0
        measured = number and self.quantiles.count > 0
        shown = dict(zip(SHARES, self.quantiles.at(list(SHARES.values())), strict=True))
        found: dict[str, Any] = {
            "name": self.name,
            "type": " or ".join(sorted(self.types)) or "null",
            "family": self.family or OTHER,
            "rows": self.rows,
            "nulls": self.nulls,
            "nans": self.nans,
            "distinct": None if self.distinct is None else self.distinct.count(),
            "distinct_exact": self.distinct is not None and self.distinct.exact,
            "min": _finite(self.least),
            "max": _finite(self.greatest),
            "mean": _finite(self.total / counted) if number else None,
            "quantiles": {k: _finite(v) for k, v in shown.items()} if measured else None,
        }
        if sketches:
            found["total"] = _finite(self.total)
            found["sketches"] = {
                "distinct": None if self.distinct is None else self.distinct.to_json(),
                "quantiles": self.quantiles.to_json(),
            }
        return found

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Column:
        """Return what `to_json` with sketches gave.

        Raises:
            ValueError: it is nothing of the kind.
        """
        try:
            column = cls(str(found["name"]))
            column.types = {one for one in found["type"].split(" or ") if one != "null"}
            column.family = found["family"] if column.types else None
            column.rows, column.nulls = int(found["rows"]), int(found["nulls"])
            column.nans = int(found["nans"])
            column.total = float(found["total"])
            column.least, column.greatest = _value(found["min"]), _value(found["max"])
            kept = found["sketches"]
            distinct = kept["distinct"]
            column.distinct = None if distinct is None else Distinct.from_json(distinct)
            column.quantiles = Quantiles.from_json(kept["quantiles"])
        except (KeyError, TypeError, AttributeError, zlib.error) as error:
            raise ValueError("not the profile of a column") from error
        if column.family == NUMBER:
            column.least, column.greatest = _number(column.least), _number(column.greatest)
        return column

    def _join(self, family: str) -> None:
        """Learn the family of some rows; what two families have in common is little."""
        if self.family not in (None, family):
            self.least = self.greatest = None
            self.quantiles = Quantiles()
            family = OTHER
        self.family = family

    def _measure(self, values: pa.Array) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.family == OTHER:
            return
        if self.family == NUMBER and not pa.types.is_boolean(values.type):
            self._measure_numbers(values)
            return
        if pa.types.is_boolean(values.type):
            numbers = as_int64(values)
            self.total += float(numbers.sum())
            self._widen(int(numbers.min()), int(numbers.max()))
            return
        ends = pc.min_max(values)
        self._widen(_text(ends["min"]), _text(ends["max"]))

    def _measure_numbers(self, values: pa.Array) -> None:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        if pa.types.is_integer(values.type):
            ends = pc.min_max(values)
            self._widen(ends["min"].as_py(), ends["max"].as_py())
        numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        numbers = np.ascontiguousarray(numbers, np.float64)
        nans = np.isnan(numbers)
        if nans.any():
            self.nans += int(nans.sum())
            numbers = numbers[~nans]
        if not len(numbers):
            return
        if not pa.types.is_integer(values.type):
            self._widen(float(numbers.min()), float(numbers.max()))
        with np.errstate(invalid="ignore", over="ignore"):
            self.total += float(numbers.sum())
        self.quantiles.add(numbers)

    def _widen(self, least: Value, greatest: Value) -> None:
        if least is not None and (self.least is None or least < self.least):  # type: ignore[operator]
            self.least = least
        if greatest is not None and (self.greatest is None or greatest > self.greatest):  # type: ignore[operator]
            self.greatest = greatest


class Columns:
    """The columns of a table, in the order in which they were first seen."""

    def __init__(self) -> None:
        self.rows = 0
        self.found: dict[str, Column] = {}
        self.dropped: set[str] = set()

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in rows; a column that they lack is null in them."""
        seen = set()
        for name, values in zip(batch.schema.names, batch.columns, strict=True):
            if name in seen:
                continue  # two of one name cannot be told apart by it; the first counts
            seen.add(name)
            column = self._column(name)
            if column is not None:
                column.add(values)
        self.rows += batch.num_rows
        self._pad()

    def merge(self, others: Iterable[Column], rows: int) -> None:
        """Take in the columns of another table of so many rows."""
        for other in others:
            column = self._column(other.name)
            if column is not None:
                column.merge(other)
        self.rows += rows
        self._pad()

    def _column(self, name: str) -> Column | None:
        column = self.found.get(name)
        if column is None:
            if len(self.found) == PROFILED_COLUMNS_MAX:
                self.dropped.add(name)
                return None
            column = self.found[name] = Column(name)
            column.rows = column.nulls = self.rows
        return column

    def _pad(self) -> None:
        for column in self.found.values():
            column.nulls += self.rows - column.rows
            column.rows = self.rows


def _family(kind: pa.DataType) -> str:
    import pyarrow as pa

    types = pa.types
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return NUMBER
    if types.is_boolean(kind):
        return NUMBER
    if types.is_interval(kind) or types.is_duration(kind):
        return OTHER
    if types.is_temporal(kind):
        return TIME
    if types.is_string(kind) or types.is_large_string(kind):
        return TEXT
    return OTHER


def _text(value: pa.Scalar) -> str | None:
    """Return a text or a time as text; times of one type compare as their texts do."""
    import pyarrow as pa

    if not value.is_valid:
        return None
    text: str = value.cast(pa.string()).as_py()
    return text if len(text) <= VALUE_CHARS_MAX else text[: VALUE_CHARS_MAX - 1] + "…"


def _finite(value: Value) -> Value:
    """Return a number as JSON has it; NaN and the infinities as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def _value(value: Any) -> Value:
    return value if isinstance(value, int | float | str) else None


def _number(value: Value) -> Value:
    return float(value) if isinstance(value, str) else value
