"""How large the record batches of an Arrow file are, told from its messages without reading them.

pyarrow reads a batch whole; a file may hold but one. The layout is that of the Arrow columnar
format, "Encapsulated message format": a mark, the length of a flatbuffer `Message`, the
flatbuffer, a body of `bodyLength`. A file is a stream behind eight bytes of magic.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

MAGIC = b"ARROW1"
_FILE_START = 8
_MARK = 0xFFFFFFFF
_BODY_LENGTH_SLOT = 3
_HEADER_BYTES_MAX = 64 << 20


def largest_body(stream: BinaryIO) -> int:
    """Return the size in bytes of the largest message body; the stream is at its start after.

    Raises:
        ValueError: the bytes are no Arrow messages.
    """
    is_file = stream.read(len(MAGIC)) == MAGIC
    stream.seek(_FILE_START if is_file else 0)
    largest = 0
    try:
        while (length := _header_length(stream)) > 0:
            if length > _HEADER_BYTES_MAX:
                raise ValueError("a message has a header larger than any")
            body = _body_length(stream.read(length))
            largest = max(largest, body)
            stream.seek(body, os.SEEK_CUR)
    except struct.error as error:
        raise ValueError("its messages cannot be read") from error
    stream.seek(0)
    return largest


def _header_length(stream: BinaryIO) -> int:
    """Return the length of the next message's header; 0 at the end."""
    data = stream.read(4)
    if len(data) < 4:  # noqa: PLR2004 - a stream may end without a mark
        return 0
    (length,) = struct.unpack("<I", data)
    if length == _MARK:  # before Arrow 0.15 there was no mark
        (length,) = struct.unpack("<I", stream.read(4))
    return int(length)


def _body_length(header: bytes) -> int:
    """Read one field of a flatbuffer table; absent, it is 0."""
    (table,) = struct.unpack_from("<I", header)
    (back,) = struct.unpack_from("<i", header, table)
    fields = table - back
    if fields < 0:
        raise ValueError("its messages cannot be read")
    (size,) = struct.unpack_from("<H", header, fields)
    slot = 4 + 2 * _BODY_LENGTH_SLOT
    if slot >= size:
        return 0
    (offset,) = struct.unpack_from("<H", header, fields + slot)
    found = struct.unpack_from("<q", header, table + offset)[0] if offset else 0
    if found < 0:
        raise ValueError("a message has a body of negative size")
    return int(found)
