"""People's passwords: argon2id with RFC 9106's second recommended option, and what is unfit.

A password is checked at the same cost whether or not there is such an account.
"""

from __future__ import annotations

import threading
import unicodedata

from afield.hub.accounts.errors import PasswordUnfit
from afield.hub.accounts.limits import PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN

_AT_ONCE = threading.Semaphore(4)
"""Each check takes 64 MiB: a flood of logins waits instead of taking the machine's memory."""


class Passwords:
    """Keeps and checks them.

    Args:
        memory_kib: what a check takes of memory, `passes` over it, and `lanes` in parallel.
    """

    def __init__(self, *, memory_kib: int = 64 << 10, passes: int = 3, lanes: int = 4) -> None:
        from argon2 import PasswordHasher

        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)
        self._nobodys = self._hasher.hash("the password of an account that is not there")

    def keep(self, password: str) -> str:
        """Return what is kept of a password."""
        with _AT_ONCE:
            return self._hasher.hash(_normal(password))

    def right(self, password: str, kept: str | None) -> bool:
        """Tell whether this is the password that was kept; None: nobody's, at like cost."""
        from argon2.exceptions import InvalidHashError, VerificationError

        if len(password) > PASSWORD_CHARS_MAX:
            return False
        try:
            with _AT_ONCE:
                found = self._hasher.verify(kept or self._nobodys, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return found and kept is not None

    def is_old(self, kept: str) -> bool:
        """Tell whether it was kept with other parameters than those of now."""
        return self._hasher.check_needs_rehash(kept)


def check_fit(password: str, username: str) -> None:
    """Do nothing when a password may be set; no rule but its length and not being the name.

    Raises:
        PasswordUnfit: it may not; the message does not repeat it.
    """
    what = "cannot set password"
    if len(password) < PASSWORD_CHARS_MIN:
        raise PasswordUnfit(what, why=f"at least {PASSWORD_CHARS_MIN} characters, of any kind")
    if len(password) > PASSWORD_CHARS_MAX:
        raise PasswordUnfit(what, why=f"at most {PASSWORD_CHARS_MAX} characters")
    lowered = password.casefold()
    if len(set(lowered)) < PASSWORD_CHARS_MIN // 3 or lowered.strip("0123456789!.") in {
        username.casefold(), "password", "passwort", "afield", "qwertyuiop", "",
    }:  # fmt: skip
        raise PasswordUnfit(what, why="too easily guessed")


def _normal(password: str) -> bytes:
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
