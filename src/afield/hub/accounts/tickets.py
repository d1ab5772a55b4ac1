"""One-time codes that end by themselves: the claim of a new hub, invitations, challenges.

Kept as digests; taking one uses it up, also when two try at once.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from afield.hub.accounts.database import Database
from afield.hub.accounts.errors import TicketRefused
from afield.hub.accounts.secret import kept, new_secret
from afield.kernel.clock import Clock

Kind = Literal["claim", "invite", "passkey.add", "passkey.login", "oidc"]


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
            where = "FROM ticket WHERE secret = ? AND kind = ?"
            rows = self._database.query(f"SELECT data, expires_ms {where}", (kept(secret), kind))
            self._database.write(f"DELETE {where}", (kept(secret), kind))
        if not rows or rows[0][1] < now_ms(self._clock):
            raise TicketRefused("code refused", why="it is wrong, was used, or is out of date")
        found: dict[str, Any] = msgspec.json.decode(rows[0][0])
        return found

    def withdraw_of(self, member: str) -> None:
        """Make all codes void that are for a member: invitations, and what was begun."""
        sql = "DELETE FROM ticket WHERE data LIKE ?"  # ids have neither % nor _
        self._database.write(sql, (f'%"{member}"%',))

    def withdraw(self, kind: Kind) -> None:
        """Make all codes of a kind void."""
        self._database.write("DELETE FROM ticket WHERE kind = ?", (kind,))
