"""The first rows of a table in a version of data, as plain values for a screen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from afield.datasets.tables import Retyped, Table
from afield.vault import TreeEntry
from afield.workspace.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

TEXT_CHARS_MAX = 200
COLUMNS_MAX = 200


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
    table = Table(entry.path, partial(workspace.record.vault.open, entry.object))
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


def _rows(batch: pa.RecordBatch) -> list[list[Any]]:
    found = [[_plain(value) for value in column] for column in batch.columns[:COLUMNS_MAX]]
    return [list(row) for row in zip(*found, strict=True)]


def _plain(value: Any) -> Any:
    plain = value.as_py()
    if plain is None or isinstance(plain, bool | int | float):
        return plain
    return str(plain)[:TEXT_CHARS_MAX]
