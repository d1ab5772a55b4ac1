"""Which files of a remote are a part of the record: packs by what is in them, logs, heads.

Follows what entries name, through trees and documents, until all that is asked for was found.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.sync import layout
from afield.sync.elsewhere import Elsewhere
from afield.sync.wanted import named_by
from afield.workspace.workspace import Workspace


def named_in(workspace: Workspace, elsewhere: Elsewhere, files: frozenset[str]) -> frozenset[str]:
    """Return which of these files the record has: what is in them counts for nobody any more.

    Args:
        workspace: the record.
        elsewhere: what is known of the remote's packs that were not taken in.
        files: their names at the remote.
    """
    found = {name for name in files if _is_of_log(workspace, name)}
    waiting = _packs(workspace, elsewhere, files)
    if waiting:
        for digest in named_by(workspace.record.vault, _refs(workspace)):
            found |= waiting.pop(digest, set())
            if not waiting or found >= files:
                break
    return frozenset(found)


def _is_of_log(workspace: Workspace, name: str) -> bool:
    journal = workspace.record.journal
    if name.startswith(layout.HEADS):
        device = layout.head_device(name)
        return device is not None and any(tip.device == device for tip in journal.tips())
    device = layout.log_device(name)
    piece = None if device is None else layout.piece_of(device, name)
    return piece is not None and journal.holds(piece.device, piece.last, piece.end)


def _packs(
    workspace: Workspace, elsewhere: Elsewhere, files: frozenset[str]
) -> dict[bytes, set[str]]:
    """Return by digest in which of the packs it is, of those that were looked at."""
    found: dict[bytes, set[str]] = {}
    packs = workspace.record.vault.packs
    here = set(packs.names())
    for name in files:
        for role in layout.PACKS:
            pack = layout.pack_of(role, name)
            if pack is None:
                continue
            with contextlib.suppress(AfieldError, OSError):
                for digest in packs.digests(pack) if pack in here else elsewhere.digests(pack):
                    found.setdefault(digest, set()).add(name)
    return found


def _refs(workspace: Workspace) -> Iterator[ObjectId]:
    for batch in workspace.record.journal.read():
        for entry in batch.entries:
            yield from entry.refs
