"""The first rows of a table in a version of data, as plain values for a screen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from afield.datasets.tables import Open, Retyped, Table
from afield.vault import TreeEntry
from afield.workspace.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

TEXT_CHARS_MAX = 200
COLUMNS_MAX = 200
PAGE_BYTES_MAX = 16 << 20
"""Of a page of Parquet, unpacked; writers make them of 1 MiB."""

ROWS_AT_ONCE = 16


def rows_of(workspace: Workspace, entry: TreeEntry, limit: int) -> dict[str, Any]:
    """Return the first rows of a table: `columns`, `types`, and `rows` of values.

    Numbers, truth and null stay as they are; all else is text, cut to `TEXT_CHARS_MAX`. Of a very
    wide table it is the first `COLUMNS_MAX` columns.

    Args:
        workspace: holds the bytes.
        entry: the file.
        limit: how many rows at most.

    Raises:
        NotATable: it is none, or cannot be read.
    """
    opened = partial(workspace.record.vault.open, entry.object)
    table = Table(entry.path, opened)
    if table.format == "parquet":
        return _by_columns(table, opened, limit)
    while True:
        try:
            return _first(table, limit)
        except Retyped:  # a column is of another type than it seemed: it is known now
            continue


def _first(table: Table, limit: int) -> dict[str, Any]:
    columns: list[str] = []
    types: list[str] = []
    rows: list[list[Any]] = []
    for batch in table.batches():
        some = batch.slice(0, limit - len(rows))
        columns = some.schema.names[:COLUMNS_MAX]
        types = [str(field.type) for field in list(some.schema)[:COLUMNS_MAX]]
        rows += _rows(some)
        if len(rows) >= limit:
            break
    return {"columns": columns, "types": types, "rows": rows}


def _by_columns(table: Table, opened: Open, limit: int) -> dict[str, Any]:
    """Read a Parquet file a column and a few rows at a time.

    A value that stands once in a page may be in all rows, and a file of some kilobytes then takes
    gigabytes. What is unpacked at once stays small so, whoever made the file.
    """
    table.require_small_pages(limit, PAGE_BYTES_MAX)
    head = next(iter(Table(table.path, opened, rows=1).batches()))  # the types; it has no rows
    names = head.schema.names[:COLUMNS_MAX]
    found: list[list[Any]] = []
    for name in names:
        values: list[Any] = []
        wanted = Table(table.path, opened, columns=[name], rows=ROWS_AT_ONCE)
        for batch in wanted.batches():
            at = batch.schema.get_field_index(name)
            values += [_plain(value) for value in batch.column(at)]
            if len(values) >= limit:
                break
        found.append(values[:limit])
    types = [str(field.type) for field in list(head.schema)[:COLUMNS_MAX]]
    return {
        "columns": names,
        "types": types,
        "rows": [list(row) for row in zip(*found, strict=True)],
    }


def _rows(batch: pa.RecordBatch) -> list[list[Any]]:
    found = [[_plain(value) for value in column] for column in batch.columns[:COLUMNS_MAX]]
    return [list(row) for row in zip(*found, strict=True)]


def _plain(value: Any) -> Any:
    plain = value.as_py()
    if plain is None or isinstance(plain, bool | int | float):
        return plain
    return str(plain)[:TEXT_CHARS_MAX]
