"""A chunk: consecutive lines of one device's log, ending in a seal, compressed.

Pure: bytes in, checked lines out. Nothing of a chunk counts unless all of it holds: every
line, the chain, the ends that its name says, and the seal under the device's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import zstandard

from afield.journal import EntryVersionUnknown, device_of, seals
from afield.journal.carry import Carried
from afield.journal.entry import decode_line
from afield.kernel.ids import DeviceId
from afield.sync.errors import Corrupt
from afield.sync.layout import DIGEST_CHARS, VERSION, Piece
from afield.sync.limits import CHUNK_BYTES_MAX

_LEVEL = 3
Hex = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{2})+$")]


class Top(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a chunk.

    Attributes:
        device: whose lines they are.
        public_key: its Ed25519 key.
        opens: numbers of the entries that open a segment of the log.
    """

    v: int = VERSION
    device: DeviceId
    public_key: Hex
    opens: tuple[int, ...] = ()


def encode_chunk(public: bytes, lines: Sequence[Carried]) -> tuple[Piece, bytes]:
    """Return the chunk of these lines: by what name, and its bytes."""
    first, last = lines[0].entry, lines[-1].entry
    opens = tuple(each.entry.seq for each in lines if each.opens)
    top = Top(device=first.device, public_key=public.hex(), opens=opens)
    content = b"".join([msgspec.json.encode(top), b"\n", *[each.line for each in lines]])
    packer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    before, end = first.prev[:DIGEST_CHARS], last.digest[:DIGEST_CHARS]
    return Piece(first.device, first.seq, last.seq, before, end), packer.compress(content)


def decode_chunk(piece: Piece, data: bytes) -> list[Carried]:
    """Return the lines of a chunk, all of them checked.

    Raises:
        Corrupt: something in it does not hold.
    """
    head, *rest = _unpack(data).split(b"\n")
    try:
        top = msgspec.json.decode(head, type=Top)
    except msgspec.MsgspecError as error:
        raise Corrupt("the chunk has no head") from error
    public = bytes.fromhex(top.public_key)
    if top.v != VERSION or top.device != piece.device or device_of(public) != piece.device:
        raise Corrupt("the chunk is another device's or of another version")
    if not rest or rest.pop() or len(rest) != piece.last - piece.first + 1:
        raise Corrupt("the chunk has another length than its name says")
    opens = frozenset(top.opens)
    lines: list[Carried] = []
    before = ""
    for seq, line in enumerate(rest, piece.first):
        try:
            entry = decode_line(line)
        except EntryVersionUnknown as error:
            raise Corrupt(f"entry {seq} is of a later version of Afield") from error
        if entry is None or entry.device != piece.device or entry.seq != seq:
            raise Corrupt(f"the line of entry {seq} does not verify")
        if not entry.prev.startswith(before or piece.before):
            raise Corrupt(f"entry {seq} does not build on the one before it")
        before = entry.digest
        lines.append(Carried(line + b"\n", entry, seq in opens or seq == 1))
    last = lines[-1].entry
    if not last.digest.startswith(piece.end):
        raise Corrupt("the chunk ends in another entry than its name says")
    if last.kind != seals.KIND or seals.why_not_good(last, public) is not None:
        raise Corrupt("the chunk does not end in a good seal")
    return lines


def _unpack(data: bytes) -> bytes:
    """Decompress a frame that must itself declare a size within bounds."""
    try:
        size_bytes = zstandard.frame_content_size(data)
        if 0 <= size_bytes <= CHUNK_BYTES_MAX:
            return zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise Corrupt("the chunk cannot be decompressed") from error
    raise Corrupt("the chunk declares no size, or too large a one")
