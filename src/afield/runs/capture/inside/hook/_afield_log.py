"""Append events to a memory-mapped file: no system call for one, and `kill -9` loses none.

Each process writes files of its own, `<pid>-<start>.<segment>.events`. A record is a length
(4 bytes, little-endian, written last: the commit mark), the payload, and one closing byte.
A length of zero is the end for now. What the payloads say is in `docs/format/trace.md`.
"""

import os
import sys
from _thread import allocate_lock
from mmap import mmap
from os import getpid
from time import monotonic_ns

SEGMENT_BYTES_MIN = 1 << 14
SEGMENT_BYTES_MAX = 1 << 26  # few segments: before Python 3.13 each holds a descriptor
LOG_BYTES_MAX = 1 << 29
_WITHOUT_DESCRIPTOR = {"trackfd": False} if sys.version_info >= (3, 13) else {}
COUNT = "\0" * 8


def encode(kind, at_ns, fields):
    """Return an event: its kind, the time and its texts, in UTF-8 with escaped bytes, and END."""
    text = "%s\0%d\0%s\x1e" % (kind, at_ns, "\0".join(fields))
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


class Counter:
    """A number inside a written event, counted up in place."""

    __slots__ = ("buffer", "count", "offset")

    def __init__(self):
        self.count = 1
        self.buffer = None
        self.offset = 0

    def hit(self):
        """Count one more."""
        self.count = count = self.count + 1
        if self.buffer is not None:
            self.buffer[self.offset : self.offset + 8] = count.to_bytes(8, "little")

    def place(self, buffer, offset):
        """Say where the event was written, and write the count so far."""
        self.offset = offset
        self.buffer = buffer
        buffer[offset : offset + 8] = self.count.to_bytes(8, "little")


class Log:
    """The events of this process.

    Writers never wait: whoever finds the lock taken (another thread, or the very same one
    below a signal handler) leaves its event in `pending` for the holder.
    """

    def __init__(self, folder, header):
        self.folder = folder
        self.header = header
        # Never let go: a mapping that is freed closes its descriptor by number, and a program
        # that has closed all descriptors (a daemon) may use that number for a file of its own.
        self.buffers = []
        self.reset()

    def reset(self):
        """Begin anew, in files of its own: at the start and in the child of a fork."""
        self.pid = getpid()
        self.lock = allocate_lock()
        self.pending = []
        self.buffer = None
        self.at = self.size = self.segment = self.total = 0
        self.dropped = 0
        self.base = "%s%s%d-%x" % (self.folder, os.sep, self.pid, monotonic_ns())

    def put(self, kind, fields, counter=None):
        """Append an event: its kind (one letter), the time, and its fields."""
        if self.pid != getpid():  # forked by C code that ran no handler
            self.reset()
        data = encode(kind if counter is None else kind + COUNT, monotonic_ns(), fields)
        if self.lock.acquire(False):  # noqa: FBT003 - a C function, called often
            try:
                self.write(data, counter)
            finally:
                self.lock.release()
        else:
            self.pending.append((data, counter))
        if self.pending:
            self.drain()

    def drain(self):
        """Write what others left, or leave it to whoever holds the lock now."""
        while self.pending and self.lock.acquire(False):  # noqa: FBT003 - a C function
            try:
                while self.pending:
                    self.write(*self.pending.pop(0))
            finally:
                self.lock.release()

    def write(self, data, counter):
        """Write a record (only under the lock): its length last, the mark that it counts."""
        at = self.at
        start = at + 4
        end = start + len(data)
        if end + 4 > self.size:
            at, start, end = self.make_room(data)
        buffer = self.buffer
        buffer[start:end] = data
        if counter is not None:
            counter.place(buffer, start + 1)
        buffer[at:start] = len(data).to_bytes(4, "little")
        self.at = end

    def make_room(self, data):
        """Begin the next segment, the first with the header; return where the data goes."""
        if self.segment == 0:
            header = encode("p", monotonic_ns(), self.header())
            self.grow(len(header) + len(data) + 12)
            self.buffer[4 : 4 + len(header)] = header
            self.buffer[:4] = len(header).to_bytes(4, "little")
            self.at = 4 + len(header)
        else:
            self.grow(len(data) + 8)
        return self.at, self.at + 4, self.at + 4 + len(data)

    def grow(self, needed):
        """Map the next segment. Its blocks are reserved: a full disk must not be a SIGBUS.

        Raises:
            OSError: no space, no folder any more, or the log has reached its bound.
        """
        size = min(SEGMENT_BYTES_MIN << (2 * self.segment), SEGMENT_BYTES_MAX)
        while size < needed:
            size *= 2
        if self.total + size > LOG_BYTES_MAX:
            raise OSError("the trace of this process has reached its bound")
        path = "%s.%d.events" % (self.base, self.segment)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(fd, 0, size)
            else:
                os.write(fd, bytes(size))
            self.buffer = mmap(fd, size, **_WITHOUT_DESCRIPTOR)
            self.buffers.append(self.buffer)
        finally:
            os.close(fd)
        self.at, self.size = 0, size
        self.segment += 1
        self.total += size
