"""The supervisor's own log: memory-mapped, so an event costs no system call and outlives `kill -9`.

Files `kernel.<segment>.log`, framed as in `docs/format/trace.md`: length (4 bytes, little-endian,
written last), payload. A length of zero is the end for now. Fields of a payload are set apart by
NUL; which there are stands in `events`.
"""

from __future__ import annotations

import os
from io import FileIO
from mmap import mmap

_SEGMENT_BYTES_MIN = 1 << 16
_SEGMENT_BYTES_MAX = 1 << 24
LOG_BYTES_MAX = 1 << 29
_READ_BYTES = 1 << 18


def segment_path(folder: str, segment: int) -> str:
    """Return where a segment lies."""
    return os.path.join(folder, f"kernel.{segment}.log")


class EventLog:
    """Appends payloads to segments in a folder that is there and empty of them."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._buffer: mmap | None = None
        self._at = self._size = self._segment = self._total = 0

    def put(self, payload: bytes) -> None:
        """Append one payload.

        Raises:
            OSError: no space, no folder any more, or the log has reached its bound.
        """
        start = self._at + 4
        end = start + len(payload)
        if self._buffer is None or end + 4 > self._size:
            self._grow(len(payload) + 8)
            start, end = 4, 4 + len(payload)
        assert self._buffer is not None
        self._buffer[start:end] = payload
        self._buffer[start - 4 : start] = len(payload).to_bytes(4, "little")
        self._at = end

    def _grow(self, needed: int) -> None:
        """Map the next segment. Its blocks are reserved: a full disk must not be a SIGBUS."""
        size = min(_SEGMENT_BYTES_MIN << (2 * self._segment), _SEGMENT_BYTES_MAX)
        size = max(size, needed)
        if self._total + size > LOG_BYTES_MAX:
            raise OSError("the log has reached its bound")
        path = segment_path(self._folder, self._segment)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.posix_fallocate(fd, 0, size)
            self._buffer = mmap(fd, size)
        finally:
            os.close(fd)
        self._at, self._size = 0, size
        self._segment += 1
        self._total += size


class LogFollower:
    """Reads a log while it grows; each payload is given once."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._segment = self._offset = 0

    def poll(self) -> list[bytes]:
        """Return the payloads since the last poll, in the order in which they were written."""
        found: list[bytes] = []
        while True:
            after = segment_path(self._folder, self._segment + 1)
            is_last = not os.path.exists(after)  # asked first: then this one is complete
            try:
                with open(segment_path(self._folder, self._segment), "rb", buffering=0) as stream:
                    self._drain(stream, found)
            except OSError:
                return found
            if is_last:
                return found
            self._segment += 1
            self._offset = 0

    def _drain(self, stream: FileIO, found: list[bytes]) -> None:
        while True:
            stream.seek(self._offset)
            data = stream.read(_READ_BYTES)
            at = 0
            while size := int.from_bytes(data[at : at + 4], "little"):
                if at + 4 + size > len(data):
                    break
                found.append(data[at + 4 : at + 4 + size])
                at += 4 + size
            if at == 0:
                return
            self._offset += at
