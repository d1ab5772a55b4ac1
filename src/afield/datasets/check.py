"""What a path holds now, against versions: nothing is kept, and no bytes of a version are read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass

from afield.datasets.add import Progress
from afield.datasets.walk import walk
from afield.kernel.digest import digest, digest_file
from afield.kernel.ids import ObjectId
from afield.vault import StatCache, TreeEntry
from afield.vault.tree import SYMLINK, encode


@dataclass(frozen=True, slots=True)
class Present:
    """What is there: the tree that adding it would make, and its files."""

    tree: ObjectId
    entries: list[TreeEntry]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Renamed:
    """A file with the same bytes under another name."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FileChanges:
    """How the files of two trees differ; each list is sorted."""

    added: list[TreeEntry]
    removed: list[TreeEntry]
    changed: list[tuple[TreeEntry, TreeEntry]]
    renamed: list[Renamed]
    same: int

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.changed or self.renamed)


def look(path: str, cache: StatCache, progress: Progress) -> Present:
    """Digest what is at `path`, which is absolute; what has not changed is not read.

    Raises:
        OSError: a file cannot be read.
    """
    entries = []
    total = 0
    try:
        for found in walk(path, lambda _path, _why: None):
            if found.mode == SYMLINK:
                target = os.fsencode(os.readlink(found.full))
                object_id, size_bytes = digest(target), len(target)
            else:
                known = cache.lookup(found.full, found.stat)
                size_bytes = found.stat.st_size
                if known is None:
                    known, size_bytes = digest_file(found.full)
                    if size_bytes == found.stat.st_size:
                        cache.remember(found.full, found.stat, known)
                object_id = known
            entries.append(TreeEntry(found.path, found.mode, size_bytes, object_id))
            total += size_bytes
            progress(1, size_bytes)
    finally:
        with contextlib.suppress(OSError):
            cache.save()
    return Present(digest(encode(entries)), entries, total)


def compare_files(before: Iterable[TreeEntry], after: Iterable[TreeEntry]) -> FileChanges:
    """Return how the files of `after` differ from those of `before`.

    A file that went and one that came with the same bytes are one that was renamed; empty files
    are not, for they all have the same bytes.
    """
    old = {entry.path: entry for entry in before}
    new = {entry.path: entry for entry in after}
    changed = []
    same = 0
    for path, entry in new.items():
        was = old.get(path)
        if was is None:
            continue
        if (was.object, was.mode) == (entry.object, entry.mode):
            same += 1
        else:
            changed.append((was, entry))
    added = {path: entry for path, entry in new.items() if path not in old}
    removed = {path: entry for path, entry in old.items() if path not in new}
    renamed = _renamed(added, removed)
    return FileChanges(
        added=_sorted(added.values()),
        removed=_sorted(removed.values()),
        changed=sorted(changed, key=lambda pair: pair[1].path),
        renamed=renamed,
        same=same,
    )


def _renamed(added: dict[str, TreeEntry], removed: dict[str, TreeEntry]) -> list[Renamed]:
    """Take pairs with the same bytes out of both, the first by name with the first."""
    gone: dict[ObjectId, list[str]] = {}
    for path in sorted(removed, reverse=True):
        if removed[path].size_bytes:
            gone.setdefault(removed[path].object, []).append(path)
    pairs = []
    for path in sorted(added):
        waiting = gone.get(added[path].object)
        if waiting and removed[waiting[-1]].mode == added[path].mode:
            before = waiting.pop()
            del added[path], removed[before]
            pairs.append(Renamed(before, path))
    return pairs


def _sorted(entries: Iterable[TreeEntry]) -> list[TreeEntry]:
    return sorted(entries, key=lambda entry: entry.path)
