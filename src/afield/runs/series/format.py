"""The sealed form of a run's series: byte planes under zstd, as `docs/format/series.md` says.

Encoding needs neither numpy nor pyarrow, because it happens in the training process; that is
also why it is no Parquet (see `docs/decisions/0002-series-objects.md`). Decoding to columns is
in `series_columns.py`; here is only what takes bytes apart and puts them together.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

import msgspec
import zstandard

from afield.runs.errors import SeriesDamaged
from afield.runs.limits import BLOCK_RECORDS_MAX, METRICS_MAX, NAME_BYTES_MAX
from afield.runs.series.live import RECORD_BYTES

MAGIC = b"AFSERIES"
VERSION = 1
HEAD = struct.Struct("<8sI")
FRAME = struct.Struct("<4sII")
"""Kind, records (names in a name frame), and size of the compressed bytes that follow."""

NAMES = b"NAME"
BLOCK = b"BLCK"
END = b"END."
LEVEL = 3
_NAMES_BYTES_MAX = METRICS_MAX * (NAME_BYTES_MAX * 6 + 3)


class Frame(msgspec.Struct, frozen=True):
    """One frame of a sealed series: `data` is a JSON list of names, or byte planes."""

    kind: bytes
    count: int
    data: bytes


def head() -> bytes:
    """Return the first bytes of a sealed series."""
    return HEAD.pack(MAGIC, VERSION)


def names_frame(names: Sequence[str]) -> bytes:
    """Start a part (what one process logged): its metrics 1, 2, 3 and so on."""
    import json  # loaded with the first metric

    return _frame(NAMES, len(names), json.dumps(list(names)).encode())


def block_frame(records: bytes) -> bytes:
    """Return up to `BLOCK_RECORDS_MAX` live records as 32 byte planes, compressed.

    Plane k holds byte k of every record: equal high bytes of steps, times and metrics stand
    together and shrink to nothing. A strided slice of `bytes` runs at the speed of C.
    """
    count = len(records) // RECORD_BYTES
    assert 0 < count <= BLOCK_RECORDS_MAX, count
    assert count * RECORD_BYTES == len(records), len(records)
    planes = b"".join(records[plane::RECORD_BYTES] for plane in range(RECORD_BYTES))
    return _frame(BLOCK, count, planes)


def end_frame() -> bytes:
    """Return the last frame; a series without it was cut."""
    return FRAME.pack(END, 0, 0)


def read_frames(data: bytes | memoryview) -> Iterator[Frame]:
    """Yield the frames of a sealed series, checked and decompressed, without the last.

    Raises:
        SeriesDamaged: the bytes are not a whole sealed series.
    """
    view = memoryview(data)
    if len(view) < HEAD.size or view[:8] != MAGIC:
        raise SeriesDamaged("cannot read series", None, "the first bytes are not a series'")
    _, version = HEAD.unpack_from(view)
    if version != VERSION:
        raise SeriesDamaged("cannot read series", None, f"format {version} is not known here")
    at = HEAD.size
    while True:
        if at + FRAME.size > len(view):
            raise SeriesDamaged("cannot read series", None, f"cut at byte {at}")
        kind, count, size_bytes = FRAME.unpack_from(view, at)
        at += FRAME.size
        if kind == END:
            if at != len(view):
                raise SeriesDamaged("cannot read series", None, f"bytes after its end at {at}")
            return
        if at + size_bytes > len(view):
            raise SeriesDamaged("cannot read series", None, f"cut in the frame at byte {at}")
        yield Frame(kind, count, _unpack(kind, count, view[at : at + size_bytes], at))
        at += size_bytes


def records_of(frame: Frame) -> bytes:
    """Turn the byte planes of a block back into live records; for small blocks and tests."""
    records = bytearray(len(frame.data))
    for plane in range(RECORD_BYTES):
        start = plane * frame.count
        records[plane::RECORD_BYTES] = frame.data[start : start + frame.count]
    return bytes(records)


def names_of(frame: Frame) -> list[str]:
    """Return the names that a name frame holds.

    Raises:
        SeriesDamaged: it is no list of that many names.
    """
    import json  # as above

    try:
        names = json.loads(frame.data)
    except ValueError as error:
        raise SeriesDamaged("cannot read series", None, "its names are no JSON") from error
    if (
        not isinstance(names, list)
        or len(names) != frame.count
        or not all(isinstance(name, str) for name in names)
    ):
        raise SeriesDamaged("cannot read series", None, f"it has no {frame.count} names")
    return names


def _frame(kind: bytes, count: int, data: bytes) -> bytes:
    packed = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(data)
    return FRAME.pack(kind, count, len(packed)) + packed


def _unpack(kind: bytes, count: int, packed: memoryview, at: int) -> bytes:
    if kind == BLOCK and 0 < count <= BLOCK_RECORDS_MAX:
        size_bytes_max = count * RECORD_BYTES
    elif kind == NAMES and count <= METRICS_MAX:
        size_bytes_max = _NAMES_BYTES_MAX
    else:
        raise SeriesDamaged("cannot read series", None, f"an impossible frame at byte {at}")
    try:
        size_bytes = zstandard.frame_content_size(packed)
        if not 0 <= size_bytes <= size_bytes_max:
            raise SeriesDamaged("cannot read series", None, f"a false size at byte {at}")
        data = zstandard.ZstdDecompressor().decompress(packed)
    except zstandard.ZstdError as error:
        raise SeriesDamaged("cannot read series", None, f"damaged at byte {at}") from error
    if kind == BLOCK and len(data) != size_bytes_max:
        raise SeriesDamaged("cannot read series", None, f"a false size at byte {at}")
    return data
