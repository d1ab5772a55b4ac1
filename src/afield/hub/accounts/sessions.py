"""Sessions of people at the page: made by a login, listed and ended by their owner.

The cookie holds the id and 256 random bits, of which only the digest is kept. A session ends
when it was idle for long, is old, was ended, or its account was.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from afield.hub.accounts.database import Database
from afield.hub.accounts.errors import NoSuch
from afield.hub.accounts.limits import (
    SESSION_AGE_S,
    SESSION_IDLE_S,
    SESSION_TOUCH_S,
    SESSIONS_MAX,
)
from afield.hub.accounts.secret import kept, new_id, new_secret, same
from afield.hub.accounts.tickets import now_ms
from afield.kernel.clock import Clock
from afield.kernel.ids import MemberId

_TEXT_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody logged in; `how`: password, passkey, oidc; times in Unix milliseconds."""

    id: str
    member: MemberId
    made_ms: int
    used_ms: int
    agent: str
    address: str
    how: str


class Sessions:
    """Makes, finds and ends them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, member: MemberId, *, how: str, agent: str = "", address: str = "") -> str:
        """Return the cookie's value of a new session."""
        id_, secret, now = new_id(), new_secret(), now_ms(self._clock)
        values = (id_, kept(secret), member, now, now, agent[:_TEXT_CHARS_MAX], address, how)
        with self._database.together():
            for old in self.of(member)[SESSIONS_MAX - 1 :]:
                self._database.write("DELETE FROM session WHERE id = ?", (old.id,))
            self._database.write(
                "INSERT INTO session (id, secret, member, made_ms, used_ms, agent, address, how)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        return f"{id_}.{secret}"

    def find(self, cookie: str) -> Session | None:
        """Return the session of a cookie, if it goes on; its use is noted."""
        id_, _, secret = cookie.partition(".")
        sql = (
            "SELECT s.id, s.member, s.made_ms, s.used_ms, s.agent, s.address, s.how, s.secret"
            " FROM session s JOIN account a ON a.member = s.member"
            " WHERE s.id = ? AND a.ended_ms IS NULL"
        )
        rows = self._database.query(sql, (id_,))
        if not rows or not same(secret, rows[0][-1]):
            return None
        found = Session(*rows[0][:-1])
        now = now_ms(self._clock)
        if self._is_over(found, now):
            self._database.write("DELETE FROM session WHERE id = ?", (id_,))
            return None
        if now - found.used_ms >= SESSION_TOUCH_S * 1000:
            self._database.write("UPDATE session SET used_ms = ? WHERE id = ?", (now, id_))
        return found

    def of(self, member: MemberId) -> list[Session]:
        """Return a member's sessions that go on, the one used last first."""
        sql = (
            "SELECT id, member, made_ms, used_ms, agent, address, how FROM session"
            " WHERE member = ? ORDER BY used_ms DESC, id"
        )
        now = now_ms(self._clock)
        found = (Session(*row) for row in self._database.query(sql, (member,)))
        return [session for session in found if not self._is_over(session, now)]

    def end(self, member: MemberId, id_: str) -> None:
        """End one of a member's own.

        Raises:
            NoSuch: the member has none of that id.
        """
        sql = "DELETE FROM session WHERE member = ? AND id = ?"
        if not self._database.write(sql, (member, id_)):
            raise NoSuch("no such session", id_)

    def end_all(self, member: MemberId, *, but: str | None = None) -> int:
        """End all of a member, but one if asked; return how many."""
        sql = "DELETE FROM session WHERE member = ? AND id <> ?"
        return self._database.write(sql, (member, but or ""))

    @staticmethod
    def _is_over(session: Session, now: int) -> bool:
        idle, age = now - session.used_ms, now - session.made_ms
        return idle > SESSION_IDLE_S * 1000 or age > SESSION_AGE_S * 1000


def csrf_of(cookie: str) -> str:
    """Return what a page of ours sends along with each write of this session."""
    return kept(f"csrf {cookie}")


def csrf_right(cookie: str, sent: str) -> bool:
    """Tell whether that was sent, in constant time."""
    return hmac.compare_digest(csrf_of(cookie).encode(), sent.encode("utf-8", "replace"))
