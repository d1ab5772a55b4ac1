"""The projection's file: found whole and of the right schema by whoever opens it, or made anew.

Several processes share the file. Opening and discarding happen under one lock, so that nobody
opens a file that somebody else is taking away; a connection whose file was taken away is
noticed by its inode and opened again. Where no file can be written, memory serves.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence

from afield.kernel.files import OsAppendFile, OsFileSystem
from afield.projection.bookkeeping import FINGERPRINT, TABLES, read_meta, write_meta
from afield.projection.database import Database
from afield.projection.errors import ProjectionDamaged, ProjectionUnwritable
from afield.projection.limits import BUSY_WAIT_S
from afield.projection.schema import Table
from afield.projection.sqlite import MEMORY, SqliteDatabase

_inherited: list[SqliteDatabase] = []
"""Connections made before a fork: SQLite forbids a child even to close them."""


class FilePlace:
    """Opens the database of one projection, again and again if need be.

    Attributes:
        database: the open connection.
        fingerprint: of the rooms whose tables it holds.
    """

    def __init__(self, path: str, fingerprint: str, tables: Sequence[Table]) -> None:
        self._path = path
        self.fingerprint = fingerprint
        self._tables = tables
        self._identity: tuple[int, int] | None = None
        self._process = os.getpid()
        self.database = self._open()

    @property
    def builds(self) -> bool:
        """Whether the tables are in a file, not in memory, so that a new one can be made."""
        return self._identity is not None

    @property
    def doubtful(self) -> bool:
        """Whether a file's own damage may be why a statement fails."""
        return self._identity is not None

    def current(self) -> bool:
        """Tell whether the connection still leads to the file at the path; costs one stat."""
        if self.inherited():
            return False
        return self._identity is None or self._identity == self._seen()

    def inherited(self) -> bool:
        """Tell whether the connection was made before a fork, by the parent."""
        return self._process != os.getpid()

    def reopen(self) -> None:
        """Open what is at the path now."""
        if self.inherited():
            _inherited.append(self.database)
            self._process = os.getpid()
        else:
            self.database.close()
        self.database = self._open()

    def discard(self) -> None:
        """Delete the file, unless somebody has replaced it already, and open a new one."""
        self.database.close()
        with contextlib.suppress(OSError), self._lock():
            if self._identity is None or self._identity == self._seen():
                _delete(self._path)
        self.database = self._open()

    def build(self, fill: Callable[[Database], None]) -> bool:
        """Make the file anew beside the one at the path, and put it there once it is whole.

        One process at a time does that; the others wait for it up to the bound.

        Returns:
            Whether it was made; else somebody else has put another file at the path meanwhile.

        Raises:
            Busy: another process is still at it.
        """
        new = f"{self._path}.new"
        with OsFileSystem().lock(f"{new}.lock", wait_s=BUSY_WAIT_S):
            if not self.current():
                return False
            _delete(new)  # what a process left that was stopped
            try:
                self._fill(new, fill)
                with self._lock():
                    self.database.close()
                    self._replace(new)
            finally:
                _delete(new)
        self.database = self._open()
        return True

    def _replace(self, new: str) -> None:
        try:
            _delete(self._path)
            OsFileSystem().rename(new, self._path)
        except OSError as error:  # Windows: somebody else has it open
            _tell("projection is folded the slow way: %s", error)

    def _fill(self, path: str, fill: Callable[[Database], None]) -> None:
        database = SqliteDatabase(path, lasting=False)
        try:
            self._make(database)
            fill(database)
        finally:
            database.close()
        try:
            file = OsAppendFile(path)
            try:
                file.sync()
            finally:
                file.close()
        except OSError as error:
            raise ProjectionUnwritable("cannot write projection", path, str(error)) from error

    def elsewhere(self, _: ProjectionUnwritable) -> None:
        """Go on in memory, from nothing."""
        self.database.close()
        self.database = self._open_memory()

    def close(self) -> None:
        """Close the connection."""
        if not self.inherited():
            self.database.close()

    def _open(self) -> SqliteDatabase:
        if self._path == MEMORY:
            return self._open_memory()
        try:
            os.makedirs(os.path.dirname(self._path) or ".", exist_ok=True)
            with self._lock():
                try:
                    return self._open_file()
                except ProjectionDamaged:
                    _delete(self._path)
                    return self._open_file()
        except (OSError, ProjectionUnwritable, ProjectionDamaged) as error:
            _tell("projection kept in memory: %s", error)
            return self._open_memory()

    def _open_file(self) -> SqliteDatabase:
        database = SqliteDatabase(self._path)
        try:
            self._check(database)
        except BaseException:
            database.close()
            raise
        self._identity = self._seen()
        return database

    def _check(self, database: SqliteDatabase) -> None:
        """Fill an empty database; refuse one that is not ours or of another schema."""
        if not database.query("SELECT 1 FROM sqlite_master LIMIT 1"):
            self._make(database)
            return
        known = database.query("SELECT 1 FROM sqlite_master WHERE name = 'afield_meta'")
        if not known or read_meta(database, FINGERPRINT) != self.fingerprint:
            raise ProjectionDamaged("cannot use projection", self._path, "of another schema")

    def _open_memory(self) -> SqliteDatabase:
        self._identity = None
        database = SqliteDatabase(MEMORY)
        self._make(database)
        return database

    def _make(self, database: SqliteDatabase) -> None:
        with database.writing():
            for sql in TABLES:
                database.query(sql)
            for table in self._tables:
                database.query(database.table_sql(table))
            write_meta(database, FINGERPRINT, self.fingerprint)

    def _seen(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        with OsFileSystem().lock(f"{self._path}.lock", wait_s=BUSY_WAIT_S):
            yield


def _delete(path: str) -> None:
    # The WAL first: beside a new file of the same name it would be taken for its own.
    for suffix in ("-wal", "-shm", "-journal", ""):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path + suffix)


def _tell(text: str, error: Exception) -> None:
    import logging  # seldom, and not light

    logging.getLogger(__name__).info(text, error)
