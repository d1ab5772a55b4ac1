"""The journal as its users see it: append, seal, read, verify."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from afield.journal import reader, seals
from afield.journal.carry import Carried, Tip, entry_at, find_entry, lay, lines_after, tips
from afield.journal.entry import Draft, Entry, encode_line
from afield.journal.errors import KeyDamaged
from afield.journal.flusher import Flusher
from afield.journal.keys import DeviceKey
from afield.journal.limits import (
    SEAL_BYTES_MAX,
    SEAL_ENTRIES_MAX,
    SEGMENT_BYTES_MAX,
    SYNC_WITHIN_S,
)
from afield.journal.log import DeviceLog
from afield.journal.places import START, Batch, Head, LogName, Position
from afield.journal.tail import Tail
from afield.kernel.clock import Clock, stamp_after
from afield.kernel.errors import AfieldError
from afield.kernel.files import FileSystem
from afield.kernel.findings import Finding
from afield.kernel.ids import DeviceId, MemberId, ObjectId


class Journal:
    """All logs of a workspace; appends to the one of this device.

    Threads may share one; after a fork the child goes on with its own files and locks. Not to
    be called from a signal handler, which may have interrupted it.

    Args:
        root: `<.afield>/journal`; made with the first append.
        files: the file system.
        clock: stamps the entries.
        key: the device's key, or what loads it; asked for when a seal is due.
        device: who writes here.
        member: on whose behalf.
        sync_within_s: entries appended without `durable` are on disk within this time, by a
            background thread; None leaves that to `sync` and `close`.
        segment_bytes_max: a segment of this size takes no further write.
    """

    def __init__(
        self,
        root: str,
        files: FileSystem,
        clock: Clock,
        *,
        key: DeviceKey | Callable[[], DeviceKey],
        device: DeviceId,
        member: MemberId,
        sync_within_s: float | None = SYNC_WITHIN_S,
        segment_bytes_max: int = SEGMENT_BYTES_MAX,
    ) -> None:
        self.root = root
        self.device = device
        self.member = member
        self._files = files
        self._clock = clock
        self._key = key
        self._log = DeviceLog(
            f"{root}/{device}", files, clock, device, segment_bytes_max=segment_bytes_max
        )
        self._flusher: Flusher | None = None
        if sync_within_s is not None:
            self._flusher = Flusher(self._log.sync, sync_within_s / 2)
        self._appended = False
        with _registry:
            _open_journals.add(self)

    def append(
        self,
        kind: str,
        about: str,
        body: Mapping[str, Any],
        refs: Sequence[ObjectId] = (),
        *,
        durable: bool = False,
    ) -> Entry:
        """Append one entry; see `append_many`."""
        return self.append_many((Draft(kind, about, body, refs),), durable=durable)[0]

    def append_many(
        self,
        drafts: Sequence[Draft],
        *,
        durable: bool = False,
        after: int = 0,
        by: MemberId | None = None,
    ) -> list[Entry]:
        """Append entries in one write, with the seals that fall due among them.

        Args:
            drafts: what to append, in order.
            durable: return only once they are on disk.
            after: a stamp of somebody else's entry; these are stamped as later than that.
            by: on behalf of another member than this device's own: what a hub does.

        Returns:
            The entries of the drafts, without the seals.

        Raises:
            EntryTooLarge: one is over the bound; none is appended.
            EntryNotJson: one holds what JSON cannot carry; none is appended.
            OSError: the disk refused; any first part of the entries may stand in the log.
        """
        entries: list[Entry] = []

        def compose(tail: Tail) -> tuple[bytes, Tail]:
            tail = msgspec.structs.replace(tail, at=max(tail.at, after))
            return self._compose(drafts, tail, entries, by)

        self._log.append(compose, durable=durable)
        self._appended = self._appended or bool(entries)
        if not durable and entries and self._flusher is not None:
            self._flusher.wake()
        return entries

    def seal(self) -> Entry | None:
        """Sign the head of this device's log, durably; None when a seal is the head already."""
        key = self._signer()
        entries: list[Entry] = []

        def compose(tail: Tail) -> tuple[bytes, Tail]:
            if tail.seq in {0, tail.sealed}:
                return b"", tail
            return self._compose((seals.draft(key, tail.seq, tail.digest),), tail, entries)

        self._log.append(compose, durable=True)
        return entries[0] if entries else None

    def heads(self) -> dict[LogName, Head]:
        """Return the newest verifying entry of each log and branch."""
        return reader.heads(self._files, self.root)

    def read(self, since: Mapping[LogName, Position] | None = None) -> Iterator[Batch]:
        """Yield verified entries behind `since`, device by device, in order.

        What does not verify is named in the batch before it and left out; reading goes on
        behind it. Entries that are being written while this reads may or may not be seen.

        Raises:
            PositionLost: a log does not hold what `since` says was read; start anew.
            EntryVersionUnknown: an entry is of a newer format.
        """
        for log in reader.logs(self._files, self.root):
            position = (since or {}).get(log, START)
            yield from reader.read_log(self._files, self.root, log, position)

    def changed_since(self, positions: Mapping[LogName, Position]) -> bool:
        """Say whether any log has bytes behind `positions`; looks at names and sizes only."""
        return reader.changed_since(self._files, self.root, positions)

    def verify(self, *, known: Callable[[ObjectId], bool] | None = None) -> Iterator[Finding]:
        """Check every log; yield what is damaged or odd.

        Args:
            known: says whether an object is there; None leaves references unchecked.
        """
        from afield.journal.verify import verify  # seldom

        return verify(self._files, self.root, known)

    def tips(self) -> list[Tip]:
        """Return up to where each log and branch is sealed: what others may be given."""
        return tips(self._files, self.root)

    def holds(self, device: DeviceId, seq: int, digest: str) -> bool:
        """Tell whether a log or branch has the entry whose digest begins with `digest`."""
        return find_entry(self._files, self.root, device, seq, digest) is not None

    def entry_at(self, log: LogName, seq: int) -> Entry | None:
        """Return the entry of a log with this number, or None."""
        return entry_at(self._files, self.root, log, seq)

    def lines_after(self, log: LogName, seq: int) -> Iterator[Carried]:
        """Yield the lines of a log as they stand, behind the entry `seq`."""
        return lines_after(self._files, self.root, log, seq)

    def lay(self, device: DeviceId, lines: Sequence[Carried]) -> list[Entry]:
        """Put lines that another copy of the record had into this one; return what was new.

        They are checked already, follow one another, and end in a good seal.
        """
        return lay(self._files, self.root, self._clock, device, lines)

    def sync(self) -> None:
        """Bring to disk all that was appended here.

        Raises:
            OSError: the disk refused.
        """
        self._log.sync()

    def close(self) -> None:
        """Seal and sync what was appended here; the journal can be used again after it."""
        if self._flusher is not None:
            self._flusher.stop()
        if self._appended:
            self.seal()
            self._appended = False
        self._log.sync()
        self._log.close()

    def _compose(
        self,
        drafts: Sequence[Draft],
        tail: Tail,
        entries: list[Entry],
        by: MemberId | None = None,
    ) -> tuple[bytes, Tail]:
        """Encode drafts behind `tail`, with a seal wherever one falls due."""
        device, own = self.device, self.member
        by = by or own
        seq, digest, at, sealed = tail.seq, tail.digest, tail.at, tail.sealed
        at = stamp_after(self._clock, at) - 1
        tz = self._clock.utc_offset()
        lines: list[bytes] = []
        unsealed_bytes = tail.unsealed_bytes
        for draft in drafts:
            seq, at = seq + 1, at + 1
            line, entry = encode_line(
                draft, device=device, by=by, seq=seq, prev=digest, at=at, tz=tz
            )
            lines.append(line)
            entries.append(entry)
            digest = entry.digest
            unsealed_bytes += len(line)
            if draft.kind == seals.KIND:
                sealed, unsealed_bytes = seq, 0
            elif seq - sealed >= SEAL_ENTRIES_MAX - 1 or unsealed_bytes > SEAL_BYTES_MAX:
                draft_seal = seals.draft(self._signer(), seq, digest)
                seq, at = seq + 1, at + 1
                line, entry = encode_line(
                    draft_seal, device=device, by=own, seq=seq, prev=digest, at=at, tz=tz
                )
                lines.append(line)
                digest, sealed, unsealed_bytes = entry.digest, seq, 0
        after = msgspec.structs.replace(
            tail, seq=seq, digest=digest, at=at, sealed=sealed, unsealed_bytes=unsealed_bytes
        )
        return b"".join(lines), after

    def _signer(self) -> DeviceKey:
        if not isinstance(self._key, DeviceKey):
            self._key = self._key()
        if self._key.device != self.device:
            why = f"it is the key of device {self._key.device}"
            raise KeyDamaged("cannot sign for device", self.device, why)
        return self._key

    def _before_fork(self) -> None:
        # From Python 3.12 on, forking with a second thread warns, on the person's stderr. The
        # flusher has nothing to do until the next append, which starts it again.
        if self._flusher is not None and self._flusher.running:
            self._flusher.stop()
            # what cannot be synced now stays unsynced, and is tried again like any
            with contextlib.suppress(OSError, AfieldError):
                self._log.sync()
        self._log.mutex.acquire()

    def _after_fork_in_parent(self) -> None:
        self._log.mutex.release()

    def _after_fork_in_child(self) -> None:
        self._log.after_fork()
        self._appended = False
        if self._flusher is not None:
            self._flusher.after_fork()


_open_journals: weakref.WeakSet[Journal] = weakref.WeakSet()
_registry = threading.Lock()
_forking: list[Journal] = []


def _before_fork() -> None:
    # A child that inherited the open lock file would keep the lock for as long as it lives.
    _registry.acquire()
    _forking.extend(_open_journals)
    for journal in _forking:
        journal._before_fork()  # noqa: SLF001 - same module


def _after_fork_in_parent() -> None:
    for journal in _forking:
        journal._after_fork_in_parent()  # noqa: SLF001
    _forking.clear()
    _registry.release()


def _after_fork_in_child() -> None:
    for journal in _forking:
        journal._after_fork_in_child()  # noqa: SLF001
    _forking.clear()
    _registry.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
