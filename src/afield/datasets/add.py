"""Adding a version: digest and keep what is new, then one entry. Unchanged files cost a stat.

Bytes are durable before the entry is appended. Whatever ends an add half-way leaves packs that the
next one uses, and no version.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from afield.datasets.errors import FileChanging, NothingToAdd
from afield.datasets.limits import (
    CHECKPOINT_BYTES,
    LEFT_OUT_MAX,
    PROFILED_FILES_MAX,
    TOLD_BYTES,
    TOLD_FILES,
)
from afield.datasets.tables import format_of
from afield.datasets.walk import Found, walk
from afield.kernel.ids import ObjectId
from afield.vault import StatCache, TreeEntry, Vault
from afield.vault.chunking import is_rows
from afield.vault.tree import SYMLINK

Progress = Callable[[int, int], None]
"""Is told how many files and bytes have been dealt with since it was last told."""


@dataclass(slots=True)
class Kept:
    """What a path came to in the vault.

    Attributes:
        tree: the object that lists it all; durable.
        files: how many files it lists.
        tables: those of them that are tables by their names, in no order; of very many, the
            largest.
        tables_left: how many more there are.
        left_out: paths that are not part of it, and why; the first thousand.
        left_out_count: how many there are.
    """

    tree: ObjectId
    files: int = 0
    size_bytes: int = 0
    tables: list[TreeEntry] = field(default_factory=list)
    tables_left: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)
    left_out_count: int = 0


def keep(path: str, vault: Vault, cache: StatCache, progress: Progress) -> Kept:
    """Keep a file or folder as a tree.

    Args:
        path: absolute.
        vault: where its bytes go.
        cache: spares reading what has not changed; saved at the end, however that comes.
        progress: is told of each file.

    Raises:
        NothingToAdd: it holds no file.
        FileChanging: a file was written all the while.
        OSError: a file cannot be read, or the disk is full.
    """
    kept = Kept(ObjectId(""))
    with _saved(vault, cache):
        # The entries pass through here one by one: of very many, only their lines are held.
        kept.tree = vault.put_tree(_entries(path, kept, vault, cache, progress))
    return kept


def _entries(
    path: str, kept: Kept, vault: Vault, cache: StatCache, progress: Progress
) -> Iterator[TreeEntry]:
    """Keep the files of `path` one after the other, and yield what the tree says of them."""

    def left_out(name: str, why: str) -> None:
        kept.left_out_count += 1
        if len(kept.left_out) < LEFT_OUT_MAX:
            kept.left_out.append((name, why))

    read_bytes, tell = 0, _Told(kept, progress)
    for found in walk(path, left_out):
        object_id, size_bytes, fresh = _keep_file(found, vault, cache, tell.within)
        entry = TreeEntry(found.path, found.mode, size_bytes, object_id)
        kept.files += 1
        kept.size_bytes += size_bytes
        if format_of(found.path) is not None and size_bytes and found.mode != SYMLINK:
            _note_table(kept, entry)
        yield entry
        tell.file(at_once=fresh)
        read_bytes += size_bytes if fresh else 0
        if read_bytes > CHECKPOINT_BYTES:
            read_bytes = 0
            vault.flush()
            cache.save()
    tell.file(at_once=True)
    if not kept.files:
        why = "no file is there that could be kept"
        if kept.left_out:
            why = f"`{kept.left_out[0][0]}`: {kept.left_out[0][1]}"
        raise NothingToAdd("nothing to add", path, why, hint=f"ls -la {path}")


class _Told:
    """Tells of what was kept: of large files while they are read, of small ones together."""

    def __init__(self, kept: Kept, progress: Progress) -> None:
        self._kept = kept
        self._progress = progress
        self._files = self._bytes = self._within_bytes = 0

    def within(self, size_bytes: int) -> None:
        self._within_bytes += size_bytes
        if self._within_bytes >= TOLD_BYTES:
            self._progress(0, self._within_bytes)
            self._bytes += self._within_bytes
            self._within_bytes = 0

    def file(self, *, at_once: bool) -> None:
        self._within_bytes = 0
        if at_once or self._kept.files - self._files >= TOLD_FILES:
            self._progress(self._kept.files - self._files, self._kept.size_bytes - self._bytes)
            self._files, self._bytes = self._kept.files, self._kept.size_bytes


def _note_table(kept: Kept, entry: TreeEntry) -> None:
    """Remember a table; of very many, only as many as are looked into anyway."""
    kept.tables.append(entry)
    if len(kept.tables) > 2 * PROFILED_FILES_MAX:
        kept.tables.sort(key=lambda one: (-one.size_bytes, one.path))
        kept.tables_left += len(kept.tables) - PROFILED_FILES_MAX
        del kept.tables[PROFILED_FILES_MAX:]


def _keep_file(
    found: Found, vault: Vault, cache: StatCache, told: Callable[[int], None]
) -> tuple[ObjectId, int, bool]:
    """Keep one file; return its object, its size, and whether it was read."""
    if found.mode == SYMLINK:
        target = os.fsencode(os.readlink(found.full))
        return vault.put(target, meta=True), len(target), False
    known = cache.lookup(found.full, found.stat)
    if known is not None and vault.keeps(known):
        return known, found.stat.st_size, False
    before = found.stat
    for _ in range(2):
        object_id, size_bytes = vault.put_file(found.full, rows=is_rows(found.path), told=told)
        after = os.stat(found.full)
        if _same(before, after) and size_bytes == after.st_size:
            cache.remember(found.full, before, object_id)
            return object_id, size_bytes, True
        before = after
    raise FileChanging(
        "cannot keep", found.full, "it changes while it is read", hint="wait for its writer to end"
    )


def _same(before: os.stat_result, after: os.stat_result) -> bool:
    return (
        before.st_size == after.st_size
        and before.st_mtime_ns == after.st_mtime_ns
        and before.st_ino == after.st_ino
        and stat.S_ISREG(after.st_mode)
    )


@contextlib.contextmanager
def _saved(vault: Vault, cache: StatCache) -> Iterator[None]:
    """Make durable what was kept, also when it was cut short: the next add carries on there."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            vault.flush()
            cache.save()
        raise
    vault.flush()
    with contextlib.suppress(OSError):  # it costs the next add time, nothing else
        cache.save()
