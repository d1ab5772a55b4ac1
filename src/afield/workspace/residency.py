"""Which bytes may go to which remote: a dataset with a residency goes to its places only.

Entries always travel: they hold digests, numbers and labels. What is held back are the
bytes of the dataset's files and whatever shares a chunk with them, its trees and profiles.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import msgspec

from afield.datasets.card import residency
from afield.datasets.events import ADDED, CARDED
from afield.journal import Entry
from afield.kernel.errors import Damaged, NotFound
from afield.kernel.ids import ObjectId
from afield.sync.replica import Filter
from afield.workspace.held_back import ANYWHERE
from afield.workspace.remotes import Remote
from afield.workspace.workspace import Workspace

_VERSIONS = "SELECT tree, profile FROM dataset_versions WHERE name = ?"
_OBJECT = re.compile(r"[0-9a-f]{64}")
_WAITING = "SELECT device, about, entry FROM quarantine WHERE kind = ?"


def filter_for(workspace: Workspace, remote: Remote) -> Filter:
    """Return what may be sent to a remote, as the tables are now.

    Cards of devices that wait to be confirmed hold back what these devices added: it may have
    come here from a remote of its place.
    """
    trees: set[str] = set()
    names = workspace.query("SELECT DISTINCT name FROM dataset_cards WHERE field = 'residency'")
    for (name,) in names:
        if not may_go(residency(workspace.projection, name), remote.labels):
            for row in workspace.query(_VERSIONS, (name,)):
                trees.update(filter(None, row))
    trees.update(_waiting(workspace, remote))
    held = {digest for tree in trees for digest in _bytes_of(workspace, tree)}
    return lambda digest: digest not in held


def stays(workspace: Workspace, remote: Remote) -> dict[str, list[str]]:
    """Return the datasets whose bytes may not go to a remote, with the places where they may."""
    marked = workspace.query(
        "SELECT DISTINCT c.name FROM dataset_cards c JOIN dataset_versions v ON v.name = c.name"
        " WHERE c.field = 'residency' ORDER BY c.name"
    )
    told = {name: residency(workspace.projection, name) for (name,) in marked}
    return {
        name: sorted(places)
        for name, places in told.items()
        if places is not None and not may_go(places, remote.labels)
    }


def may_go(places: Collection[str] | None, labels: Collection[str]) -> bool:
    """Tell whether bytes that must stay in one of these places may go to a remote.

    Args:
        places: where they must stay; None: nothing is said.
        labels: where the remote's bytes lie; none: nobody knows.
    """
    return places is None or ANYWHERE in places or any(label in places for label in labels)


def _waiting(workspace: Workspace, remote: Remote) -> Iterator[str]:
    """Yield the trees that devices which wait have added under a card that forbids the remote."""
    forbidden = set()
    for device, name, text in workspace.query(_WAITING, (CARDED,)):
        labels = msgspec.json.decode(text, type=Entry).body.get("labels")
        places = labels.get("residency") if isinstance(labels, dict) else None
        if isinstance(places, str) and not may_go(places.split(","), remote.labels):
            forbidden.add((device, name))
    for device, name, text in workspace.query(_WAITING, (ADDED,)) if forbidden else ():
        body = msgspec.json.decode(text, type=Entry).body
        if (device, name) in forbidden:
            found = (body.get("tree"), body.get("profile"))
            yield from (tree for tree in found if isinstance(tree, str) and _OBJECT.fullmatch(tree))


def _bytes_of(workspace: Workspace, tree: str) -> Iterator[bytes]:
    """Yield a tree, its files, and all chunks of them, of what is here."""
    vault = workspace.record.vault
    yield from vault.packs.reach(bytes.fromhex(tree))
    try:
        entries = vault.get_tree(ObjectId(tree))
    except (Damaged, NotFound):  # files come after the tree that lists them: none came here
        return
    for entry in entries:
        yield from vault.packs.reach(bytes.fromhex(entry.object))
