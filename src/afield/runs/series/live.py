"""The file that a running process logs its points to, and how others read it meanwhile.

`series-<pid>-<n>.bin` holds 32-byte records in a memory-mapped window: a logged point is in
the page cache when `log` returns, without a system call, and outlives the process.
`series-<pid>-<n>.names` holds a header line and then one JSON string a line, the names of
metrics 1, 2, 3 and so on. The format is described in `docs/format/series.md`. Nothing here
knows of journals, and nothing here may import numpy: it lives in the training process.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import struct
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from afield.runs.limits import METRICS_MAX, NAME_BYTES_MAX, WINDOW_BYTES_MAX

RECORD = struct.Struct("<qqdQ")
"""step, time (Unix ns), value, metric (from 1; 0: not written yet). The metric is written last."""

RECORD_BYTES = RECORD.size
HEADER_KEY = "afield.series"
FORMAT = 1
_METRIC = struct.Struct("<Q")
_METRIC_OFFSET = 24
_GROWTH = 4
_OPEN_NEW = (
    os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)


class LiveSeries:
    """The one writer of one live file; the caller holds a lock around each call.

    `window`, `position`, `end` and `ids` are open to `Run.log`, which packs records itself:
    a call for every point would double its price. Contract: when `position == end`, call
    `grow()` first; when a name is not in `ids`, call `introduce()` first.

    Raises:
        OSError: the files cannot be made.
    """

    __slots__ = ("_fd", "_names_fd", "_offset", "end", "ids", "path", "position", "window")

    def __init__(self, folder: str, pid: int, born: str) -> None:
        self.ids: dict[str, int] = {}
        self.position = self.end = self._offset = 0
        self.window: mmap.mmap | None = None
        self._names_fd, self.path = _open_new(folder, pid)
        self._fd = -1
        try:
            self._fd = os.open(self.path, _OPEN_NEW, 0o644)
            header = {HEADER_KEY: FORMAT, "pid": pid, "born": born}
            self._write_name(_as_line(header))
        except OSError:
            self._take_back()
            raise

    def grow(self) -> mmap.mmap:
        """Map the next window, its disk space taken beforehand, and return it.

        A hole would be cheaper, but writing to a mapped hole of a full disk kills the process
        with SIGBUS; a plain write of zeros fails with an `OSError` that can be handled.

        Raises:
            OSError: the disk is full, or the run was ended by another process; nothing changes.
        """
        if self.is_gone():
            raise FileNotFoundError(errno.ENOENT, "the run was ended elsewhere", self.path)
        start = self._offset + (self.end if self.window is not None else 0)
        size_bytes = min(max(self.end * _GROWTH, mmap.ALLOCATIONGRANULARITY), WINDOW_BYTES_MAX)
        _write_zeros(self._fd, start, size_bytes)
        window = mmap.mmap(self._fd, size_bytes, offset=start)
        if self.window is not None:
            self.window.close()
        self.window, self._offset = window, start
        self.position, self.end = 0, size_bytes
        return window

    def is_gone(self) -> bool:
        """Tell whether the file was removed: somebody else has sealed what was in it."""
        return os.fstat(self._fd).st_nlink == 0

    def introduce(self, name: str) -> int:
        """Write a new metric's name down and return its number.

        Raises:
            OSError: the name cannot be written.
            ValueError: there are too many metrics.
        """
        number = len(self.ids) + 1
        if number > METRICS_MAX:
            msg = f"more than {METRICS_MAX} different metrics"
            raise ValueError(msg)
        self._write_name(_as_line(name))
        self.ids[name] = number
        return number

    def _write_name(self, text: str) -> None:
        """Append a line, all of it or nothing."""
        line = text.encode() + b"\n"
        done = os.write(self._names_fd, line)
        if done != len(line):
            os.ftruncate(self._names_fd, os.fstat(self._names_fd).st_size - done)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.path)

    def _take_back(self) -> None:
        """Leave nothing of a file that could not be begun: the next call tries again."""
        names = self.path[: -len(".bin")] + ".names"
        for fd, path in ((self._fd, self.path), (self._names_fd, names)):
            if fd >= 0:
                with contextlib.suppress(OSError):
                    os.close(fd)
                with contextlib.suppress(OSError):
                    os.unlink(path)

    def close(self) -> None:
        """Let go of the files; what was logged stays."""
        if self.window is not None:
            self.window.close()
            self.window = None
        self.position = self.end = 0
        for fd in (self._fd, self._names_fd):
            with contextlib.suppress(OSError):
                os.close(fd)


class LivePart(msgspec.Struct, frozen=True):
    """What one process has logged so far: a file of records and the names it uses."""

    path: str
    pid: int
    born: str
    names: tuple[str, ...]
    records: int

    def blocks(self, records_max: int) -> Iterator[bytes]:
        """Yield the records' bytes, in order, in blocks of at most `records_max` records."""
        left = self.records
        with open(self.path, "rb", buffering=0) as stream:
            while left:
                want = min(left, records_max) * RECORD_BYTES
                data = stream.read(want)
                while len(data) < want:
                    more = stream.read(want - len(data))
                    if not more:
                        return
                    data += more
                left -= want // RECORD_BYTES
                yield data


