"""Files that hold tables, read batch by batch: CSV, TSV, Parquet, Arrow (Feather), JSON Lines.

The format is told by the file's name, as it is for chunking. Text tables may be compressed. pyarrow
is imported in functions only, and reads in one thread: memory stays bounded, and CPU is others'.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

from afield.datasets.errors import LibraryMissing, NotATable
from afield.datasets.ipc import MAGIC, largest_body
from afield.datasets.limits import (
    BATCH_BYTES_MAX,
    BATCH_ROWS,
    HEAD_BYTES,
    LINE_BYTES_MAX,
    RETYPES_MAX,
    TEXT_BLOCK_BYTES,
    WHOLE_BLOCK_BYTES,
)
from afield.datasets.parquet_pages import largest_page

if TYPE_CHECKING:
    import pyarrow as pa

Open = Callable[[], BinaryIO]
"""Opens the bytes of a file anew: a table may be read several times."""

FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".arrows": "arrow",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
_LET_GO_LOOKS, _LOOK_AGAIN_S = 2000, 0.0005
_SUFFIXES = (*FORMATS, *COMPRESSED)
_DELIMITERS = (b";", b"\t", b"|")
_QUOTED = re.compile(rb'"[^"]*"')
_COLUMN = re.compile(r"In CSV column #(\d+): .*?conversion error to ([a-z0-9_]+)")


def format_of(path: str) -> str | None:
    """Return the format of a table by the file's name; None for what is no table."""
    lowered = path.lower()
    if not lowered.endswith(_SUFFIXES):
        return None
    for suffix in COMPRESSED:
        if lowered.endswith(suffix):
            inner = format_of(lowered.removesuffix(suffix))
            return inner if inner in ("csv", "tsv", "jsonl") else None
    return next((name for suffix, name in FORMATS.items() if lowered.endswith(suffix)), None)


def compression_of(path: str) -> str | None:
    """Return how the whole file is compressed, by its name."""
    return next(
        (name for suffix, name in COMPRESSED.items() if path.lower().endswith(suffix)), None
    )


