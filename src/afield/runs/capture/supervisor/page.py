"""One page that all who hold a listener share: what the kernel last asked, and how it goes.

The kernel writes its question right here, so that whoever takes over from a holder that was
killed knows which question was left without an answer. Numbers are 64 bits, little-endian.
"""

from __future__ import annotations

import mmap
import struct

PAGE_BYTES = 4096
QUESTION_BYTES = 2048  # above 1024 Python's `ioctl` hands the kernel this memory, no copy of it
_NUMBER = struct.Struct("<Q")

_STATE_AT, _LOST_AT, _ASKED_AT, _FAULTS_AT, _SERVER_AT = 2048, 2056, 2064, 2072, 2080
IDLE, SERVING, LOST = 0, 1, 2


class Page:
    """The page behind a descriptor; every holder maps it for itself."""

    def __init__(self, fd: int) -> None:
        self.memory = mmap.mmap(fd, PAGE_BYTES)
        self.question = memoryview(self.memory)[:QUESTION_BYTES]

    def _number(self, at: int) -> int:
        return int(_NUMBER.unpack_from(self.memory, at)[0])

    @property
    def state(self) -> int:
        """Return whether somebody watches: `IDLE`, `SERVING`, or `LOST` (answered only)."""
        return self._number(_STATE_AT)

    @property
    def lost_ns(self) -> int:
        """Return since when nobody watches (monotonic)."""
        return self._number(_LOST_AT)

    @property
    def asked(self) -> int:
        """Return how many questions were answered, up to a few thousand late."""
        return self._number(_ASKED_AT)

    @property
    def faults(self) -> int:
        """Return how many questions were answered without being understood."""
        return self._number(_FAULTS_AT)

    @property
    def server(self) -> int:
        """Return the process that serves; 0 before there is one."""
        return self._number(_SERVER_AT)

    def tell_server(self, pid: int) -> None:
        """Say which process serves."""
        _NUMBER.pack_into(self.memory, _SERVER_AT, pid)

    def serve(self) -> None:
        """Say that from now on somebody watches."""
        _NUMBER.pack_into(self.memory, _STATE_AT, SERVING)

    def lose(self, at_ns: int) -> None:
        """Say that from now on questions are answered and no longer looked at."""
        _NUMBER.pack_into(self.memory, _LOST_AT, at_ns)
        _NUMBER.pack_into(self.memory, _STATE_AT, LOST)

    def fault(self) -> None:
        """Count a question that was not understood."""
        _NUMBER.pack_into(self.memory, _FAULTS_AT, self.faults + 1)

    def count(self, asked: int) -> None:
        """Say how many questions there were."""
        _NUMBER.pack_into(self.memory, _ASKED_AT, asked)
