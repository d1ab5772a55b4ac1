"""Who writes the record: members (people, services) and their devices.

Also the gate at the fold, which decides whether an entry's author may have written it. Keys
and signatures are the journal's business; profiles (names, mail) are objects in the vault.
"""

from afield.members.events import device_introduced, member_introduced
from afield.members.fold import ROOM
from afield.members.query import Device, Member, device, devices, member, members

__all__ = [
    "ROOM",
    "Device",
    "Member",
    "device",
    "device_introduced",
    "devices",
    "member",
    "member_introduced",
    "members",
]
