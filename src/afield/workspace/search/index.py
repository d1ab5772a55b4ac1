"""The full-text index of a workspace: a file beside the tables, derived from them and the vault.

It may be deleted at any time and is made anew; so is a damaged one. Several processes may use it
at once. What words mean and who may see what is not decided here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from afield.kernel.files import OsFileSystem
from afield.projection.errors import ProjectionDamaged, ProjectionUnwritable
from afield.projection.sqlite import MEMORY, SqliteDatabase
from afield.workspace import layout
from afield.workspace.errors import SearchUnavailable
from afield.workspace.search.limits import BUSY_WAIT_S
from afield.workspace.search.tokens import TOKENIZER
from afield.workspace.search.update import Update
from afield.workspace.workspace import Workspace

FILE = "search-1.db"
_T = TypeVar("_T")
_COLUMNS = "title, text, names, grams, facets"
_TABLES = (
    (
        "CREATE TABLE docs (rowid INTEGER PRIMARY KEY, source TEXT, sort TEXT, key TEXT, id TEXT,"
        " about TEXT, mark TEXT, label TEXT, title TEXT, text TEXT, names TEXT, grams TEXT,"
        " facets TEXT, project TEXT, author TEXT, detail TEXT, at_ms INTEGER, missing INTEGER,"
        " UNIQUE (sort, key))"
    ),
    "CREATE INDEX docs_about ON docs (source, about)",
    "CREATE INDEX docs_missing ON docs (missing) WHERE missing",
    "CREATE TABLE proses (doc INTEGER, object TEXT, PRIMARY KEY (doc, object)) WITHOUT ROWID",
    (
        f"CREATE VIRTUAL TABLE words USING fts5({_COLUMNS}, content='docs', content_rowid='rowid',"
        f" tokenize='{TOKENIZER}', prefix='2 3')"
    ),
    "CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
)


class Index:
    """The index, open and as new as the tables; usable from one thread, for one question.

    Attributes:
        database: the open connection.
    """

    def __init__(self, database: SqliteDatabase) -> None:
        self.database = database

    def ask(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a SELECT."""
        return self.database.query(sql, args)


def asked(workspace: Workspace, work: Callable[[Index], _T]) -> _T:
    """Return what `work` makes of the index of a workspace whose tables are up to date.

    What is damaged is made anew; where no file can be written, it is made in memory.

    Raises:
        SearchUnavailable: SQLite is built without FTS5.
        Busy: another process is making it for very long.
    """
    folder = workspace.path / layout.CACHE
    path = str(folder / FILE)
    try:
        folder.mkdir(exist_ok=True)
        try:
            return _asked_of(_filled(workspace, path), work)
        except ProjectionDamaged:
            _discard(path)
            return _asked_of(_filled(workspace, path), work)
    except (OSError, ProjectionUnwritable):
        return _asked_of(_filled(workspace, MEMORY), work)


def _asked_of(database: SqliteDatabase, work: Callable[[Index], _T]) -> _T:
    try:
        return work(Index(database))
    finally:
        database.close()


def _filled(workspace: Workspace, path: str) -> SqliteDatabase:
    database = SqliteDatabase(path, busy_wait_s=BUSY_WAIT_S)
    try:
        if not database.query("SELECT 1 FROM sqlite_master WHERE name = 'state'"):
            _make(database)
        Update(workspace, database).run()
    except BaseException:
        database.close()
        raise
    return database


def _make(database: SqliteDatabase) -> None:
    if not database.query("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'"):
        why = "SQLite here is built without FTS5"
        raise SearchUnavailable("cannot search", why=why, hint="use a Python that comes with it")
    with database.writing():
        if not database.query("SELECT 1 FROM sqlite_master WHERE name = 'state'"):
            for sql in _TABLES:
                database.query(sql)


def _discard(path: str) -> None:
    """Delete the file; one process at a time, and the log first, which a new file must not get."""
    with contextlib.suppress(OSError), OsFileSystem().lock(f"{path}.lock", wait_s=BUSY_WAIT_S):
        for suffix in ("-wal", "-shm", "-journal", ""):
            with contextlib.suppress(FileNotFoundError):
                Path(path + suffix).unlink()
