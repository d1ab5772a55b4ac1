"""The bytes of records, recipes, packs and indexes; pure functions, no files.

The specification is `docs/format/objects.md`, with vectors that the tests load. All
integers are little-endian. What does not parse raises `Corrupt`.
"""

from __future__ import annotations

import contextlib
import struct
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from blake3 import blake3

from afield.vault import limits
from afield.vault.errors import Corrupt

VERSION = 1
DATA, META = 0, 1
CHUNK, RECIPE = 0, 1
OPEN_SCOPE = 0
STORED, ZSTD = 0, 1

PACK_HEADER = struct.Struct("<4sHBB8x32s")
RECORD = struct.Struct("<BBBBII32s")
ENTRY = struct.Struct("<32sIIQ")
TRAILER = struct.Struct("<4sIQ16s")
INDEX_HEADER = struct.Struct("<4sHHIQ32s")
ITEM = struct.Struct("<32sQ")

PACK_MAGIC, TRAILER_MAGIC, INDEX_MAGIC = b"AFPK", b"AFPE", b"AFIX"
CHECKSUM_BYTES = 16
DIGEST_BYTES = 32


class Record(NamedTuple):
    """A record as it stands in a pack; `payload` is still compressed when `codec` says so."""

    kind: int
    codec: int
    size_bytes: int
    digest: bytes
    payload: bytes


class Entry(NamedTuple):
    """A line of an index: where the record of an object starts, and the object's whole size."""

    digest: bytes
    offset: int
    stored_bytes: int
    size_bytes: int


def pack_header(role: int) -> bytes:
    """Return the head of a pack of data or of metadata in the open scope."""
    return PACK_HEADER.pack(PACK_MAGIC, VERSION, role, OPEN_SCOPE, bytes(32))


def read_pack_header(data: bytes) -> int:
    """Return the role that a pack's head tells."""
    if len(data) < PACK_HEADER.size:
        raise Corrupt("the pack is shorter than its header")
    magic, version, role, scope, scope_id = PACK_HEADER.unpack_from(data)
    if magic != PACK_MAGIC or any(data[8:16]):
        raise Corrupt("not a pack")
    if version != VERSION or scope != OPEN_SCOPE or any(scope_id) or role not in (DATA, META):
        raise Corrupt(f"unknown pack version {version}, role {role} or scope {scope}")
    return int(role)


def record_header(
    kind: int, codec: int, size_bytes: int, stored_bytes: int, digest: bytes
) -> bytes:
    """Return the head of a record; the payload of `stored_bytes` follows it."""
    return RECORD.pack(kind, OPEN_SCOPE, codec, 0, size_bytes, stored_bytes, digest)


def read_record(data: bytes, offset: int = 0) -> Record:
    """Parse the record at `offset`; its payload must be there in full."""
    if len(data) - offset < RECORD.size:
        raise Corrupt("the record is cut off")
    kind, scope, codec, zero, size_bytes, stored_bytes, digest = RECORD.unpack_from(data, offset)
    if kind not in (CHUNK, RECIPE) or scope != OPEN_SCOPE or codec not in (STORED, ZSTD) or zero:
        raise Corrupt(f"unknown record kind {kind}, scope {scope} or codec {codec}")
    if max(size_bytes, stored_bytes) > limits.PACK_BYTES_MAX:
        raise Corrupt("the record claims to be larger than any may be")
    start = offset + RECORD.size
    payload = data[start : start + stored_bytes]
    if len(payload) != stored_bytes:
        raise Corrupt("the record is cut off")
    return Record(kind, codec, size_bytes, digest, payload)


def stored_at(data: bytes | memoryview, offset: int) -> int:
    """Return how many bytes the payload of the record at `offset` has, going by its head."""
    return int.from_bytes(data[offset + 8 : offset + 12], "little")


def recipe(digest: bytes, items: Iterable[tuple[bytes, int]]) -> bytes:
    """Return the payload of a recipe: the objects that make up `digest`, one after the other."""
    body = b"".join([ITEM.pack(part, size_bytes) for part, size_bytes in items])
    return body + _checksum(digest + body)


def read_recipe(digest: bytes, payload: bytes) -> list[tuple[bytes, int]]:
    """Parse a recipe's payload into (digest, size in bytes) of its parts."""
    body = payload[:-CHECKSUM_BYTES]
    if len(body) % ITEM.size or not body or len(body) > limits.RECIPE_ITEMS_MAX * ITEM.size:
        raise Corrupt("the recipe has a length that none has")
    if _checksum(digest + body) != payload[-CHECKSUM_BYTES:]:
        raise Corrupt("the recipe does not match its checksum")
    return list(ITEM.iter_unpack(body))


