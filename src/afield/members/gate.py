"""The rule at the fold: whose entries count.

A device is introduced by the first entry of its own log, which says its key and its member;
its id is the digest of that key, so nobody else can. It counts once it is a *root* (the
device that founded the workspace, and the one that asks) or once a device that counts has
confirmed it; then it writes for the member that it was confirmed for, and nobody else, save a
hub's, which writes for every member. Of a device that was removed counts what was known of it
then. Where roles were granted, what no role of its author allows does not count (`rights`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from afield.journal.entry import Entry
from afield.kernel.ids import DeviceId
from afield.members.actions import Action
from afield.members.claims import introduction
from afield.members.events import (
    DEVICE_CONFIRMED,
    DEVICE_INTRODUCED,
    DEVICE_REMOVED,
    MEMBER_GRANTED,
    MEMBER_INTRODUCED,
    MEMBER_REVOKED,
)
from afield.members.rights import Ruling
from afield.members.times import KINDS as TIMES
from afield.members.trust import Trusted

ANYONE: tuple[Action, ...] = ()
NEEDS: Mapping[str, tuple[Action, ...]] = {
    DEVICE_INTRODUCED: ANYONE,
    DEVICE_REMOVED: ANYONE,  # judged by `authority`, which heeds it or not
    MEMBER_INTRODUCED: ANYONE,
    **dict.fromkeys(TIMES, ANYONE),
    DEVICE_CONFIRMED: (Action.MEMBER_MANAGE,),
    MEMBER_GRANTED: (Action.MEMBER_MANAGE,),
    MEMBER_REVOKED: (Action.MEMBER_MANAGE,),
}
"""The actions of which one is needed to write what this room folds."""

_OURS = frozenset(NEEDS)
_HUB = "*"
REMOVED = "its device was removed before it was known"


class KnownDevices:
    """The gate of the members room; see `afield.projection.gate.Gate`.

    Args:
        roots: the devices that need nobody's confirmation; None: whoever introduces itself
            counts, for a record that comes from one hand. `Trusted`: with what was removed,
            and who may what.
        needs: by kind of entry the actions of which its author needs one.
    """

    kinds = frozenset({DEVICE_INTRODUCED, DEVICE_CONFIRMED})

    def __init__(
        self, roots: Collection[DeviceId] | None, needs: Mapping[str, tuple[Action, ...]] = NEEDS
    ) -> None:
        self._roots = None if roots is None else frozenset(roots)
        self.free = frozenset(kind for kind, needed in needs.items() if not needed)
        self._removed = roots.removed if isinstance(roots, Trusted) else {}
        said = roots.name if isinstance(roots, Trusted) else " ".join(sorted(roots or ()))
        self.name = "all" if self._roots is None else said
        rights = roots.rights if isinstance(roots, Trusted) else None
        self._ruling = None if rights is None else Ruling(rights, needs)
        if rights is not None:
            needed = (f"{kind} {' '.join(each)}" for kind, each in sorted(needs.items()))
            self.name += f" {', '.join(needed)}"

    def grants(self, entry: Entry) -> tuple[str, str] | None:
        """Return the device and the member that an introduction or confirmation is about."""
        if entry.kind == DEVICE_INTRODUCED and not self._is_own(entry):
            return None
        said = introduction(entry.about, entry.body)
        if said is None:
            return None
        hub = said.hub and entry.kind == DEVICE_CONFIRMED
        return said.device, _HUB if hub else said.member

    def founds(self, entry: Entry) -> bool:
        """Tell whether a root introduces itself."""
        is_root = self._roots is None or entry.device in self._roots
        return entry.kind == DEVICE_INTRODUCED and is_root

    def refusal(self, entry: Entry, standings: Collection[str]) -> str | None:
        """Return why an entry of a device that counts does not."""
        cut = self._removed.get(entry.device)
        if cut is not None and not cut.holds(entry):
            return REMOVED
        hub = _HUB in standings
        if entry.by not in standings and not hub:
            return "its member is not the one that its device writes for"
        if entry.kind in _OURS and (why := self._odd(entry)):
            return why
        return None if self._ruling is None else self._ruling.refusal(entry, hub=hub)

    def _odd(self, entry: Entry) -> str | None:
        """Return what is wrong with an entry of this room's, whoever wrote it."""
        if entry.kind == DEVICE_INTRODUCED and not self._is_own(entry):
            return "a device is introduced once, by itself"
        if entry.kind == DEVICE_CONFIRMED and self.grants(entry) is None:
            return "it confirms no device by its key and member"
        if entry.kind == MEMBER_INTRODUCED and entry.about != entry.by:
            return "members introduce themselves only"
        if entry.kind in TIMES and entry.about != entry.by:
            return "members speak of their own time only"
        return None

    @staticmethod
    def _is_own(entry: Entry) -> bool:
        return entry.seq == 1 and entry.about == entry.device
