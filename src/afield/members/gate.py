"""The rule at the fold: whose entries count.

A device is introduced by the first entry of its own log, which says its key and its member;
its id is the digest of that key, so nobody else can. It counts once it is a *root* (the
device that founded the workspace, and the one that asks) or once a device that counts has
confirmed it; then it writes for the member that it was confirmed for, and nobody else. Of a
device that was removed counts what was known of it then.
"""

from __future__ import annotations

from collections.abc import Collection

from afield.journal.entry import Entry
from afield.kernel.digest import digest
from afield.kernel.ids import DeviceId
from afield.members.events import DEVICE_CONFIRMED, DEVICE_INTRODUCED, MEMBER_INTRODUCED
from afield.members.trust import Trusted

DEVICE_ID_CHARS = 32
REMOVED = "its device was removed before it was known"


class KnownDevices:
    """The gate of the members room; see `afield.projection.gate.Gate`.

    Args:
        roots: the devices that need nobody's confirmation; None: whoever introduces itself
            counts, for a record that comes from one hand. `Trusted`: with what was removed.
    """

    kinds = frozenset({DEVICE_INTRODUCED, DEVICE_CONFIRMED})

    def __init__(self, roots: Collection[DeviceId] | None) -> None:
        self._roots = None if roots is None else frozenset(roots)
        self._removed = roots.removed if isinstance(roots, Trusted) else {}
        said = roots.name if isinstance(roots, Trusted) else " ".join(sorted(roots or ()))
        self.name = "all" if self._roots is None else said

    def grants(self, entry: Entry) -> tuple[str, str] | None:
        """Return the device and the member that an introduction or confirmation is about."""
        member, public_key = entry.body.get("member"), entry.body.get("public_key")
        if not isinstance(member, str) or not isinstance(public_key, str):
            return None
        if entry.kind == DEVICE_INTRODUCED and not self._is_own(entry):
            return None
        try:
            key = bytes.fromhex(public_key)
        except ValueError:
            return None
        return (entry.about, member) if digest(key)[:DEVICE_ID_CHARS] == entry.about else None

    def founds(self, entry: Entry) -> bool:
        """Tell whether a root introduces itself."""
        is_root = self._roots is None or entry.device in self._roots
        return entry.kind == DEVICE_INTRODUCED and is_root

    def refusal(self, entry: Entry, standings: Collection[str]) -> str | None:
        """Return why an entry of a device that counts does not."""
        cut = self._removed.get(entry.device)
        if cut is not None and not cut.holds(entry):
            return REMOVED
        if entry.by not in standings:
            return "its member is not the one that its device writes for"
        if entry.kind == DEVICE_INTRODUCED and not self._is_own(entry):
            return "a device is introduced once, by itself"
        if entry.kind == DEVICE_CONFIRMED and self.grants(entry) is None:
            return "it confirms no device by its key and member"
        if entry.kind == MEMBER_INTRODUCED and entry.about != entry.by:
            return "members introduce themselves only"
        return None

    @staticmethod
    def _is_own(entry: Entry) -> bool:
        return entry.seq == 1 and entry.about == entry.device
