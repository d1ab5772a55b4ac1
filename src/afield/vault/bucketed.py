"""Packs in a bucket, with a bounded folder of copies here: what a hub's vault lies in.

A pack is written once it is in the bucket; the folder is only a cache, and may be lost at any
time. Indexes are not sent: every pack ends in its own. What speaks to the bucket is handed in.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

from blake3 import blake3

from afield.kernel.errors import AfieldError, Refused
from afield.vault import layout
from afield.vault.errors import Corrupt
from afield.vault.packs import index_block_of, index_bytes
from afield.vault.shelf import is_index, is_pack
from afield.vault.stores import FolderStore

PREFIX = "packs/"
LISTED_AGAIN_S = 1.0
"""A bucket is not listed again within this, or 20 times as long as it took the last time."""

_LISTING_SHARE = 20
_FETCHED_WHOLE_AFTER = 3  # reads of parts of a pack, then it is fetched
_END_BYTES = 64 << 10
_INDEXES_AT_ONCE = 16
_KEPT_SHARE = 0.9


class Far(Protocol):
    """The files of a bucket. Faults are `StorageUnreachable`, and no `OSError`."""

    def list(self, prefix: str) -> Iterable[tuple[str, int]]:
        """Yield name and size of the files directly in a folder, whose name ends in `/`."""
        ...

    def get(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part (-1: to the end); short at the end.

        Raises:
            FileNotFoundError: nothing has the name.
        """
        ...

    def put(self, name: str, data: bytes) -> None:
        """Write a whole file, durably."""
        ...

    def delete(self, *names: str) -> None:
        """Remove files; nothing happens with those that are missing."""
        ...


