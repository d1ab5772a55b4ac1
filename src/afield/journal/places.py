"""Where things stand in the logs: names of segments, heads, positions, batches."""

from __future__ import annotations

from typing import NamedTuple, NewType

import msgspec

from afield.journal.entry import NO_PREV, Entry
from afield.kernel.findings import Finding
from afield.kernel.ids import DeviceId
from afield.kernel.late import late

OPEN = ".log"
SEALED = ".log.zst"
LOCK = "lock"
WITNESS = "synced"
_DEVICE = late(r"[0-9a-f]{32}")
_LOG = late(r"[0-9a-f]{32}(-[0-9]{12,}-[0-9a-f]{16})?")
_DEVICE_CHARS = 32
_SEGMENT_DIGITS = 12


class Head(NamedTuple):
    """The newest entry of a log; `offset` is the end of its line."""

    seq: int
    digest: str
    segment: str
    offset: int


class Position(NamedTuple):
    """Up to where a log was read; `offset` counts bytes of the uncompressed segment."""

    segment: str
    offset: int
    seq: int
    digest: str


START = Position("", 0, 0, NO_PREV)

LogName = NewType("LogName", str)
"""The name of a log's folder: its device; of a branch, also the entry that it begins with."""


class Batch(msgspec.Struct, frozen=True):
    """Verified entries of one device in order, and where to go on after them.

    Attributes:
        damage: what does not verify right behind these entries; reading goes on behind it.
        branch: the name of the log's folder when it is a branch.
    """

    device: DeviceId
    entries: list[Entry]
    position: Position
    damage: Finding | None = None
    branch: str = ""

    @property
    def log(self) -> LogName:
        """The log that they stand in: what a position belongs to."""
        return LogName(self.branch or self.device)


def is_device(name: str) -> bool:
    """Say whether a folder's name is a device id."""
    return _DEVICE().fullmatch(name) is not None


def is_log(name: str) -> bool:
    """Say whether a folder's name is that of a log or of a branch of one."""
    return _LOG().fullmatch(name) is not None


def is_branch(log: str) -> bool:
    """Say whether a log is a branch."""
    return len(log) > _DEVICE_CHARS


def device_of_log(log: str) -> DeviceId:
    """Return whose a log or branch is."""
    return DeviceId(log[:_DEVICE_CHARS])


def branch_name(device: DeviceId, seq: int, digest: str) -> LogName:
    """Return the name of the branch that begins with the entry `seq` of this digest."""
    return LogName(f"{device}-{seq:012d}-{digest[:16]}")


def branch_start(log: str) -> int:
    """Return the sequence number of the entry that a branch begins with."""
    return int(log.split("-")[1])


def segment_name(first_seq: int) -> str:
    """Return the name of the segment that opens with `first_seq`, without suffix."""
    return f"{first_seq:012d}"


def segments(names: list[str]) -> dict[str, set[str]]:
    """Return the segments among a folder's names, oldest first, with the suffixes each has."""
    found: dict[str, set[str]] = {}
    parts = [name.partition(".") for name in names]
    named = [(stem, dot + rest) for stem, dot, rest in parts if _is_number(stem)]
    for stem, suffix in sorted(named, key=lambda pair: int(pair[0])):
        if suffix in (OPEN, SEALED):
            found.setdefault(stem, set()).add(suffix)
    return found


def _is_number(stem: str) -> bool:
    return len(stem) >= _SEGMENT_DIGITS and stem.isascii() and stem.isdigit()
