"""PNG: pixels, palette, transparency, colour space and size; without texts and times.

When the pixels differ, the detail says what share of them and by how much. Samples of 16 bits
and animations are compared as stored, because decoding them would lose bits.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.canonical.pixels import compare_pixels
from afield.replay.limits import PIXELS_MAX
from afield.replay.verdict import Grade, Judged

NAME = "png"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt", b"tIME"))
_IMAGE = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"))
_EIGHT_BITS = 8
_HEADER_BYTES = 13


@dataclass(frozen=True, slots=True)
class _Png:
    width: int
    height: int
    depth: int
    image: tuple[tuple[bytes, bytes], ...]
    stored: bytes
    others: tuple[tuple[bytes, bytes], ...]


def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two images by their pixels."""
    left, right = _parse(old), _parse(new)
    if left is None or right is None:
        return None
    if (left.width, left.height) != (right.width, right.height):
        size = f"{left.width}x{left.height} vs {right.width}x{right.height} pixels"
        return Judged(Grade.DIVERGED, NAME, size)
    if left.others != right.others:
        return Judged(Grade.DIVERGED, NAME, f"chunk {_first_other(left, right)} differs")
    if left.image == right.image and left.stored == right.stored:
        return Judged(Grade.CONTENT, NAME, "texts or times in the file differ")
    return _compare_images(old, new, left, right, look)


def _compare_images(old: bytes, new: bytes, left: _Png, right: _Png, look: Look) -> Judged | None:
    if left.width * left.height > PIXELS_MAX:
        return Judged(Grade.DIVERGED, NAME, "too large to compare by pixels")
    if left.depth > _EIGHT_BITS or right.depth > _EIGHT_BITS:
        return _compare_stored(left, right, look)
    return _compare_pixels(old, new, look)


def _parse(data: bytes) -> _Png | None:
    if not data.startswith(SIGNATURE):
        return None
    at = len(SIGNATURE)
    image: list[tuple[bytes, bytes]] = []
    others: list[tuple[bytes, bytes]] = []
    stored: list[bytes] = []
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (checksum,) = (
            struct.unpack_from(">I", data, at + 8 + length)
            if (at + 12 + length <= len(data))
            else (None,)
        )
        if checksum != zlib.crc32(kind + body):
            return None
        at += 12 + length
        if kind == b"IDAT":
            stored.append(body)
        elif kind in _IMAGE:
            image.append((kind, body))
        elif kind not in _TEXTS:
            others.append((kind, body))
        if kind == b"IEND":
            break
    if at != len(data) or not image or image[0][0] != b"IHDR" or len(image[0][1]) < _HEADER_BYTES:
        return None
    width, height, depth = struct.unpack_from(">IIB", image[0][1])
    return _Png(width, height, depth, tuple(image), b"".join(stored), tuple(others))


def _first_other(left: _Png, right: _Png) -> str:
    differing = set(left.others) ^ set(right.others)
    return min((kind for kind, _ in differing), default=b"order").decode("ascii", "replace")


def _compare_stored(left: _Png, right: _Png, look: Look) -> Judged:
    same = left.image == right.image
    try:
        one = zlib.decompressobj().decompress(left.stored, look.budget_bytes)
        other = zlib.decompressobj().decompress(right.stored, look.budget_bytes)
    except zlib.error:
        same = False
    if same and one == other and len(one) < look.budget_bytes:
        return Judged(Grade.CONTENT, NAME)
    return Judged(Grade.DIVERGED, NAME, "the samples as stored differ")


def _compare_pixels(old: bytes, new: bytes, look: Look) -> Judged | None:
    import numpy as np
    from PIL import Image

    try:
        with Image.open(io.BytesIO(old), formats=["PNG"]) as one:
            left = np.asarray(one.convert("RGBA"))
        with Image.open(io.BytesIO(new), formats=["PNG"]) as other:
            right = np.asarray(other.convert("RGBA"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return compare_pixels(NAME, left, right, look)


PNG = Canonicaliser(NAME, compare, magic=(SIGNATURE,))
