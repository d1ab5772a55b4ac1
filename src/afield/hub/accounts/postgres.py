"""Accounts in PostgreSQL: the same tables in a schema of their own, which is never made anew.

Beside the projection's schema, which may be thrown away at any time.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from afield.hub.accounts.database import BUSY_S, TABLES
from afield.projection.postgres_link import Link
from afield.projection.statements import quoted


class PostgresAccounts:
    """A `Database` in a schema; several processes, machines and threads may use it at once.

    Args:
        url: `postgresql://…`.
        schema: made when it is not there.

    Raises:
        DatabaseUnreachable: no connection could be made.
        DatabaseRefused: the address is none, or the server is too old.
    """

    def __init__(self, url: str, schema: str) -> None:
        self._lock = threading.RLock()
        self._inside = False
        self._schema = schema
        self._link = Link(url, schema, durable=True, busy_wait_s=BUSY_S)
        try:
            with self.together():
                if not self._link.query("SELECT 1 FROM pg_namespace WHERE nspname = ?", (schema,)):
                    self._link.query(f"CREATE SCHEMA {quoted(schema)}")
                for sql in TABLES:
                    self._link.query(sql)
        except BaseException:
            self._link.close()
            raise

    def query(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT."""
        with self._lock:
            return self._link.query(sql, args)

    def write(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Change rows; return how many."""
        with self._lock:
            return self._link.write(sql, args)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Do all that is written inside, or nothing."""
        with self._lock:
            if self._inside:
                yield
                return
            with self._link.together(self._schema):
                self._inside = True
                try:
                    yield
                finally:
                    self._inside = False

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._link.close()
