"""What folds yield, and the stamp that orders two writers of one register.

Operations say *what* to write; who wins is decided by the stamp of the entry they came from,
so they commute and may be applied any number of times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

SEQ_BYTES = 5
DIGEST_BYTES = 8
STAMP_BYTES = 8 + 16 + SEQ_BYTES + DIGEST_BYTES


class Put(msgspec.Struct, frozen=True, gc=False):
    """Set the columns of one group of one row; the row is made when it is missing.

    The latest entry wins, by (`at`, `device`, `seq`, `digest`); in the group `once` the
    earliest. Of two puts by one entry to one register, the later in the fold's order counts.
    """

    table: str
    key: tuple[Any, ...]
    group: str
    values: tuple[Any, ...]


class PutRow(msgspec.Struct, frozen=True, gc=False):
    """Set several groups of one row: `Put`s, but faster.

    `values` is flat: those of the first group, then those of the next.
    """

    table: str
    key: tuple[Any, ...]
    groups: tuple[str, ...]
    values: tuple[Any, ...]


class PutMany(msgspec.Struct, frozen=True, gc=False):
    """Set one group in many rows that share the first part of their key: `Put`s, but faster.

    `cells` is flat: for each row the rest of its key, then the group's values. The keys are
    distinct, as those of a mapping are, and the entry writes them in no other way.
    """

    table: str
    first: Any
    group: str
    cells: list[Any]


class Frame(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What entry after entry writes alike into many rows: their names, the types of their values.

    Attributes:
        rows: for each row the rest of its key, then the group's columns. A text or None stands
            as it is; a number is the place of a value among the row's own.
        width: how many values a row has of its own.
    """

    rows: tuple[tuple[str | int | None, ...], ...]
    width: int

    def cells(self, values: Sequence[Any]) -> list[Any]:
        """Return the cells of a `PutMany` with these values in their places."""
        return [
            values[start + cell] if isinstance(cell, int) else cell
            for start, row in zip(range(0, len(values), self.width), self.rows, strict=True)
            for cell in row
        ]


class PutAlike(msgspec.Struct, frozen=True, gc=False):
    """Set one group in many rows as a frame says: `PutMany`, but faster when the frame recurs.

    `values` is flat: those of the first row, then those of the next. The same frame is to be the
    same object; it has no more rows than `limits.STATEMENT_ROWS_MAX`.
    """

    table: str
    first: Any
    group: str
    frame: Frame
    values: list[Any]


class Add(msgspec.Struct, frozen=True, gc=False):
    """Add a row to a grow-only table: the key's columns, then those of the group `once`."""

    table: str
    row: tuple[Any, ...]


def stamp_prefix(device: str) -> bytes:
    """Return the 16 raw bytes of a device id; they order as the id's text does.

    Raises:
        ValueError: not 32 hex digits.
    """
    raw = bytes.fromhex(device)
    if len(raw) * 2 != len(device) or len(raw) != STAMP_BYTES - 8 - SEQ_BYTES - DIGEST_BYTES:
        raise ValueError("a device id is 32 hex digits")
    return raw


def stamp(at: int, device: bytes, seq: int, digest: str) -> bytes:
    """Return 37 bytes that compare as (`at`, `device`, `seq`, `digest`) do.

    Only two entries with one number, which a copied device writes, are told apart by digest.

    Raises:
        OverflowError: `at` or `seq` is negative or past its bound.
    """
    last = bytes.fromhex(digest[: 2 * DIGEST_BYTES]).ljust(DIGEST_BYTES, b"\0")
    return at.to_bytes(8, "big") + device + seq.to_bytes(SEQ_BYTES, "big") + last
