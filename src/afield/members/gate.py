"""The rule at the fold: whose entries count.

A device is introduced by the first entry of its own log, which says its key and its member;
its id is the digest of that key, so nobody else can. Until then its entries wait; after that
it writes for this one member and nobody else.
"""

from __future__ import annotations

from afield.journal.entry import Entry
from afield.kernel.digest import digest
from afield.members.events import DEVICE_INTRODUCED, MEMBER_INTRODUCED

DEVICE_ID_CHARS = 32


class IntroducedDevices:
    """The gate of the members room; see `afield.projection.gate.Gate`."""

    kinds = frozenset({DEVICE_INTRODUCED})

    def standing(self, entry: Entry) -> str | None:
        """Return the member that a device's first entry says it writes for."""
        if entry.kind != DEVICE_INTRODUCED or entry.seq != 1 or entry.about != entry.device:
            return None
        member, public_key = entry.body.get("member"), entry.body.get("public_key")
        if not isinstance(member, str) or not isinstance(public_key, str):
            return None
        try:
            key = bytes.fromhex(public_key)
        except ValueError:
            return None
        return member if digest(key)[:DEVICE_ID_CHARS] == entry.device else None

    def refusal(self, entry: Entry, standing: str) -> str | None:
        """Return why an entry of an introduced device does not count."""
        if entry.by != standing:
            return "its member is not the one that its device writes for"
        if entry.kind == DEVICE_INTRODUCED and (entry.seq != 1 or entry.about != entry.device):
            return "a device is introduced once, by itself"
        if entry.kind == MEMBER_INTRODUCED and entry.about != entry.by:
            return "members introduce themselves only"
        return None
