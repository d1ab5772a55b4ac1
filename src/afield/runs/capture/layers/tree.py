"""Layer 0: what a walk over the project finds changed when the run has ended.

A file counts as changed when its inode was (`ctime`, which no program can set) after the run
began, so that no walk is needed before it. It sees what any program wrote, and nothing read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence

import msgspec

from afield.runs.capture.child import Launch
from afield.runs.capture.files_seen import SKIPPED_FOLDERS, TOOL_CACHES
from afield.runs.capture.layers.layer import Seen, Site
from afield.runs.capture.limits import WALK_ENTRIES_MAX
from afield.runs.capture.trace import Event

_NOT_LOOKED_INTO = SKIPPED_FOLDERS | TOOL_CACHES
_ENVIRONMENT_MARKS = frozenset({"pyvenv.cfg", "conda-meta"})


class TreeWatch:
    """The walk over one project."""

    def __init__(self, site: Site, mark_ns: int) -> None:
        self._site = site
        self._mark_ns = mark_ns
        self._warnings: list[str] = []

    def prepare(self, launch: Launch) -> Launch:
        """Change nothing."""
        return launch

    def started(self, pid: int) -> None:
        """Begin nothing."""

    def poll(self) -> Sequence[Event]:
        """Return nothing: it looks when the run has ended."""
        return ()

    def finish(self) -> Seen:
        """Return what is changed now."""
        return Seen(changed=tuple(self._changed()), warnings=self._warnings)

    def _changed(self) -> Iterator[str]:
        """Yield the files and links under the root that were made or changed since the mark."""
        waiting = [self._site.root]
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
                text = "outputs may be incomplete: the project's folder is too large"
                self._warnings.append(text)
                return
            marked = any(entry.name in _ENVIRONMENT_MARKS for entry in listed)
            if marked and folder != self._site.root:
                continue
            for entry in listed:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _NOT_LOOKED_INTO and entry.path != self._site.workspace:
                        waiting.append(entry.path)
                elif self._is_new(entry):
                    yield entry.path

    def _is_new(self, entry: os.DirEntry[str]) -> bool:
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError:
            return False
        until_ns = self._site.until_ns
        if until_ns is not None and found.st_ctime_ns > until_ns:
            return False
        if found.st_ctime_ns < self._mark_ns:
            return False
        return stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)


class TreeLayer(msgspec.Struct, frozen=True):
    """What the project's folder shows, on every system and for every program."""

    name: str = "tree"
    number: int = 0
    reads: bool = False

    def wanted(self, _trace: str, _chosen: Sequence[str]) -> bool:
        """Tell that it always is."""
        return True

    def available(self, site: Site) -> str | None:
        """Return why it cannot be used: without a mark nothing is new and nothing is old."""
        return "when the run began is not known" if site.mark_ns is None else None

    def watch(self, site: Site) -> TreeWatch:
        """Return the walk over one project."""
        assert site.mark_ns is not None
        return TreeWatch(site, site.mark_ns)


TREE = TreeLayer()
