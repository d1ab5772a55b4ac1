"""Whose lost bytes are: which runs and versions name an object of which no copy is left."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.projection.owners import Owner
from afield.vault import Vault, tree
from afield.workspace.reach import RECORD, holdings
from afield.workspace.rooms import rooms
from afield.workspace.workspace import Workspace

_NAME = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_DOCUMENT_BYTES_MAX = 16 << 20


@dataclass(frozen=True, slots=True)
class Affected:
    """A run, a version or a card, and what of it is lost.

    Attributes:
        paths: of its files, sorted; empty where it is something else that it names.
    """

    owner: Owner
    paths: tuple[str, ...]


def affected(workspace: Workspace, lost: Collection[bytes]) -> list[Affected]:
    """Return who misses what is lost, those that are live first.

    Args:
        workspace: with its tables up to date.
        lost: digests of whole objects.
    """
    if not lost:
        return []
    looking = _Looking(workspace.record.vault, frozenset(lost))
    found = []
    gone: list[list[str] | None]
    for each in holdings(workspace.record, rooms(workspace.config.roots), workspace.query):
        if each.owner.kind == RECORD:  # lists of what was lost are not what is lost
            gone = [[] if root in lost else None for root in each.roots]
        else:
            gone = [looking.gone_in(root) for root in each.roots]
        if any(one is not None for one in gone):
            paths = {path for one in gone if one for path in one}
            found.append(Affected(each.owner, tuple(sorted(paths))))
    return sorted(found, key=lambda one: (not one.owner.live, one.owner.kind, one.owner.label))


class _Looking:
    """Looks for lost objects below others, each of them once."""

    def __init__(self, vault: Vault, lost: frozenset[bytes]) -> None:
        self._vault = vault
        self._lost = lost
        self._known: dict[bytes, list[str] | None] = {}

    def gone_in(self, digest: bytes) -> list[str] | None:
        """Return the paths of what is lost below an object; None when nothing is."""
        if digest in self._lost:
            return []
        if digest not in self._known:
            self._known[digest] = None  # a document may name itself by chance
            found = list(self._below(digest))
            self._known[digest] = [path for path in found if path] if found else None
        return self._known[digest]

    def _below(self, digest: bytes) -> Iterator[str]:
        """Yield the path of each lost object, empty for one without."""
        name = ObjectId(digest.hex())
        try:
            if self._vault.size(name) > _DOCUMENT_BYTES_MAX:
                with self._vault.open(name) as stream:
                    if stream.read(len(tree.MAGIC)) != tree.MAGIC:
                        return
            data = self._vault.get(name)
            if tree.is_tree(data):
                for entry in self._vault.get_tree(name):
                    if bytes.fromhex(entry.object) in self._lost:
                        yield entry.path
                return
        except AfieldError:
            return
        for each in set(_NAME.findall(data)) if data[:1] == b"{" else ():
            named = bytes.fromhex(each.decode())
            if named in self._lost:
                yield ""
            elif self._vault.packs.known(named):
                yield from self.gone_in(named) or ()
