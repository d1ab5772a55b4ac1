"""One range of bytes, as RFC 9110 (section 14) has it; several at once are answered whole."""

from __future__ import annotations

import re
from typing import NamedTuple

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)


class Span(NamedTuple):
    """The bytes from `start` up to `end`; `is_part` when that was asked for."""

    start: int
    end: int
    is_part: bool

    @property
    def size(self) -> int:
        """How many bytes they are."""
        return self.end - self.start


def span_of(header: str | None, size_bytes: int) -> Span | None:
    """Return what a Range header asks of so many bytes; None when it lies outside of them.

    What is no range of bytes, or several, is as none at all, as the RFC allows.
    """
    whole = Span(0, size_bytes, is_part=False)
    found = None if header is None else _RANGE.fullmatch(header.strip())
    if found is None or found[1] == found[2] == "":
        return whole
    if not found[1]:
        start, end = max(0, size_bytes - int(found[2])), size_bytes
        return Span(start, end, is_part=True) if int(found[2]) and size_bytes else None
    start = int(found[1])
    end = min(int(found[2]) + 1, size_bytes) if found[2] else size_bytes
    if found[2] and int(found[2]) < start:
        return whole
    return Span(start, end, is_part=True) if start < size_bytes else None
