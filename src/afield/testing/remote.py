"""A remote that behaves badly where a test says so: breaks off, lists stale, is slow, lies.

Wraps any `RemoteStore`. Without wishes it is a good one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from afield.sync.errors import RemoteUnreachable
from afield.sync.stores.store import Abilities, Item, RemoteStore
from afield.testing.clock import ManualClock


class HostileRemote:
    """A `RemoteStore` with faults.

    Attributes:
        sent_bytes: what went over the link to the remote, with what was broken off.
        read_bytes: what came from there, likewise.
        breaks: how often a transfer was broken off.
        largest_bytes: the largest file that was to be written.

    Args:
        inner: where the bytes really lie.
        seed: decides what goes wrong and when.
        fails: how often (0 to 1) an operation breaks off; a write may have taken effect.
        stale: how often a listing leaves names out, and a read gives what was there before.
        torn: how often a read gives half of a file, or other bytes.
        one_way: `in`: nothing can be written.
        left: operations after which the link is cut, until it is set anew; None: never.
        every_bytes: the link breaks off whenever so many bytes went over it, both ways.
        bytes_per_s: how fast the link is, by `clock`, which every transfer moves on.
        clock: a clock that only tests turn.
    """

    def __init__(
        self,
        inner: RemoteStore,
        *,
        seed: int,
        fails: float = 0.0,
        stale: float = 0.0,
        torn: float = 0.0,
        one_way: str | None = None,
        left: int | None = None,
        every_bytes: int | None = None,
        bytes_per_s: float | None = None,
        clock: ManualClock | None = None,
    ) -> None:
        self.address = inner.address
        self.fails, self.stale, self.torn = fails, stale, torn
        self.one_way = one_way
        self.left = left
        self.every_bytes, self.bytes_per_s = every_bytes, bytes_per_s
        self.sent_bytes = self.read_bytes = self.breaks = self.largest_bytes = 0
        self._inner = inner
        self._clock = clock
        self._since_bytes = 0
        self._before: dict[str, bytes] = {}
        self._chance = random.Random(seed)  # noqa: S311 - repeatable is the point

    def list(self, prefix: str) -> Iterator[Item]:
        """Yield the files directly in a folder: twice, not at all, in any order."""
        self._may_fail()
        found = list(self._inner.list(prefix))
        if self._chance.random() < self.stale:
            found = [item for item in found if self._chance.random() < 0.5]  # noqa: PLR2004
            found += found[: self._chance.randint(0, 2)]
            self._chance.shuffle(found)
        yield from found

    def get(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part, or something else."""
        self._may_fail()
        data = self._inner.get(name, offset, size_bytes)
        if name in self._before and self._chance.random() < self.stale:
            data = self._before[name][offset:][: None if size_bytes < 0 else size_bytes]
        self._carry(len(data), sent=False)
        if data and self._chance.random() < self.torn:
            if self._chance.random() < 0.5:  # noqa: PLR2004
                return data[: self._chance.randrange(len(data))]
            at = self._chance.randrange(len(data))
            return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        return data

    def put(self, name: str, data: bytes) -> None:
        """Write a whole file; when it breaks off, it may have been written all the same."""
        self._may_write(data)
        if self._chance.random() < self.fails:
            if self._chance.random() < 0.5:  # noqa: PLR2004
                self._inner.put(name, data)
            raise RemoteUnreachable("cannot reach remote", self.address, "connection reset")
        self._carry(len(data), sent=True)
        if self.stale and (before := self._now(name)) is not None:
            self._before[name] = before
        self._inner.put(name, data)

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Write a whole file unless one is there."""
        self._may_write(data)
        if self._chance.random() < self.fails:
            raise RemoteUnreachable("cannot reach remote", self.address, "503 slow down")
        self._carry(len(data), sent=True)
        return self._inner.put_if_absent(name, data)

    def delete(self, name: str) -> None:
        """Remove a file."""
        self._may_write(b"")
        self._inner.delete(name)

    def probe(self) -> Abilities:
        """Return what the inner one can do."""
        return self._inner.probe()

    def _now(self, name: str) -> bytes | None:
        try:
            return self._inner.get(name)
        except FileNotFoundError:
            return None

    def _carry(self, size_bytes: int, *, sent: bool) -> None:
        """Bring bytes over the link, which takes its time and may break off."""
        every = self.every_bytes
        over = every is not None and self._since_bytes + size_bytes > every
        carried = (every or 0) - self._since_bytes if over else size_bytes
        self._since_bytes = 0 if over else self._since_bytes + size_bytes
        if sent:
            self.sent_bytes += carried
        else:
            self.read_bytes += carried
        if self._clock is not None and self.bytes_per_s is not None:
            self._clock.advance(carried / self.bytes_per_s)
        if over:
            self.breaks += 1
            raise RemoteUnreachable("cannot reach remote", self.address, "connection reset")

    def _may_fail(self) -> None:
        self._spend()
        if self._chance.random() < self.fails:
            raise RemoteUnreachable("cannot reach remote", self.address, "503 slow down")

    def _spend(self) -> None:
        """Count an operation; the one at which the link is cut never comes to be."""
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise RemoteUnreachable("cannot reach remote", self.address, "link down")

    def _may_write(self, data: bytes) -> None:
        self._spend()
        self.largest_bytes = max(self.largest_bytes, len(data))
        if self.one_way == "in":
            raise RemoteUnreachable("cannot reach remote", self.address, "read only")