class FarStore:
    """The packs as they lie in the bucket, nothing of them taken from here."""

    def __init__(self, far: Far, monotonic_s: Callable[[], float]) -> None:
        self.far = far
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._sizes: dict[str, int] = {}
        self._again_s = float("-inf")

    def names(self) -> list[str]:
        """Return all names, sorted, with those of the indexes that are read out of packs."""
        known = self.look()
        return sorted([*known, *(f"{name[:-5]}.idx" for name in known if is_pack(name))])

    def known(self) -> dict[str, int]:
        """Return the sizes of files that were seen there, without another look."""
        with self._lock:
            return dict(self._sizes)

    def look(self, *, now: bool = False) -> dict[str, int]:
        """Return the sizes of all files by name, as they were at the last look or are `now`."""
        with self._lock:
            began_s = self._monotonic_s()
            if now or began_s >= self._again_s:
                found = self.far.list(PREFIX)
                self._sizes = {name[len(PREFIX) :]: size for name, size in found}
                ended_s = self._monotonic_s()
                wait_s = max(LISTED_AGAIN_S, _LISTING_SHARE * (ended_s - began_s))
                self._again_s = ended_s + wait_s
            return dict(self._sizes)

    def read(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part (-1: to the end); short at the end. An index is made from its pack."""
        if is_index(name):
            return self._index(name[:-4])[offset : None if size_bytes < 0 else offset + size_bytes]
        return self.far.get(PREFIX + name, offset, size_bytes)

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file; durable, and whole or absent whatever happens."""
        if is_index(name):
            return  # the pack has it
        self.far.put(PREFIX + name, data)
        with self._lock:
            self._sizes[name] = len(data)

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens when it is missing."""
        if not is_index(name):
            self.far.delete(PREFIX + name)
            with self._lock:
                self._sizes.pop(name, None)

    def rename(self, name: str, new: str) -> None:
        """Refuse: others may read the pack by its name.

        Raises:
            Refused: always.
        """
        raise Refused("cannot rename in a bucket", name, f"to {new}: others read it by its name")

    def size(self, name: str) -> int | None:
        """Return a file's size in bytes, or None."""
        with self._lock:
            found = self._sizes.get(name)
        if found is not None:
            return found
        try:
            return len(self.read(name)) if is_index(name) else self.look().get(name)
        except (FileNotFoundError, Corrupt):
            return None

    def settle(self) -> None:
        """Return at once: what can be seen in a bucket is durable."""

    def truth(self) -> FarStore:
        """Return this."""
        return self

    def doubt(self, name: str) -> bool:  # noqa: ARG002 - a store's signature
        """Tell that no other copy is to be had."""
        return False

    def _index(self, pack: str) -> bytes:
        """Return the index of a pack, out of its end.

        Raises:
            FileNotFoundError: there is no such pack.
            Corrupt: its end is none.
        """
        size = self.size(f"{pack}.pack")
        if size is None:
            raise FileNotFoundError(pack)
        name = f"{PREFIX}{pack}.pack"
        start = max(0, size - _END_BYTES)
        end = self.far.get(name, start, size - start)
        wanted = min(size, index_bytes(end))
        if wanted > len(end):
            end = self.far.get(name, size - wanted, wanted)
        return layout.index_file(bytes.fromhex(pack), size, index_block_of(end[-wanted:]))


class BucketStore:
    """Packs in a bucket, and copies of some of them in a folder; threads share one.

    Args:
        near: the folder of copies. All indexes stay in it.
        far: the bucket.
        cache_bytes: what the copies of packs may come to, about.
        monotonic_s: a clock that only goes on.
    """

    def __init__(
        self, near: FolderStore, far: Far, *, cache_bytes: int, monotonic_s: Callable[[], float]
    ) -> None:
        self._near = near
        self._far = FarStore(far, monotonic_s)
        self._cache_bytes = cache_bytes
        self._lock = threading.Lock()
        self._read: Counter[str] = Counter()
        self._used: dict[str, None] = {}  # in the order of their last use
        self._held_bytes: int | None = None

    def names(self) -> list[str]:
        """Return all names, sorted; fetches the indexes of packs that are new here."""
        there = self._far.names()
        here = set(self._near.names())
        lacking = [name for name in there if is_index(name) and name not in here]
        if lacking:
            with ThreadPoolExecutor(_INDEXES_AT_ONCE) as threads:
                list(threads.map(partial(_quietly, self._index), lacking))
        return sorted(here.union(there))

    def read(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part (-1: to the end); short at the end."""
        try:
            found = self._near.read(name, offset, size_bytes)
        except FileNotFoundError:
            if is_index(name):
                data = self._index(name)
                return data[offset : None if size_bytes < 0 else offset + size_bytes]
        else:
            self._use(name)
            return found
        if not is_pack(name):
            return self._far.read(name, offset, size_bytes)
        self._read[name] += 1
        if self._read[name] < _FETCHED_WHOLE_AFTER and size_bytes >= 0:
            return self._far.read(name, offset, size_bytes)
        data = self._far.read(name)
        if blake3(data).hexdigest() == name[:-5]:
            self._keep(name, data)
            self._read.pop(name, None)
        return data[offset : None if size_bytes < 0 else offset + size_bytes]

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file into the bucket, then here."""
        self._far.write(name, data)
        self._keep(name, data)

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens when it is missing."""
        self._far.remove(name)
        self._near.remove(name)

    def rename(self, name: str, new: str) -> None:
        """Refuse: others may read the pack by its name.

        Raises:
            Refused: always.
        """
        self._far.rename(name, new)

    def size(self, name: str) -> int | None:
        """Return a file's size in bytes, or None."""
        found = self._near.size(name)
        return self._far.size(name) if found is None else found

    def settle(self) -> None:
        """Return at once: what can be seen is in the bucket."""

    def truth(self) -> FarStore:
        """Return the packs as they lie in the bucket."""
        return self._far

    def doubt(self, name: str) -> bool:
        """Let go of a copy that does not verify; tell whether the bucket has another."""
        if self._near.size(name) is None or self._far.size(name) is None:
            return False
        self._near.remove(name)
        return True

    def send(self) -> int:
        """Bring packs to the bucket that are here alone, from before it was used; count them."""
        there = self._far.look(now=True)
        sent = 0
        for name in self._near.names():
            if not is_index(name) and there.get(name) != self._near.size(name):
                data = self._near.read(name)
                if is_pack(name) and blake3(data).hexdigest() != name[:-5]:
                    continue  # damaged: named by `verify`, and kept here
                self._far.write(name, data)
                sent += 1
        return sent

    def _index(self, name: str) -> bytes:
        data = self._far.read(name)
        with contextlib.suppress(OSError):
            self._near.write(name, data)
        return data

    def _use(self, name: str) -> None:
        with self._lock:
            self._used.pop(name, None)
            self._used[name] = None

    def _keep(self, name: str, data: bytes) -> None:
        """Lay a copy here, if there is room; nothing depends on it."""
        with contextlib.suppress(OSError):
            self._near.write(name, data)
            self._use(name)
            with self._lock:
                if self._held_bytes is not None:
                    self._held_bytes += len(data)
                if self._held_bytes is None or self._held_bytes > self._cache_bytes:
                    self._make_room()

    def _make_room(self) -> None:
        """Remove the copies that were not used for longest; what another process added counts."""
        packs = {name: self._near.size(name) or 0 for name in self._near.names() if is_pack(name)}
        if self._held_bytes is None:
            self._near.sweep_temporaries()
        self._held_bytes = sum(packs.values())
        if self._held_bytes <= self._cache_bytes:
            return
        order = {name: number for number, name in enumerate(self._used, 1)}
        there = self._far.known()
        for name in sorted(packs, key=lambda name: order.get(name, 0)):
            if self._held_bytes <= _KEPT_SHARE * self._cache_bytes:
                break
            if there.get(name) == packs[name]:  # never the only copy
                self._near.remove(name)
                self._used.pop(name, None)
                self._held_bytes -= packs[name]


def _quietly(fetch: Callable[[str], bytes], name: str) -> None:
    with contextlib.suppress(AfieldError, OSError, Corrupt):  # told when the index is read
        fetch(name)
