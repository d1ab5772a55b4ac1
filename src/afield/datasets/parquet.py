"""Parquet files that share bytes with their next version: how to write them, and who cannot.

A row that is inserted moves all that follow, unless pages are cut where their content says so.
A dictionary of values and row groups of fixed size undo that: a new value, or a row that moves
from one group to the next, changes pages that nobody edited.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from afield.datasets.errors import NotATable
from afield.datasets.limits import ADVISED_BYTES_MIN, ADVISED_FILES_MAX
from afield.datasets.tables import format_of
from afield.vault import TreeEntry, Vault

if TYPE_CHECKING:
    import pyarrow as pa

MARK = b"afield.pages"
BY_CONTENT = b"cut by content"
_CUTS_SINCE = 21
_WRITER = re.compile(r"parquet-cpp-arrow version (\d+)\.")


@dataclass(frozen=True, slots=True)
class Advice:
    """A Parquet file that will share few bytes with its next version, and why."""

    path: str
    size_bytes: int
    why: tuple[str, ...]


def write_parquet(table: Any, path: str | os.PathLike[str], **options: Any) -> None:
    """Write a table so that its next version shares bytes with it.

    Pages cut by content (with pyarrow 21 or later), no dictionary, one row group, zstd.

    Args:
        table: a `pyarrow.Table`, a pandas or polars data frame.
        path: of the file.
        options: what else `pyarrow.parquet.write_table` takes; they win.

    Raises:
        NotATable: `table` is nothing of the kind.
        OSError: it cannot be written.
    """
    import pyarrow as pa
    from pyarrow import parquet

    found = _as_table(table)
    settings: dict[str, Any] = {
        "use_dictionary": False,
        "row_group_size": max(found.num_rows, 1),
        "compression": "zstd",
    }
    if int(pa.__version__.partition(".")[0]) >= _CUTS_SINCE:
        settings["use_content_defined_chunking"] = True
    settings |= options
    if settings.get("use_content_defined_chunking"):
        found = found.replace_schema_metadata({**(found.schema.metadata or {}), MARK: BY_CONTENT})
    parquet.write_table(found, os.fspath(path), **settings)


def advise(entries: Iterable[TreeEntry], vault: Vault) -> Iterator[Advice]:
    """Yield the larger Parquet files that will hardly share bytes with their next version."""
    found = [
        entry
        for entry in entries
        if entry.size_bytes >= ADVISED_BYTES_MIN and format_of(entry.path) == "parquet"
    ]
    found.sort(key=lambda entry: (-entry.size_bytes, entry.path))
    for entry in found[:ADVISED_FILES_MAX]:
        why = tuple(_reasons(entry, vault))
        if why:
            yield Advice(entry.path, entry.size_bytes, why)


def _reasons(entry: TreeEntry, vault: Vault) -> Iterator[str]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with vault.open(entry.object) as stream:
            found = parquet.read_metadata(stream)
    except pa.ArrowException:
        return  # it is no Parquet file, which its profile says
    if found.num_row_groups == 0:
        return
    group = found.row_group(0)
    chunks = [group.column(number) for number in range(group.num_columns)]
    dictionaries = [chunk.path_in_schema for chunk in chunks if chunk.has_dictionary_page]
    if dictionaries:
        yield f"{len(dictionaries)} of {len(chunks)} columns use a dictionary"
    if found.num_row_groups > 1:
        yield f"{found.num_row_groups} row groups of fixed size"
    writer = _WRITER.match(found.created_by or "")
    marked = (found.metadata or {}).get(MARK) == BY_CONTENT
    if not marked and (writer is None or int(writer[1]) < _CUTS_SINCE):
        yield "its pages are cut by size, not by content"
    elif not marked and (dictionaries or found.num_row_groups > 1):
        yield "nothing says that its pages are cut by content"


def _as_table(table: Any) -> pa.Table:
    import pyarrow as pa

    if isinstance(table, pa.Table):
        return table
    if isinstance(table, pa.RecordBatch):
        return pa.Table.from_batches([table])
    if hasattr(table, "to_arrow"):  # polars
        return table.to_arrow()
    try:
        return pa.Table.from_pandas(table)
    except (AttributeError, TypeError) as error:
        kind = type(table).__name__
        why = "a pyarrow table, or a pandas or polars data frame, is wanted"
        raise NotATable("cannot write", kind, why) from error
