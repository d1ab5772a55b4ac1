"""The console of a run as it is kept: frames of redacted bytes, in order of arrival.

A frame is `<BQI`: stream (1 stdout, 2 stderr), Unix nanoseconds, length; then the bytes, in
whatever encoding the command wrote them. Showing the console and moving bytes between
processes live elsewhere; nothing here writes to a terminal.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from afield.runs.capture.limits import CONSOLE_BYTES_MAX, CONSOLE_HOLD_BYTES_MAX
from afield.runs.secrets import scan

STDOUT = 1
STDERR = 2
HEADER = struct.Struct("<BQI")
STREAMS = (STDOUT, STDERR)

_KEY_BEGIN = b"-----BEGIN "
_KEY_END = b"-----END "


def frames(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (stream, unix ns, bytes) of a console; a torn last frame is left out."""
    offset = 0
    while offset + HEADER.size <= len(data):
        stream, at_ns, size_bytes = HEADER.unpack_from(data, offset)
        offset += HEADER.size
        if offset + size_bytes > len(data):
            return
        yield stream, at_ns, data[offset : offset + size_bytes]
        offset += size_bytes


def split(data: bytes) -> tuple[bytes, bytes]:
    """Return what went to stdout and what went to stderr."""
    parts: dict[int, list[bytes]] = {STDOUT: [], STDERR: []}
    for stream, _, chunk in frames(data):
        parts.setdefault(stream, []).append(chunk)
    return b"".join(parts[STDOUT]), b"".join(parts[STDERR])


def framed_bytes(path: str) -> int:
    """Return how many bytes the frames of a console file hold; a torn last one does not count.

    Raises:
        OSError: it cannot be read.
    """
    total = offset = 0
    with open(path, "rb") as stream:
        whole = os.fstat(stream.fileno()).st_size
        while len(header := stream.read(HEADER.size)) == HEADER.size:
            _, _, size_bytes = HEADER.unpack(header)
            offset += HEADER.size + size_bytes
            if offset > whole:
                break
            total += size_bytes
            stream.seek(offset)
    return total


class ConsoleWriter:
    """Writes a console to a stream as frames, without its secrets, in bounded memory.

    Bytes are held back until their line ends (or the hold is full), so that a secret which
    arrives in two chunks is still seen whole. After the first fault of the stream nothing
    more is written and `fault` says why: the command's own output does not depend on it.
    """

    def __init__(self, stream: BinaryIO | None, *, known: Mapping[str, bytes]) -> None:
        self._stream = stream
        self._known = known
        self._held: dict[int, bytearray] = {STDOUT: bytearray(), STDERR: bytearray()}
        self._seen_ns: dict[int, int] = dict.fromkeys(STREAMS, 0)
        self._written_bytes = 0
        self.size_bytes = 0
        self.rules: dict[tuple[int, str], None] = {}
        self.fault: str | None = None

    def feed(self, stream: int, chunk: bytes, at_ns: int) -> None:
        """Take a chunk as it was read from the command."""
        self.size_bytes += len(chunk)
        if self._stream is None:
            return
        held = self._held[stream]
        held += chunk
        self._seen_ns[stream] = at_ns
        ready = _ready(held)
        if ready:
            piece = bytes(memoryview(held)[:ready])
            del held[:ready]
            self._write(stream, piece, at_ns)

    def flush(self) -> None:
        """Make what is complete visible to those who follow the run."""
        if self._stream is not None:
            try:
                self._stream.flush()
            except OSError as error:
                self._fail(error)

    def close(self) -> None:
        """Write what was held back, and close the stream."""
        for stream in STREAMS:
            if self._held[stream]:
                self._write(stream, bytes(self._held[stream]), self._seen_ns[stream])
                self._held[stream].clear()
        if self._stream is not None:
            try:
                self._stream.close()
            except OSError as error:
                self._fail(error)

    def _write(self, stream: int, piece: bytes, at_ns: int) -> None:
        if self._stream is None:
            return
        found = scan(piece, known=self._known)
        for rule in found.rules:
            self.rules[stream, rule] = None
        if self._written_bytes + len(found.data) > CONSOLE_BYTES_MAX:
            self.fault = f"console beyond {CONSOLE_BYTES_MAX >> 20} MiB not kept"
            return
        self._written_bytes += len(found.data)
        try:
            self._stream.write(HEADER.pack(stream, at_ns, len(found.data)))
            self._stream.write(found.data)
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.give_up(error.strerror or str(error))

    def give_up(self, why: str) -> None:
        """Keep no more of the console; `fault` says why."""
        self.fault = f"console not kept: {why}"
        self._stream = None
        for held in self._held.values():
            held.clear()


def _ready(held: bytearray) -> int:
    """Return how many of the held bytes may be written: whole lines, no half of a key."""
    end = max(held.rfind(b"\n"), held.rfind(b"\r")) + 1
    begin = held.rfind(_KEY_BEGIN, 0, end)
    if begin >= 0 and b"PRIVATE KEY" in held[begin : begin + 64]:
        closing = held.find(_KEY_END, begin)
        if closing < 0 or held.find(b"\n", closing) < 0:
            end = begin
    if len(held) - end > CONSOLE_HOLD_BYTES_MAX:
        space = held.rfind(b" ", end, len(held) - 512)
        end = space + 1 if space >= 0 else len(held) - 512
    return end
