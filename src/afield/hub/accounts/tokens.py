"""API tokens: `afd_<id>_<secret>`, for scripts and jobs. Shown once; only the digest is kept.

A token allows what its member may do at that moment, less what it is not for: some actions,
one project, a time. It can be revoked, and its last use is seen.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from afield.hub.accounts.database import Database
from afield.hub.accounts.errors import AccountRefused, NoSuch
from afield.hub.accounts.limits import (
    NAME_CHARS_MAX,
    SESSION_TOUCH_S,
    TOKEN_DAYS,
    TOKEN_DAYS_MAX,
    TOKENS_MAX,
)
from afield.hub.accounts.secret import kept, new_id, new_secret, same
from afield.hub.accounts.tickets import now_ms
from afield.kernel.clock import Clock
from afield.kernel.errors import Usage
from afield.kernel.ids import MemberId
from afield.members.actions import Action

PREFIX = "afd_"
_DAY_MS = 24 * 3600 * 1000
_COLUMNS = "t.id, t.member, t.name, t.actions, t.project, t.made_ms, t.expires_ms, t.used_ms"


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; `actions` and `project` None: all that its member may do."""

    id: str
    member: MemberId
    name: str
    actions: frozenset[Action] | None
    project: str | None
    made_ms: int
    expires_ms: int
    used_ms: int | None


class Tokens:
    """Makes, finds and revokes them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def make(
        self,
        member: MemberId,
        name: str,
        *,
        actions: Collection[Action] | None = None,
        project: str | None = None,
        days: int = TOKEN_DAYS,
    ) -> tuple[str, Token]:
        """Return a new token's text, which nobody can be told again, and what is known of it.

        Raises:
            Usage: the name or the time is out of bounds.
            AccountRefused: the member has too many.
        """
        name = " ".join(name.split())
        if not 0 < len(name) <= NAME_CHARS_MAX or not name.isprintable():
            raise Usage("cannot make token", name, f"a name of 1 to {NAME_CHARS_MAX} characters")
        if not 0 < days <= TOKEN_DAYS_MAX:
            raise Usage("cannot make token", days, f"good for 1 to {TOKEN_DAYS_MAX} days")
        if len(self.of(member)) >= TOKENS_MAX:
            why = f"{TOKENS_MAX} are enough"
            raise AccountRefused("cannot make token", name, why, hint="afield token revoke ID")
        id_, secret, now = new_id(), new_secret(), now_ms(self._clock)
        said = None if actions is None else " ".join(sorted(actions))
        values = (id_, kept(secret), member, name, said, project, now, now + days * _DAY_MS)
        self._database.write(
            "INSERT INTO token (id, secret, member, name, actions, project, made_ms, expires_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        token = Token(id_, member, name, _actions(said), project, now, values[-1], None)
        return f"{PREFIX}{id_}_{secret}", token

    def find(self, text: str) -> Token | None:
        """Return the token of a text, if it is good now and its account is; its use is noted."""
        id_, _, secret = text.removeprefix(PREFIX).partition("_")
        if not text.startswith(PREFIX) or not secret:
            return None
        sql = (
            f"SELECT {_COLUMNS}, t.secret FROM token t JOIN account a ON a.member = t.member"  # noqa: S608 - literals
            " WHERE t.id = ? AND t.revoked_ms IS NULL AND a.ended_ms IS NULL"
        )
        rows = self._database.query(sql, (id_,))
        if not rows or not same(secret, rows[0][-1]):
            return None
        found, now = _token(rows[0][:-1]), now_ms(self._clock)
        if found.expires_ms <= now:
            return None
        if found.used_ms is None or now - found.used_ms >= SESSION_TOUCH_S * 1000:
            self._database.write("UPDATE token SET used_ms = ? WHERE id = ?", (now, id_))
        return found

    def of(self, member: MemberId | None = None) -> list[Token]:
        """Return the tokens of a member, or of all, that are neither revoked nor out of date."""
        sql = (
            f"SELECT {_COLUMNS} FROM token t WHERE t.revoked_ms IS NULL AND t.expires_ms > ?"  # noqa: S608
            " ORDER BY t.made_ms, t.id"
        )
        found = (_token(row) for row in self._database.query(sql, (now_ms(self._clock),)))
        return [token for token in found if member is None or token.member == member]

    def revoke(self, member: MemberId, id_: str) -> None:
        """Revoke one of a member's own.

        Raises:
            NoSuch: the member has none of that id.
        """
        sql = "UPDATE token SET revoked_ms = ? WHERE member = ? AND id = ? AND revoked_ms IS NULL"
        if not self._database.write(sql, (now_ms(self._clock), member, id_)):
            raise NoSuch("no such token", id_, hint="afield token list")

    def revoke_all(self, member: MemberId) -> int:
        """Revoke all of a member; return how many."""
        now = now_ms(self._clock)
        sql = "UPDATE token SET revoked_ms = ? WHERE member = ? AND revoked_ms IS NULL"
        return self._database.write(sql, (now, member))


def _token(row: tuple[object, ...]) -> Token:
    id_, member, name, actions, *rest = row
    return Token(id_, member, name, _actions(actions), *rest)  # type: ignore[arg-type]


def _actions(text: object) -> frozenset[Action] | None:
    """Return the actions of a row; one that this version does not know allows nothing."""
    if text is None:
        return None
    known = set(Action)
    return frozenset(Action(each) for each in str(text).split() if each in known)
