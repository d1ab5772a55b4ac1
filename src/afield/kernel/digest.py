"""BLAKE3-256, the one digest of the formats; of bytes, of files, of streams."""

from __future__ import annotations

from typing import BinaryIO

from blake3 import blake3

from afield.kernel.ids import ObjectId

BLOCK_BYTES = 1 << 20


def digest(data: bytes | bytearray | memoryview) -> ObjectId:
    """Return the BLAKE3-256 of `data` as 64 hex digits."""
    return ObjectId(blake3(data).hexdigest())


def digest_stream(stream: BinaryIO) -> tuple[ObjectId, int]:
    """Read a stream to its end; return its digest and its size in bytes."""
    hasher = blake3()
    size_bytes = 0
    while block := stream.read(BLOCK_BYTES):
        hasher.update(block)
        size_bytes += len(block)
    return ObjectId(hasher.hexdigest()), size_bytes


def digest_file(path: str) -> tuple[ObjectId, int]:
    """Digest a file of the real file system; return its digest and its size in bytes.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - hot path, a str is at hand
        return digest_stream(stream)
