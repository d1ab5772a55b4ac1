"""Where webhooks lie: a file of the server's own in the workspace's folder, in no entry.

Readable by its owner alone; secrets are encrypted under a key in a file of its own.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
from cryptography.fernet import Fernet

from afield.mlflow_rest.errors import missing

FILE = "webhooks.sqlite"
KEY = "webhooks.key"
ACTIVE, DISABLED = "ACTIVE", "DISABLED"
_BUSY_S = 10.0
_MADE = """CREATE TABLE IF NOT EXISTS webhook (
    place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, data BLOB NOT NULL,
    secret BLOB)"""


class Event(msgspec.Struct, frozen=True):
    """What may happen: an entity and an action, in MLflow's capitals."""

    entity: str
    action: str


class Webhook(msgspec.Struct, frozen=True):
    """A webhook, without its secret."""

    id: str
    name: str
    url: str
    events: tuple[Event, ...]
    status: str
    description: str | None
    made_ms: int
    touched_ms: int


class Webhooks:
    """The webhooks of one workspace; any number of threads and processes may use them.

    Attributes:
        folder: the workspace's.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._path = os.path.join(folder, FILE)
        self._key_path = os.path.join(folder, KEY)

    def count(self) -> int:
        """Return how many there are."""
        if not os.path.exists(self._path):
            return 0
        with self._open() as database:
            return int(database.execute("SELECT count(*) FROM webhook").fetchone()[0])

    def page(self, size: int, start: int) -> list[Webhook]:
        """Return some, from the oldest on."""
        if not os.path.exists(self._path):
            return []
        with self._open() as database:
            sql = "SELECT data FROM webhook ORDER BY place LIMIT ? OFFSET ?"
            return [_decode(data) for (data,) in database.execute(sql, (size, start))]

    def for_event(self, event: Event) -> list[Webhook]:
        """Return the active ones that want an event."""
        found = self.page(-1, 0)
        return [one for one in found if one.status == ACTIVE and event in one.events]

    def get(self, known: str) -> Webhook:
        """Return one.

        Raises:
            Rest: there is none.
        """
        return self._row(known)[0]

    def secret(self, known: str) -> str | None:
        """Return the secret of one, or None when it has none.

        Raises:
            Rest: there is no such webhook.
            InvalidToken: the key is not the one it was encrypted under.
        """
        sealed = self._row(known)[1]
        return None if sealed is None else self._fernet().decrypt(sealed).decode()

    def add(self, found: Webhook, secret: str | None) -> Webhook:
        """Keep one, durably, under an id of its own."""
        found = msgspec.structs.replace(found, id=str(uuid.uuid4()))
        with self._open() as database:
            sql = "INSERT INTO webhook (id, data, secret) VALUES (?, ?, ?)"
            database.execute(sql, (found.id, msgspec.json.encode(found), self._sealed(secret)))
        return found

    def change(self, found: Webhook, secret: str | None) -> None:
        """Keep one as it is now; the secret too, unless it is None.

        Raises:
            Rest: it is gone.
        """
        data = msgspec.json.encode(found)
        sql = "UPDATE webhook SET data = ?, secret = coalesce(?, secret) WHERE id = ?"
        self._change(sql, (data, self._sealed(secret), found.id), found.id)

    def remove(self, known: str) -> None:
        """Take one away.

        Raises:
            Rest: there is none.
        """
        self._change("DELETE FROM webhook WHERE id = ?", (known,), known)

    def _change(self, sql: str, args: tuple[Any, ...], known: str) -> None:
        if not os.path.exists(self._path):
            raise _missing(known)
        with self._open() as database:
            if not database.execute(sql, args).rowcount:
                raise _missing(known)

    def _row(self, known: str) -> tuple[Webhook, bytes | None]:
        rows = []
        if os.path.exists(self._path):
            with self._open() as database:
                sql = "SELECT data, secret FROM webhook WHERE id = ?"
                rows = database.execute(sql, (known,)).fetchall()
        if not rows:
            raise _missing(known)
        return _decode(rows[0][0]), rows[0][1]

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with opened(self._path) as database:
            database.execute(_MADE)
            yield database

    def _sealed(self, secret: str | None) -> bytes | None:
        return None if secret is None else self._fernet().encrypt(secret.encode())

    def _fernet(self) -> Fernet:
        """Return what encrypts; two processes that make the key at once agree on one."""
        if not os.path.exists(self._key_path):
            own = f"{self._key_path}.{uuid.uuid4().hex}"
            with open(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(Fernet.generate_key())
                out.flush()
                os.fsync(out.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(own, self._key_path)
            os.unlink(own)
        with open(self._key_path, "rb") as file:
            return Fernet(file.read())


@contextlib.contextmanager
def opened(path: str) -> Iterator[sqlite3.Connection]:
    """Yield the file of webhooks, made for its owner alone; each statement is durable by itself."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    database = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    try:
        database.execute("PRAGMA secure_delete = ON")
        yield database
    finally:
        database.close()


_decode = msgspec.json.Decoder(Webhook).decode


def _missing(known: str) -> Exception:
    return missing(f"Webhook with ID {known} not found.")
