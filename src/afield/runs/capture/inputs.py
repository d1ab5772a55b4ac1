"""What a run read, digested at first sight beside the run, and looked at again at its end.

A thread follows what the layers see. A file that the code snapshot holds needs no reading: its
digest is known. Others are stated, read once, and kept while the bounds last. Nothing here waits
for the run, and the run never waits for this.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading

import msgspec

from afield.kernel.digest import digest_file
from afield.kernel.ids import ObjectId
from afield.runs.capture.files_seen import Sieve
from afield.runs.capture.folders_seen import FolderScan
from afield.runs.capture.layers import Sighted, Watches
from afield.runs.capture.limits import (
    FILES_RECORDED_MAX,
    INPUTS_HASHED_MAX,
    INPUTS_KEPT_BYTES_MAX,
    INPUTS_KEPT_FILES_MAX,
)
from afield.runs.capture.source import Snapshot
from afield.runs.capture.trace import Interpreter, Open, Trace
from afield.runs.manifest import FileRecord, NotKept
from afield.runs.secrets import HOLDS_SECRETS, may_keep
from afield.vault import StatCache, Vault

_FIRST_PERIOD_S = 0.02
_PERIOD_S = 0.25


_TOO_MANY = "too many files: not digested"


class _Sight(msgspec.Struct, gc=False):
    """A file when it was first seen: its stat then, and the digest of what it held."""

    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    program: bool
    digest: ObjectId | None
    kept: bool
    note: str | None = None
    late: bool = False


class InputWatch:
    """Follows what the layers see of a run and reads what the run reads.

    `mark_ns` is the file system's time at which the run began.
    """

    def __init__(
        self,
        watches: Watches,
        *,
        vault: Vault,
        cache: StatCache,
        snapshot: Snapshot,
        sieve: Sieve,
        keep_bytes_max: int,
        mark_ns: int,
    ) -> None:
        self._watches = watches
        self._vault = vault
        self._cache = cache
        self._snapshot = snapshot
        self._sieve = sieve
        self._keep_bytes_max = keep_bytes_max
        self._written: set[str] = set()
        self._sights: dict[str, _Sight] = {}
        self._beyond_files = self._beyond_bytes = 0
        self._kept_files = self._kept_bytes = self._hashed = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="afield-inputs", daemon=True)
        self._mark_ns = mark_ns
        self.faults: dict[str, int] = {}

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def finish(self) -> None:
        """Take in what is left; call it after the run's end."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._step()

    def records(self, sighted: Sighted) -> tuple[list[FileRecord], list[NotKept]]:
        """Return the inputs as the manifest has them, and those whose bytes are not kept.

        Inputs inside the project come along in the snapshot.
        """
        records: list[FileRecord] = []
        not_kept: list[NotKept] = []
        self._judge(sighted.trace)
        for event in sighted.trace.reads():
            path = event.path
            if len(records) >= FILES_RECORDED_MAX:
                self._fault(f"more than {FILES_RECORDED_MAX} inputs: the rest is not named")
                break
            relative = self._sieve.relative(path)
            if relative is not None and relative in self._snapshot.seen:
                record = self._known_record(event, relative, sighted)
            else:
                record = self._sight_record(event, relative, sighted, not_kept)
            if record is not None:
                records.append(record)
        folders = FolderScan(
            cache=self._cache,
            snapshot=self._snapshot,
            sieve=self._sieve,
            mark_ns=self._mark_ns,
        )
        records += folders.records(sighted)
        if self._beyond_files:
            why = "the bound on all inputs is reached"
            path = f"{self._beyond_files} inputs"
            not_kept.append(NotKept(path=path, size_bytes=self._beyond_bytes, why=why))
        return records, not_kept

    def _judge(self, trace: Trace) -> None:
        """Set right what was looked at too late: after the run had changed or removed it."""
        written = {event.path for event in trace.opens if event.mode != "read"}
        written |= {event.target for event in trace.renames}
        for path, sight in self._sights.items():
            if sight.ctime_ns >= self._mark_ns and path in written and not sight.late:
                sight.digest, sight.kept, sight.late = None, False, True
                sight.note = "overwritten by the run before it could be read"
        gone = [event.path for event in trace.removals] + [event.path for event in trace.renames]
        for path in gone:
            if path not in self._sights and self._sieve.is_data(path):
                late = _Sight(0, 0, 0, digest=None, kept=False, program=False, late=True)
                late.note = "gone before it could be read"
                self._sights[path] = late

    def _run(self) -> None:
        period_s = _FIRST_PERIOD_S
        while not self._stop.wait(period_s):
            period_s = _FIRST_PERIOD_S if self._step() else min(period_s * 2, _PERIOD_S)

    def _step(self) -> bool:
        """Take in what is new; never raises: a fault is counted and becomes a warning."""
        try:
            events = self._watches.poll()
            for event in events:
                if isinstance(event, Open):
                    self._opened(event)
                elif isinstance(event, Interpreter):
                    self._sieve.learn(event)
        except Exception as error:  # noqa: BLE001 - it must not reach the run, whatever it is
            self._fault(f"inputs may be incomplete: {type(error).__name__}: {error}")
            return False
        return bool(events)

    def _opened(self, event: Open) -> None:
        path = event.path
        if event.mode == "write":
            self._written.add(path)
            return
        if path not in self._sights and not self._is_own(path):
            self._see(path)
        if event.mode != "read":
            self._written.add(path)

    def _is_own(self, path: str) -> bool:
        """Tell whether the run wrote the file before, here or where links lead."""
        if path in self._written:
            return True
        return bool(self._written) and os.path.realpath(path) in self._written

    def _see(self, path: str) -> None:
        """Look at a file for the first time, unless the snapshot has it or it is no data."""
        relative = self._sieve.relative(path)
        if relative is not None and relative in self._snapshot.seen:
            return
        if not self._sieve.is_data(path):
            return
        try:
            found = os.stat(path)
        except OSError:
            return
        if not stat.S_ISREG(found.st_mode):
            return
        self._sights[path] = sight = _Sight(
            found.st_size,
            found.st_mtime_ns,
            found.st_ctime_ns,
            program=bool(found.st_mode & stat.S_IXUSR),
            digest=None,
            kept=False,
        )
        known = self._cache.lookup(path, found)
        if known is not None and self._vault.keeps(known):
            sight.digest, sight.kept = known, True
            return
        self._read(path, found, sight, known)

    def _read(
        self, path: str, found: os.stat_result, sight: _Sight, known: ObjectId | None
    ) -> None:
        try:
            secret = not may_keep(path)
        except OSError:  # below it is said why
            secret = False
        if secret:
            sight.note = f"not kept: {HOLDS_SECRETS}"
            with contextlib.suppress(OSError):
                sight.digest, sight.size_bytes = digest_file(path)
            return  # no digest in the cache, which may be asked for what is kept
        if self._has_room(found.st_size):
            self._kept_files += 1
            self._kept_bytes += found.st_size
            with contextlib.suppress(FileNotFoundError):
                try:
                    sight.digest, sight.size_bytes = self._vault.put_file(path)
                    sight.kept = True
                except PermissionError:
                    sight.note = "cannot be read"
        elif known is not None:
            sight.digest = known
        elif self._hashed < INPUTS_HASHED_MAX or found.st_size > self._keep_bytes_max:
            self._hashed += 1
            with contextlib.suppress(FileNotFoundError):
                try:
                    sight.digest, sight.size_bytes = digest_file(path)
                except PermissionError:
                    sight.note = "cannot be read"
        else:
            sight.note = _TOO_MANY
        if sight.digest is not None:
            self._cache.remember(path, found, sight.digest)
        elif sight.note is None:
            sight.note = "gone before it could be read"

    def _has_room(self, size_bytes: int) -> bool:
        return (
            size_bytes <= self._keep_bytes_max
            and self._kept_files < INPUTS_KEPT_FILES_MAX
            and self._kept_bytes + size_bytes <= INPUTS_KEPT_BYTES_MAX
        )

    def _known_record(self, event: Open, relative: str, sighted: Sighted) -> FileRecord | None:
        """Return the record of a file that the snapshot holds; None when it is code."""
        if self._sieve.is_code(event.path) or not self._sieve.is_data(event.path):
            return None
        seen = self._snapshot.seen[relative]
        changed = _is_changed(event.path, seen.size_bytes, seen.mtime_ns, seen.ctime_ns)
        return FileRecord(
            path=self._sieve.shown(event.path),
            digest=seen.digest,
            size_bytes=seen.size_bytes,
            seen_by=sighted.seen_by(event),
            kept=self._snapshot.entries[relative].object == seen.digest,
            where=self._sieve.shown_line(sighted.where(event)),
            changed=changed,
        )

    def _sight_record(
        self, event: Open, relative: str | None, sighted: Sighted, not_kept: list[NotKept]
    ) -> FileRecord | None:
        path = event.path
        sight = self._sights.get(path)
        if sight is None or not self._sieve.is_data(path):  # an environment learnt of since
            return None  # no data, never there, or no regular file
        shown = self._sieve.shown(path)
        if sight.kept and sight.digest is not None and relative is not None:
            self._snapshot.add_kept(relative, sight.digest, sight.size_bytes, program=sight.program)
        elif sight.note is not None and sight.note.endswith(HOLDS_SECRETS):
            if relative is not None and all(
                one.path != relative for one in self._snapshot.not_kept
            ):
                not_kept.append(NotKept(path=shown, size_bytes=sight.size_bytes, why=HOLDS_SECRETS))
        elif not sight.kept and sight.size_bytes > self._keep_bytes_max:
            not_kept.append(NotKept(path=shown, size_bytes=sight.size_bytes, why="too large"))
        elif not sight.kept and sight.digest is None and sight.note != _TOO_MANY:
            why = sight.note or "not read"
            not_kept.append(NotKept(path=shown, size_bytes=sight.size_bytes, why=why))
        elif not sight.kept and relative is not None:  # what lies outside stays where it is
            self._beyond_files += 1
            self._beyond_bytes += sight.size_bytes
        return FileRecord(
            path=shown,
            digest=sight.digest,
            size_bytes=sight.size_bytes,
            seen_by=sighted.seen_by(event),
            kept=sight.kept,
            where=self._sieve.shown_line(sighted.where(event)),
            changed=sight.late
            or _is_changed(path, sight.size_bytes, sight.mtime_ns, sight.ctime_ns),
            note=sight.note,
        )

    def _fault(self, text: str) -> None:
        self.faults[text] = self.faults.get(text, 0) + 1


def _is_changed(path: str, size_bytes: int, mtime_ns: int, ctime_ns: int) -> bool:
    """Tell whether a file is not what it was; reading it changes none of these."""
    try:
        found = os.stat(path)
    except OSError:
        return True
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns) != (size_bytes, mtime_ns, ctime_ns)
