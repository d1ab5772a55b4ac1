"""The hub's PostgreSQL: where tables and accounts are when `hub.toml` names one, and its check.

The driver is loaded only then. Nothing here shows the address, which may hold a password.
"""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from afield.hub.accounts.database import Database, SqliteAccounts
from afield.hub.config import HubConfig
from afield.kernel.ids import DeviceId
from afield.projection.errors import DatabaseRefused, DatabaseUnreachable
from afield.workspace.hosted import READERS

if TYPE_CHECKING:
    from afield.projection.postgres_link import Link

_WHAT = "cannot use database"
_OTHERS = 4
"""Connections of each process besides its readers': its accounts', and one that builds anew."""


def database_of(config: HubConfig) -> str | None:
    """Return the address of the database with its password; None: tables are a file.

    Raises:
        DatabaseRefused: the driver is not there, or the password's file, or it is no address.
    """
    if config.database is None:
        return None
    if find_spec("psycopg") is None:
        hint = "pip install 'afield[postgres]'"
        raise DatabaseRefused(_WHAT, None, "psycopg is not installed", hint=hint)
    from afield.projection.postgres_link import with_password, with_timeout

    url, file = config.database.url, config.database.password_file
    if config.database.statement_timeout:
        url = with_timeout(url, config.database.statement_timeout)
    if file is None:
        return url
    try:
        password = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise DatabaseRefused("cannot read the database's password", file, why) from None
    return with_password(url, password)


def open_accounts(config: HubConfig, device: DeviceId) -> Database:
    """Open where accounts are kept: the file, or a schema of the hub's device.

    Raises:
        DatabaseUnreachable: the database does not answer.
        DatabaseRefused: it cannot be used.
    """
    url = database_of(config)
    if url is None:
        return SqliteAccounts(config.accounts)
    from afield.hub.accounts.postgres import PostgresAccounts

    return PostgresAccounts(url, f"afield_hub_{device}")


def looked_at(config: HubConfig) -> str:
    """Look whether the database can be used, and change nothing; return what it is.

    Raises:
        DatabaseUnreachable: it does not answer, or not to that name and password.
        DatabaseRefused: it lacks something that is needed.
    """
    url = database_of(config)
    assert url is not None, "there is no database to look at"
    from afield.projection.postgres_link import Link

    try:
        link = Link(url, "public", durable=True)
    except DatabaseUnreachable as error:
        raise DatabaseUnreachable(
            error.what, error.value, error.why, hint=_hint(error.why or "")
        ) from None
    with contextlib.closing(link):
        for sql, why, hint in _NEEDED:
            if link.query(sql) != [(1,)]:
                raise DatabaseRefused(_WHAT, link.shown, why, hint=hint and _filled(link, hint))
        wanted = config.listen.workers * (READERS + _OTHERS)
        ((most,),) = link.query("SELECT current_setting('max_connections')")
        if int(most) < wanted:
            why = f"{config.listen.workers} workers may need {wanted} connections, of {most}"
            hint = "set max_connections in postgresql.conf, or fewer workers"
            raise DatabaseRefused(_WHAT, link.shown, why, hint=hint)
        ((version,),) = link.query("SELECT current_setting('server_version')")
        return f"{link.shown}: PostgreSQL {version.split()[0]}"


_NEEDED = (
    ("SELECT NOT pg_is_in_recovery()", "it is a standby, which only reads", None),
    (
        "SELECT has_database_privilege(current_database(), 'CREATE')",
        "the user may make no schema in it",
        'GRANT CREATE ON DATABASE "{database}" TO "{user}";',
    ),
    (
        "SELECT EXISTS (SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu')",
        "it was built without ICU",
        None,
    ),
    ("SELECT current_setting('fsync') = 'on'", "fsync is off: a loss of power breaks it", None),
)
"""What is true of a database that can be used, what it means when it is not, and what to do."""


def _filled(link: Link, hint: str) -> str:
    ((database, user),) = link.query("SELECT current_database(), current_user")
    return hint.format(database=database, user=user)


def _hint(why: str) -> str | None:
    """Return what to do about what a server says to somebody whom it does not let in."""
    if "password" in why:
        return "password_file in [database], or the password in url"
    if "does not exist" in why and "database" in why:
        return "createdb --encoding UTF8 NAME"
    return None
