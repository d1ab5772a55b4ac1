"""Accounts: made by a claim or an invitation, entered with a password and a code, and ended.

Who forgot the password gets a one-time code from an admin, who learns no password by it.

Whatever is wrong with a login, it is refused with the same words at the same cost. One account
is one member; what the member may do is the record's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from afield.hub.accounts.channels import Channels
from afield.hub.accounts.database import Database
from afield.hub.accounts.errors import (
    AccountRefused,
    CodeNeeded,
    LoginRefused,
    NoSuch,
)
from afield.hub.accounts.keyring import Keyring
from afield.hub.accounts.limits import (
    CLAIM_VALID_S,
    INVITE_VALID_S,
    RESET_VALID_S,
    USERNAME_CHARS_MAX,
)
from afield.hub.accounts.passwords import Passwords, check_fit
from afield.hub.accounts.second_factor import SecondFactor
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
        factor: the second factors.
        channels: the ways to members.

    Args:
        database: where all of it is kept.
        clock: of this machine.
        keyring: seals what of second factors is secret.
        passwords: how they are kept, when not as usual.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keyring: Keyring,
        passwords: Passwords | None = None,
    ) -> None:
        self._passwords = passwords or Passwords()
        self.database = database
        self.clock = clock
        self.sessions = Sessions(database, clock)
        self.tokens = Tokens(database, clock)
        self.tickets = Tickets(database, clock)
        self.trail = Trail(database, clock)
        self._throttle = Throttle(database, clock)
        self.factor = SecondFactor(database, clock, keyring, self._throttle, self.trail)
        self.channels = Channels(database, clock, keyring, self.trail)

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
        name = username.strip().casefold()[: USERNAME_CHARS_MAX + 1]
        was_last = self._throttle.begin(name, address)
        sql = "SELECT member, password, totp, ended_ms FROM account WHERE username = ?"
        rows = self.database.query(sql, (name,))
        member, kept, secret, ended = rows[0] if rows else (None, None, None, None)
        right = self._passwords.right(password, kept) and ended is None
        if right and secret is not None and not code:
            raise CodeNeeded("code needed", why="the account has a second factor")
        if right and secret is not None:
            right = self.factor.right(member, secret, code or "")
        if not right:
            self.trail.note("login.refused", member, address=address)
            if was_last:  # what is refused while it waits is not noted: it would fill the disk
                self.trail.note("login.waits", member, address=address)
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

    def reset_code(self, member: MemberId, *, by: MemberId | None, drop_factor: bool) -> str:
        """Return a code with which a member sets another password; one before it is void.

        Args:
            member: whose password it is.
            by: the admin; None: whoever has the hub's files.
            drop_factor: the second factor was lost, too, and is dropped as the code is used.

        Raises:
            NoSuch: the member has no account, or left.
        """
        if self.of(member).ended_ms is not None:
            raise NoSuch("no such account", member)
        self.tickets.withdraw_of(member, "reset")
        data = {"member": member, "drop_factor": drop_factor}
        code = self.tickets.give("reset", data, RESET_VALID_S)
        self.trail.note("reset.given", member, detail=by)
        return code

    def reset(self, ticket: str, password: str, code: str | None, *, address: str) -> MemberId:
        """Set another password by an admin's code, and end all sessions.

        Raises:
            TicketRefused: the ticket is wrong, used, or out of date.
            PasswordUnfit: the password may not be set; the ticket is still good.
            CodeNeeded: the account has a second factor, and no code was given.
            LoginRefused: that code is wrong.
        """
        data = self.tickets.look("reset", ticket)
        member = MemberId(data["member"])
        check_fit(password, self.of(member).username)
        rows = self.database.query("SELECT totp FROM account WHERE member = ?", (member,))
        if rows[0][0] is not None and not data["drop_factor"]:
            if not code:
                raise CodeNeeded("code needed", why="the account has a second factor")
            self.factor.check(member, code, address=address)
        self.tickets.take("reset", ticket)
        if data["drop_factor"]:
            self.factor.drop(member)
        self._set_password(member, password)
        self.sessions.end_all(member)
        self.trail.note("password.reset", member, address=address)
        return member

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
            self.database.write("DELETE FROM recovery WHERE member = ?", (member,))
            self.database.write("DELETE FROM identity WHERE member = ?", (member,))
            self.channels.drop_all(member)
            self.tickets.withdraw_of(member)
            ended = self.sessions.end_all(member), self.tokens.revoke_all(member)
            self.trail.note("account.ended", member)
        return ended

    def _set_password(self, member: str, password: str) -> None:
        kept = self._passwords.keep(password)
        self.database.write("UPDATE account SET password = ? WHERE member = ?", (kept, member))
