"""Two tables brought to the same columns and types, so that their rows can be compared.

The first pass over each gathers statistics and types; later ones yield batches of one schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from afield.datasets.columns import Columns
from afield.datasets.tables import Retyped, Table

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(slots=True)
class Side:
    """One of the two tables: its statistics, and the types that its columns were seen with."""

    table: Table
    columns: Columns
    types: dict[str, list[pa.DataType]]


def survey(table: Table) -> Side:
    """Read a table once.

    Raises:
        NotATable: it cannot be read.
    """
    while True:
        side = Side(table, Columns(), {})
        try:
            for batch in table.batches():
                side.columns.add(batch)
                _note_types(side, batch)
        except Retyped:
            continue
        return side


def _note_types(side: Side, batch: pa.RecordBatch) -> None:
    import pyarrow as pa

    for field in batch.schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        seen = side.types.setdefault(field.name, [])
        if kind not in seen and not pa.types.is_null(kind):
            seen.append(kind)


def common_schema(before: Side, after: Side) -> pa.Schema:
    """Return the columns that both have, each of a type that holds the values of both."""
    import pyarrow as pa

    return pa.schema(
        [
            (name, common_type([*before.types[name], *after.types[name]]))
            for name in before.types
            if name in after.types
        ]
    )


def common_type(kinds: list[pa.DataType]) -> pa.DataType:
    """Return a type in which values of all these types can be compared."""
    import pyarrow as pa

    if not kinds:
        return pa.null()
    if all(kind == kinds[0] for kind in kinds):
        return kinds[0]
    types = pa.types
    if all(types.is_signed_integer(kind) or _is_small_unsigned(kind) for kind in kinds):
        return pa.int64()
    if all(types.is_integer(kind) or types.is_floating(kind) for kind in kinds):
        return pa.float64()
    return pa.large_string()


def aligned(side: Side, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield a table's rows with these columns and types."""
    import pyarrow as pa

    for batch in side.table.batches():
        arrays = []
        for field in schema:
            place = batch.schema.get_all_field_indices(field.name)
            if place:
                arrays.append(cast(batch.column(place[0]), field.type))
            else:
                arrays.append(pa.nulls(batch.num_rows, field.type))
        if arrays:
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def cast(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return values as another type; what has no text of its own is worded as Python has it."""
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if values.type == kind:
        return values
    try:
        return values.cast(kind, safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        texts = [None if value is None else str(value) for value in values.to_pylist()]
        return pa.array(texts, pa.large_string()).cast(kind)


def _is_small_unsigned(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_unsigned_integer(kind) and kind.bit_width < 64)  # noqa: PLR2004
