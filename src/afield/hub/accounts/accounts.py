"""Accounts: made by a claim or an invitation, entered with a password and a code, and ended.

Whatever is wrong with a login, it is refused with the same words at the same cost. One account
is one member; what the member may do is the record's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from afield.hub.accounts import totp
from afield.hub.accounts.database import Database
from afield.hub.accounts.errors import (
    AccountRefused,
    CodeNeeded,
    LoginRefused,
    NoSuch,
    TooManyTries,
)
from afield.hub.accounts.limits import CLAIM_VALID_S, INVITE_VALID_S, USERNAME_CHARS_MAX
from afield.hub.accounts.passwords import Passwords, check_fit
from afield.hub.accounts.sessions import Sessions
from afield.hub.accounts.throttle import Throttle
from afield.hub.accounts.tickets import Tickets, now_ms
from afield.hub.accounts.tokens import Tokens
from afield.hub.accounts.trail import Trail
from afield.kernel.clock import Clock
from afield.kernel.errors import Usage
from afield.kernel.ids import MemberId

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+-]*")


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can log in; `ended_ms`: who left."""

    member: MemberId
    username: str
    has_password: bool
    has_totp: bool
    made_ms: int
    ended_ms: int | None


class Accounts:
    """All accounts of a hub, with their sessions and tokens.

    Attributes:
        sessions: of people at the page.
        tokens: of scripts.
        tickets: one-time codes.
        trail: what happened.
    """

    def __init__(
        self, database: Database, clock: Clock, passwords: Passwords | None = None
    ) -> None:
        self._passwords = passwords or Passwords()
        self.database = database
        self.clock = clock
        self.sessions = Sessions(database, clock)
        self.tokens = Tokens(database, clock)
        self.tickets = Tickets(database, clock)
        self.trail = Trail(database, clock)
        self._throttle = Throttle(database, clock)

    def every(self) -> list[Account]:
        """Return all accounts, by name."""
        sql = (
            "SELECT member, username, password IS NOT NULL, totp IS NOT NULL, made_ms, ended_ms"
            " FROM account ORDER BY username"
        )
        return [
            Account(row[0], row[1], bool(row[2]), bool(row[3]), row[4], row[5])
            for row in self.database.query(sql)
        ]

    def of(self, member: MemberId) -> Account:
        """Return a member's account.

        Raises:
            NoSuch: there is none.
        """
        for account in self.every():
            if account.member == member:
                return account
        raise NoSuch("no such account", member)

    def named(self, username: str) -> Account | None:
        """Return the account of this name, or None."""
        return next((one for one in self.every() if one.username == username.casefold()), None)

    def new_claim(self) -> str | None:
        """Return a fresh code that makes the first admin; None once there is an account."""
        if self.every():
            return None
        self.tickets.withdraw("claim")
        return self.tickets.give("claim", {}, CLAIM_VALID_S)

    def check_new(self, username: str, password: str | None) -> str:
        """Return a new account's name as it is kept.

        Raises:
            Usage: the name or the password may not be used.
            AccountRefused: the name is taken.
        """
        name = username.strip().casefold()
        if len(name) > USERNAME_CHARS_MAX or not _USERNAME.fullmatch(name):
            raise Usage("cannot use name", name, "letters, digits and . _ @ + - alone")
        if password is not None:
            check_fit(password, name)
        if self.named(name) is not None:
            raise AccountRefused("cannot use name", name, "it is taken")
        return name

    def invite(self, username: str, member: MemberId) -> str:
        """Return a code with which somebody sets the first password of a member's account."""
        name = self.check_new(username, None)
        data = {"username": name, "member": member}
        return self.tickets.give("invite", data, INVITE_VALID_S)

    def make(self, member: MemberId, username: str, password: str | None) -> Account:
        """Make a member's account; raises as `check_new` does."""
        name = self.check_new(username, password)
        kept = None if password is None else self._passwords.keep(password)
        with self.database.together():
            if self.named(name) is not None:
                raise AccountRefused("cannot use name", name, "it is taken")
            self.database.write(
                "INSERT INTO account (member, username, password, totp_last, made_ms)"
                " VALUES (?, ?, ?, 0, ?)",
                (member, name, kept, now_ms(self.clock)),
            )
            self.trail.note("account.made", member)
        return self.of(member)

    def log_in(self, username: str, password: str, code: str | None, *, address: str) -> MemberId:
        """Return whose password, and code where the account asks for one, this is.

        Raises:
            LoginRefused: it is nobody's.
            CodeNeeded: the password is right, and the code was not given.
            TooManyTries: the name or the address has to wait.
        """
        name = username.strip().casefold()
        try:
            self._throttle.begin(name, address)
        except TooManyTries:
            self.trail.note("login.waits", address=address)
            raise
        sql = "SELECT member, password, totp, ended_ms FROM account WHERE username = ?"
        rows = self.database.query(sql, (name,))
        member, kept, secret, ended = rows[0] if rows else (None, None, None, None)
        right = self._passwords.right(password, kept) and ended is None
        if right and secret is not None and not code:
            raise CodeNeeded("code needed", why="the account has a second factor")
        if right and secret is not None:
            right = self._use_code(member, secret, code or "")
        if not right:
            self.trail.note("login.refused", member, address=address)
            raise LoginRefused("cannot log in", why="name, password or code is wrong")
        self._throttle.good(name, address)
        if self._passwords.is_old(kept):
            self._set_password(member, password)
        self.trail.note("login", member, address=address)
        return MemberId(member)

    def change_password(
        self, member: MemberId, before: str, after: str, *, session: str, address: str
    ) -> None:
        """Set another password, and end all sessions but this one.

        Raises:
            LoginRefused: the one before is wrong.
            PasswordUnfit: the new one may not be set.
        """
        name = self.of(member).username
        self._throttle.begin(name, address)
        rows = self.database.query("SELECT password FROM account WHERE member = ?", (member,))
        if not self._passwords.right(before, rows[0][0]):
            raise LoginRefused("cannot change password", why="the one of now is wrong")
        self._throttle.good(name, address)
        check_fit(after, name)
        self._set_password(member, after)
        self.sessions.end_all(member, but=session)
        self.trail.note("password.changed", member, address=address)

    def begin_totp(self, member: MemberId) -> str:
        """Return a secret for an app; it counts once a code of it was shown."""
        secret = totp.new_totp()
        self.database.write("UPDATE account SET totp_next = ? WHERE member = ?", (secret, member))
        return secret

    def confirm_totp(self, member: MemberId, code: str) -> None:
        """Ask for codes from now on.

        Raises:
            LoginRefused: the code is not of the new secret.
        """
        sql = "SELECT totp_next FROM account WHERE member = ?"
        rows = self.database.query(sql, (member,))
        if not rows or rows[0][0] is None or not self._use_code(member, rows[0][0], code):
            raise LoginRefused("cannot add second factor", why="the code is wrong")
        sql = "UPDATE account SET totp = totp_next, totp_next = NULL WHERE member = ?"
        self.database.write(sql, (member,))
        self.trail.note("totp.added", member)

    def drop_totp(self, member: MemberId, code: str) -> None:
        """Ask for no codes any more.

        Raises:
            LoginRefused: the code is wrong.
        """
        rows = self.database.query("SELECT totp FROM account WHERE member = ?", (member,))
        if not rows or rows[0][0] is None or not self._use_code(member, rows[0][0], code):
            raise LoginRefused("cannot drop second factor", why="the code is wrong")
        self.database.write("UPDATE account SET totp = NULL WHERE member = ?", (member,))
        self.trail.note("totp.dropped", member)

    def end(self, member: MemberId) -> tuple[int, int]:
        """End what a member who leaves has here: account, sessions, tokens, passkeys.

        Returns:
            How many sessions and tokens ended.
        """
        with self.database.together():
            sql = (
                "UPDATE account SET ended_ms = ?, password = NULL, totp = NULL, totp_next = NULL"
                " WHERE member = ? AND ended_ms IS NULL"
            )
            self.database.write(sql, (now_ms(self.clock), member))
            self.database.write("DELETE FROM passkey WHERE member = ?", (member,))
            self.database.write("DELETE FROM identity WHERE member = ?", (member,))
            self.tickets.withdraw_of(member)
            ended = self.sessions.end_all(member), self.tokens.revoke_all(member)
            self.trail.note("account.ended", member)
        return ended

    def _use_code(self, member: str, secret: str, code: str) -> bool:
        """Tell whether a code is right, and make it and those before it void."""
        with self.database.together():
            sql = "SELECT totp_last FROM account WHERE member = ?"
            last = self.database.query(sql, (member,))[0][0]
            step = totp.step_of(secret, code, now_ms(self.clock) // 1000, last)
            if step is None:
                return False
            self.database.write("UPDATE account SET totp_last = ? WHERE member = ?", (step, member))
            return True

    def _set_password(self, member: str, password: str) -> None:
        kept = self._passwords.keep(password)
        self.database.write("UPDATE account SET password = ? WHERE member = ?", (kept, member))
