"""Who pushed what is not a part of the record yet: a small table, in a file of the hub's own.

It is what quotas are reckoned from. Losing it costs nothing but that: what lies at the remote is
what is there, and `tidy` writes it down anew.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

FILE = "remote.sqlite"
_BUSY_S = 30.0
_MADE = """CREATE TABLE IF NOT EXISTS pushed (
    kind TEXT NOT NULL, name TEXT NOT NULL, member TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    at_ms INTEGER NOT NULL, PRIMARY KEY (kind, name, member)) WITHOUT ROWID"""

Kind = Literal["slices", "file"]
"""Slices of a file that is not whole, or a whole file that belongs to nothing yet."""


class Sum(NamedTuple):
    """How much of a kind there is: of one member, or of all."""

    size_bytes: int
    files: int


class Row(NamedTuple):
    """What a member pushed of a file."""

    name: str
    member: str
    size_bytes: int
    at_ms: int


class Pushed:
    """The table of one workspace; threads and processes share it.

    Args:
        folder: the workspace's.
    """

    def __init__(self, folder: str) -> None:
        self._path = Path(folder, FILE)

    @contextlib.contextmanager
    def together(self) -> Iterator[Writing]:
        """Look and write without anybody else in between."""
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        database = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)
        with contextlib.closing(database):
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute(_MADE)
            database.execute("BEGIN IMMEDIATE")
            try:
                yield Writing(database)
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")


class Writing:
    """The table, while nobody else writes."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def sum(self, kind: Kind, member: str | None = None) -> Sum:
        """Return how much there is of a kind; None: of all members."""
        sql = "SELECT coalesce(sum(size_bytes), 0), count(*) FROM pushed WHERE kind = ?"
        args: tuple[str, ...] = (kind,)
        if member is not None:
            sql, args = f"{sql} AND member = ?", (kind, member)
        return Sum(*self._database.execute(sql, args).fetchone())

    def rows(self, kind: Kind) -> list[Row]:
        """Return all of a kind."""
        sql = "SELECT name, member, size_bytes, at_ms FROM pushed WHERE kind = ?"
        return [Row(*row) for row in self._database.execute(sql, (kind,))]

    def knows(self, kind: Kind, name: str, member: str) -> bool:
        """Tell whether a member pushed some of a file."""
        sql = "SELECT 1 FROM pushed WHERE kind = ? AND name = ? AND member = ?"
        return self._database.execute(sql, (kind, name, member)).fetchone() is not None

    def add(self, kind: Kind, row: Row) -> None:
        """Add to what a member pushed of a file; a negative size takes away."""
        sql = (
            "INSERT INTO pushed VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, name, member)"
            " DO UPDATE SET size_bytes = max(0, size_bytes + excluded.size_bytes),"
            " at_ms = excluded.at_ms"
        )
        self._database.execute(sql, (kind, *row))

    def forget(self, kind: Kind, name: str) -> None:
        """Forget a file, whoever pushed it."""
        self._database.execute("DELETE FROM pushed WHERE kind = ? AND name = ?", (kind, name))
