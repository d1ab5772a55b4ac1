"""One connection to PostgreSQL: made again when it was lost, its faults in our words.

It speaks the portable SQL of `database`. What must not live here: which tables there are, and
what is done about a fault. Nothing that it says holds the password.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import errors as faults
from psycopg.adapt import Buffer, Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from afield.kernel.digest import digest
from afield.kernel.errors import Busy
from afield.projection.errors import (
    DatabaseRefused,
    DatabaseUnreachable,
    ProjectionDamaged,
    ProjectionUnwritable,
    QuerySlow,
)
from afield.projection.limits import BUSY_WAIT_S, CONNECT_WAIT_S, POSTGRES_OLDEST
from afield.projection.statements import quoted

_SETTINGS = {
    "jit": "off",  # takes longer than nearly every statement of ours
    "random_page_cost": "1.1",
    "work_mem": "64MB",
    "standard_conforming_strings": "on",
    "client_min_messages": "warning",
    "tcp_keepalives_idle": "60",  # the lock of a machine that is gone is let go of
}
_UNTIMED = "statement_timeout = 0"  # what is written is bounded by what there is to write
_PARTS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\?|%")
_ADDRESS = re.compile(
    r"\w+://([^@/?#]*@)?([^@/?#:,]*|\[[0-9a-fA-F:.]*\])(:\d*)?(,[^@/?#]*)?([/?][^@#]*)?"
)
_GONE = (faults.UndefinedTable, faults.UndefinedColumn, faults.InvalidSchemaName)
_DAMAGED = (faults.DataCorrupted, faults.IndexCorrupted)
_WAITED = (faults.LockNotAvailable, faults.DeadlockDetected)
_UNWRITABLE = (faults.InsufficientPrivilege, faults.ReadOnlySqlTransaction, faults.DiskFull)
_SHUT = (faults.AdminShutdown, faults.CrashShutdown, faults.CannotConnectNow)


class _Number(Loader):
    """Reads what sums and divisions give, `numeric`, as SQLite gives it."""

    def load(self, data: Buffer) -> int | float:
        """Return a whole number as one."""
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdigit() else float(text)


class _Truth(Loader):
    """Reads what is true or false as SQLite gives it."""

    def load(self, data: Buffer) -> int:
        """Return 1 or 0."""
        return int(bytes(data) == b"t")


class Link:
    """A connection; usable from one thread at a time.

    Args:
        url: `postgresql://…`.
        schema: where names without a schema are looked for.
        durable: whether a commit waits until it lasts; a cache need not.
        busy_wait_s: how long to wait for another one's lock.

    Raises:
        DatabaseUnreachable: no connection could be made.
        DatabaseRefused: the address is none, or the server is too old.
    """

    def __init__(
        self, url: str, schema: str, *, durable: bool, busy_wait_s: float = BUSY_WAIT_S
    ) -> None:
        self._url = url
        self._busy_wait_s = busy_wait_s
        self.schema = schema
        self._durable = durable
        self.shown = shown(url)
        self._inside = False
        self._connection = self._connect()

    def query(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; return its rows, if it has any."""
        with self._faults():
            try:
                return self._query(sql, args)
            except psycopg.OperationalError:
                if self._inside or not self._lost() or not sql.startswith("SELECT"):
                    raise
        self._connection = self._connect()
        with self._faults():
            return self._query(sql, args)

    def _query(self, sql: str, args: Sequence[Any]) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(spoken(sql), [fit_text(each) for each in args])
        return cursor.fetchall() if cursor.description is not None else []

    def write(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Run one statement that changes rows; return how many."""
        with self._faults():
            self._ready()
            return self._connection.execute(spoken(sql), [fit_text(e) for e in args]).rowcount

    def write_arrays(self, sql: str, arrays: Sequence[str]) -> None:
        """Run a statement whose parameters, written `%s`, are arrays."""
        with self._faults(), psycopg.Cursor(self._connection) as cursor:
            cursor.execute(sql, arrays)

    def write_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row of parameters."""
        found = [[fit_text(each) for each in row] for row in rows]
        if found:
            with self._faults(), self._connection.cursor() as cursor:
                cursor.executemany(spoken(sql), found)

    @contextlib.contextmanager
    def together(self, lock: str) -> Iterator[None]:
        """Do all that is inside or nothing, while nobody else holds the lock of that name."""
        with self._faults():
            self._ready()
            self._connection.execute(f"BEGIN; SET LOCAL {_UNTIMED}")
        self._inside = True
        try:
            with self._faults():
                self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_key(lock),))
            yield
            with self._faults():
                self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(psycopg.Error):  # it may be lost
                self._connection.execute("ROLLBACK")
            raise
        finally:
            self._inside = False

    @contextlib.contextmanager
    def locked(self, lock: str) -> Iterator[None]:
        """Hold the lock of that name, through any number of transactions."""
        with self._faults():
            self._ready()
            self._connection.execute(f"SET {_UNTIMED}")
            self._connection.execute("SELECT pg_advisory_lock(%s)", (lock_key(lock),))
        try:
            yield
        finally:
            with contextlib.suppress(psycopg.Error):  # lost, and so is the lock
                self._connection.execute("SELECT pg_advisory_unlock(%s)", (lock_key(lock),))
                self._connection.execute("RESET statement_timeout")

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _ready(self) -> None:
        """Make the connection anew if it is known to be lost, and nothing is lost with it."""
        if self._lost() and not self._inside:
            self._connection = self._connect()

    def _lost(self) -> bool:
        return self._connection.closed or self._connection.broken

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        try:
            made = psycopg.connect(
                self._url,
                autocommit=True,
                cursor_factory=psycopg.ClientCursor,
                connect_timeout=CONNECT_WAIT_S,
                application_name="afield",
                client_encoding="UTF8",
            )
        except psycopg.ProgrammingError:
            raise _no_address() from None
        except psycopg.OperationalError as error:
            raise DatabaseUnreachable("cannot reach database", self.shown, told(error)) from None
        try:
            with self._faults():
                self._settle(made)
        except BaseException:
            made.close()
            raise
        return made

    def _settle(self, made: psycopg.Connection[tuple[Any, ...]]) -> None:
        """Set what holds for the session.

        Raises:
            DatabaseRefused: the server is too old, or its texts are not Unicode.
        """
        version = made.info.server_version // 10_000
        if version < POSTGRES_OLDEST:
            why = f"it is PostgreSQL {version}; {POSTGRES_OLDEST} is the oldest that is known to do"
            raise DatabaseRefused("cannot use database", self.shown, why)
        encoding = made.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            hint = "CREATE DATABASE afield ENCODING 'UTF8' TEMPLATE template0;"
            why = f"its texts are {encoding}, not UTF8"
            raise DatabaseRefused("cannot use database", self.shown, why, hint=hint)
        made.adapters.register_loader("numeric", _Number)
        made.adapters.register_loader("bool", _Truth)
        sets: Mapping[str, str] = {
            **_SETTINGS,
            "lock_timeout": f"{self._busy_wait_s * 1000:.0f}",
            "synchronous_commit": "on" if self._durable else "off",
            "search_path": quoted(self.schema),
        }
        names = ", ".join(["set_config(%s, %s, false)"] * len(sets))
        values = [part for pair in sets.items() for part in pair]
        made.execute(f"SELECT {names}", values)

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn faults of the server into ours; what we asked wrongly stays as it is."""
        try:
            yield
        except (*_GONE, *_DAMAGED) as error:
            raise ProjectionDamaged("cannot read projection", self.shown, told(error)) from error
        except _WAITED as error:
            why = "another process is updating it"
            raise Busy("cannot update projection", self.shown, why) from error
        except faults.QueryCanceled as error:
            why = "it takes longer than the database may take for one statement"
            raise QuerySlow("cannot answer", None, why, hint="ask for less at once") from error
        except _UNWRITABLE as error:
            raise ProjectionUnwritable("cannot write to", self.shown, told(error)) from error
        except _SHUT as error:
            raise DatabaseUnreachable("cannot reach database", self.shown, told(error)) from error
        except psycopg.OperationalError as error:
            if not self._lost():
                raise
            raise DatabaseUnreachable("cannot reach database", self.shown, told(error)) from error


@lru_cache(4096)
def spoken(sql: str) -> str:
    """Return a statement with the driver's marks for its parameters."""

    def part(found: re.Match[str]) -> str:
        text = found[0]
        return "%s" if text == "?" else text.replace("%", "%%")

    return _PARTS.sub(part, sql)


