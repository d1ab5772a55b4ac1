"""What running served runs have logged so far: read on from where the last look ended.

The live files are the truth, whichever process wrote them; a look at a run that has not moved is
one short read for each of its files.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from afield.kernel.ids import RunId
from afield.runs.limits import PROGRESS_KEPT
from afield.runs.series.live import RECORD, RECORD_BYTES, names_in
from afield.runs.series.seal import Latest, Summary

_CHUNK_BYTES = 1 << 20
_unpack = RECORD.iter_unpack


@dataclass(slots=True)
class _Part:
    """How far one file was read."""

    at: int = 0
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class Progress:
    """A run as far as it was read.

    Attributes:
        records: how many points were read.
        summaries: by metric.
        told: of how many points the record knows by an entry; -1 when nobody here knows.
        tellings: how many entries told of it from here.
        told_ns: when the last of them was written.
    """

    records: int = 0
    summaries: dict[str, Summary] = field(default_factory=dict)
    told: int = -1
    tellings: int = 0
    told_ns: int = 0
    parts: dict[str, _Part] = field(default_factory=dict)


class Watched:
    """Follows the live files of served runs; threads may share one."""

    def __init__(self, live: str) -> None:
        self._live = live
        self._lock = threading.Lock()
        self._known: dict[RunId, Progress] = {}

    def look(self, run: RunId) -> Progress | None:
        """Return how far a run is by now; None when it has no live folder."""
        folder = os.path.join(self._live, run)
        try:
            names = os.listdir(folder)
        except (FileNotFoundError, NotADirectoryError):
            with self._lock:
                self._known.pop(run, None)
            return None
        with self._lock:
            files = sorted(n for n in names if n.startswith("series-") and n.endswith(".bin"))
            found = self._known.pop(run, None)
            if found is None or not found.parts.keys() <= set(files):  # ended, and opened again
                found = Progress()
            self._known[run] = found
            while len(self._known) > PROGRESS_KEPT:
                self._known.pop(next(iter(self._known)))
            for name in files:
                _read_on(os.path.join(folder, name), found, name)
            return found

    def running(self) -> list[RunId]:
        """Return the runs that have a live folder."""
        try:
            return [RunId(name) for name in os.listdir(self._live) if "." not in name]
        except FileNotFoundError:
            return []


def latest_in(summaries: Mapping[str, Summary]) -> dict[str, Latest]:
    """Return the latest point of each metric."""
    return {name: found.latest for name, found in summaries.items() if found.latest is not None}


def _read_on(path: str, found: Progress, name: str) -> None:
    part = found.parts.setdefault(name, _Part())
    try:
        stream = open(path, "rb", buffering=0)  # noqa: SIM115 - closed below
    except FileNotFoundError:
        return
    with stream:
        while True:
            stream.seek(part.at)
            data = stream.read(_CHUNK_BYTES if part.at else _CHUNK_BYTES // 16)
            whole = len(data) // RECORD_BYTES * RECORD_BYTES
            taken = _take(data[:whole], path, part, found)
            part.at += taken
            if not taken or taken < whole:
                return


def _take(data: bytes, path: str, part: _Part, found: Progress) -> int:
    """Take in whole records up to the first that is not written yet; return their bytes."""
    count = 0
    values: dict[int, list[float]] = {}
    last: dict[int, tuple[int, float, int]] = {}
    times: dict[int, int] = {}
    for step, time_ns, value, metric in _unpack(data):
        if not metric:
            break
        count += 1
        values.setdefault(metric, []).append(value)
        times[metric] = time_ns
        key = (step, time_ns, 0.0 if value != value else value)  # noqa: PLR0124 - NaN
        if metric not in last or key >= (last[metric][0], last[metric][2], _plain(last[metric][1])):
            last[metric] = (step, value, time_ns)
    if values and max(values) > len(part.names):
        part.names = names_in(path)
    for metric, logged in values.items():
        if metric > len(part.names):  # its name was lost with the machine's power
            continue
        summary = found.summaries.setdefault(part.names[metric - 1], Summary())
        summary.add(logged, times[metric])
        step, value, time_ns = last[metric]
        _offer(summary, Latest(value, step, time_ns // 1_000_000))
    found.records += count
    return count * RECORD_BYTES


def _offer(summary: Summary, point: Latest) -> None:
    now = summary.latest
    if now is None or _order(point) >= _order(now):
        summary.latest = point


def _order(point: Latest) -> tuple[int, int, float]:
    return point.step, point.time_ms, _plain(point.value)


def _plain(value: float) -> float:
    return 0.0 if value != value else value  # noqa: PLR0124 - NaN


assert struct.calcsize("<qqdQ") == RECORD_BYTES
