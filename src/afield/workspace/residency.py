"""Which bytes may go to which remote: a dataset with a residency goes to its places only.

Entries always travel: they hold digests, numbers and labels. What is held back are the
bytes of the dataset's files and whatever shares a chunk with them, its trees and profiles.
"""

from __future__ import annotations

from collections.abc import Iterator

from afield.datasets.card import residency
from afield.kernel.ids import ObjectId
from afield.sync.replica import Filter
from afield.workspace.remotes import Remote
from afield.workspace.workspace import Workspace

ANYWHERE = "any"
_VERSIONS = "SELECT tree, profile FROM dataset_versions WHERE name = ?"


def filter_for(workspace: Workspace, remote: Remote) -> Filter:
    """Return what may be sent to a remote, as the tables are now."""
    held: set[bytes] = set()
    names = workspace.query("SELECT DISTINCT name FROM dataset_cards WHERE field = 'residency'")
    for (name,) in names:
        places = residency(workspace.projection, name)
        if places is None or ANYWHERE in places or places & remote.labels:
            continue
        for tree, profile in workspace.query(_VERSIONS, (name,)):
            held.update(_bytes_of(workspace, tree))
            if profile is not None:
                held.update(workspace.record.vault.packs.reach(bytes.fromhex(profile)))
    return lambda digest: digest not in held


def _bytes_of(workspace: Workspace, tree: str) -> Iterator[bytes]:
    """Yield the tree, its files, and all chunks of them."""
    vault = workspace.record.vault
    yield from vault.packs.reach(bytes.fromhex(tree))
    if vault.has(ObjectId(tree)):
        for entry in vault.get_tree(ObjectId(tree)):
            yield from vault.packs.reach(bytes.fromhex(entry.object))
