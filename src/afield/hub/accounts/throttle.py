"""How often somebody may try to log in: a wait that doubles, by account name and by address.

What is counted are failures, of names that exist and of names that do not, so that the wait
tells nothing. Names and addresses are kept as digests; of IPv6 it is the network of 64 bits, all
of which one subscriber has.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from afield.hub.accounts.database import Database
from afield.hub.accounts.errors import TooManyTries
from afield.hub.accounts.limits import (
    TRIES_FORGOTTEN_S,
    TRIES_FREE,
    TRIES_FREE_ADDRESS,
    WAIT_FIRST_S,
    WAIT_MAX_S,
)
from afield.hub.accounts.secret import kept
from afield.hub.accounts.tickets import now_ms
from afield.kernel.clock import Clock


class Throttle:
    """Counts failures."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, name: str, address: str) -> bool:
        """Count a try as failed before it is judged, so that many at once gain nothing.

        Returns:
            Whether the next one will have to wait, unless this one is good.

        Raises:
            TooManyTries: it has to wait; not judged, not counted.
        """
        now = now_ms(self._clock)
        with self._database.together():
            sql = "DELETE FROM tries WHERE at_ms < ?"
            self._database.write(sql, (now - TRIES_FORGOTTEN_S * 1000,))
            found = [(subject, free, self._failures(subject, now))
                     for subject, free in self._subjects(name, address)]  # fmt: skip
            until = max(each[2][1] for each in found)
            if until <= now:
                for subject, free, (failures, _) in found:
                    self._note(subject, failures + 1, now, free)
        if until > now:
            wait_s = -(-(until - now) // 1000)
            why = f"too many failed tries; wait {wait_s} s"
            raise TooManyTries("cannot log in", why=why, retry_s=wait_s)
        return any(failures + 1 >= free for _, free, (failures, _) in found)

    def good(self, name: str, address: str) -> None:
        """Forget the failures of a name whose owner has shown who it is."""
        (subject, _), (place, free) = self._subjects(name, address)
        now = now_ms(self._clock)
        with self._database.together():
            self._database.write("DELETE FROM tries WHERE subject = ?", (subject,))
            failures, _ = self._failures(place, now)
            self._note(place, max(failures - 1, 0), now, free)

    def _failures(self, subject: str, now: int) -> tuple[int, int]:
        sql = "SELECT failures, at_ms, until_ms FROM tries WHERE subject = ?"
        rows = self._database.query(sql, (subject,))
        if not rows or rows[0][1] < now - TRIES_FORGOTTEN_S * 1000:
            return 0, 0
        return rows[0][0], rows[0][2]

    def _note(self, subject: str, failures: int, now: int, free: int) -> None:
        over = failures - free
        wait_s = 0 if over < 0 else min(WAIT_FIRST_S << min(over, 16), WAIT_MAX_S)
        self._database.write(
            "INSERT INTO tries (subject, failures, at_ms, until_ms) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures,"
            " at_ms = excluded.at_ms, until_ms = excluded.until_ms",
            (subject, failures, now, now + wait_s * 1000 if wait_s else 0),
        )

    @staticmethod
    def _subjects(name: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
        who, where = kept(f"name {name.casefold()}"), kept(f"address {_network(address)}")
        return (who, TRIES_FREE), (where, TRIES_FREE_ADDRESS)


def _network(address: str) -> str:
    """Return an address, or of IPv6 its first 64 bits."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
