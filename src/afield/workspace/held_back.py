"""What others added to datasets that must stay in a place: it need not be here.

Whoever syncs with no remote of that place gets the entries and not the bytes. What may be sent
where is decided in `residency`; here is only told what is missing for that reason.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

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
    a tree lists; what this device added was here. Asked first when something is missing.
    """
    found: set[bytes] | None = None

    def where(digest: bytes) -> str | None:
        nonlocal found
        if found is None:
            found = _held(record, projection)
        return HELD_BACK if digest in found else None

    return where


def anywhere_else(record: Record, projection: Projection) -> Callable[[bytes], str | None]:
    """Return what tells why an object need not be here: a remote, `LOST`, or `HELD_BACK`."""
    known = phantoms_and_lost(record.workspace, record.files)
    held = held_back(record, projection)

    def where(digest: bytes) -> str | None:
        place = known(digest)
        return held(digest) if place is None else place

    return where


def _held(record: Record, projection: Projection) -> set[bytes]:
    found: set[bytes] = set()
    for tree, profile, places in projection.query(_VERSIONS, (record.journal.device,)):
        if ANYWHERE in places.split(","):
            continue
        found.update(bytes.fromhex(name) for name in (tree, profile) if name)
        with contextlib.suppress(Damaged, NotFound):
            files = record.vault.open_tree(ObjectId(tree)) if tree else ()
            found.update(bytes.fromhex(file.object) for file in files)
    return found
