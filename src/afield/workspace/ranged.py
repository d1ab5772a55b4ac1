"""Bytes of a version that are at a remote only: single records of them, verified and not kept.

Whoever reads a range fetches the chunks it touches. What is to stay here is fetched whole, by
`afield fetch`; which bytes are where is known from the indexes that syncs have left.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from afield.datasets.card import residency
from afield.kernel.errors import AfieldError
from afield.runs.record import Record
from afield.sync.elsewhere import Elsewhere
from afield.sync.errors import RemoteUnreachable
from afield.sync.layout import PACKS, pack_name
from afield.sync.stores.store import RemoteStore
from afield.vault.catalog import Place
from afield.vault.errors import ObjectMissing
from afield.vault.layout import RECORD
from afield.workspace import layout
from afield.workspace.errors import BytesElsewhere
from afield.workspace.held_back import held_back
from afield.workspace.remotes import open_remote, remotes
from afield.workspace.workspace import Workspace

HELD_BYTES_MAX = 32 << 20
"""Records that were fetched stay in memory up to this: readers come back to a file's end."""

TRIES = 2


@dataclass(slots=True)
class _Remote:
    """A remote, as it was at the last sync; its store once it was asked."""

    name: str
    url: str
    elsewhere: Elsewhere
    store: RemoteStore | None = None


class Ranged:
    """Fetches records of one version from the remotes of a workspace.

    Args:
        record: the workspace.
        name: the dataset's.
        label: the version's, as `customers@3`.
    """

    def __init__(self, record: Record, name: str, label: str) -> None:
        self._record = record
        self._name = name
        self._label = label
        self._lock = threading.Lock()
        self._held: OrderedDict[bytes, bytes] = OrderedDict()
        self._held_bytes = 0

    def of(self, file: str) -> _OfFile:
        """Return what the vault asks for records of a file that are not here."""
        return _OfFile(self, file)

    def size(self, digest: bytes, what: str) -> int:
        """Return the size of an object, going by the index of a remote.

        Raises:
            BytesElsewhere, ObjectMissing: it is at no remote.
        """
        for remote in self._remotes:
            for place in remote.elsewhere.places(digest):
                return place.entry.size_bytes
        raise self.missing(digest, what)

    def records(self, digest: bytes, what: str) -> Iterator[bytes]:
        """Yield the record of an object as each remote has it; the caller takes one that verifies.

        Raises:
            BytesElsewhere, ObjectMissing: no remote gave one that did.
        """
        with self._lock:
            held = self._held.get(digest)
            if held is not None:
                self._held.move_to_end(digest)
        if held is not None:
            yield held
        faults: dict[str, str] = {}
        for remote in self._remotes:
            for place in remote.elsewhere.places(digest):
                try:
                    data = _read(remote, place, self._record)
                except FileNotFoundError:
                    faults[remote.name] = "no longer has them"
                except (AfieldError, OSError) as error:
                    faults[remote.name] = f"cannot be read: {error}".partition("\n")[0]
                else:
                    self._hold(digest, data)
                    yield data
                    self._drop(digest)
                    faults[remote.name] = "has other bytes in their place"
        raise self.missing(digest, what, faults)

    def missing(
        self, digest: bytes, what: str, faults: dict[str, str] | None = None
    ) -> ObjectMissing:
        """Word that an object is not to be had, and what would bring it.

        Args:
            digest: the object.
            what: the file that it is of, or the version.
            faults: what became of asking each remote that is known to have had it.
        """
        fetch = f"afield fetch {self._label}"
        if faults:
            why = "; ".join(f"remote `{name}` {text}" for name, text in faults.items())
            return BytesElsewhere("bytes are not here", what, why, hint=fetch)
        having = [each.name for each in self._remotes if each.elsewhere.holds(digest)]
        if having:
            why = f"they were left at remote {', '.join(f'`{name}`' for name in having)}"
            return BytesElsewhere("bytes are not here", what, why, hint=fetch)
        with Workspace.open(self._record.workspace) as workspace:
            workspace.refresh()
            held = held_back(workspace.record, workspace.projection)(digest)
            places = sorted(residency(workspace.projection, self._name) or ())
        if held is not None and places:
            why = f"they must stay in {', '.join(places)}, and no remote of such a place gave them"
            hint = f"afield remote add NAME URL --label {places[0]}; {fetch}"
            return BytesElsewhere("bytes are not here", what, why, hint=hint)
        asked = ", ".join(f"`{each.name}`" for each in self._remotes) or "any"
        why = f"no pack of this workspace has them, and at remote {asked} they are not known"
        return ObjectMissing("no such object", what, why, hint=f"{fetch}, or: afield repair")

    @cached_property
    def _remotes(self) -> list[_Remote]:
        with Workspace.open(self._record.workspace) as workspace:
            known = remotes(workspace)
        root = f"{self._record.workspace}/{layout.ELSEWHERE}"
        return [
            _Remote(name, remote.url, Elsewhere(f"{root}/{name}", self._record.files))
            for name, remote in known.items()
        ]

    def _hold(self, digest: bytes, data: bytes) -> None:
        with self._lock:
            if digest not in self._held:
                self._held[digest] = data
                self._held_bytes += len(data)
            while self._held_bytes > HELD_BYTES_MAX:
                self._held_bytes -= len(self._held.popitem(last=False)[1])

    def _drop(self, digest: bytes) -> None:
        with self._lock:
            self._held_bytes -= len(self._held.pop(digest, b""))


@dataclass(frozen=True, slots=True)
class _OfFile:
    """What the vault is handed for reading one file; see `vault.reader.Beyond`."""

    ranged: Ranged
    what: str

    def size(self, digest: bytes) -> int:
        return self.ranged.size(digest, self.what)

    def records(self, digest: bytes) -> Iterator[bytes]:
        return self.ranged.records(digest, self.what)


def _read(remote: _Remote, place: Place, record: Record) -> bytes:
    """Return the bytes of a record at a remote.

    Raises:
        FileNotFoundError: the pack is no longer there.
        AfieldError: the remote cannot be read.
    """
    if remote.store is None:
        remote.store = open_remote(remote.url, record.files)
    wanted = RECORD.size + place.entry.stored_bytes
    for tries in range(TRIES):
        for role in PACKS:
            name = pack_name(role, place.pack)
            try:
                return remote.store.get(name, place.entry.offset, wanted)
            except FileNotFoundError:
                continue
            except RemoteUnreachable:
                if tries == TRIES - 1:
                    raise
    raise FileNotFoundError(place.pack)
