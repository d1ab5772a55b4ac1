"""What a run wrote: what its trace names, and what a walk over the project finds changed.

A file counts as written when its inode changed after the run began (`ctime`, which no program
can set), so that no walk is needed before the run. Temporary files that are gone at the end
are nobody's output.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator

from afield.kernel.digest import digest_file
from afield.kernel.ids import ObjectId
from afield.runs.capture.files_seen import SKIPPED_FOLDERS, Sieve
from afield.runs.capture.limits import (
    FILES_RECORDED_MAX,
    OUTPUTS_KEPT_BYTES_MAX,
    WALK_ENTRIES_MAX,
)
from afield.runs.capture.source import Snapshot
from afield.runs.capture.trace import Trace
from afield.runs.manifest import FileRecord
from afield.runs.secrets import HOLDS_SECRETS, may_keep
from afield.vault import Vault

_TICK_WAIT_S = 0.02


def begin_mark(path: str) -> int:
    """Return a file-system time after all that was written before this call, before all after.

    A kernel stamps files by a clock that ticks every few milliseconds; this waits for a tick.
    """
    first = _touch(path)
    give_up = time.monotonic() + _TICK_WAIT_S
    mark = first
    while mark == first and time.monotonic() < give_up:
        time.sleep(0.0005)
        mark = _touch(path)
    return mark


def _touch(path: str) -> int:
    with open(path, "wb", buffering=0) as stream:
        stream.write(b".")
        return os.fstat(stream.fileno()).st_ctime_ns


class OutputScan:
    """Gathers what the run left behind."""

    def __init__(
        self,
        *,
        vault: Vault,
        snapshot: Snapshot,
        sieve: Sieve,
        mark_ns: int,
        workspace: str,
        keep_bytes_max: int,
        until_ns: int | None = None,
    ) -> None:
        """Begin; files that changed after `until_ns` count only when the trace names them."""
        self._vault = vault
        self._snapshot = snapshot
        self._sieve = sieve
        self._mark_ns = mark_ns
        self._workspace = workspace
        self._keep_bytes_max = keep_bytes_max
        self._until_ns = until_ns
        self._kept_bytes = 0
        self.faults: list[str] = []

    def records(self, trace: Trace) -> list[FileRecord]:
        """Return the outputs; call it after the run's end."""
        records: dict[str, FileRecord] = {}
        for event in trace.writes():
            if self._sieve.is_data(event.path):
                where = self._sieve.shown_line(event.where)
                self._add(records, event.path, seen_by="python", where=where)
        for path in self._changed():
            if self._sieve.is_data(path):
                self._add(records, path, seen_by="tree", where=None)
        if len(records) >= FILES_RECORDED_MAX:
            self.faults.append(f"more than {FILES_RECORDED_MAX} outputs: the rest is not named")
        return sorted(records.values(), key=lambda record: record.path)

    def _add(
        self, records: dict[str, FileRecord], path: str, *, seen_by: str, where: str | None
    ) -> None:
        shown = self._sieve.shown(path)
        if shown in records or len(records) >= FILES_RECORDED_MAX:
            return
        try:
            found = os.stat(path)
        except OSError:
            return
        if not stat.S_ISREG(found.st_mode) or found.st_ctime_ns < self._mark_ns:
            return
        digest, kept, note = self._keep(path, found.st_size)
        if self._until_ns is not None and found.st_ctime_ns > self._until_ns:
            digest, kept, note = None, False, "changed after the run was last heard of"
        records[shown] = FileRecord(
            path=shown,
            digest=digest,
            size_bytes=found.st_size,
            seen_by=seen_by,
            kept=kept,
            where=where,
            note=note,
        )

    def _keep(self, path: str, size_bytes: int) -> tuple[ObjectId | None, bool, str | None]:
        try:
            if not may_keep(path):
                return digest_file(path)[0], False, f"not kept: {HOLDS_SECRETS}"
            if (
                size_bytes <= self._keep_bytes_max
                and self._kept_bytes + size_bytes <= OUTPUTS_KEPT_BYTES_MAX
            ):
                self._kept_bytes += size_bytes
                return self._vault.put_file(path)[0], True, None
            return digest_file(path)[0], False, "not kept: too large"
        except OSError as error:
            if error.filename != path:
                raise
            return None, False, f"cannot be read: {error.strerror}"

    def _changed(self) -> Iterator[str]:
        """Yield the files under the root that were made or changed since the mark."""
        waiting = [self._sieve.root]
        looked = 0
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    listed = list(entries)
            except OSError:
                continue
            looked += len(listed)
            if looked > WALK_ENTRIES_MAX:
                self.faults.append("outputs may be incomplete: the project's folder is too large")
                return
            marked = any(entry.name in {"pyvenv.cfg", "CACHEDIR.TAG"} for entry in listed)
            if marked and folder != self._sieve.root:
                continue
            for entry in listed:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in SKIPPED_FOLDERS and entry.path != self._workspace:
                        waiting.append(entry.path)
                elif self._is_new(entry):
                    yield entry.path

    def _is_new(self, entry: os.DirEntry[str]) -> bool:
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError:
            return False
        if self._until_ns is not None and found.st_ctime_ns > self._until_ns:
            return False
        return found.st_ctime_ns >= self._mark_ns and stat.S_ISREG(found.st_mode)
