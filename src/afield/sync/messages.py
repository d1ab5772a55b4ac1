"""What the reconciler asks for, and what it is told: the only words between it and the world.

Each `Ask` is one thing for a driver to do, at the remote or here. Its answer comes back under
the same number; answers may come in any order, twice, or never.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from afield.journal.carry import Carried, Tip
from afield.journal.places import LogName
from afield.kernel.ids import DeviceId


class ListFolder(msgspec.Struct, frozen=True):
    """List a folder of the remote. Answer: `tuple[Item, ...]`."""

    prefix: str


class Fetch(msgspec.Struct, frozen=True):
    """Read a file of the remote from `offset` on. Answer: `bytes`, None when absent.

    No more than `size_bytes` is read, and one byte to tell that there is more.
    """

    name: str
    size_bytes: int
    offset: int = 0


class Store(msgspec.Struct, frozen=True):
    """Write a file of the remote. Answer: None."""

    name: str
    data: bytes
    once: bool = False


class Send(msgspec.Struct, frozen=True):
    """Read a pack here and write it to the remote, or what of it may go there.

    Answer: the bytes that were sent, 0 when nothing may go or all of it is there; why, when
    the pack is damaged here.
    """

    pack: str
    role: str
    there: frozenset[str]
    dry: bool


class LookUp(msgspec.Struct, frozen=True):
    """Which of these entries are here, or in one log? Answer: `list[bool]`."""

    entries: Sequence[tuple[DeviceId, int, str]]
    log: LogName | None = None


class Lay(msgspec.Struct, frozen=True):
    """Put checked lines into the journal. Answer: `list[Entry]`, those that were new."""

    device: DeviceId
    lines: Sequence[Carried]


class Merged(msgspec.Struct, frozen=True):
    """Record with which heads others' entries were merged, and sign this device's own log.

    Answer: `list[Tip]`, up to where each log may be given to others.
    """

    latest: int
    news: bool
    dry: bool


class Cut(msgspec.Struct, frozen=True):
    """Take the next lines of a log for a chunk, up to a seal, or to the entry `until`.

    Answer: `(Piece, bytes)` or None.
    """

    tip: Tip
    after: int
    until: int | None = None


class Packs(msgspec.Struct, frozen=True):
    """Which packs are here? Answer: `dict[str, tuple[role, size in bytes]]`."""


class Judge(msgspec.Struct, frozen=True):
    """Is anything in a pack of the remote wanted here, going by its index? Answer: `bool`.

    What is not here is remembered, so that it can be named and fetched later.
    """

    pack: str
    size_bytes: int
    role: str
    index: bytes


class Unjudged(msgspec.Struct, frozen=True):
    """Which of these packs were never judged, or are wanted by now? Answer: `list[str]`.

    `new`: only those that were never judged.
    """

    packs: Sequence[str]
    role: str
    new: bool = False


class Lacking(msgspec.Struct, frozen=True):
    """In which of these packs is something that is not here? Answer: `list[str]`."""

    packs: Sequence[str]


class Forget(msgspec.Struct, frozen=True):
    """Forget what was judged of a pack: it is not what its name says. Answer: None."""

    pack: str


class Keep(msgspec.Struct, frozen=True):
    """Keep a pack whose bytes match its name. Answer: None, or why it cannot be kept."""

    pack: str
    data: bytes


Ask = (
    ListFolder | Fetch | Store | Send | LookUp | Lay | Merged | Cut | Packs | Judge | Unjudged
    | Lacking | Forget | Keep
)  # fmt: skip


class Action(msgspec.Struct, frozen=True):
    """Something to do; its answer carries the same number."""

    number: int
    ask: Ask


class Answer(msgspec.Struct, frozen=True):
    """What came of an action."""

    number: int
    value: Any


@dataclass(slots=True)
class Report:
    """What a sync did, or would do.

    Attributes:
        entries_in: entries of others that were laid into the journal.
        entries_out: entries that were put at the remote.
        packs_in: packs that were kept.
        packs_out: packs that were sent.
        bytes_in: bytes read from the remote that count.
        bytes_out: bytes written there.
        ahead: packs that this step of the sync has still to look at, and may move.
        ahead_bytes: their size.
        under_way: bytes of the transfer that goes on now, as far as they came or went.
        left: packs whose bytes stay at the remote, by policy.
        left_bytes: their size.
        faults: what at the remote does not verify, and why; passed over.
        damaged: packs here that are damaged and were not sent.
        behind: what a head names and the remote does not show yet: device and entry.
        lacks: devices among these of which a head says so that is heeded.
    """

    entries_in: int = 0
    entries_out: int = 0
    packs_in: int = 0
    packs_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    ahead: int = 0
    ahead_bytes: int = 0
    under_way: int = 0
    left: int = 0
    left_bytes: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    behind: list[tuple[DeviceId, int]] = field(default_factory=list)
    lacks: set[DeviceId] = field(default_factory=set)

    def fault(self, name: str, why: str) -> None:
        """Note a file of the remote that does not verify."""
        if (name, why) not in self.faults:
            self.faults.append((name, why))
