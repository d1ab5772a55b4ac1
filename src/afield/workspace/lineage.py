"""Which versions of data a run read: those that it took out of the record, and its inputs' files.

The first are in its manifest. The others are its inputs' digests, looked up in the files of
versions when it is asked for, so they are known of runs that were recorded before the data was
added, or elsewhere. Which digests a version holds is kept in a small cache (eight bytes of each
digest), made from trees as they come and free to be deleted; what it finds is confirmed in a tree.
A folder that a run records as one is looked up by the digest that it would have in a version.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from afield.datasets.query import Version, versions
from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId, RunId
from afield.runs.manifest import DatasetRead, FileRecord, Manifest
from afield.runs.taken import read_back
from afield.vault import TreeEntry
from afield.vault.tree import SYMLINK
from afield.workspace import layout
from afield.workspace.workspace import Workspace

INDEX = f"{layout.DATASET_FILES}-2.db"
FOLDER_FILES_MIN = 50
"""Folders of fewer files are never recorded as one."""
Read = dict[str, list[tuple[str, int]]]
"""By digest: the paths of the inputs that have it, and how many files each stands for."""

_AT_ONCE = 500
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS trees(id INTEGER PRIMARY KEY, tree TEXT UNIQUE);"
    "CREATE TABLE IF NOT EXISTS files(digest INTEGER, tree INTEGER, PRIMARY KEY(digest, tree))"
    " WITHOUT ROWID;"
)


@dataclass(frozen=True, slots=True)
class VersionRead:
    """A version of which a run read files.

    Attributes:
        version: it; as the record of the run names it where the tables do not know it.
        files: how many of its files the run read; 0: it was only looked up.
        newest: the newest version of the dataset; the same one, maybe.
        same: the newest version holds the same bytes of all these files.
        asked: the words by which the run took it out of the record; none: its files lay elsewhere.
    """

    version: Version | DatasetRead
    files: int
    newest: Version | DatasetRead
    same: bool
    asked: tuple[str, ...] = ()

    @property
    def outdated(self) -> bool:
        """Whether there is a newer version."""
        return self.newest.number > self.version.number


def taken_by(workspace: Workspace, run: RunId, manifest: Manifest | None) -> list[DatasetRead]:
    """Return the versions that a run took out of a record, by its manifest or its own word."""
    found = list(manifest.datasets) if manifest is not None else []
    known = {(one.name, one.tree) for one in found}
    told = "SELECT object FROM run_datasets WHERE run = ? ORDER BY name, digest"
    for (described,) in workspace.query(told, (run,)):
        with contextlib.suppress(AfieldError):
            read = read_back(workspace.record.vault.get(ObjectId(described)))
            if read is not None and (read.name, read.tree) not in known:
                found.append(read)
    return found


def versions_read(
    workspace: Workspace,
    taken: Sequence[DatasetRead],
    inputs: Sequence[FileRecord],
    started_ms: int | None,
) -> list[VersionRead]:
    """Return the versions that a run read from, by name and number.

    Of several versions of a dataset that hold the same files of inputs, it is the newest that was
    there when the run began.

    Args:
        workspace: with its tables up to date.
        taken: the versions that it took out of a record.
        inputs: the run's.
        started_ms: when the run began, in Unix milliseconds.
    """
    known = versions(workspace.projection, dropped=True)
    mine = [_taken(workspace, one, known) for one in taken]
    trees = {one.version.tree for one in mine}
    laid = _by_inputs(workspace, _read(inputs), known, started_ms)
    found = [*mine, *(one for one in laid if one.version.tree not in trees)]
    return sorted(found, key=lambda one: (one.version.name, one.version.number))


def _taken(workspace: Workspace, one: DatasetRead, known: Sequence[Version]) -> VersionRead:
    """Return a version that the run took out of the record, by the number that it has now."""
    mine = [each for each in known if each.name == one.name] if one.workspace is None else []
    same = [each for each in mine if each.tree == one.tree]
    version = min(same, key=lambda each: abs(each.number - one.number), default=None) or one
    kept = [each for each in mine if not each.dropped]
    newest = max([*kept, version], key=lambda each: each.number)
    files = len(one.files)
    if one.whole:
        files = version.files if isinstance(version, Version) else _files_in(workspace, one)
    unchanged = newest.tree == one.tree or (
        bool(one.files)
        and _paths_in(workspace, newest.tree) >= {(each.path, each.digest) for each in one.files}
    )
    return VersionRead(version, files, newest, unchanged, one.asked)


def _files_in(workspace: Workspace, one: DatasetRead) -> int:
    return len(_paths_in(workspace, one.tree))


def _paths_in(workspace: Workspace, tree: str) -> set[tuple[str, str]]:
    """Return path and digest of the files in a tree; none when it is not here whole."""
    with contextlib.suppress(AfieldError):
        entries = workspace.record.vault.get_tree(ObjectId(tree))
        return {(entry.path, entry.object) for entry in entries}
    return set()


def _by_inputs(
    workspace: Workspace, read: Read, known: Sequence[Version], started_ms: int | None
) -> list[VersionRead]:
    """Return the versions whose files are inputs, one of each dataset."""
    if not known or not read:
        return []
    hits = _confirmed(workspace, _candidates(workspace, known, read), read)
    found = []
    for name in sorted({one.name for one in known}):
        mine = [one for one in known if one.name == name and hits.get(one.tree)]
        if not mine:
            continue
        files = {one.tree: _count(read, hits[one.tree]) for one in mine}
        chosen = max(mine, key=lambda one: _rank(one, files[one.tree], started_ms))
        kept = [one for one in known if one.name == name and not one.dropped]
        newest = max([*kept, chosen], key=lambda one: one.number)
        same = hits.get(newest.tree, set()) >= hits[chosen.tree]
        found.append(VersionRead(chosen, files[chosen.tree], newest, same))
    return found


def _read(inputs: Iterable[FileRecord]) -> Read:
    """Return what was read, by digest; no folder that was not looked at whole."""
    read: Read = {}
    for one in inputs:
        if one.digest and one.size_bytes:
            look = one.folder
            if look is None or (look.by == "content" and look.looked == look.files):
                files = 1 if look is None else look.files
                read.setdefault(one.digest, []).append((one.path, files))
    return read


def _count(read: Read, hits: Iterable[str]) -> int:
    """Return how many files were hit; those in a folder that was hit as one count with it."""
    found = [item for digest in hits for item in read[digest]]
    folders = {path for path, _ in found if path.endswith("/")}
    inside = (path.rpartition("/")[0] + "/" in folders for path, _ in found)
    return sum(
        files
        for (path, files), covered in zip(found, inside, strict=True)
        if path in folders or not covered
    )


def _rank(version: Version, files: int, started_ms: int | None) -> tuple[int, bool, int]:
    there = started_ms is None or version.added_ms <= started_ms
    return files, there, version.at if there else -version.at


def _confirmed(
    workspace: Workspace, trees: Iterable[str], read: Collection[str]
) -> dict[str, set[str]]:
    """Return what of `read` each tree holds, by the whole digests."""
    found = {}
    for tree, entries in _entries(workspace, trees):
        found[tree] = {digest for digest in entries if digest in read}
    return found


def _entries(workspace: Workspace, trees: Iterable[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the digests of files and folders in trees; one not here whole is passed over."""
    for tree in trees:
        with contextlib.suppress(AfieldError):
            entries = workspace.record.vault.get_tree(ObjectId(tree))
            files: list[str] = [entry.object for entry in entries if entry.size_bytes]
            yield tree, [*files, *_folders(entries)]


