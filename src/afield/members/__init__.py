"""Who writes the record: members (people, services) and their devices.

Also the gate at the fold, which decides whether an entry's author may have written it. Keys
and signatures are the journal's business; profiles (names, mail) are objects in the vault.
Only the events are loaded with the room: a training process writes them and never folds.
"""

from afield.members.events import device_introduced, member_introduced

__all__ = ["device_introduced", "member_introduced"]
