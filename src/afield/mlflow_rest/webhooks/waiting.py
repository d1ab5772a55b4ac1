"""Deliveries that wait: kept beside the webhooks until they came to something, and sent once.

A process holds what it is to send for a while, and again before that is over; what a process held
that was stopped or killed is taken by the next that looks. A delivery may come twice, under one id.
"""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from afield.mlflow_rest.webhooks import limits
from afield.mlflow_rest.webhooks.kept import FILE, opened

_MADE = """CREATE TABLE IF NOT EXISTS delivery (
    id TEXT PRIMARY KEY, webhook TEXT NOT NULL, body TEXT NOT NULL, tries INTEGER NOT NULL,
    made_ms INTEGER NOT NULL, holder TEXT NOT NULL, until_ms INTEGER NOT NULL)"""


class Delivery(NamedTuple):
    """What is to be sent to a webhook, under which id, and how often that was tried."""

    id: str
    webhook: str
    body: str
    tries: int = 0


class Waiting:
    """The deliveries of one workspace that this process holds; threads may share it.

    Args:
        folder: the workspace's.
        held_s: how long what it holds is left to it, unless it says so again.
        wall_s: the time in Unix seconds.
    """

    def __init__(
        self,
        folder: str,
        held_s: float = limits.HELD_S,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._holder = uuid.uuid4().hex
        self._held_ms = int(held_s * 1000)
        self._wall_s = wall_s

    def add(self, one: Delivery) -> bool:
        """Keep a delivery durably, and hold it; False when too many wait already."""
        sql = (
            "INSERT INTO delivery SELECT ?, ?, ?, ?, ?, ?, ?"
            " WHERE (SELECT count(*) FROM delivery) < ?"
        )
        now = self._now_ms()
        with self._open() as database:
            values = (*one, now, self._holder, now + self._held_ms, limits.WAITING_MAX)
            return bool(database.execute(sql, values).rowcount)

    def take(self) -> list[Delivery]:
        """Hold what nobody holds any more, and return it; what is too old goes."""
        if not self._is_made():
            return []
        now = self._now_ms()
        free = "UPDATE delivery SET holder = ?, until_ms = ? WHERE until_ms <= ?"
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            old = now - limits.WAIT_DAYS * 86_400_000
            database.execute("DELETE FROM delivery WHERE made_ms < ?", (old,))
            sql = "SELECT id, webhook, body, tries FROM delivery WHERE until_ms <= ?"
            found = [Delivery(*row) for row in database.execute(sql, (now,))]
            database.execute(free, (self._holder, now + self._held_ms, now))
            database.execute("COMMIT")
        return found

    def others_s(self) -> float | None:
        """Return in how many seconds the next of what others hold may be free; None: nothing."""
        if not self._is_made():
            return None
        sql = "SELECT min(until_ms) FROM delivery WHERE holder <> ?"
        with self._open() as database:
            ((until_ms,),) = database.execute(sql, (self._holder,)).fetchall()
        return None if until_ms is None else max(0.0, (until_ms - self._now_ms()) / 1000)

    def hold(self) -> None:
        """Say again that what this process holds is its own."""
        self._until(self._now_ms() + self._held_ms)

    def release(self) -> None:
        """Leave what this process holds to the next that looks."""
        if self._is_made():
            self._until(0)

    def tried(self, one: Delivery) -> None:
        """Write down how often a delivery was tried."""
        with self._open() as database:
            database.execute("UPDATE delivery SET tries = ? WHERE id = ?", (one.tries, one.id))

    def done(self, one: Delivery) -> None:
        """Forget a delivery."""
        with self._open() as database:
            database.execute("DELETE FROM delivery WHERE id = ?", (one.id,))

    def _until(self, until_ms: int) -> None:
        with self._open() as database:
            sql = "UPDATE delivery SET until_ms = ? WHERE holder = ?"
            database.execute(sql, (until_ms, self._holder))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with opened(os.path.join(self._folder, FILE)) as database:
            database.execute(_MADE)
            yield database

    def _is_made(self) -> bool:
        return os.path.exists(os.path.join(self._folder, FILE))

    def _now_ms(self) -> int:
        return int(self._wall_s() * 1000)
