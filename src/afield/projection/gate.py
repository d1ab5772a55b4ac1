"""Where authorisation meets the fold: which entries count, which wait, which are set aside.

The engine asks a `Gate`; a room brings it (`members`). To keep "any order of delivery gives the
same tables", a gate may use only two things: the entry itself, and the *standing* of the
entry's device, which at most one entry of any journal gives. An entry whose device has no
standing yet waits in the `quarantine` table and is judged when the standing arrives, so the
verdict on an entry never depends on when it came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from afield.journal.entry import Entry

WAITS = "its device was never introduced"


class Gate(Protocol):
    """Decides at the fold what an entry is worth. Pure: no state, no clock, no I/O."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of entry for which `standing` may answer."""
        ...

    def standing(self, entry: Entry) -> str | None:
        """Return what this entry makes its own device be, or None.

        For each device at most one entry of any set may give a standing (an entry with
        `seq` 1, say): otherwise which one is met first would matter.
        """
        ...

    def refusal(self, entry: Entry, standing: str) -> str | None:
        """Return why an entry of a device with this standing does not count, or None."""
        ...
