"""The process that compares two Parquet or Arrow files: `python -m … KIND OLD NEW TOLERANCE`.

Reads both batch by batch and compares slices of equal length, so that neither row groups nor
chunks matter and memory stays bounded. Its last line is the `Judged`, as JSON.
Only `tables` starts it; nothing imports it but its tests.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from afield.replay.canonical.columns import Columns, schema_difference
from afield.replay.canonical.tally import Tally
from afield.replay.limits import BATCH_ROWS, TABLE_BYTES_MAX, TABLE_MEMORY_BYTES
from afield.replay.text import clip
from afield.replay.verdict import Grade, Judged

_CELL_BYTES = 8


class _TooLarge(ValueError):
    """The file unpacks to more than the bound."""


def compare(name: str, old: str, new: str, tolerance: float) -> Judged:
    """Compare two files; DIVERGED with the reason when they cannot be read.

    Args:
        name: `parquet` or `arrow`.
        old: path of the recorded file.
        new: path of the other.
        tolerance: relative tolerance of floats.
    """
    import pyarrow as pa

    try:
        left, right = _open(name, old), _open(name, new)
        tally = Tally(tolerance)
        found = schema_difference(left[0], right[0])
        if found is None:
            found = _rows(left[0], left[1], right[1], tally)
        return tally.judged(name, found)
    except _TooLarge:
        why = f"it unpacks to more than {TABLE_BYTES_MAX >> 20} MB"
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, MemoryError) as fault:
        why = f"{type(fault).__name__}: {fault}".replace("\n", " ")
    return Judged(Grade.DIVERGED, name, clip(f"bytes differ; not looked into: {why}"))


def _open(name: str, path: str) -> tuple[Any, Iterator[Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if name == "parquet":
        # no memory map of the file and no threads: reading stays within the bound
        file = pq.ParquetFile(path, memory_map=False, pre_buffer=False)
        batches = file.iter_batches(batch_size=BATCH_ROWS, use_threads=False)
        return file.schema_arrow, _bounded(batches)
    source = pa.memory_map(path)
    if source.read(6) == b"ARROW1":
        reader = pa.ipc.open_file(source)
        each = (reader.get_batch(index) for index in range(reader.num_record_batches))
        return reader.schema, _bounded(each)
    source.seek(0)
    stream = pa.ipc.open_stream(source)
    return stream.schema, _bounded(iter(stream))


def _bounded(batches: Iterator[Any]) -> Iterator[Any]:
    seen_bytes = 0
    for batch in batches:
        # runs and nulls take hardly any memory, yet take time
        cells = batch.num_rows * max(1, batch.num_columns)
        seen_bytes += max(batch.nbytes, cells * _CELL_BYTES)
        if seen_bytes > TABLE_BYTES_MAX:
            raise _TooLarge
        for column in batch.columns:
            column.validate(full=True)
        for start in range(0, batch.num_rows, BATCH_ROWS):
            yield batch.slice(start, BATCH_ROWS)


def _rows(schema: Any, old: Iterator[Any], new: Iterator[Any], tally: Tally) -> str | None:
    columns = Columns(schema, tally)
    left, right = next(old, None), next(new, None)
    row = 0
    while left is not None and right is not None:
        count = min(left.num_rows, right.num_rows)
        found = columns.compare(left.slice(0, count), right.slice(0, count), row)
        if found is not None:
            return found
        row += count
        left = left.slice(count) if count < left.num_rows else next(old, None)
        right = right.slice(count) if count < right.num_rows else next(new, None)
    if left is None and right is None:
        return columns.categories_differ()
    total_left = row + sum(_lengths(left, old))
    total_right = row + sum(_lengths(right, new))
    return f"{total_left} vs {total_right} rows"


def _lengths(first: Any, rest: Iterator[Any]) -> Iterator[int]:
    if first is not None:
        yield first.num_rows
        yield from (batch.num_rows for batch in rest)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows bounds memory by other means, the time stays bounded
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = TABLE_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(TABLE_MEMORY_BYTES, hard)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    except (OSError, ValueError):  # macOS refuses it below what is mapped already
        return


def main(arguments: list[str]) -> None:
    """Compare as told on the command line and print the answer."""
    _limit_memory()
    name, old, new, tolerance = arguments
    judged = compare(name, old, new, float(tolerance))
    sys.stdout.write("\n" + json.dumps(asdict(judged)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
