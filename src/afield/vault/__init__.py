"""The vault: bytes by digest, in chunks, recipes, trees and packs.

`Vault` is the door. Nothing here knows what a run, an entry or a member is. The format is
described in `docs/format/objects.md`.
"""

from afield.vault.chunking import load_chunker
from afield.vault.errors import FormatUnknown, ObjectDamaged, ObjectMissing
from afield.vault.statcache import StatCache
from afield.vault.tree import TreeEntry
from afield.vault.vault import Vault

__all__ = [
    "FormatUnknown",
    "ObjectDamaged",
    "ObjectMissing",
    "StatCache",
    "TreeEntry",
    "Vault",
    "load_chunker",
]
