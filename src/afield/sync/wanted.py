"""Which objects a policy wants here: those that roots name, with all that trees and documents list.

Reads the vault and nothing else. What is not here cannot be looked into: whoever fetches it asks
again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.sync.limits import DOCUMENT_BYTES_MAX
from afield.vault import Vault, tree
from afield.vault.errors import Corrupt

_NAME = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def absent(vault: Vault, roots: Iterable[ObjectId], *, documents: bool = True) -> set[bytes]:
    """Return the digests that are named by `roots`, directly or not, and are not here.

    Args:
        vault: what is here.
        roots: where to begin.
        documents: whether JSON documents (manifests) are looked through for names, too.
            Digests in them that no pack anywhere has do no harm: nobody can fetch them.
    """
    lost: set[bytes] = set()
    seen: set[bytes] = set()
    waiting = [bytes.fromhex(root) for root in roots]
    known = vault.packs.known
    while waiting:
        digest = waiting.pop()
        if digest in seen:
            continue
        seen.add(digest)
        gone = vault.packs.absent(digest, known)
        lost.update(gone)
        if not gone:
            waiting += [
                name for name in _named(vault, digest, documents=documents) if name not in seen
            ]
    return lost


def named_by(vault: Vault, roots: Iterable[ObjectId]) -> Iterator[bytes]:
    """Yield what is named by `roots`, directly or not, with the parts that large objects are of."""
    seen: set[bytes] = set()
    for root in roots:
        waiting = [bytes.fromhex(root)]
        while waiting:
            digest = waiting.pop()
            if digest in seen:
                continue
            seen.add(digest)
            yield from vault.packs.reach(digest)
            if vault.packs.known(digest):
                waiting += _named(vault, digest, documents=True)


def _named(vault: Vault, digest: bytes, *, documents: bool) -> list[bytes]:
    """Return what an object names, if it is a tree or a document."""
    name = ObjectId(digest.hex())
    try:
        with vault.open(name) as stream:
            first = stream.read(len(tree.MAGIC))
            if first == tree.MAGIC:
                return [bytes.fromhex(entry.object) for entry in vault.get_tree(name)]
        if documents and first[:1] == b"{" and vault.size(name) <= DOCUMENT_BYTES_MAX:
            return [bytes.fromhex(found.decode()) for found in _NAME.findall(vault.get(name))]
    except (AfieldError, Corrupt):
        return []  # damaged: `verify` names it
    return []
