"""What files looked like when they were digested, so that an unchanged tree costs a stat walk.

A cache: it may be deleted, lost or overwritten by another process at any time, and what of it
does not parse is not used. It is never the source of anything that is written to the record.
It is held in columns, some 75 bytes a file, so that a tree of any size can be remembered.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from array import array
from bisect import bisect_left

from blake3 import blake3

from afield.kernel.clock import Clock, SystemClock
from afield.kernel.ids import ObjectId
from afield.vault.limits import STAT_CACHE_FILES_MAX, STAT_CACHE_FRESH_MAX

MAGIC = b"AFSC0002"
CHECKSUM_BYTES = 16
LOOKS = struct.Struct("<QQQQ")
"""Size, mtime_ns, ctime_ns, inode."""
KEY_BYTES = 8
"""Of a path's digest. Two paths with the same key are no harm: their looks differ."""
VALUE_BYTES = LOOKS.size + 32
_WORD = (1 << 64) - 1
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
        self._keys, self._values = _read(path)
        self._used = bytearray(len(self._keys))
        self._fresh: dict[int, bytes] = {}
        self._asked: dict[int, int] = {}
        self._changed = False

    def lookup(self, path: str, found: os.stat_result) -> ObjectId | None:
        """Return the digest that the file had when it last looked like `found`.

        Args:
            path: absolute.
            found: its stat, taken just now, before the file is read.
        """
        key = _key(path)
        value: bytes | bytearray | None = self._fresh.get(key)
        if value is None:
            number = bisect_left(self._keys, key)
            if number < len(self._keys) and self._keys[number] == key:
                self._used[number] = 1
                value = self._values[number * VALUE_BYTES : (number + 1) * VALUE_BYTES]
        if value is not None and value.startswith(_looks(found)):
            return ObjectId(value[LOOKS.size :].hex())
        self._asked[key] = self._clock.wall_ns()
        return None

    def remember(self, path: str, found: os.stat_result, object_id: ObjectId) -> None:
        """Keep the digest of a file that was read after `lookup` did not know it."""
        key = _key(path)
        asked_ns = self._asked.pop(key, None) or self._clock.wall_ns()
        changed_ns = max(found.st_mtime_ns, found.st_ctime_ns)
        grain_ns = FINE_GRAIN_NS if changed_ns % 1_000_000_000 else COARSE_GRAIN_NS
        if asked_ns - changed_ns > grain_ns:
            self._changed = True
            self._fresh[key] = _looks(found) + bytes.fromhex(object_id)
            if len(self._fresh) >= STAT_CACHE_FRESH_MAX:
                self._merge()

    def save(self) -> None:
        """Write the cache; what this process did not look at stays while there is room.

        Raises:
            OSError: it cannot be written; nothing is lost but time.
        """
        if not self._changed:
            return
        self._merge()
        self._bound()
        keys = self._keys if sys.byteorder == "little" else _swapped(self._keys)
        checksum = _checksum(keys, self._values)
        temporary = f"{self._path}.tmp-{os.getpid()}"
        try:
            with open(temporary, "wb") as file:
                file.write(MAGIC + checksum)
                file.write(keys)
                file.write(self._values)
            os.replace(temporary, self._path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        self._changed = False

    def _merge(self) -> None:
        """Sort what is fresh into the columns."""
        keys, values, used = array("Q"), bytearray(), bytearray()
        start = 0
        for key in sorted(self._fresh):
            at = bisect_left(self._keys, key, start)
            keys += self._keys[start:at]
            values += self._values[start * VALUE_BYTES : at * VALUE_BYTES]
            used += self._used[start:at]
            keys.append(key)
            values += self._fresh[key]
            used.append(1)
            start = at + (at < len(self._keys) and self._keys[at] == key)
        keys += self._keys[start:]
        values += self._values[start * VALUE_BYTES :]
        used += self._used[start:]
        self._keys, self._values, self._used = keys, values, used
        self._fresh.clear()

    def _bound(self) -> None:
        """Forget what is too much: what was not used first."""
        spare = len(self._keys) - STAT_CACHE_FILES_MAX
        if spare <= 0:
            return
        unused = [number for number, used in enumerate(self._used) if not used]
        gone = {*unused[:spare], *range(spare - len(unused))}
        kept = [number for number in range(len(self._keys)) if number not in gone]
        self._keys = array("Q", [self._keys[number] for number in kept])
        self._values = bytearray().join(
            [self._values[number * VALUE_BYTES : (number + 1) * VALUE_BYTES] for number in kept]
        )
        self._used = bytearray([self._used[number] for number in kept])


def _key(path: str) -> int:
    return int.from_bytes(blake3(os.fsencode(path)).digest(KEY_BYTES), "little")


def _looks(found: os.stat_result) -> bytes:
    return LOOKS.pack(
        found.st_size & _WORD,
        found.st_mtime_ns & _WORD,
        found.st_ctime_ns & _WORD,
        found.st_ino & _WORD,
    )


def _checksum(keys: array[int], values: bytearray) -> bytes:
    return blake3(memoryview(keys).cast("B")).update(values).digest(CHECKSUM_BYTES)


def _swapped(keys: array[int]) -> array[int]:
    swapped = array("Q", keys)
    swapped.byteswap()
    return swapped


def _read(path: str) -> tuple[array[int], bytearray]:
    """Return the columns of a cache; empty ones when it cannot be used."""
    keys, values = array("Q"), bytearray()
    try:
        with open(path, "rb") as file:
            head = file.read(len(MAGIC) + CHECKSUM_BYTES)
            size_bytes = os.fstat(file.fileno()).st_size - len(head)
            count = size_bytes // (KEY_BYTES + VALUE_BYTES)
            keys.frombytes(file.read(count * KEY_BYTES))
            values = bytearray(size_bytes - count * KEY_BYTES)
            file.readinto(values)
    except (OSError, ValueError):
        return array("Q"), bytearray()
    if head != MAGIC + _checksum(keys, values) or len(values) != count * VALUE_BYTES:
        return array("Q"), bytearray()
    return (keys if sys.byteorder == "little" else _swapped(keys)), values