def index_block(entries: Iterable[Entry]) -> bytes:
    """Return index lines, sorted by digest."""
    return b"".join([ENTRY.pack(*entry) for entry in sorted(entries)])


def pack_trailer(block: bytes, offset: int) -> bytes:
    """Return the last bytes of a pack whose index `block` starts at `offset`."""
    head = TRAILER.pack(TRAILER_MAGIC, len(block) // ENTRY.size, offset, b"")[:-CHECKSUM_BYTES]
    return head + _checksum(block + head)


def read_pack_index(data: bytes) -> bytes:
    """Return the index lines out of a whole pack, or out of as much of its end as has them.

    Raises:
        Corrupt: no trailer, or the lines do not match their checksum.
    """
    if len(data) < TRAILER.size:
        raise Corrupt("the pack has no end")
    end = len(data) - TRAILER.size
    magic, count, _, checksum = TRAILER.unpack_from(data, end)
    if magic != TRAILER_MAGIC:
        raise Corrupt("the pack has no end")
    start = end - count * ENTRY.size
    if start < 0:
        raise Corrupt("the pack's index is cut off")
    block = data[start:end]
    if _checksum(block + data[end:-CHECKSUM_BYTES]) != checksum:
        raise Corrupt("the pack's index does not match its checksum")
    return block


def index_file(pack: bytes, pack_bytes: int, block: bytes) -> bytes:
    """Return the `.idx` of the pack named `pack` (raw digest), which has `pack_bytes`."""
    count = len(block) // ENTRY.size
    head = INDEX_HEADER.pack(INDEX_MAGIC, VERSION, 0, count, pack_bytes, pack)
    return head + block + _checksum(head + block)


def read_index_file(pack: bytes, data: bytes) -> tuple[bytes, int]:
    """Return the lines of an `.idx` and the size of its pack."""
    if len(data) < INDEX_HEADER.size + CHECKSUM_BYTES:
        raise Corrupt("the index is cut off")
    magic, version, zero, count, pack_bytes, name = INDEX_HEADER.unpack_from(data)
    if magic != INDEX_MAGIC or version != VERSION or zero:
        raise Corrupt("not an index")
    if name != pack:
        raise Corrupt("the index belongs to another pack")
    if len(data) != INDEX_HEADER.size + count * ENTRY.size + CHECKSUM_BYTES:
        raise Corrupt("the index is cut off")
    if _checksum(data[:-CHECKSUM_BYTES]) != data[-CHECKSUM_BYTES:]:
        raise Corrupt("the index does not match its checksum")
    return data[INDEX_HEADER.size : -CHECKSUM_BYTES], int(pack_bytes)


def keys_of(block: bytes) -> array[int]:
    """Return the first eight bytes of every digest in sorted index lines, as sorted numbers."""
    keys = array("Q", memoryview(block).cast("Q")[:: ENTRY.size // 8].tolist())
    if sys.byteorder == "little":
        keys.byteswap()
    return keys


def find_line(block: bytes, keys: array[int], digest: bytes) -> int | None:
    """Return where an object's line starts in sorted lines, by what `keys_of` gave for them."""
    word = int.from_bytes(digest[:8], "big")
    number = bisect_left(keys, word)
    while number < len(keys) and keys[number] == word:
        at = number * ENTRY.size
        if block[at : at + DIGEST_BYTES] == digest:
            return at
        number += 1
    return None


def offset_in(block: bytes, at: int) -> int:
    """Return the offset that the index line at `at` gives."""
    return int.from_bytes(block[at + DIGEST_BYTES : at + DIGEST_BYTES + 4], "little")


def entries_of(block: bytes) -> Iterator[Entry]:
    """Yield all lines of an index."""
    return (Entry(*fields) for fields in ENTRY.iter_unpack(block))


def walk_records(data: bytes) -> Iterator[tuple[int, Record]]:
    """Yield (offset, record) from a pack's start while they parse; needs no index."""
    offset = PACK_HEADER.size
    while True:
        try:
            record = read_record(data, offset)
        except Corrupt:
            return
        yield offset, record
        offset += RECORD.size + len(record.payload)


def entry_of(offset: int, record: Record) -> Entry:
    """Return the index line of a record that was found at `offset`."""
    size_bytes = record.size_bytes
    if record.kind == RECIPE:
        with contextlib.suppress(Corrupt):
            size_bytes = sum([size for _, size in read_recipe(record.digest, record.payload)])
    return Entry(record.digest, offset, len(record.payload), size_bytes)


def _checksum(data: bytes) -> bytes:
    return blake3(data).digest(CHECKSUM_BYTES)
