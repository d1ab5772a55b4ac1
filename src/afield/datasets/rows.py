"""Which rows of two tables differ, by key or by position; out of core, and exact.

By key, both tables are first split into parts by a hash of the key, in temporary files; then part
by part the rows are paired by the keys themselves, so no hash decides what is the same. A key
that stands several times is paired in order: its first row with the first, and so on.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from afield.datasets.alignment import Side, aligned
from afield.datasets.distinct import hash_values
from afield.datasets.limits import EXAMPLES_MAX, PART_BYTES, PARTS_MAX

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Mask = np.ndarray[Any, np.dtype[np.bool_]]
    Places = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(slots=True)
class RowChanges:
    """How the rows of two tables differ.

    Attributes:
        cells: by column, in how many rows that stand in both its value differs.
        examples: keys, or places from 0, of a few rows by what happened to them.
        repeated: rows whose key stands in another row of the same table as well.
    """

    added: int = 0
    removed: int = 0
    changed: int = 0
    same: int = 0
    repeated: int = 0
    cells: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[Any]] = field(
        default_factory=lambda: {"added": [], "removed": [], "changed": []}
    )

    def show(self, what: str, found: Sequence[Any]) -> None:
        """Take some rows as examples while there is room."""
        kept = self.examples[what]
        kept.extend(found[: EXAMPLES_MAX - len(kept)])


def by_position(before: Side, after: Side, schema: pa.Schema) -> RowChanges:
    """Compare the first row with the first, the second with the second, and so on."""
    found = RowChanges(cells=dict.fromkeys(schema.names, 0))
    common = min(before.columns.rows, after.columns.rows)
    found.added = after.columns.rows - common
    found.removed = before.columns.rows - common
    found.show("added", list(range(common, common + min(found.added, EXAMPLES_MAX))))
    found.show("removed", list(range(common, common + min(found.removed, EXAMPLES_MAX))))
    start = 0
    for old, new in _in_step(aligned(before, schema), aligned(after, schema)):
        changed = _compare(old, new, found)
        found.show("changed", [start + int(at) for at in changed.nonzero()[0][:EXAMPLES_MAX]])
        start += len(changed)
    if not schema.names:
        found.same = common
    return found


def by_key(
    before: Side,
    after: Side,
    schema: pa.Schema,
    key: Sequence[str],
    *,
    folder: str,
    size_bytes: int,
) -> RowChanges:
    """Compare rows with the same values in the columns `key`.

    Args:
        before: the older table.
        after: the newer table.
        schema: the columns that both have; those of `key` are among them.
        key: names of columns.
        folder: for temporary files.
        size_bytes: roughly, of the larger table in memory: decides how many parts are made.

    Raises:
        OSError: the disk is full.
    """
    found = RowChanges(cells={name: 0 for name in schema.names if name not in key})
    parts = max(1, min(PARTS_MAX, -(-size_bytes // PART_BYTES)))
    with tempfile.TemporaryDirectory(prefix="diff-", dir=folder) as scratch:
        _split(aligned(before, schema), key, parts, os.path.join(scratch, "a"))
        _split(aligned(after, schema), key, parts, os.path.join(scratch, "b"))
        for part in range(parts):
            old = _part(os.path.join(scratch, f"a{part}"), schema)
            new = _part(os.path.join(scratch, f"b{part}"), schema)
            _pair(old, new, key, found)
    return found


def _in_step(
    before: Iterator[pa.RecordBatch], after: Iterator[pa.RecordBatch]
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Yield batches of the same length from both, until one ends."""
    old = next(before, None)
    new = next(after, None)
    while old is not None and new is not None:
        rows = min(old.num_rows, new.num_rows)
        if rows:
            yield old.slice(0, rows), new.slice(0, rows)
        old = old.slice(rows) if old.num_rows > rows else next(before, None)
        new = new.slice(rows) if new.num_rows > rows else next(after, None)


def _compare(old: Any, new: Any, found: RowChanges) -> Mask:
    """Count cells and rows that differ between rows that belong together; return which rows."""
    import numpy as np

    changed = np.zeros(old.num_rows, np.bool_)
    for name in found.cells:
        differs = cells_differ(old.column(name), new.column(name))
        found.cells[name] += int(differs.sum())
        changed |= differs
    count = int(changed.sum())
    found.changed += count
    found.same += len(changed) - count
    return changed


