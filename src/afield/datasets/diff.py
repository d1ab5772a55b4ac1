"""How two versions differ: files, and inside of tables schema, rows and columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from afield.datasets.alignment import Side, common_schema, survey
from afield.datasets.check import FileChanges, compare_files
from afield.datasets.errors import ColumnNotFound, LibraryMissing, NotATable
from afield.datasets.limits import DIFFED_TABLES_MAX
from afield.datasets.rows import RowChanges, by_key, by_position
from afield.datasets.tables import Table, format_of
from afield.vault import TreeEntry, Vault

Progress = Callable[[int, int], None]
_EXPANSION = {"parquet": 8, "arrow": 2}
"""How much larger than its file a table may be in memory; 3 for text."""


@dataclass(slots=True)
class TableChanges:
    """How a table differs.

    Attributes:
        key: the columns by which rows were paired; none: by position.
        repeated: names that several columns have, see `Table.repeated`.
        columns: by name, what is known of the column before and after; None where there is none.
    """

    path: str
    key: tuple[str, ...]
    rows_before: int
    rows_after: int
    rows: RowChanges
    columns: dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None]]
    repeated: tuple[str, ...] = ()


@dataclass(slots=True)
class Difference:
    """How two versions differ.

    Attributes:
        skipped: tables that could not be compared row by row, and why.
    """

    files: FileChanges
    tables: list[TableChanges] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)


def diff(
    before: Sequence[TreeEntry],
    after: Sequence[TreeEntry],
    vault: Vault,
    *,
    key: Sequence[str],
    folder: str,
    progress: Progress,
) -> Difference:
    """Compare the files of two versions, and the rows of tables that changed.

    Args:
        before: the files of one.
        after: the files of the other.
        vault: where the bytes are.
        key: columns that name a row; tables without them are compared by position.
        folder: for temporary files.
        progress: is told of each table.

    Raises:
        ColumnNotFound: no table that changed has these columns.
        Damaged: bytes in the vault are damaged or missing.
        OSError: the disk is full.
    """
    found = Difference(compare_files(before, after))
    pairs = [pair for pair in found.files.changed if all(format_of(one.path) for one in pair)]
    pairs.sort(key=lambda pair: (-pair[1].size_bytes, pair[1].path))
    for old, new in pairs[:DIFFED_TABLES_MAX]:
        if old.object == new.object:
            continue
        try:
            found.tables.append(_diff_table(old, new, vault, key, folder))
        except (NotATable, LibraryMissing) as error:
            found.skipped.append((new.path, error.why or error.what))
        progress(1, old.size_bytes + new.size_bytes)
    left = [(new.path, "larger ones were compared") for _, new in pairs[DIFFED_TABLES_MAX:]]
    found.skipped += left
    if key and found.tables and not any(table.key for table in found.tables):
        known = sorted({name for table in found.tables for name in table.columns})
        why = f"no table that changed has it in both versions; there are {', '.join(known)}"
        raise ColumnNotFound("no such column", ", ".join(key), why, hint="--key COLUMN")
    return found


def _diff_table(
    old: TreeEntry, new: TreeEntry, vault: Vault, key: Sequence[str], folder: str
) -> TableChanges:
    before = survey(Table(old.path, lambda: vault.open(old.object)))
    after = survey(Table(new.path, lambda: vault.open(new.object)))
    schema = common_schema(before, after)
    used = tuple(key) if key and all(name in schema.names for name in key) else ()
    if used:
        size_bytes = max(_in_memory(old), _in_memory(new))
        rows = by_key(before, after, schema, used, folder=folder, size_bytes=size_bytes)
    else:
        rows = by_position(before, after, schema)
    return TableChanges(
        path=new.path,
        key=used,
        rows_before=before.columns.rows,
        rows_after=after.columns.rows,
        rows=rows,
        columns=_columns(before, after),
        repeated=tuple(sorted({*before.table.repeated, *after.table.repeated})),
    )


def _in_memory(entry: TreeEntry) -> int:
    return entry.size_bytes * _EXPANSION.get(format_of(entry.path) or "", 3)


def _columns(
    before: Side, after: Side
) -> dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    old, new = (
        {name: one.to_json(sketches=False) for name, one in side.columns.found.items()}
        for side in (before, after)
    )
    return {name: (old.get(name), new.get(name)) for name in {**old, **new}}
