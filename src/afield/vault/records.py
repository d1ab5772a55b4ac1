"""Chunks out of many records in a row: the quick way through what is as it should be.

It only ever says yes. What it does not find sound in every respect, a recipe among it, goes the
ordinary way (`Shelf.decode`), which reads it again and says why. Nothing is believed for being
quick: content is given once its digest has matched.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import zstandard
from blake3 import blake3

from afield.vault.errors import Corrupt
from afield.vault.layout import ENTRY, RECORD, Entry
from afield.vault.limits import PACK_BYTES_MAX
from afield.vault.shelf import Content, Parts

_HEAD = struct.Struct("<III32s")
_STORED, _ZSTD = 0, 1 << 16
"""The first four bytes of a chunk in the open scope, as one number; see `layout.RECORD`."""

Ordinary = Callable[[Entry], Content | Parts]
"""Reads the record of an index line with all checks; raises `Corrupt`."""


class Chunks:
    """Reads chunks of the open scope; for one thread."""

    def __init__(self) -> None:
        self._decompress = zstandard.ZstdDecompressor().decompress

    def at(self, data: memoryview, offset: int, digest: bytes) -> Content | None:
        """Return the content of the chunk at `offset` that has this digest.

        None: no such chunk is there whole, which the ordinary way is to look into.
        """
        start = offset + RECORD.size
        if start > len(data):
            return None
        head, size_bytes, stored_bytes, named = _HEAD.unpack_from(data, offset)
        stored = data[start : start + stored_bytes]
        if named != digest or len(stored) != stored_bytes:
            return None
        content: Content
        if head == _STORED:
            content = stored
        elif head == _ZSTD and size_bytes <= PACK_BYTES_MAX:
            try:
                # The library believes the size that a frame declares before any other bound.
                declared = zstandard.frame_content_size(stored)
                content = self._decompress(stored) if declared == size_bytes else b""
            except zstandard.ZstdError:
                return None
        else:
            return None
        sound = len(content) == size_bytes and blake3(content).digest() == digest
        return content if sound else None


def each(
    data: bytes, block: bytes, ordinary: Ordinary
) -> Iterator[tuple[bytes, Content | Parts | Corrupt]]:
    """Yield what every line of an index leads to: content, the parts of a recipe, or why not.

    A line must say of its record what the record says of itself: a wrong one would hide a
    good one elsewhere.

    Args:
        data: a pack.
        block: lines of its index.
        ordinary: reads one record as everybody else does.
    """
    chunk_at, view = Chunks().at, memoryview(data)
    for digest, offset, stored_bytes, size_bytes in ENTRY.iter_unpack(block):
        found = chunk_at(view, offset, digest)
        if (
            found is not None
            and len(found) == size_bytes
            and int.from_bytes(view[offset + 8 : offset + 12], "little") == stored_bytes
        ):
            yield digest, found
        else:
            yield digest, _ordinarily(Entry(digest, offset, stored_bytes, size_bytes), ordinary)


def _ordinarily(entry: Entry, ordinary: Ordinary) -> Content | Parts | Corrupt:
    try:
        found = ordinary(entry)
    except Corrupt as error:
        return error
    size_bytes = sum([size for _, size in found]) if isinstance(found, list) else len(found)
    if size_bytes != entry.size_bytes:
        return Corrupt("its index gives an object another size")
    return found