def _folders(entries: Iterable[TreeEntry]) -> Iterator[str]:
    """Yield the digest that a run would give each folder; none of one that holds links."""
    from afield.runs.capture.folders_seen import sum_of

    folders: dict[str, dict[str, TreeEntry]] = {}
    for entry in entries:
        folder, _, name = entry.path.rpartition("/")
        folders.setdefault(folder, {})[name] = entry
    for files in folders.values():
        if len(files) >= FOLDER_FILES_MIN and all(one.mode != SYMLINK for one in files.values()):
            names = sorted(files)
            yield sum_of(names, (files[name].object for name in names))


def _candidates(workspace: Workspace, known: Sequence[Version], read: Collection[str]) -> set[str]:
    """Return the trees that may hold some of `read`, by the cache; all when there is none."""
    trees = {one.tree for one in known}
    folder = os.path.join(workspace.path, layout.CACHE)
    try:
        os.makedirs(folder, exist_ok=True)
        return _indexed(workspace, os.path.join(folder, INDEX), trees, read)
    except (sqlite3.Error, OSError):
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(folder, INDEX))
        return {str(tree) for tree in trees}


def _indexed(
    workspace: Workspace, path: str, trees: Collection[str], read: Collection[str]
) -> set[str]:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.executescript(_SCHEMA)
        done = {tree for (tree,) in database.execute("SELECT tree FROM trees")}
        for tree, digests in _entries(workspace, sorted(set(trees) - done)):
            row = database.execute("INSERT OR IGNORE INTO trees(tree) VALUES (?)", (tree,))
            pairs = ((_short(digest), row.lastrowid) for digest in digests)
            database.executemany("INSERT OR IGNORE INTO files VALUES (?, ?)", pairs)
        found: set[str] = set()
        wanted = [_short(digest) for digest in read]
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            sql = (
                "SELECT DISTINCT tree FROM trees WHERE id IN"  # noqa: S608 - only question marks
                f" (SELECT tree FROM files WHERE digest IN ({', '.join('?' * len(some))}))"
            )
            found |= {tree for (tree,) in database.execute(sql, some)}
    return found & set(trees)


def _short(digest: str) -> int:
    """Return the first eight bytes of a digest as SQLite's signed integer."""
    return int.from_bytes(bytes.fromhex(digest[:16]), "big", signed=True)
