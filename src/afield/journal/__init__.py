"""The journal: append-only logs of small facts, one log per device, chained and signed.

`Journal` appends, seals, reads and verifies; `DeviceKey` signs. What an entry means is the
business of the rooms that write and fold it; nothing here knows a run or a table.
"""

from afield.journal.entry import Draft, Entry
from afield.journal.errors import (
    EntryNotJson,
    EntryTooLarge,
    EntryVersionUnknown,
    KeyDamaged,
    KeyMissing,
    PositionLost,
)
from afield.journal.journal import Journal
from afield.journal.keys import DeviceKey, device_of, signed_by
from afield.journal.places import Batch, Head, Position

__all__ = [
    "Batch",
    "DeviceKey",
    "Draft",
    "Entry",
    "EntryNotJson",
    "EntryTooLarge",
    "EntryVersionUnknown",
    "Head",
    "Journal",
    "KeyDamaged",
    "KeyMissing",
    "Position",
    "PositionLost",
    "device_of",
    "signed_by",
]
