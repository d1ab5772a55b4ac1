"""Writing what is new in the record into one file, for a stick or mail: a remote in an archive.

The reconciler writes it as it writes to any remote; what the reader has already is claimed to be
there. Residency holds: the file is a remote without labels unless some are given.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from afield.journal import DeviceKey
from afield.journal.places import LogName
from afield.kernel.clock import COUNTER_BITS
from afield.kernel.errors import Refused
from afield.sync.driver import drive
from afield.sync.elsewhere import Elsewhere
from afield.sync.job import Job, Policy
from afield.sync.limits import RECENT_DAYS
from afield.sync.messages import Report
from afield.sync.pace import Pace
from afield.sync.reconcile import Reconciler
from afield.sync.replica import Filter, Replica
from afield.sync.stores.archive import ArchiveWriter
from afield.vault import layout as vault_layout
from afield.workspace import layout
from afield.workspace.bundle.since import Heads, Since, pieces, remember
from afield.workspace.errors import BundleUnwritable
from afield.workspace.reach import Reach
from afield.workspace.remotes import Remote
from afield.workspace.residency import filter_for
from afield.workspace.sync import key_of
from afield.workspace.workspace import Workspace

LEFT = "left/"
"""The folder of indexes: what of the new bytes stayed with the sender, by policy."""
_NOWHERE = "of no remote"
_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Written:
    """A part of the record in a file: where, how large, since when, what it has and has not."""

    path: str
    size_bytes: int
    since: Since
    report: Report
    left_bytes: int


def write_record(
    workspace: Workspace,
    path: str,
    begin: Since,
    *,
    data: Policy,
    labels: Collection[str],
    pace: Pace,
) -> Written:
    """Write what is new since `begin` into a file; one that is there is replaced.

    Args:
        workspace: whose record.
        path: the file.
        begin: what the reader has already.
        data: which bytes of files go along.
        labels: places where the file will lie, for datasets with a residency.
        pace: how fast.

    Raises:
        BundleUnwritable: the file cannot be written.
        Refused: nothing is new.
    """
    record = workspace.record
    record.journal.seal()
    workspace.refresh()
    founder = key_of(workspace, workspace.config.founded_by)
    if founder is None:
        why = "the log of the device that founded the workspace is not here"
        raise Refused("cannot bundle the record", why=why, hint="afield sync")
    tips = record.journal.tips()
    if all(begin.heads.get(tip.log) == (tip.seq, tip.digest) for tip in tips):
        raise Refused("nothing to bundle", why=f"nothing is new since {begin.words}")
    may_go = filter_for(workspace, Remote("bundle", path, frozenset(labels)))
    chosen = _Chosen(workspace, begin.heads, may_go, data)
    try:
        store = ArchiveWriter(path, pieces(begin.heads))
        try:
            key = DeviceKey.load(os.fspath(workspace.path / layout.KEYS))
            policy: Policy = "none" if data == "none" else "all"
            job = Job(workspace.config.workspace, founder, key, path, data=policy)
            elsewhere = Elsewhere(f"{record.workspace}/{layout.ELSEWHERE}/{_NOWHERE}", record.files)
            replica = Replica(
                record.journal, record.vault, elsewhere, record.clock, data=policy,
                may_send=chosen.goes,
            )  # fmt: skip
            drive(Reconciler(job), store, replica, pace)
            left_bytes = 0
            for name, index, size_bytes in chosen.left():
                store.put(name, index)
                left_bytes += size_bytes
            size_bytes = store.finish()
        finally:
            store.abandon()
    except OSError as error:
        raise BundleUnwritable("cannot write bundle", path, error.strerror or str(error)) from error
    remember(workspace, tips)
    return Written(path, size_bytes, begin, job.report, left_bytes)


class _Chosen:
    """Which objects go into the file, by what the entries name that are new.

    Args:
        workspace: whose record.
        heads: up to where the reader has each log.
        may_go: which objects may, by residency.
        data: which bytes of files are to.
    """

    def __init__(self, workspace: Workspace, heads: Heads, may_go: Filter, data: Policy) -> None:
        self._vault = workspace.record.vault
        self._vault.flush()
        self._may_go = may_go
        self._reach = Reach(self._vault)
        now_ms = workspace.record.now_ms()
        recent = (now_ms - RECENT_DAYS * _DAY_MS) << COUNTER_BITS if data == "recent" else 0
        old: set[bytes] = set()
        new: set[bytes] = set()
        newest: set[bytes] = set()
        for batch in workspace.record.journal.read():
            known = heads.get(LogName(batch.log), (0, ""))[0]
            for entry in batch.entries:
                named = {bytes.fromhex(ref) for ref in entry.refs}
                (old if entry.seq <= known else new).update(named)
                if entry.at >= recent:
                    newest |= named
        there = self._digests(old)
        self._new = self._digests(new) - there
        self._bytes = self._new if data != "recent" else self._digests(newest) - there
        if data == "none":
            self._bytes = set()

    def goes(self, digest: bytes) -> bool:
        """Tell whether an object goes into the file, if it is in a pack that does."""
        wanted = digest in self._bytes or (digest in self._new and self._is_meta(digest))
        return wanted and self._may_go(digest)

    def left(self) -> Iterator[tuple[str, bytes, int]]:
        """Yield name, index and size of what is new, might go, and stays with the sender."""
        packs = self._vault.packs
        for pack, numbers in self._reach.ledger.records():
            if packs.is_meta(pack):
                continue
            entries = [self._reach.ledger.entry(number) for number in numbers]
            stays = [
                entry
                for entry in entries
                if entry.digest in self._new
                and entry.digest not in self._bytes
                and self._may_go(entry.digest)
            ]
            if stays:
                block = b"".join(vault_layout.ENTRY.pack(*entry) for entry in stays)
                index = vault_layout.index_file(bytes.fromhex(pack), packs.size(pack), block)
                yield f"{LEFT}{pack}.idx", index, sum(entry.stored_bytes for entry in stays)

    def _digests(self, roots: Iterable[bytes]) -> set[bytes]:
        ledger = self._reach.ledger
        return {ledger.entry(number).digest for number in self._reach.records(roots)}

    def _is_meta(self, digest: bytes) -> bool:
        ledger, packs = self._reach.ledger, self._vault.packs
        return any(packs.is_meta(ledger.pack_of(number)) for number in ledger.find(digest))
