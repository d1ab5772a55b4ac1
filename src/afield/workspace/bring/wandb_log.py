"""The log of a W&B run (`run-*.wandb`): records in blocks of 32 KiB, as LevelDB writes its log.

The first 7 bytes are `:W&B`, 0xBEE1 and a version (little-endian); then come records: CRC-32 of
kind and data, length, kind (whole, first, middle, last), data. What stands behind a place that is
cut or damaged is read again from the next block on.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

_BLOCK_BYTES = 32 << 10
_HEAD = struct.Struct("<4sHB")
_RECORD = struct.Struct("<IHB")
_IDENT, _MAGIC = b":W&B", 0xBEE1
_VERSIONS = (0, 1)
_WHOLE, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_RECORD_BYTES_MAX = 256 << 20


class Log:
    """Reads one log.

    Attributes:
        faults: what was found cut or damaged, in words.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.faults: list[str] = []

    def records(self) -> Iterator[bytes]:
        """Yield the data of each whole record.

        Raises:
            ValueError: it is no log of W&B's.
        """
        gathered: list[bytes] = []
        size_bytes = block = 0
        while data := self._stream.read(_BLOCK_BYTES):
            at = self._head(data) if block == 0 else 0
            for kind, part in self._parts(data, at, block):
                if kind in (_WHOLE, _FIRST):
                    if gathered:
                        self._fault(block, "a record without its end")
                    gathered, size_bytes = [], 0
                elif not gathered:
                    self._fault(block, "a record without its beginning")
                    continue
                gathered.append(part)
                size_bytes += len(part)
                if size_bytes > _RECORD_BYTES_MAX:
                    self._fault(block, "a record that is too large")
                    gathered = []
                elif kind in (_WHOLE, _LAST):
                    yield b"".join(gathered)
                    gathered = []
            block += 1
        if gathered:
            self._fault(block, "cut in the last record")

    def _head(self, data: bytes) -> int:
        if len(data) < _HEAD.size:
            raise ValueError("it is cut before its first record")
        ident, magic, version = _HEAD.unpack_from(data)
        if (ident, magic) != (_IDENT, _MAGIC):
            raise ValueError("it is no log of W&B's")
        if version not in _VERSIONS:
            raise ValueError(f"format {version} is not known here")
        return _HEAD.size

    def _parts(self, data: bytes, at: int, block: int) -> Iterator[tuple[int, bytes]]:
        """Yield (kind, data) of the records in a block, to the first that is damaged."""
        while at + _RECORD.size <= len(data):
            check, length, kind = _RECORD.unpack_from(data, at)
            if not (check or length or kind):
                return  # room that was not written to
            at += _RECORD.size
            part = data[at : at + length]
            if len(part) < length:
                self._fault(block, "cut in a record")
                return
            if not _WHOLE <= kind <= _LAST or zlib.crc32(part, zlib.crc32(bytes([kind]))) != check:
                self._fault(block, "a record whose bytes do not match their checksum")
                return
            yield kind, part
            at += length

    def _fault(self, block: int, why: str) -> None:
        self.faults.append(f"{why} (block {block})")
