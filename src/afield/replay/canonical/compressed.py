"""gzip, bzip2 and xz: what they unpack to, without the header's time and file name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.limits import LOOK_BYTES_MAX
from afield.replay.verdict import Grade, Judged

_FAULTS = (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError)


class Unpacking(Protocol):
    """A stream that unpacks as it is read."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes of what was packed."""
        ...


def unpack(opened: Unpacking, size_max: int) -> bytes | None:
    """Read a decompressing stream whole; None when it holds more than `size_max` bytes."""
    data = opened.read(size_max + 1)
    return None if len(data) > size_max else data


def _comparer(
    name: str, opener: Callable[[BinaryIO], Unpacking]
) -> Callable[[bytes, bytes, Look], Judged | None]:
    def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
        size_max = min(look.budget_bytes, LOOK_BYTES_MAX)
        if look.too_deep:
            return None
        try:
            left = unpack(opener(io.BytesIO(old)), size_max)
            right = unpack(opener(io.BytesIO(new)), size_max)
        except _FAULTS:
            return None
        if left is None or right is None:
            detail = f"unpacks to more than {size_max >> 20} MB; compared as it stands"
            return Judged(Grade.DIVERGED, name, detail)
        if left == right:
            return Judged(Grade.CONTENT, name)
        inner = look.judge(_inner_name(look.name), left, right, look.deeper())
        label = f"{name}, {inner.canonicaliser}"
        return Judged(inner.grade, label, inner.detail, inner.unjudged, inner.hollow)

    return compare


def _inner_name(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    kind = suffix.lower()
    if kind in ("tgz", "tbz2", "txz"):
        return f"{stem}.tar"
    return stem if dot and kind in ("gz", "bz2", "xz") else name


def _gzip(stream: BinaryIO) -> Unpacking:
    return gzip.GzipFile(fileobj=stream)


def _bzip2(stream: BinaryIO) -> Unpacking:
    return bz2.BZ2File(stream)


def _xz(stream: BinaryIO) -> Unpacking:
    return lzma.LZMAFile(stream)


GZIP = Canonicaliser("gzip", _comparer("gzip", _gzip), magic=(b"\x1f\x8b",))
BZIP2 = Canonicaliser("bzip2", _comparer("bzip2", _bzip2), magic=(b"BZh",))
XZ = Canonicaliser("xz", _comparer("xz", _xz), magic=(b"\xfd7zXZ\x00",))
