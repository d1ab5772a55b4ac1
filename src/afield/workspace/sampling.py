"""How deep a check goes, and what was read when: so that samples cover all, one after the other.

What was read is remembered on this machine alone, in the cache: it says nothing of other copies.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Literal

import msgspec

from afield.kernel.digest import digest
from afield.kernel.files import FileSystem

NAME = "verified.json"
_SEED_MAX = 1 << 32

Kind = Literal["quick", "sample", "full"]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of the packs a check reads.

    Attributes:
        kind: `quick`: heads, ends and indexes; `sample`: also every byte of some; `full`: of all.
        share: of a sample, of the packs' bytes, above 0 and at most 1.
        seed: decides which packs, whatever was read before; None: those that were read longest
            ago, in an order by chance.
    """

    kind: Kind = "full"
    share: float = 1.0
    seed: int | None = None


FULL = Extent()


@dataclass(frozen=True, slots=True)
class Sample:
    """The packs that a sample reads, and the seed that chose them."""

    packs: frozenset[str]
    seed: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what is here was ever read whole and found sound.

    Attributes:
        size_bytes: of all packs.
        read_bytes: of those that were read.
        oldest_ms: when the one was read that was read longest ago; None when none was.
        left: how many more samples of the same share until all were read.
    """

    size_bytes: int
    read_bytes: int
    oldest_ms: int | None
    left: int


class Verified:
    """When packs were last read whole and found sound.

    Args:
        folder: the workspace's cache.
        files: the file system.
    """

    def __init__(self, folder: str, files: FileSystem) -> None:
        self._folder = folder
        self._files = files
        self._times = self._read()

    def choose(self, sizes: Mapping[str, int], extent: Extent) -> Sample:
        """Return packs of about the share that is asked for, one at least.

        Args:
            sizes: of the packs that are here, in bytes.
            extent: of the kind `sample`.
        """
        given = extent.seed is not None
        seed = (
            extent.seed if extent.seed is not None else random.SystemRandom().randrange(_SEED_MAX)
        )

        def rank(pack: str) -> tuple[int, str]:
            when = 0 if given else self._times.get(pack, 0)
            return when, digest(f"{seed} {pack}".encode())

        wanted = sum(sizes.values()) * extent.share
        chosen: set[str] = set()
        total = 0
        for pack in sorted(sizes, key=rank):
            if total >= wanted:
                break
            chosen.add(pack)
            total += sizes[pack]
        return Sample(frozenset(chosen), seed)

    def remember(
        self, sound: Collection[str], read: Collection[str], here: Collection[str], now_ms: int
    ) -> None:
        """Note which packs were read and which of them were sound; forget those that are gone."""
        kept = {pack: when for pack, when in self._times.items() if pack in here}
        for pack in read:
            kept.pop(pack, None)
        self._times = kept | dict.fromkeys(sound, now_ms)
        self._files.make_folder(self._folder)
        self._files.write_new(f"{self._folder}/{NAME}", msgspec.json.encode(self._times))

    def coverage(self, sizes: Mapping[str, int], share: float) -> Coverage:
        """Return how much of the packs was ever read."""
        read = {pack: self._times[pack] for pack in sizes if pack in self._times}
        total, done = sum(sizes.values()), sum(sizes[pack] for pack in read)
        left = ceil((total - done) / (total * share)) if total and share else 0
        return Coverage(total, done, min(read.values(), default=None), left)

    def _read(self) -> dict[str, int]:
        try:
            data = self._files.read(f"{self._folder}/{NAME}")
            return msgspec.json.decode(data, type=dict[str, int])
        except (OSError, msgspec.MsgspecError):
            return {}
