"""Which run gave a file, and which runs read it: by digest, over the manifests of all runs.

Found with a small cache (eight bytes of each digest), made from manifests as they come and free
to be deleted. Eight bytes may be those of two files: whoever asks confirms it in the manifest.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from enum import IntEnum

import msgspec

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId, RunId
from afield.runs.manifest import FileRecord, Manifest, decode
from afield.vault import TreeEntry
from afield.workspace import layout
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

INDEX = "run-files-1.db"
AT_ONCE_MAX = 2_000
"""Manifests that are read for one question; the next one reads on."""

_ASKED_AT_ONCE = 500
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS runs(id INTEGER PRIMARY KEY, run TEXT UNIQUE, manifest TEXT);"
    "CREATE TABLE IF NOT EXISTS files(digest INTEGER, role INTEGER, run INTEGER,"
    " PRIMARY KEY(digest, role, run)) WITHOUT ROWID;"
)


class Role(IntEnum):
    """What a file was to a run; `TOOK`: the tree of a version of data."""

    READ = 0
    GAVE = 1
    TOOK = 2


class Uses:
    """The cache, brought up to date as far as one question may take.

    Attributes:
        complete: whether every manifest is in it.
    """

    def __init__(self, database: sqlite3.Connection, workspace: Workspace) -> None:
        self._database = database
        database.executescript(_SCHEMA)
        done = dict(database.execute("SELECT run, manifest FROM runs"))
        known = workspace.query("SELECT id, manifest FROM runs WHERE manifest IS NOT NULL")
        new = [(run, manifest) for run, manifest in known if done.get(run) != manifest]
        for run, manifest in new[:AT_ONCE_MAX]:
            self._add(workspace, run, manifest)
        self.complete = len(new) <= AT_ONCE_MAX
        database.commit()

    def runs(self, role: Role, digests: Collection[str]) -> dict[str, list[RunId]]:
        """Return the runs to which any of these files was that, by digest."""
        short = {_short(digest): digest for digest in digests}
        wanted = list(short)
        found: dict[str, list[RunId]] = {}
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            some = wanted[start : start + _ASKED_AT_ONCE]
            sql = (
                "SELECT f.digest, r.run FROM files f JOIN runs r ON r.id = f.run"  # noqa: S608 - only question marks
                f" WHERE f.role = ? AND f.digest IN ({', '.join('?' * len(some))})"
            )
            for digest, run in self._database.execute(sql, (int(role), *some)):
                found.setdefault(short[digest], []).append(RunId(run))
        return found

    def _add(self, workspace: Workspace, run: str, manifest: str) -> None:
        database = self._database
        for (before,) in database.execute("SELECT id FROM runs WHERE run = ?", (run,)).fetchall():
            database.execute("DELETE FROM files WHERE run = ?", (before,))
            database.execute("DELETE FROM runs WHERE id = ?", (before,))
        row = database.execute("INSERT INTO runs(run, manifest) VALUES (?, ?)", (run, manifest))
        try:
            found = decode(workspace.record.vault.get(ObjectId(manifest)))
        except (AfieldError, msgspec.MsgspecError):  # not here, or damaged: `verify` tells of it
            return
        cells = ((_short(digest), int(role), row.lastrowid) for role, digest in _files(found))
        database.executemany("INSERT OR IGNORE INTO files VALUES (?, ?, ?)", cells)


@contextlib.contextmanager
def uses(workspace: Workspace) -> Iterator[Uses]:
    """Yield the cache, brought up to date; made anew when it cannot be read."""
    folder = workspace.path / layout.CACHE
    folder.mkdir(exist_ok=True)
    path = folder / INDEX
    database = sqlite3.connect(path, timeout=10)
    try:
        try:
            found = Uses(database, workspace)
        except sqlite3.DatabaseError:
            database.close()
            path.unlink(missing_ok=True)
            database = sqlite3.connect(path, timeout=10)
            found = Uses(database, workspace)
        yield found
    finally:
        database.close()


def used_by(
    workspace: Workspace, tree: str, entries: Sequence[TreeEntry]
) -> tuple[list[RunView], bool]:
    """Return the runs that read a version of data, newest first, and whether these are all.

    Args:
        workspace: with its tables up to date.
        tree: the digest that names the version.
        entries: its files.
    """
    digests = {entry.object for entry in entries if entry.size_bytes}
    with uses(workspace) as index:
        named = index.runs(Role.TOOK, [tree])
        read = index.runs(Role.READ, digests)
        complete = index.complete
    found: list[RunView] = []
    for run in dict.fromkeys(run for runs in (*named.values(), *read.values()) for run in runs):
        with contextlib.suppress(AfieldError):  # a manifest that is not here tells nothing
            view = workspace.run(run)
            manifest = None if view.deleted else workspace.manifest(view)
            if manifest is not None and (
                any(one.tree == tree for one in manifest.datasets)
                or not digests.isdisjoint(telling(manifest.inputs))
            ):
                found.append(view)
    return sorted(found, key=lambda one: one.started, reverse=True), complete


def telling(files: Collection[FileRecord]) -> dict[str, FileRecord]:
    """Return the files, by digest, that can tell one run of another: not empty, no folders."""
    return {one.digest: one for one in files if one.digest and one.size_bytes and not one.folder}


def _files(manifest: Manifest) -> Iterator[tuple[Role, str]]:
    for digest in telling(manifest.inputs):
        yield Role.READ, digest
    for digest in telling(manifest.outputs):
        yield Role.GAVE, digest
    for version in manifest.datasets:
        yield Role.TOOK, version.tree


def _short(digest: str) -> int:
    """Return the first eight bytes of a digest as SQLite's signed integer."""
    return int.from_bytes(bytes.fromhex(digest[:16]), "big", signed=True)