def fit_text(value: Any) -> Any:
    """Return a value as a column can hold it: NUL and lone surrogates are spelt out."""
    if type(value) is not str:
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        value = value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value.replace("\0", "\\x00") if "\0" in value else value


def lock_key(name: str) -> int:
    """Return the number of an advisory lock."""
    return int(digest(name.encode())[:16], 16) - (1 << 63)


def shown(url: str) -> str:
    """Return where a database is, without password.

    Raises:
        DatabaseRefused: it is no address of one.
    """
    parts = _parts(url)
    user = f"{parts['user']}@" if parts.get("user") else ""
    port = f":{parts['port']}" if parts.get("port") else ""
    return f"postgresql://{user}{parts.get('host') or ''}{port}/{parts.get('dbname') or ''}"


def with_password(url: str, password: str) -> str:
    """Return where a database is, with another password.

    Raises:
        DatabaseRefused: it is no address of one.
    """
    _parts(url)
    return make_conninfo(url, password=password)


def with_timeout(url: str, seconds: int) -> str:
    """Return where a database is, which is to give up on a reading statement after some time.

    Raises:
        DatabaseRefused: it is no address of one.
    """
    options = f"{_parts(url).get('options') or ''} -c statement_timeout={seconds}s"
    return make_conninfo(url, options=options.strip())


def _parts(url: str) -> dict[str, Any]:
    # A password with an @ or / as they stand would be taken for a host, and shown.
    if "://" in url and not _ADDRESS.fullmatch(url):
        raise _no_address()
    try:
        return dict(conninfo_to_dict(url))
    except psycopg.ProgrammingError:
        raise _no_address() from None


def told(error: psycopg.Error) -> str:
    """Return what the server said, in one line."""
    if error.diag.message_primary:
        return error.diag.message_primary
    failed = [line for line in str(error).splitlines() if "failed: " in line]
    why = (failed or [str(error)])[-1].rpartition("failed: ")[2]
    return why.removeprefix("FATAL:").strip() or type(error).__name__


def _no_address() -> DatabaseRefused:
    # What the library says of it may quote a part of the password.
    hint = 'url = "postgresql://user:password@host:5432/name", with %40 for @ in a password'
    return DatabaseRefused(
        "cannot use database", None, "url is no address of PostgreSQL", hint=hint
    )
