"""The second factor of an account: codes of an app, and recovery codes for when the app is lost.

The app's secret is kept sealed, recovery codes as digests. Every code counts once, and guessing
one is throttled like guessing a password.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from afield.hub.accounts import totp
from afield.hub.accounts.database import Database
from afield.hub.accounts.errors import LoginRefused
from afield.hub.accounts.keyring import Keyring
from afield.hub.accounts.limits import RECOVERY_CHARS, RECOVERY_CODES
from afield.hub.accounts.secret import kept
from afield.hub.accounts.throttle import Throttle
from afield.hub.accounts.tickets import now_ms
from afield.hub.accounts.trail import Trail
from afield.kernel.clock import Clock
from afield.kernel.ids import MemberId

_SIGNS = "abcdefghijklmnopqrstuvwxyz234567"
_GROUP = 4


class SecondFactor:
    """Adds, checks and drops it."""

    def __init__(
        self, database: Database, clock: Clock, keyring: Keyring, throttle: Throttle, trail: Trail
    ) -> None:
        self._database = database
        self._clock = clock
        self._keyring = keyring
        self._throttle = throttle
        self._trail = trail

    def begin(self, member: MemberId) -> str:
        """Return a secret for an app; it counts once a code of it was shown."""
        secret = totp.new_totp()
        with self._database.together():  # so that no rotation ends between sealing and writing
            sealed = self._keyring.seal(secret, _about(member))
            sql = "UPDATE account SET totp_next = ? WHERE member = ?"
            self._database.write(sql, (sealed, member))
        return secret

    def confirm(self, member: MemberId, code: str, *, address: str) -> list[str]:
        """Ask for codes from now on; return recovery codes, which are told this once.

        Raises:
            LoginRefused: the code is not of the new secret.
            TooManyTries: codes were tried too often.
        """
        rows = self._database.query("SELECT totp_next FROM account WHERE member = ?", (member,))
        sealed = rows[0][0] if rows else None
        self._throttle.begin(_tries_of(member), address)
        if sealed is None or not self._use_app(member, sealed, code):
            raise LoginRefused("cannot add second factor", why="the code is wrong")
        self._throttle.good(_tries_of(member), address)
        with self._database.together():
            sql = "UPDATE account SET totp = totp_next, totp_next = NULL WHERE member = ?"
            self._database.write(sql, (member,))
            found = self.new_recovery(member)
            self._trail.note("totp.added", member, address=address)
        return found

    def right(self, member: str, sealed: str, code: str) -> bool:
        """Tell whether this is a code of the app or a recovery code, and use it up.

        Args:
            member: whose.
            sealed: the app's secret as it is kept.
            code: what was typed.
        """
        return self._use_app(member, sealed, code) or self._use_recovery(member, code)

    def check(self, member: MemberId, code: str, *, address: str) -> None:
        """Use up a code of somebody who is logged in.

        Raises:
            LoginRefused: it is wrong, or there is no second factor.
            TooManyTries: codes were tried too often.
        """
        rows = self._database.query("SELECT totp FROM account WHERE member = ?", (member,))
        self._throttle.begin(_tries_of(member), address)
        if not rows or rows[0][0] is None or not self.right(member, rows[0][0], code):
            raise LoginRefused("cannot change second factor", why="the code is wrong")
        self._throttle.good(_tries_of(member), address)

    def drop(self, member: MemberId) -> None:
        """Ask for no codes any more; the recovery codes are void."""
        with self._database.together():
            sql = "UPDATE account SET totp = NULL, totp_next = NULL WHERE member = ?"
            self._database.write(sql, (member,))
            self._database.write("DELETE FROM recovery WHERE member = ?", (member,))
            self._trail.note("totp.dropped", member)

    def new_recovery(self, member: MemberId) -> list[str]:
        """Return new recovery codes, each good once; those before are void."""
        found = [
            "".join(secrets.choice(_SIGNS) for _ in range(RECOVERY_CHARS))
            for _ in range(RECOVERY_CODES)
        ]
        with self._database.together():
            self._database.write("DELETE FROM recovery WHERE member = ?", (member,))
            for code in found:
                sql = "INSERT INTO recovery (secret, member) VALUES (?, ?)"
                self._database.write(sql, (_kept(member, code), member))
        return [_grouped(code) for code in found]

    def recovery_left(self, member: MemberId) -> int:
        """Return how many recovery codes are left."""
        sql = "SELECT COUNT(*) FROM recovery WHERE member = ?"
        return int(self._database.query(sql, (member,))[0][0])

    def rotate(self, others: Callable[[], int]) -> int:
        """Seal all secrets under a new key, and drop the others; return how many there are.

        `others` does so with what else is sealed, and returns how many these are.
        """
        self._keyring.begin_rotation()
        count = 0
        with self._database.together():
            sql = "SELECT member, totp, totp_next FROM account"
            for member, *both in self._database.query(sql):
                again = [self._again(member, sealed) for sealed in both]
                sql = "UPDATE account SET totp = ?, totp_next = ? WHERE member = ?"
                self._database.write(sql, (*again, member))
                count += sum(each is not None for each in again)
            count += others()
        self._keyring.end_rotation()
        self._trail.note("keys.rotated")
        return count

    def _again(self, member: str, sealed: str | None) -> str | None:
        if sealed is None:
            return None
        return self._keyring.seal(self._keyring.open(sealed, _about(member)), _about(member))

    def _use_app(self, member: str, sealed: str, code: str) -> bool:
        secret = self._keyring.open(sealed, _about(member))
        with self._database.together():
            sql = "SELECT totp_last FROM account WHERE member = ?"
            last = self._database.query(sql, (member,))[0][0]
            step = totp.step_of(secret, code, now_ms(self._clock) // 1000, last)
            if step is None:
                return False
            self._database.write(
                "UPDATE account SET totp_last = ? WHERE member = ?", (step, member)
            )
            return True

    def _use_recovery(self, member: str, code: str) -> bool:
        plain = "".join(sign for sign in code.casefold() if sign.isalnum())
        sql = "DELETE FROM recovery WHERE secret = ? AND member = ?"
        if not self._database.write(sql, (_kept(member, plain), member)):
            return False
        self._trail.note("recovery.used", member)
        return True


def _kept(member: str, code: str) -> str:
    return kept(f"recovery {member} {code}")


def _about(member: str) -> str:
    return f"totp {member}"


def _tries_of(member: str) -> str:
    return f"codes of {member}"  # no account's name has a blank


def _grouped(code: str) -> str:
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))
