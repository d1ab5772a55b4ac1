"""Tables of a version as one Arrow table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from afield.datasets.errors import ColumnNotFound, NotATable
from afield.datasets.tables import Open, Retyped, Table

if TYPE_CHECKING:
    import pyarrow as pa


def read_tables(files: Mapping[str, Open], columns: Sequence[str] | None = None) -> pa.Table:
    """Return the rows of these files, one after the other.

    A column that a file lacks is null in its rows. Where the format allows it, columns that are
    not wanted are not read.

    Args:
        files: opens each by its name.
        columns: those that are wanted, in this order; all when not given.

    Raises:
        NotATable: a file cannot be read, or two have a column in common and not its type.
        ColumnNotFound: no file has a column that is wanted.
        Damaged: its bytes are damaged or missing.
    """
    import pyarrow as pa

    tables = [
        table for path, open_file in files.items() for table in _read(path, open_file, columns)
    ]
    try:
        whole = pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        why = f"{error}".partition("\n")[0]
        hint = "read one file: to_arrow(file)"
        raise NotATable(
            "the tables do not fit together", ", ".join(files), why, hint=hint
        ) from error
    missing = [name for name in columns or () if name not in whole.schema.names]
    if missing:
        raise ColumnNotFound("no such column", missing[0], f"there is none in {', '.join(files)}")
    return whole if columns is None else whole.select(list(columns))


def _read(path: str, open_file: Open, columns: Sequence[str] | None) -> Iterator[pa.Table]:
    import pyarrow as pa

    table = Table(path, open_file, bounded=False, columns=columns)
    while True:
        tables = []
        try:
            for batch in table.batches():
                some = pa.Table.from_batches([batch])
                if columns is not None:
                    some = some.select([name for name in columns if name in some.schema.names])
                tables.append(some)
        except Retyped:
            continue
        yield from tables
        return
