"""Where authorisation meets the fold: which entries count, which wait, which are set aside.

The engine asks a `Gate`; a room brings it (`members`). To keep "any order of delivery gives the
same tables", a gate may use only two things: the entry itself, and the *standings* of the
entry's device. Standings are only ever added, by entries that count themselves, and what
was set aside of a device is judged again when it gets another one: so the verdict on an entry
never depends on when it came.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from afield.journal.entry import Entry

WAITS = "its device was never introduced, or no member has confirmed it"


class Gate(Protocol):
    """Decides at the fold what an entry is worth. Pure: no state, no clock, no I/O."""

    @property
    def name(self) -> str:
        """All that its verdicts depend on besides the entries, for the schema's fingerprint."""
        ...

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of entry for which `grants` may answer; each must have a fold."""
        ...

    @property
    def free(self) -> frozenset[str]:
        """The kinds of entry whose verdict depends on nothing that `Projection.adopt` changes."""
        ...

    def grants(self, entry: Entry) -> tuple[str, str] | None:
        """Return the device and the standing that this entry gives it, if it counts; or None."""
        ...

    def founds(self, entry: Entry) -> bool:
        """Tell whether what the entry grants holds although its own device has no standing."""
        ...

    def refusal(self, entry: Entry, standings: Collection[str]) -> str | None:
        """Return why an entry of a device with these standings does not count, or None."""
        ...
