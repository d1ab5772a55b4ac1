"""The projection's schema in PostgreSQL: found whole and of the right kind, or made anew.

Several processes and machines share it. It is made, thrown away and replaced under one advisory
lock; a schema that somebody else has replaced is noticed by the mark that it was made with.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence

from afield.projection.bookkeeping import FINGERPRINT, TABLES, read_meta, write_meta
from afield.projection.database import Database, PostgresAt
from afield.projection.errors import ProjectionDamaged, ProjectionUnwritable
from afield.projection.postgres import PostgresDatabase
from afield.projection.schema import Table
from afield.projection.statements import quoted

_MADE = "made"
_inherited: list[PostgresDatabase] = []
"""Connections made before a fork: to close one in a child would end it for the parent."""


class PostgresPlace:
    """Opens the schema of one projection, again and again if need be.

    Attributes:
        database: the open connection.
        fingerprint: of the rooms whose tables it holds.
    """

    builds = True
    doubtful = False
    """The server looks after its files; a statement that fails is a bug of ours."""

    def __init__(self, at: PostgresAt, fingerprint: str, tables: Sequence[Table]) -> None:
        self._at = at
        self.fingerprint = fingerprint
        self._tables = tables
        self._process = os.getpid()
        self.database = self._open()

    def current(self) -> bool:
        """Tell whether the schema is the one that was opened; costs one short question."""
        if self.inherited():
            return False
        try:
            return read_meta(self.database, _MADE) == self._made
        except ProjectionDamaged:  # there is no such schema any more
            return False

    def inherited(self) -> bool:
        """Tell whether the connection was made before a fork, by the parent."""
        return self._process != os.getpid()

    def reopen(self) -> None:
        """Open what is there now."""
        if self.inherited():
            _inherited.append(self.database)
            self._process = os.getpid()
        else:
            self.database.close()
        self.database = self._open()

    def discard(self) -> None:
        """Make the schema anew, unless somebody has done so already."""
        with self.database.writing():
            if not _is_there(self.database) or read_meta(self.database, _MADE) == self._made:
                self._make(self.database)
        self.reopen()

    def build(self, fill: Callable[[Database], None]) -> bool:
        """Have a new schema filled beside this one, and put it in its place once it is whole.

        Readers go on with the old one meanwhile. One process at a time does that; others wait
        for it up to the bound.
        """
        schema, new = self._at.schema, f"{self._at.schema}_new"
        with self.database.link.locked(schema):
            if not self.current():
                return False
            aside = PostgresDatabase(self._at.url, new)
            try:
                with aside.writing():
                    self._make(aside)
                fill(aside)
            finally:
                aside.close()
            with self.database.writing():
                self.database.query(f"DROP SCHEMA IF EXISTS {quoted(schema)} CASCADE")
                self.database.query(f"ALTER SCHEMA {quoted(new)} RENAME TO {quoted(schema)}")
        self.reopen()
        return True

    def elsewhere(self, error: ProjectionUnwritable) -> None:
        """Raise it: several processes have no memory in common."""
        raise error

    def close(self) -> None:
        """Close the connection."""
        if not self.inherited():
            self.database.close()

    def _open(self) -> PostgresDatabase:
        database = PostgresDatabase(self._at.url, self._at.schema)
        try:
            if not self._fits(database):
                with database.writing():
                    if not self._fits(database):
                        self._make(database)
            self._made = read_meta(database, _MADE)
        except BaseException:
            database.close()
            raise
        return database

    def _fits(self, database: PostgresDatabase) -> bool:
        """Tell whether the schema is there, and made for the same tables and folds."""
        return _is_there(database) and read_meta(database, FINGERPRINT) == self.fingerprint

    def _make(self, database: PostgresDatabase) -> None:
        schema = quoted(database.link.schema)
        database.query(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        database.query(f"CREATE SCHEMA {schema}")
        for sql in TABLES:
            database.query(sql)
        for table in self._tables:
            database.query(database.table_sql(table))
        write_meta(database, FINGERPRINT, self.fingerprint)
        write_meta(database, _MADE, secrets.token_hex(16))


def _is_there(database: PostgresDatabase) -> bool:
    table = f"{quoted(database.link.schema)}.afield_meta"
    return database.query("SELECT to_regclass(?)", (table,)) != [(None,)]