class Table:
    """A table in a file, which may be read several times.

    Args:
        path: the file's name, which tells its format.
        open_file: opens its bytes.
        bounded: take little memory, and refuse what cannot be read so.
        columns: those that are wanted, others need not be read; None: all.
        rows: of Parquet, so many are read at once.

    Attributes:
        repeated: names that several columns have, known once it was read. The second column `x`
            is `x.1` here, the third `x.2`, as pandas calls them.

    Raises:
        NotATable: the name is none of a table.
    """

    def __init__(
        self,
        path: str,
        open_file: Open,
        *,
        bounded: bool = True,
        columns: Collection[str] | None = None,
        rows: int = BATCH_ROWS,
    ) -> None:
        found = format_of(path)
        if found is None:
            why = f"names of tables end in {', '.join(FORMATS)}"
            raise NotATable("not a table", path, why)
        self.path = path
        self.format = found
        self._open = open_file
        self._bounded = bounded
        self._block_bytes = TEXT_BLOCK_BYTES if bounded else WHOLE_BLOCK_BYTES
        self._types: dict[str, pa.DataType] = {}
        self._columns = columns
        self._rows = rows
        self._names: list[str] = []
        self.repeated: tuple[str, ...] = ()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order.

        Raises:
            NotATable: the bytes are no such table.
            Retyped: a column of a text table turned out to hold another type than its first rows
                showed. It is known now: read again from the start.
        """
        import pyarrow as pa

        try:
            with (
                self._open() as stream,
                _let_go(stream),
                contextlib.closing(self._read(self._inflated(stream))) as reading,
            ):
                for batch in reading:
                    yield self._told_apart(batch)
        except pa.ArrowInvalid as error:
            self._learn(error)
            raise NotATable("cannot read table", self.path, _first_line(error)) from error
        except (pa.ArrowNotImplementedError, pa.ArrowTypeError, pa.ArrowKeyError) as error:
            raise NotATable("cannot read table", self.path, _first_line(error)) from error
        except UnicodeDecodeError as error:  # pyarrow's, of names
            why = "the names of its columns are not UTF-8"
            raise NotATable("cannot read table", self.path, why) from error
        except OSError as error:
            if error.errno is not None:  # the disk's; pyarrow's own of bad bytes have none
                raise
            raise NotATable("cannot read table", self.path, _first_line(error)) from error

    def require_small_pages(self, rows: int, size_bytes_max: int) -> None:
        """Refuse a Parquet file of which much is unpacked for its first rows, however few they are.

        Raises:
            NotATable: a page is larger than that, or cannot be read.
        """
        import pyarrow as pa
        from pyarrow import parquet

        what, found = "cannot read table", 0
        try:
            with self._open() as stream, parquet.ParquetFile(stream, pre_buffer=False) as file:
                groups = file.metadata
                for number in range(groups.num_row_groups):
                    group = groups.row_group(number)
                    if rows > 0 and group.num_rows:
                        found = max(found, largest_page(stream, group))
                    rows -= group.num_rows
        except (pa.ArrowException, ValueError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:  # the disk's own
                raise
            raise NotATable(what, self.path, _first_line(error)) from error
        if found > size_bytes_max:
            why = f"a page of {found >> 20} MiB would be read at once"
            raise NotATable(what, self.path, why)

    def _told_apart(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the batch with names that no two columns share."""
        names = batch.schema.names
        if len(set(names)) == len(names):
            return batch
        again = {name for name, times in Counter(names).items() if times > 1}
        self.repeated = tuple(sorted(again.union(self.repeated)))
        return batch.rename_columns(_told_apart(names))

    def _wanted(self, names: Sequence[str]) -> list[str] | None:
        """Return which columns are to be read; None: all, also where names are no use."""
        if self._columns is None or len(set(names)) < len(names):
            return None
        return [name for name in names if name in self._columns]

    def _read(self, stream: BinaryIO) -> Generator[pa.RecordBatch]:
        if self.format in ("csv", "tsv"):
            return self._read_csv(stream)
        if self.format == "parquet":
            return self._read_parquet(stream)
        if self.format == "arrow":
            if self._bounded:
                self._require_small_batches(stream)
            return self._read_arrow(stream)
        return _read_json_lines(stream, self.path)

    def _require_small_batches(self, stream: BinaryIO) -> None:
        try:
            size_bytes = largest_body(stream)
        except ValueError as error:
            raise NotATable("cannot read table", self.path, str(error)) from error
        if size_bytes > BATCH_BYTES_MAX:
            why = f"a record batch of {size_bytes >> 20} MiB would be read at once"
            hint = f"write batches of at most {BATCH_BYTES_MAX >> 20} MiB"
            raise NotATable("cannot read table", self.path, why, hint=hint)

    def _inflated(self, stream: BinaryIO) -> BinaryIO:
        import pyarrow as pa

        name = compression_of(self.path)
        return pa.CompressedInputStream(stream, name) if name else stream

    def _delimiter(self) -> str:
        """Return what stands between columns: a first line may hold it, and no comma."""
        if self.format == "tsv":
            return "\t"
        with self._open() as stream:
            head = self._inflated(stream).read(HEAD_BYTES)
        line = _QUOTED.sub(b"", head.partition(b"\n")[0])
        found = max(_DELIMITERS, key=line.count)
        return "," if b"," in line or found not in line else found.decode()

    def _read_csv(self, stream: BinaryIO) -> Generator[pa.RecordBatch]:
        from pyarrow import csv

        parse = csv.ParseOptions(delimiter=self._delimiter(), newlines_in_values=True)
        wanted: list[str] = []
        if self._columns is not None:
            with self._open() as head:
                small = csv.ReadOptions(block_size=TEXT_BLOCK_BYTES, use_threads=False)
                with csv.open_csv(self._inflated(head), small, parse) as reader:
                    self._names = reader.schema.names
            found = self._wanted(self._names)
            wanted = found or ([] if found is None else self._names[:1])  # rows count all the same
        with csv.open_csv(
            stream,
            read_options=csv.ReadOptions(block_size=self._block_bytes, use_threads=False),
            parse_options=parse,
            convert_options=csv.ConvertOptions(column_types=self._types, include_columns=wanted),
        ) as reader:
            self._names = self._names if wanted else reader.schema.names
            yield _no_rows(reader.schema)
            yield from reader

    def _read_parquet(self, stream: BinaryIO) -> Generator[pa.RecordBatch]:
        from pyarrow import parquet

        with parquet.ParquetFile(stream, pre_buffer=False, buffer_size=TEXT_BLOCK_BYTES) as file:
            yield _no_rows(file.schema_arrow)
            yield from file.iter_batches(
                batch_size=self._rows,
                use_threads=False,
                columns=self._wanted(file.schema_arrow.names),
            )

    def _read_arrow(self, stream: BinaryIO) -> Generator[pa.RecordBatch]:
        import pyarrow as pa

        head = stream.read(6)
        stream.seek(0)
        if head == MAGIC:
            with pa.ipc.open_file(stream) as file:
                schema = file.schema
                yield _no_rows(schema)
            wanted = self._wanted(schema.names)
            fields = None if wanted is None else list(map(schema.names.index, wanted))
            stream.seek(0)
            options = pa.ipc.IpcReadOptions(included_fields=fields or None)
            with pa.ipc.open_file(stream, options=options) as file:
                for number in range(file.num_record_batches):
                    yield from _sliced(file.get_batch(number))
        elif head[:4] == b"FEA1":
            raise NotATable("cannot read table", "Feather", "its first version is not read")
        else:
            with pa.ipc.open_stream(stream) as reader:
                yield _no_rows(reader.schema)
                for batch in reader:
                    yield from _sliced(batch)

    def _learn(self, error: Exception) -> None:
        """Give the column that did not fit a wider type, and have it read again."""
        import pyarrow as pa

        found = _COLUMN.search(str(error))
        if self.format not in ("csv", "tsv") or found is None:
            return
        number, was = int(found[1]), found[2]
        if number >= len(self._names) or len(self._types) > RETYPES_MAX or was == "binary":
            return
        wider = {"int64": pa.float64(), "string": pa.binary()}.get(was, pa.string())
        self._types[self._names[number]] = wider
        raise Retyped from error


