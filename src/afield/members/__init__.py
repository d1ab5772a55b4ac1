"""Who writes the record: members (people, services) and their devices.

Also the gate at the fold, which decides whether an entry's author may have written it. Keys
and signatures are the journal's business; profiles (names, mail) are objects in the vault.
Only the events load with the room, the reading side on first use: a training process
introduces its device and never folds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from afield.members.events import device_confirmed, device_introduced, member_introduced

if TYPE_CHECKING:
    from afield.members.fold import ROOM
    from afield.members.query import Device, Member, device, devices, member, members

__all__ = [
    "ROOM",
    "Device",
    "Member",
    "device",
    "device_confirmed",
    "device_introduced",
    "devices",
    "member",
    "member_introduced",
    "members",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'afield.members' has no attribute {name!r}")
    from afield.members import fold, query

    return getattr(fold if name == "ROOM" else query, name)
