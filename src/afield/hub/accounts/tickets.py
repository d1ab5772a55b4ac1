"""One-time codes that end by themselves: the claim of a new hub, invitations, challenges.

Kept as digests; taking one uses it up, also when two try at once.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from afield.hub.accounts.database import Database
from afield.hub.accounts.errors import TicketRefused
from afield.hub.accounts.limits import OPEN_TICKETS_MAX
from afield.hub.accounts.secret import kept, new_secret
from afield.kernel.clock import Clock

Kind = Literal["claim", "invite", "reset", "passkey.add", "passkey.login", "oidc"]


def now_ms(clock: Clock) -> int:
    """Return the time in Unix milliseconds."""
    return clock.wall_ns() // 1_000_000


class Tickets:
    """Gives out and takes one-time codes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def give(self, kind: Kind, data: dict[str, Any], valid_s: int) -> str:
        """Return a new code that is good once, for so long."""
        secret = new_secret()
        now = now_ms(self._clock)
        with self._database.together():
            self._database.write("DELETE FROM ticket WHERE expires_ms < ?", (now,))
            self._make_room(kind)
            text = msgspec.json.encode(data).decode()
            values = (kept(secret), kind, text, now + valid_s * 1000)
            self._database.write(
                "INSERT INTO ticket (secret, kind, data, expires_ms) VALUES (?, ?, ?, ?)", values
            )
        return secret

    def take(self, kind: Kind, secret: str) -> dict[str, Any]:
        """Use a code up; return what it stands for.

        Raises:
            TicketRefused: it is wrong, of another kind, used, or out of date.
        """
        with self._database.together():
            found = self.look(kind, secret)
            sql = "DELETE FROM ticket WHERE secret = ? AND kind = ?"
            self._database.write(sql, (kept(secret), kind))
        return found

    def look(self, kind: Kind, secret: str) -> dict[str, Any]:
        """Return what a code stands for, without using it up.

        Raises:
            TicketRefused: it is wrong, of another kind, used, or out of date.
        """
        sql = "SELECT data, expires_ms FROM ticket WHERE secret = ? AND kind = ?"
        rows = self._database.query(sql, (kept(secret), kind))
        if not rows or rows[0][1] < now_ms(self._clock):
            raise TicketRefused("code refused", why="it is wrong, was used, or is out of date")
        found: dict[str, Any] = msgspec.json.decode(rows[0][0])
        return found

    def withdraw_of(self, member: str, kind: Kind | None = None) -> None:
        """Make all codes void that are for a member, or those of a kind."""
        sql = "DELETE FROM ticket WHERE data LIKE ?"  # ids have neither % nor _
        args = [f'%"{member}"%']
        if kind is not None:
            sql, args = f"{sql} AND kind = ?", [*args, kind]
        self._database.write(sql, args)

    def withdraw(self, kind: Kind) -> None:
        """Make all codes of a kind void."""
        self._database.write("DELETE FROM ticket WHERE kind = ?", (kind,))

    def _make_room(self, kind: Kind) -> None:
        """Drop the oldest of a kind when too many wait: anybody may ask for challenges."""
        sql = "SELECT COUNT(*) FROM ticket WHERE kind = ?"
        if self._database.query(sql, (kind,))[0][0] >= OPEN_TICKETS_MAX:
            sql = (
                "DELETE FROM ticket WHERE secret IN (SELECT secret FROM ticket WHERE kind = ?"
                " ORDER BY expires_ms LIMIT ?)"
            )
            self._database.write(sql, (kind, OPEN_TICKETS_MAX // 10))
