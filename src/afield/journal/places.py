"""Where things stand in the logs: names of segments, heads, positions, batches."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from afield.journal.entry import NO_PREV, Entry
from afield.kernel.findings import Finding
from afield.kernel.ids import DeviceId

OPEN = ".log"
SEALED = ".log.zst"
LOCK = "lock"
WITNESS = "synced"
_DEVICE = re.compile(r"[0-9a-f]{32}")
_SEGMENT = re.compile(r"([0-9]{12,})(\.log|\.log\.zst)")


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


@dataclass(frozen=True, slots=True)
class Batch:
    """Verified entries of one device in order, and where to go on after them.

    Attributes:
        damage: what does not verify right behind these entries; reading goes on behind it.
    """

    device: DeviceId
    entries: list[Entry]
    position: Position
    damage: Finding | None = None


def is_device(name: str) -> bool:
    """Say whether a folder's name is a device id."""
    return _DEVICE.fullmatch(name) is not None


def segment_name(first_seq: int) -> str:
    """Return the name of the segment that opens with `first_seq`, without suffix."""
    return f"{first_seq:012d}"


def segments(names: list[str]) -> dict[str, set[str]]:
    """Return the segments among a folder's names, oldest first, with the suffixes each has."""
    found: dict[str, set[str]] = {}
    matches = [match for name in names if (match := _SEGMENT.fullmatch(name))]
    for match in sorted(matches, key=lambda match: int(match[1])):
        found.setdefault(match[1], set()).add(match[2])
    return found
