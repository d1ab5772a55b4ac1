"""Reading a run while it goes on: its console and its points, from where one last stopped.

Only reads what the run's process writes into its live folder, or the sealed console once the
run has ended; draws nothing and waits for nothing.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from afield.runs.capture.console import HEADER

CONSOLE = "console.bin"
BLOCK_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes that the command wrote: stream 1 or 2, Unix nanoseconds."""

    stream: int
    at_ns: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Point:
    """One logged value."""

    name: str
    step: int
    at_ns: int
    value: float


@dataclass
class Follower:
    """Where a reader stands in a run's live folder."""

    folder: str
    console_offset: int = 0
    records_read: dict[str, int] = field(default_factory=dict)

    def is_live(self) -> bool:
        """Return whether the run still has its live folder."""
        return os.path.isdir(self.folder)  # noqa: PTH112 - str at hand

    def console(self) -> Iterator[Chunk]:
        """Yield the frames that were completed since the last call."""
        try:
            with (Path(self.folder) / CONSOLE).open("rb") as stream:
                yield from self._frames(stream)
        except (FileNotFoundError, NotADirectoryError):
            return

    def rest_of(self, sealed: BinaryIO) -> Iterator[Chunk]:
        """Yield the frames of the sealed console that were not read live."""
        yield from self._frames(sealed)

    def _frames(self, stream: BinaryIO) -> Iterator[Chunk]:
        stream.seek(self.console_offset)
        held = b""
        while block := stream.read(BLOCK_BYTES):
            held += block
            start = 0
            while start + HEADER.size <= len(held):
                number, at_ns, size_bytes = HEADER.unpack_from(held, start)
                end = start + HEADER.size + size_bytes
                if end > len(held):
                    break
                yield Chunk(number, at_ns, held[start + HEADER.size : end])
                self.console_offset += end - start
                start = end
            held = held[start:]

    def points(self) -> Iterator[Point]:
        """Yield the points that were logged since the last call, file by file."""
        from afield.runs.series.live import RECORD, RECORD_BYTES, live_parts

        for part in live_parts(self.folder):
            done = self.records_read.get(part.path, 0)
            try:
                with Path(part.path).open("rb") as stream:
                    stream.seek(done * RECORD_BYTES)
                    data = stream.read((part.records - done) * RECORD_BYTES)
            except FileNotFoundError:
                continue
            whole = len(data) - len(data) % RECORD_BYTES
            self.records_read[part.path] = done + whole // RECORD_BYTES
            for step, at_ns, value, number in _records(RECORD, data[:whole]):
                if 1 <= number <= len(part.names):
                    yield Point(part.names[number - 1], step, at_ns, value)


def _records(record: struct.Struct, data: bytes) -> Iterator[tuple[int, int, float, int]]:
    yield from record.iter_unpack(data)
