"""What happened to accounts: logins, refusals, changes; for admins and auditors, without secrets.

The record itself says what members did with runs and data; this says how they came in.
"""

from __future__ import annotations

from dataclasses import dataclass

from afield.hub.accounts.database import Database
from afield.hub.accounts.limits import AUDIT_ROWS_MAX
from afield.hub.accounts.tickets import now_ms
from afield.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class Event:
    """One of them; `member` is None where nobody was recognised."""

    at_ms: int
    what: str
    member: str | None
    address: str | None
    detail: str | None


class Trail:
    """Writes and reads them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def note(
        self,
        what: str,
        member: str | None = None,
        *,
        address: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Write one down: `detail` is an id or a word, never what somebody typed."""
        self._database.write(
            "INSERT INTO event (at_ms, what, member, address, detail) VALUES (?, ?, ?, ?, ?)",
            (now_ms(self._clock), what, member, address, detail),
        )

    def last(self, limit: int = 100, *, member: str | None = None) -> list[Event]:
        """Return the latest, newest first: of everybody, or of one member."""
        of_all = "SELECT at_ms, what, member, address, detail FROM event"
        most = min(limit, AUDIT_ROWS_MAX)
        if member is None:
            rows = self._database.query(f"{of_all} ORDER BY at_ms DESC LIMIT ?", (most,))
        else:
            sql = f"{of_all} WHERE member = ? ORDER BY at_ms DESC LIMIT ?"
            rows = self._database.query(sql, (member, most))
        return [Event(*row) for row in rows]
