"""What reaches what: whose objects the journal names, and all that these are made of and list.

The one place where reachability is decided, for whoever frees bytes and whoever sums them up.
Rooms say whose an entry's objects are (`Room.owners`); trees and JSON documents (manifests,
reports) name further objects, and recipes their parts.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.projection import Room
from afield.projection.owners import Ask, Owner
from afield.runs.record import Record
from afield.vault import Vault, tree
from afield.vault.errors import Corrupt
from afield.vault.limits import BLOCK_BYTES, RECIPE_DEPTH_MAX

RECORD = "record"
"""The kind of owner of what belongs to no run or dataset: people, devices, unknown entries."""

_NAME_CHARS = 64
_NAME = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_TREES_HELD_RECORDS = 20_000_000


class Holding(msgspec.Struct, frozen=True):
    """What the journal says that an owner holds: the objects its entries name, by digest."""

    owner: Owner
    roots: tuple[bytes, ...]


def holdings(record: Record, rooms: Iterable[Room], ask: Ask) -> list[Holding]:
    """Return every owner with the objects that entries name for it, sorted by kind and key.

    Entries count whoever wrote them, confirmed or not. An owner that the tables do not know is
    live. What does not verify in the journal is not seen: `Journal.verify` names it.

    Args:
        record: the workspace.
        rooms: tell whose an entry is.
        ask: runs a SELECT on tables that are up to date.

    Raises:
        EntryVersionUnknown: an entry is of a newer format.
    """
    kinds = {event: owners for room in rooms for owners in room.owners for event in owners.events}
    known = {
        (owner.kind, owner.key): owner
        for owners in dict.fromkeys(kinds.values())
        for owner in owners.known(ask)
    }
    named: dict[tuple[str, str], dict[bytes, None]] = {}
    for batch in record.journal.read():
        for entry in batch.entries:
            if entry.refs:
                owners = kinds.get(entry.kind)
                mine = (owners.kind, owners.key(entry)) if owners else (RECORD, "")
                roots = named.setdefault(mine, {})
                roots.update(dict.fromkeys(map(bytes.fromhex, entry.refs)))
    return [
        Holding(known.get(mine, Owner(*mine, label=mine[1] or RECORD)), tuple(roots))
        for mine, roots in sorted(named.items())
    ]


@dataclass(slots=True)
class Lost:
    """What could not be followed.

    Attributes:
        missing: digests that entries, trees or recipes name and no pack here has; and of what
            documents name, those that are known to have been here.
        sizes: how large those of them are that a tree lists.
        unread: digests of what is here and does not verify, and why: what it names is unknown.
    """

    missing: set[bytes] = field(default_factory=set)
    sizes: dict[bytes, int] = field(default_factory=dict)
    unread: dict[bytes, str] = field(default_factory=dict)


class Reach:
    """Follows objects to all records that they need, in a snapshot of a vault's packs.

    Attributes:
        ledger: the records; those that are reached are told by their numbers in it.
        lost: what could not be followed so far.
        size_bytes: of all objects that were followed so far, each as large as it is by itself.
        absent_bytes: what of that is of files that a tree lists and no pack here has.

    Args:
        vault: the objects; what waits in it to be written is not seen.
        once: digests of what was here once: missing, when a document names one.
    """

    def __init__(self, vault: Vault, once: Container[bytes] = ()) -> None:
        self._vault = vault
        self._once = once
        self.ledger = vault.ledger()
        self.lost = Lost()
        self.size_bytes = 0
        self.absent_bytes = 0
        self._held: dict[bytes, tuple[array[int], int, int]] = {}
        self._held_records = 0

    def records(self, roots: Iterable[bytes]) -> Iterator[int]:
        """Yield the records that objects need: their own, their parts', and of all they name.

        A record may come more than once. Every copy of an object counts.
        """
        seen: set[bytes] = set()
        waiting = [(root, True) for root in roots]
        while waiting:
            digest, required = waiting.pop()
            if digest in seen:
                continue
            seen.add(digest)
            held = self._held.get(digest)
            if held is not None:
                self.size_bytes += held[1]
                self.absent_bytes += held[2]
                yield from held[0]
                continue
            own = self._own(digest, required=required)
            yield from own
            if own:
                size_bytes = self.ledger.entry(own[0]).size_bytes
                listing, names = self._named(digest)
                if listing is not None:
                    files, files_bytes, absent_bytes = listing
                    size_bytes += files_bytes
                    self.absent_bytes += absent_bytes
                    yield from self._listed(digest, own, files, (size_bytes, absent_bytes))
                self.size_bytes += size_bytes
                waiting += [(name, False) for name in names if name not in seen]

    def _listed(
        self, digest: bytes, own: list[int], files: Iterable[bytes], sizes: tuple[int, int]
    ) -> array[int]:
        """Return the records of the files of a tree; remember them, with the tree's own."""
        found = array("I", sorted({each for file in files for each in self._own(file)}))
        if self._held_records + len(found) > _TREES_HELD_RECORDS:
            self._held.clear()
            self._held_records = 0
        self._held[digest] = array("I", own) + found, *sizes
        self._held_records += len(found) + len(own)
        return found

    def _own(self, digest: bytes, *, required: bool = True, depth: int = 0) -> list[int]:
        """Return an object's own records and those of its parts."""
        numbers = self.ledger.find(digest)
        if not numbers and required:
            self.lost.missing.add(digest)
        found = list(numbers)
        for number in numbers:
            if depth > RECIPE_DEPTH_MAX:
                self.lost.unread[digest] = "its recipes are nested too deep"
                break
            try:
                parts = self.ledger.parts(number)
            except (Corrupt, OSError) as error:
                self.lost.unread[digest] = str(error)
                continue
            for part in parts:
                found += self._own(part, depth=depth + 1)
        return found

    def _named(self, digest: bytes) -> tuple[tuple[list[bytes], int, int] | None, list[bytes]]:
        """Return the files of a tree, their bytes, and those not here; what a document names.

        None stands for the first when it is no tree.

        The files of trees are not looked into: they are people's own.
        """
        name = ObjectId(digest.hex())
        try:
            with self._vault.open(name) as stream:
                first = stream.read(len(tree.MAGIC))
            if first == tree.MAGIC:
                entries = tree.decode(self._vault.get(name))
                files: dict[bytes, int] = {}
                for entry in entries:
                    file = bytes.fromhex(entry.object)
                    files[file] = files.get(file, 0) + entry.size_bytes
                    if file not in self.lost.sizes and not self.ledger.find(file):
                        self.lost.sizes[file] = entry.size_bytes
                lost = files.keys() & self.lost.sizes.keys() if self.lost.sizes else ()
                absent_bytes = sum([files[file] for file in lost])
                return (list(files), sum(files.values()), absent_bytes), []
            if first[:1] == b"{":
                return None, self._names_in(name)
        except Corrupt:
            return None, []  # begins like a tree and is none: somebody's text
        except (AfieldError, OSError) as error:
            self.lost.unread[digest] = str(error)
        return None, []

    def _names_in(self, name: ObjectId) -> list[bytes]:
        """Return what looks like a digest in a document of any size, and is an object here."""
        found: dict[bytes, None] = {}
        rest = b""
        with self._vault.open(name) as stream:
            while block := stream.read(BLOCK_BYTES):
                text = rest + block
                found.update((bytes.fromhex(each.decode()), None) for each in _NAME.findall(text))
                rest = text[-(_NAME_CHARS + 1) :]
        here = [digest for digest in found if self.ledger.find(digest)]
        self.lost.missing |= {each for each in found.keys() - set(here) if each in self._once}
        return here
