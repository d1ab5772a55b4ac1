"""People's passwords: argon2id with RFC 9106's second recommended option, and what is unfit.

A password is checked at the same cost whether or not there is such an account. How easily one is
guessed is zxcvbn's reckoning, with its lists of common passwords, words and names.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from afield.hub.accounts.errors import PasswordUnfit, TooManyTries
from afield.hub.accounts.limits import (
    CHECKS_WAITING_MAX,
    GUESSED_CHARS_MAX,
    GUESSES_MIN,
    PASSWORD_CHARS_MAX,
    PASSWORD_CHARS_MIN,
)

_WORDS = ("afield", "hub", "workspace")
"""Words of this place, which somebody who guesses tries first; the account's name is one, too."""

_AT_ONCE = threading.Semaphore(4)
"""Each check takes 64 MiB: a flood of logins waits instead of taking the machine's memory."""
_ADMITTED = threading.Semaphore(CHECKS_WAITING_MAX)
"""No more threads wait than this, so that some are left for everything else."""


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
        with _turn():
            return self._hasher.hash(_normal(password))

    def right(self, password: str, kept: str | None) -> bool:
        """Tell whether this is the password that was kept; None: nobody's, at like cost."""
        from argon2.exceptions import InvalidHashError, VerificationError

        if len(password) > PASSWORD_CHARS_MAX:
            return False
        try:
            with _turn():
                found = self._hasher.verify(kept or self._nobodys, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return found and kept is not None

    def is_old(self, kept: str) -> bool:
        """Tell whether it was kept with other parameters than those of now."""
        return self._hasher.check_needs_rehash(kept)


def check_fit(password: str, username: str) -> None:
    """Do nothing when a password may be set: it is long enough, and not easily guessed.

    No kinds of characters are asked for. Common passwords, words, names, keyboards, dates, what
    is repeated, and all of these together, count as the tries that they take.

    Raises:
        PasswordUnfit: it may not; the message does not repeat it.
    """
    what = "cannot set password"
    if len(password) < PASSWORD_CHARS_MIN:
        raise PasswordUnfit(what, why=f"at least {PASSWORD_CHARS_MIN} characters, of any kind")
    if len(password) > PASSWORD_CHARS_MAX:
        raise PasswordUnfit(what, why=f"at most {PASSWORD_CHARS_MAX} characters")
    from zxcvbn import zxcvbn

    known = [word for word in (*_WORDS, *username.casefold().split("@")) if word]
    found = zxcvbn(password[:GUESSED_CHARS_MAX], user_inputs=known)
    if found["guesses"] < GUESSES_MIN:
        why = "too easily guessed: a few words that do not belong together are better"
        raise PasswordUnfit(what, why=why)


@contextmanager
def _turn() -> Iterator[None]:
    if not _ADMITTED.acquire(blocking=False):
        raise TooManyTries("cannot log in", why="too many do so right now; wait 5 s", retry_s=5)
    try:
        with _AT_ONCE:
            yield
    finally:
        _ADMITTED.release()


def _normal(password: str) -> bytes:
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