def live_parts(folder: str) -> list[LivePart]:
    """List what the processes of a run have logged, oldest file first; safe while they log."""
    try:
        found = sorted(name for name in os.listdir(folder) if _is_series(name))
    except (FileNotFoundError, NotADirectoryError):
        return []
    parts = [_read_part(os.path.join(folder, name)) for name in found]
    return [part for part in parts if part is not None]


def names_in(path: str) -> tuple[str, ...]:
    """Return the names of metrics 1, 2, 3 and so on of a live file.

    Raises:
        FileNotFoundError: the run has ended meanwhile.
    """
    import json  # as above

    with open(path[: -len(".bin")] + ".names", "rb") as stream:
        lines = stream.read().split(b"\n")[:-1]
    return tuple(json.loads(line) for line in lines[1:])


def lay_part(
    folder: str, pid: int, born: str, names: Sequence[str], blocks: Iterable[bytes]
) -> None:
    """Write a live file at once: `blocks` are whole records.

    Raises:
        OSError: the disk is full.
    """
    fd, path = _open_new(folder, pid)
    with open(fd, "wb") as stream:
        header = {HEADER_KEY: FORMAT, "pid": pid, "born": born}
        stream.writelines(_as_line(each).encode() + b"\n" for each in (header, *names))
    with open(path, "xb") as stream:
        stream.writelines(blocks)


def clip_name(name: object) -> str:
    """Return a metric, param or tag name as valid text of bounded length."""
    text = name if type(name) is str else str(name)
    if text.isascii() and len(text) <= NAME_BYTES_MAX:
        return text
    data = text.encode("utf-8", "replace")
    if len(data) > NAME_BYTES_MAX:
        data = data[: NAME_BYTES_MAX - 3] + b"..."
    return data.decode("utf-8", "ignore")


def _as_line(value: object) -> str:
    import json  # its ASCII is what stands in these files; loaded with the first metric

    return json.dumps(value)


def _is_series(name: str) -> bool:
    return name.startswith("series-") and name.endswith(".bin")


def _open_new(folder: str, pid: int) -> tuple[int, str]:
    """Open a names file that nobody else has; pids come again, and one process may join twice."""
    turn = 0
    while True:
        base = os.path.join(folder, f"series-{pid}-{turn}")
        try:
            return os.open(base + ".names", _OPEN_NEW | os.O_APPEND, 0o644), base + ".bin"
        except FileExistsError:
            turn += 1


def _write_zeros(fd: int, start: int, size_bytes: int) -> None:
    os.lseek(fd, start, os.SEEK_SET)
    zeros = memoryview(bytes(size_bytes))
    done = 0
    while done < size_bytes:
        done += os.write(fd, zeros[done:])


def _read_part(path: str) -> LivePart | None:
    """Read the names after the records were counted, so that every record has its name."""
    try:
        records = _count_records(path)
        with open(path[: -len(".bin")] + ".names", "rb") as stream:
            lines = stream.read().split(b"\n")[:-1]  # a torn last line has no point yet
    except FileNotFoundError:
        return None
    if not lines:
        return None
    import json  # as above

    header = json.loads(lines[0])
    names = tuple(json.loads(line) for line in lines[1:])
    return LivePart(path, int(header["pid"]), str(header["born"]), names, records)


def _count_records(path: str) -> int:
    """Count committed records: they have no gaps, so a binary search for the first 0 does."""
    with open(path, "rb", buffering=0) as stream:
        low, high = 0, os.fstat(stream.fileno()).st_size // RECORD_BYTES
        while low < high:
            middle = (low + high) // 2
            stream.seek(middle * RECORD_BYTES + _METRIC_OFFSET)
            data = stream.read(_METRIC.size)
            if len(data) == _METRIC.size and _METRIC.unpack(data)[0]:
                low = middle + 1
            else:
                high = middle
        return low