def cells_differ(old: Any, new: Any) -> Mask:
    """Return where two columns of one type differ; null equals null, and NaN equals NaN."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_null(old.type):
        return np.zeros(len(old), np.bool_)
    try:
        same = pc.fill_null(pc.equal(old, new), False)  # noqa: FBT003 - a value, not a flag
    except pa.ArrowNotImplementedError:  # lists, structs, maps
        pairs = zip(old.to_pylist(), new.to_pylist(), strict=True)
        return np.fromiter((repr(a) != repr(b) for a, b in pairs), np.bool_, len(old))
    if old.null_count and new.null_count:
        same = pc.or_(same, pc.and_(pc.is_null(old), pc.is_null(new)))
    if pa.types.is_floating(old.type):
        nans = pc.and_(pc.is_nan(old), pc.is_nan(new))
        same = pc.or_(same, pc.fill_null(nans, False))  # noqa: FBT003 - a value, not a flag
    return ~np.asarray(same)


def _split(batches: Iterator[pa.RecordBatch], key: Sequence[str], parts: int, prefix: str) -> None:
    """Write rows to files `<prefix><part>`, all rows of one key to the same part."""
    import numpy as np
    import pyarrow as pa

    writers: dict[int, Any] = {}
    with contextlib.ExitStack() as stack:
        for batch in batches:
            if parts == 1:
                places = [(0, np.arange(batch.num_rows))]
            else:
                number = _key_hashes(batch, key) % np.uint64(parts)
                order = np.argsort(number, kind="stable")
                cuts = np.searchsorted(number[order], np.arange(parts + 1, dtype=np.uint64))
                places = [
                    (part, order[cuts[part] : cuts[part + 1]])
                    for part in range(parts)
                    if cuts[part] < cuts[part + 1]
                ]
            for part, rows in places:
                if part not in writers:
                    sink = stack.enter_context(pa.OSFile(f"{prefix}{part}", "wb"))
                    writers[part] = stack.enter_context(pa.ipc.new_stream(sink, batch.schema))
                writers[part].write_batch(batch if parts == 1 else batch.take(pa.array(rows)))


def _key_hashes(batch: pa.RecordBatch, key: Sequence[str]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    import numpy as np

    hashes = np.zeros(batch.num_rows, np.uint64)
    for name in key:
        encoded = batch.column(name).dictionary_encode(null_encoding="mask")
        indices = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        found = hash_values(encoded.dictionary)
        if found is not None:  # else all rows of it go to one part
            hashes = hashes * np.uint64(31) + np.append(found, np.uint64(0))[indices]
    return hashes


def _part(path: str, schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    if not os.path.exists(path):
        return schema.empty_table()
    with pa.OSFile(path) as source:
        table = pa.ipc.open_stream(source).read_all()
    os.unlink(path)
    return table.combine_chunks()


def _pair(old: pa.Table, new: pa.Table, key: Sequence[str], found: RowChanges) -> None:
    """Pair the rows of one part, and compare the pairs."""
    import numpy as np
    import pyarrow as pa

    ids = _numbered(pa.concat_tables([old.select(key), new.select(key)]), key)
    in_old, in_new = ids[: old.num_rows], ids[old.num_rows :]
    first, first_again = _occurrences(in_old)
    second, second_again = _occurrences(in_new)
    found.repeated += first_again + second_again
    span = np.int64(max(len(ids), 1))
    _, at_old, at_new = np.intersect1d(
        in_old * span + first, in_new * span + second, assume_unique=True, return_indices=True
    )
    gone = np.setdiff1d(np.arange(old.num_rows), at_old, assume_unique=True)
    come = np.setdiff1d(np.arange(new.num_rows), at_new, assume_unique=True)
    found.removed += len(gone)
    found.added += len(come)
    found.show("removed", _keys(old, key, gone))
    found.show("added", _keys(new, key, come))
    pairs = new.take(pa.array(at_new))
    changed = _compare(old.take(pa.array(at_old)), pairs, found)
    found.show("changed", _keys(pairs, key, changed.nonzero()[0]))


def _numbered(table: pa.Table, key: Sequence[str]) -> Places:
    """Return a number for each row: the same for rows with the same key, null being one."""
    import numpy as np

    ids = np.zeros(table.num_rows, np.int64)
    for name in key:
        codes = _codes(table.column(name))
        _, ids = np.unique(ids * np.int64(codes.max(initial=0) + 1) + codes, return_inverse=True)
        ids = ids.astype(np.int64)
    return ids


def _codes(chunked: pa.ChunkedArray) -> Places:
    import numpy as np
    import pyarrow as pa

    if not len(chunked):
        return np.zeros(0, np.int64)
    column = pa.concat_arrays(chunked.chunks)
    if pa.types.is_nested(column.type) or pa.types.is_null(column.type):
        column = pa.array([repr(value) for value in column.to_pylist()])
    encoded = column.dictionary_encode(null_encoding="mask")
    indices = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.asarray(indices, np.int64) + 1


def _occurrences(ids: Places) -> tuple[Places, int]:
    """Return how many rows before each have its key, and how many have one at all."""
    import numpy as np

    order = np.argsort(ids, kind="stable")
    sorted_ids = ids[order]
    starts = np.flatnonzero(np.r_[True, sorted_ids[1:] != sorted_ids[:-1]]) if len(ids) else ids
    counts = np.diff(np.r_[starts, len(ids)])
    places = np.empty(len(ids), np.int64)
    places[order] = np.arange(len(ids)) - np.repeat(starts, counts)
    return places, int((places > 0).sum())


def _keys(table: pa.Table, key: Sequence[str], rows: Any) -> list[Any]:
    import pyarrow as pa

    some = table.select(key).take(pa.array(rows[:EXAMPLES_MAX]))
    found = [[_shown(value) for value in row.values()] for row in some.to_pylist()]
    return [row[0] for row in found] if len(key) == 1 else found


def _shown(value: Any) -> Any:
    return value if isinstance(value, int | float | str | None) else str(value)