class Retyped(Exception):
    """A column is of another type than its first rows showed; what was read is void."""


def _told_apart(names: Sequence[str]) -> list[str]:
    """Return names of which those that stood before have a number added."""
    found: list[str] = []
    taken = set(names)
    times: Counter[str] = Counter()
    for name in names:
        given = name
        while times[name] and given in taken:
            given = f"{name}.{times[name]}"
            times[name] += 1
        times[name] = times[name] or 1
        taken.add(given)
        found.append(given)
    return found


@contextlib.contextmanager
def _let_go(stream: BinaryIO) -> Iterator[None]:
    """Wait at the end until the threads of pyarrow have let go of a stream, a second at most.

    One may hold it a moment longer than the reader that it read for (5 of 3,000 times), and if
    Python ends in that moment, so does the process: by abort, after a script that was done.
    """
    held = sys.getrefcount(stream)
    left = None
    try:
        yield
    except GeneratorExit as gone:  # of an error, what was read stands in its traceback: no wait
        left = gone
    for _ in range(_LET_GO_LOOKS):
        if sys.getrefcount(stream) <= held:
            break
        time.sleep(_LOOK_AGAIN_S)
    if left is not None:
        raise left


def _no_rows(schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch that tells the columns of a table, which may have no rows."""
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)


def _sliced(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for start in range(0, batch.num_rows, BATCH_ROWS):
        yield batch.slice(start, BATCH_ROWS)


def _read_json_lines(stream: BinaryIO, path: str) -> Generator[pa.RecordBatch]:
    """Parse whole lines, some megabytes at a time; each block has the columns that it names."""
    try:
        from pyarrow import json
    except ImportError as error:
        raise LibraryMissing("cannot read table", path, "pyarrow came without JSON") from error
    rest = b""
    while block := stream.read(TEXT_BLOCK_BYTES):
        whole, newline, rest = (rest + block).rpartition(b"\n")
        if not newline and len(rest) > LINE_BYTES_MAX:
            raise NotATable("cannot read table", path, f"a line has over {LINE_BYTES_MAX} bytes")
        if whole.strip():
            yield from _json_block(json, whole)
    if rest.strip():
        yield from _json_block(json, rest)


def _json_block(json: object, data: bytes) -> Iterator[pa.RecordBatch]:
    table = json.read_json(  # type: ignore[attr-defined]
        io.BytesIO(data),
        read_options=json.ReadOptions(use_threads=False, block_size=len(data) + 1),  # type: ignore[attr-defined]
    )
    yield from table.to_batches(max_chunksize=BATCH_ROWS)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__
