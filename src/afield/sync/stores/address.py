"""Where a hub is: what its address says, read without what speaks to it."""

from __future__ import annotations

import re
from typing import NamedTuple

_ADDRESS = re.compile(
    r"(https?)://([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,39}\])(?::([0-9]{1,5}))?((?:/[\w.~-]+)*)/?",
    re.ASCII,
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Place(NamedTuple):
    """Where a hub is."""

    secure: bool
    host: str
    port: int | None
    base: str


def place_of(address: str) -> Place | None:
    """Return where an address leads; None when it is no hub's.

    An address has no user, password or query: what is secret does not stand in it. Without
    TLS only this machine is spoken to.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return None
    secure, host = found[1] == "https", found[2].lower()
    port = int(found[3]) if found[3] else None
    if not (secure or host in _LOOPBACK) or not 0 < (port or 1) < 1 << 16:
        return None
    return Place(secure, host, port, found[4])
