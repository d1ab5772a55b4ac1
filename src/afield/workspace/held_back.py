"""What others added to datasets that must stay in a place: it need not be here.

Whoever syncs with no remote of that place gets the entries and not the bytes. What may be sent
where is decided in `residency`; here is only told what is missing for that reason.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from afield.kernel.errors import Damaged, NotFound
from afield.kernel.ids import ObjectId
from afield.projection import Projection
from afield.runs.record import Record
from afield.vault.check import HELD_BACK
from afield.workspace.phantoms import phantoms_and_lost

ANYWHERE = "any"
_VERSIONS = """
    SELECT version.tree, version.profile, card.label
    FROM dataset_versions AS version JOIN dataset_cards AS card ON card.name = version.name
    WHERE card.field = 'residency' AND card.label IS NOT NULL AND version.device != ?
"""


def held_back(record: Record, projection: Projection) -> Callable[[bytes], str | None]:
    """Return what says `HELD_BACK` of what may be missing here since it must stay in a place.

    That is the tree and profile of every version that another device added, and the files that
    a tree lists; what this device added was here. Where such a tree is not here, nobody can tell
    what it lists: anything may be of it that no entry names by itself, a file of a run, say.
    """
    return _Held(record, projection).where


def anywhere_else(record: Record, projection: Projection) -> Callable[[bytes], str | None]:
    """Return what tells why an object need not be here: a remote, `LOST`, or `HELD_BACK`."""
    known = phantoms_and_lost(record.workspace, record.files)
    held = held_back(record, projection)

    def where(digest: bytes) -> str | None:
        place = known(digest)
        return held(digest) if place is None else place

    return where


class _Held:
    """What is held back, looked up when something is missing."""

    def __init__(self, record: Record, projection: Projection) -> None:
        self._record = record
        self._projection = projection

    def where(self, digest: bytes) -> str | None:
        found, unlisted = self._found
        if digest in found or (unlisted and digest not in self._named):
            return HELD_BACK
        return None

    @cached_property
    def _found(self) -> tuple[set[bytes], bool]:
        """Return what is known to be held back, and whether there is more that is not known."""
        found: set[bytes] = set()
        unlisted = False
        own = self._record.journal.device
        for tree, profile, places in self._projection.query(_VERSIONS, (own,)):
            if ANYWHERE in places.split(","):
                continue
            found.update(bytes.fromhex(name) for name in (tree, profile) if name)
            try:
                files = self._record.vault.open_tree(ObjectId(tree))
                found.update(bytes.fromhex(file.object) for file in files)
            except (Damaged, NotFound):
                unlisted = True
        return found, unlisted

    @cached_property
    def _named(self) -> set[bytes]:
        """Return what entries name by themselves."""
        return {
            bytes.fromhex(ref)
            for batch in self._record.journal.read()
            for entry in batch.entries
            for ref in entry.refs
        }
