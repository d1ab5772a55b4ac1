"""What a run wrote: what layers saw it write, and what they found changed at its end.

A file counts as written when its inode changed after the run began (`ctime`, which no program
can set). Temporary files that are gone at the end are nobody's output.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from afield.kernel.digest import digest_file
from afield.kernel.ids import ObjectId
from afield.runs.capture.files_seen import TOOL_CACHES, Sieve
from afield.runs.capture.folders_made import folders_made
from afield.runs.capture.layers import Sighted
from afield.runs.capture.limits import (
    FILES_RECORDED_MAX,
    OUTPUTS_KEPT_BYTES_MAX,
)
from afield.runs.capture.source import Snapshot
from afield.runs.manifest import EXECUTABLE, LINK, FileRecord
from afield.runs.secrets import HOLDS_SECRETS, may_keep
from afield.vault import Vault

_LATE = "changed after the run was last heard of"


class OutputScan:
    """Gathers what the run left behind."""

    def __init__(
        self,
        *,
        vault: Vault,
        snapshot: Snapshot,
        sieve: Sieve,
        mark_ns: int,
        keep_bytes_max: int,
        until_ns: int | None = None,
    ) -> None:
        """Begin; what is in a file that changed after `until_ns` is not told."""
        self._vault = vault
        self._snapshot = snapshot
        self._sieve = sieve
        self._mark_ns = mark_ns
        self._keep_bytes_max = keep_bytes_max
        self._until_ns = until_ns
        self._kept_bytes = 0
        self.faults: list[str] = []

    def records(self, sighted: Sighted) -> list[FileRecord]:
        """Return the outputs; call it after the run's end."""
        records: dict[str, FileRecord] = {}
        changed = {
            path: layer for path, layer in sighted.changed.items() if self._sieve.is_output(path)
        }
        for event in sighted.trace.writes():
            path = event.path
            if path in changed and os.path.islink(path):  # the link is found below
                path = os.path.realpath(path)
            if path in changed or (self._sieve.is_data(path) and not self._in_tool_cache(path)):
                where = self._sieve.shown_line(sighted.where(event))
                self._add(records, path, seen_by=sighted.seen_by(event), where=where)
        for path, layer in changed.items():
            self._add(records, path, seen_by=layer, where=None, follow=False)
        if len(records) >= FILES_RECORDED_MAX:
            self.faults.append(f"more than {FILES_RECORDED_MAX} outputs: the rest is not named")
        return sorted(records.values(), key=lambda record: record.path)

    def folders_made(self, sighted: Sighted, outputs: Iterable[FileRecord]) -> tuple[str, ...]:
        """Return the folders of the outputs that the run made itself."""
        return folders_made(
            outputs,
            root=self._snapshot.root,
            code=self._snapshot.entries,
            trace=sighted.trace,
            mark_ns=self._mark_ns,
        )

    def _add(
        self,
        records: dict[str, FileRecord],
        path: str,
        *,
        seen_by: str,
        where: str | None,
        follow: bool = True,
    ) -> None:
        shown = self._sieve.shown(path)
        if shown in records or len(records) >= FILES_RECORDED_MAX:
            return
        try:
            found = os.lstat(path)
            if stat.S_ISLNK(found.st_mode) and not follow:
                records[shown] = self._link(shown, path, found, seen_by)
                return
            found = os.stat(path)
        except OSError:
            return
        if not stat.S_ISREG(found.st_mode) or found.st_ctime_ns < self._mark_ns:
            return
        digest, kept, note = self._keep(path, found.st_size)
        if self._until_ns is not None and found.st_ctime_ns > self._until_ns:
            digest, kept, note = None, False, _LATE
        notes = [words for words in (note, self._mode(path, found)) if words]
        records[shown] = FileRecord(
            path=shown,
            digest=digest,
            size_bytes=found.st_size,
            seen_by=seen_by,
            kept=kept,
            where=where,
            note="; ".join(notes) or None,
        )

    def _in_tool_cache(self, path: str) -> bool:
        relative = self._sieve.relative(path)
        return relative is not None and not TOOL_CACHES.isdisjoint(relative.split("/"))

    def _link(self, shown: str, path: str, found: os.stat_result, seen_by: str) -> FileRecord:
        target = os.fsencode(os.readlink(path))
        late = self._until_ns is not None and found.st_ctime_ns > self._until_ns
        return FileRecord(
            path=shown,
            digest=None if late else self._vault.put(target),
            size_bytes=len(target),
            seen_by=seen_by,
            kept=not late,
            note=f"{LINK}; {_LATE}" if late else LINK,
        )

    def _mode(self, path: str, found: os.stat_result) -> str | None:
        """Say that a file can be executed now, or not any more, unless that is as it was."""
        new, made, lost = EXECUTABLE
        executable = bool(found.st_mode & stat.S_IXUSR)
        entry = self._snapshot.entries.get(self._sieve.relative(path) or "")
        if entry is None:
            return new if executable else None
        if executable == bool(entry.mode & stat.S_IXUSR):
            return None
        return made if executable else lost

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
