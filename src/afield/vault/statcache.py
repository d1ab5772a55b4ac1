"""What files looked like when they were digested, so that an unchanged tree costs a stat walk.

A cache: it may be deleted, lost or overwritten by another process at any time, and what of it
does not parse is not used. It is never the source of anything that is written to the record.
"""

from __future__ import annotations

import contextlib
import os

import msgspec
from blake3 import blake3

from afield.kernel.clock import Clock, SystemClock
from afield.kernel.ids import ObjectId
from afield.vault.limits import STAT_CACHE_FILES_MAX

Looks = tuple[int, int, int, int, bytes]
"""Size, mtime_ns, ctime_ns, inode, digest."""

MAGIC = b"AFSC0001"
CHECKSUM_BYTES = 16
FINE_GRAIN_NS = 50_000_000
"""More than a kernel's tick, in which two writes can leave the same time."""
COARSE_GRAIN_NS = 2_000_000_000
"""The same where the file system keeps whole seconds (FAT: two)."""


class StatCache:
    """Remembers digests of files by absolute path, size, mtime, ctime and inode.

    git's racy rule: a file that had changed within a tick before it was looked at could change
    again without its stat showing it; such a file is not remembered.

    Args:
        path: the file that keeps the cache; read at once, written by `save`.
        clock: tells how long ago a file changed.
    """

    def __init__(self, path: str, clock: Clock | None = None) -> None:
        self._path = path
        self._clock: Clock = clock or SystemClock()
        self._old = _read(path)
        self._new: dict[str, Looks] = {}
        self._asked: dict[str, int] = {}

    def lookup(self, path: str, found: os.stat_result) -> ObjectId | None:
        """Return the digest that the file had when it last looked like `found`.

        Args:
            path: absolute.
            found: its stat, taken just now, before the file is read.
        """
        looks = self._new.get(path) or self._old.get(path)
        if looks is not None and looks[:4] == _looks(found):
            self._new[path] = looks
            return ObjectId(looks[4].hex())
        self._asked[path] = self._clock.wall_ns()
        return None

    def remember(self, path: str, found: os.stat_result, object_id: ObjectId) -> None:
        """Keep the digest of a file that was read after `lookup` did not know it."""
        asked_ns = self._asked.pop(path, self._clock.wall_ns())
        if not path.isascii() and path != path.encode("utf-8", "replace").decode():
            return  # bytes that are no UTF-8: the cache's format has no word for them
        changed_ns = max(found.st_mtime_ns, found.st_ctime_ns)
        grain_ns = FINE_GRAIN_NS if changed_ns % 1_000_000_000 else COARSE_GRAIN_NS
        if asked_ns - changed_ns > grain_ns:
            self._new[path] = (*_looks(found), bytes.fromhex(object_id))

    def save(self) -> None:
        """Write the cache; what this process did not look at stays while there is room.

        Raises:
            OSError: it cannot be written; nothing is lost but time.
        """
        kept = dict(self._new)
        for path, looks in self._old.items():
            if len(kept) >= STAT_CACHE_FILES_MAX:
                break
            kept.setdefault(path, looks)
        body = msgspec.msgpack.encode(kept)
        temporary = f"{self._path}.tmp-{os.getpid()}"
        try:
            with open(temporary, "wb") as file:
                file.write(MAGIC + blake3(body).digest(CHECKSUM_BYTES))
                file.write(body)
            os.replace(temporary, self._path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise


def _looks(found: os.stat_result) -> tuple[int, int, int, int]:
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _read(path: str) -> dict[str, Looks]:
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return {}
    start = len(MAGIC) + CHECKSUM_BYTES
    body = data[start:]
    if data[:start] != MAGIC + blake3(body).digest(CHECKSUM_BYTES):
        return {}
    try:
        return msgspec.msgpack.decode(body, type=dict[str, Looks])
    except msgspec.MsgspecError:
        return {}
