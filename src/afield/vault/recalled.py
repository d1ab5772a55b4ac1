"""What is in all packs of a folder, as one file: a start reads it in place of every index.

A cache: it may be deleted, lost or overwritten by another process at any time, and what of it
does not parse is not used. It only says where to look: what stands in a pack is read from the
pack's own index, and an object is believed once it has matched its digest.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
import threading
from array import array
from collections.abc import Collection
from collections.abc import Set as AbstractSet

from blake3 import blake3

from afield.vault.catalog import Catalog

MAGIC = b"AFPC0001" if sys.byteorder == "little" else b"AFPC1000"
"""Words stand as the machine has them: one that has them otherwise does not know the file."""

CHECKSUM_BYTES = 16
_NAME_BYTES = 32
_COUNTS = struct.Struct("=QQ")
_NO_PACK = bytes(_NAME_BYTES)


class Recalled:
    """Keeps a catalog from one process to the next.

    Args:
        path: of the file.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def into(self, catalog: Catalog, there: AbstractSet[str]) -> None:
        """Fill an empty catalog with what is known of the packs that are there.

        Nothing happens when the file cannot be used, or when most of its packs are gone.
        """
        names, runs = self._read()
        if 2 * sum([name in there for name in names]) > len(names):
            catalog.resume(names, runs, there)

    def save(self, catalog: Catalog, unsure: Collection[str]) -> None:
        """Write the file; packs whose index could not be read are left out.

        Nothing happens when it cannot be written: it spares time and nothing else.
        """
        packs, runs = catalog.columns()
        names = [_NO_PACK if pack in unsure else bytes.fromhex(pack) for pack in packs]
        lengths = array("Q", [len(run) for run in runs])
        body: list[bytes | memoryview] = [
            _COUNTS.pack(len(packs), len(runs)),
            b"".join(names),
            *[memoryview(words).cast("B") for words in (lengths, *runs)],
        ]
        hasher = blake3()
        for part in body:
            hasher.update(part)
        temporary = f"{self._path}.tmp-{os.getpid()}-{threading.get_ident()}"
        try:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            with open(temporary, "wb") as file:
                file.write(MAGIC + hasher.digest(CHECKSUM_BYTES))
                for part in body:
                    file.write(part)
            os.replace(temporary, self._path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)

    def _read(self) -> tuple[list[str], list[array[int]]]:
        """Return the names of the packs by number, and sorted words; none if it is not sound."""
        try:
            with open(self._path, "rb") as file:
                data = memoryview(file.read())
        except OSError:
            return [], []
        start = len(MAGIC) + CHECKSUM_BYTES
        if data[:start] != MAGIC + blake3(data[start:]).digest(CHECKSUM_BYTES):
            return [], []
        packs, count = _COUNTS.unpack_from(data, start)
        start += _COUNTS.size
        text = data[start : start + packs * _NAME_BYTES].hex()
        names = [text[at : at + 2 * _NAME_BYTES] for at in range(0, len(text), 2 * _NAME_BYTES)]
        words = data[start + packs * _NAME_BYTES :].cast("Q")
        runs, at = [], count
        for length in words[:count]:
            runs.append(array("Q", words[at : at + length]))
            at += length
        return names, runs

    def forget(self) -> None:
        """Remove the file."""
        with contextlib.suppress(OSError):
            os.unlink(self._path)
