"""What all worker processes of a server count together: one small file mapped into each.

A worker writes its own block alone, so nothing is locked; who is asked for `/metrics` adds the
blocks up. Numbers only grow, also when a worker is replaced.
"""

from __future__ import annotations

import mmap
import os
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from itertools import product

PARTS = ("api", "mlflow", "other")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "other")
CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_REQUESTS = {key: at for at, key in enumerate(product(PARTS, METHODS, CLASSES))}
_BUCKETS_AT = len(_REQUESTS)
_BUCKETS = len(BOUNDS_S) + 1
_SUMS_AT = _BUCKETS_AT + len(PARTS) * _BUCKETS
_SENT_AT = _SUMS_AT + len(PARTS)
_RUNNING_AT = _SENT_AT + 1
_PID_AT = _RUNNING_AT + 1
_CELLS = _PID_AT + 1
BLOCK_BYTES = _CELLS * 8


class Counts:
    """The counters of one worker, and a look at those of all.

    Args:
        path: the file that all workers map; None: this process is alone.
        worker: which of them this is, from 0.
        workers: how many there are.
    """

    def __init__(self, path: str | None = None, worker: int = 0, workers: int = 1) -> None:
        size = BLOCK_BYTES * workers
        if path is None:
            self._map = mmap.mmap(-1, size)
        else:
            fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if os.fstat(fd).st_size < size:
                    os.truncate(fd, size)
                self._map = mmap.mmap(fd, size)
            finally:
                os.close(fd)
        self._cells = memoryview(self._map).cast("d")
        self._workers = workers
        self._own = worker * _CELLS
        self._cells[self._own + _PID_AT] = os.getpid()
        self._cells[self._own + _RUNNING_AT] = 0

    def begin(self) -> None:
        """Count a request that has come."""
        self._cells[self._own + _RUNNING_AT] += 1

    def end(self, path: str, method: str, status: int, took_s: float, sent_bytes: int) -> None:
        """Count a request that was answered."""
        cells, own, part = self._cells, self._own, part_of(path)
        cells[own + _RUNNING_AT] -= 1
        known = method if method in METHODS else "other"
        kind = CLASSES[status // 100 - 1] if 100 <= status < 600 else "5xx"  # noqa: PLR2004 - HTTP's own
        cells[own + _REQUESTS[part, known, kind]] += 1
        number = PARTS.index(part)
        cells[own + _BUCKETS_AT + number * _BUCKETS + bisect_left(BOUNDS_S, took_s)] += 1
        cells[own + _SUMS_AT + number] += took_s
        cells[own + _SENT_AT] += sent_bytes

    def requests(self) -> Iterator[tuple[tuple[str, str, str], int]]:
        """Yield how many requests there were, by part, method and class of status; none of 0."""
        total = self._total()
        for key, at in _REQUESTS.items():
            if total[at]:
                yield key, int(total[at])

    def durations(self) -> Iterator[tuple[str, list[int], float]]:
        """Yield each part, how many requests were in each bucket, and the sum of seconds."""
        total = self._total()
        for number, part in enumerate(PARTS):
            start = _BUCKETS_AT + number * _BUCKETS
            found = [int(count) for count in total[start : start + _BUCKETS]]
            yield part, found, total[_SUMS_AT + number]

    @property
    def sent_bytes(self) -> int:
        """How many bytes of bodies were sent."""
        return int(self._total()[_SENT_AT])

    @property
    def running(self) -> int:
        """How many requests are being answered now."""
        return int(self._total()[_RUNNING_AT])

    def pids(self) -> list[int]:
        """Return the process of each worker that has begun, in order; 0 for the others."""
        return [int(self._cells[at * _CELLS + _PID_AT]) for at in range(self._workers)]

    def close(self) -> None:
        """Let go of the file."""
        self._cells.release()
        self._map.close()

    def _total(self) -> array[float]:
        found = array("d", self._cells[:_CELLS])
        for worker in range(1, self._workers):
            for at, value in enumerate(self._cells[worker * _CELLS : (worker + 1) * _CELLS]):
                found[at] += value
        return found


def part_of(path: str) -> str:
    """Return the part of the server that a path belongs to."""
    if path.startswith("/api/v1"):
        return "api"
    if path.startswith(("/api/", "/ajax-api/")):
        return "mlflow"
    return "other"
