"""Where accounts are kept: plain portable SQL behind a Protocol, and SQLite's side of it.

The file is the hub's own, beside the record and not in it, readable by its owner alone.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

BUSY_S = 10.0

TABLES = (
    """CREATE TABLE IF NOT EXISTS account (
        member TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, password TEXT, totp TEXT,
        totp_next TEXT, totp_last BIGINT NOT NULL, made_ms BIGINT NOT NULL, ended_ms BIGINT)""",
    """CREATE TABLE IF NOT EXISTS identity (
        issuer TEXT NOT NULL, subject TEXT NOT NULL, member TEXT NOT NULL,
        PRIMARY KEY (issuer, subject))""",
    """CREATE TABLE IF NOT EXISTS passkey (
        id TEXT PRIMARY KEY, member TEXT NOT NULL, data TEXT NOT NULL, counter BIGINT NOT NULL,
        name TEXT NOT NULL, made_ms BIGINT NOT NULL, used_ms BIGINT)""",
    """CREATE TABLE IF NOT EXISTS session (
        id TEXT PRIMARY KEY, secret TEXT NOT NULL UNIQUE, member TEXT NOT NULL,
        made_ms BIGINT NOT NULL, used_ms BIGINT NOT NULL, agent TEXT NOT NULL,
        address TEXT NOT NULL, how TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS token (
        id TEXT PRIMARY KEY, secret TEXT NOT NULL, member TEXT NOT NULL, name TEXT NOT NULL,
        actions TEXT, project TEXT, made_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL,
        used_ms BIGINT, revoked_ms BIGINT)""",
    """CREATE TABLE IF NOT EXISTS ticket (
        secret TEXT PRIMARY KEY, kind TEXT NOT NULL, data TEXT NOT NULL,
        expires_ms BIGINT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS recovery (
        secret TEXT PRIMARY KEY, member TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS tries (
        subject TEXT PRIMARY KEY, failures BIGINT NOT NULL, at_ms BIGINT NOT NULL,
        until_ms BIGINT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS channel (
        id TEXT PRIMARY KEY, member TEXT NOT NULL, way TEXT NOT NULL, sealed TEXT NOT NULL,
        made_ms BIGINT NOT NULL, tried_ms BIGINT, why TEXT)""",
    """CREATE TABLE IF NOT EXISTS event (
        at_ms BIGINT NOT NULL, what TEXT NOT NULL, member TEXT, address TEXT, detail TEXT)""",
)


class Database(Protocol):
    """What the room needs of a database. SQL has `?` for parameters, and nothing of one dialect."""

    def query(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT."""
        ...

    def write(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Change rows, durably unless inside `together`; return how many."""
        ...

    def together(self) -> contextlib.AbstractContextManager[None]:
        """Do all that is written inside, or nothing; others that write wait."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class SqliteAccounts:
    """A `Database` in a file; several processes and threads may use it at once.

    Args:
        path: the file; made, with mode 0600, when it is not there.
    """

    def __init__(self, path: str) -> None:
        if path != ":memory:":
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            os.chmod(path, 0o600)  # noqa: PTH101 - one made before with another mode
        self._lock = threading.RLock()
        self._inside = False
        self._connection = sqlite3.connect(
            path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA secure_delete = ON")
        with self.together():
            for sql in TABLES:
                self._connection.execute(sql)

    def query(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT."""
        with self._lock:
            return self._connection.execute(sql, args).fetchall()

    def write(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Change rows; return how many."""
        with self._lock:
            return self._connection.execute(sql, args).rowcount

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Do all that is written inside, or nothing."""
        with self._lock:
            if self._inside:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._inside = True
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                self._inside = False

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()
