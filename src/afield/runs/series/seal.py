"""Sealing a run's series: from live files to sealed bytes and one summary per metric.

Works in blocks, so that a long run is sealed in bounded memory, and without numpy, because
it happens in the training process.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Protocol

import msgspec

from afield.runs.limits import BLOCK_RECORDS
from afield.runs.series.format import block_frame, end_frame, head, names_frame
from afield.runs.series.live import RECORD, RECORD_BYTES


class Part(Protocol):
    """What one process logged, as a live file has it: `LivePart` is one."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of metrics 1, 2, 3 and so on."""
        ...

    @property
    def records(self) -> int:
        """How many points there are."""
        ...

    def blocks(self, records_max: int) -> Iterator[bytes]:
        """Yield the records' bytes, in order, at most so many records at a time."""
        ...


class Latest(msgspec.Struct, frozen=True):
    """The point of a metric with the highest step, then time, then value: MLflow's latest one."""

    value: float
    step: int
    time_ms: int


class Summary(msgspec.Struct):
    """What is told of a metric without its points.

    `last` is the value logged last, `count` the number of points, NaN included; `min`, `max`
    and `mean` leave NaN out (and are NaN when there is nothing else). `latest` is told of runs
    that a server records.
    """

    last: float = math.nan
    min: float = math.nan
    max: float = math.nan
    count: int = 0
    latest: Latest | None = None
    _sum: float = 0.0
    _known: int = 0
    _last_ns: int = -(1 << 63)

    @property
    def mean(self) -> float:
        """The mean of all values but NaN."""
        return self._sum / self._known if self._known else math.nan

    def add(self, values: list[float], last_ns: int) -> None:
        """Take in the values of one block, in order; the last was logged at `last_ns`."""
        self.count += len(values)
        if last_ns >= self._last_ns:
            self.last, self._last_ns = values[-1], last_ns
        total = sum(values)
        if total != total:  # noqa: PLR0124 - NaN among them, or inf - inf
            values = [value for value in values if value == value]  # noqa: PLR0124 - not NaN
            if not values:
                return
            total = sum(values)
        low, high = min(values), max(values)
        first = self._known == 0
        self.min = low if first or low < self.min else self.min
        self.max = high if first or high > self.max else self.max
        self._sum += total
        self._known += len(values)


def seal_series(parts: Iterable[Part], out: BinaryIO) -> dict[str, Summary]:
    """Write the sealed form of all parts to `out`; return each metric's summary.

    Nothing is written when there is no point. A record whose metric has no name (its name's
    line was lost with the machine's power) is kept in the bytes and left out of the summaries.
    """
    summaries: dict[str, Summary] = {}
    started = False
    for part in parts:
        if not part.records:
            continue
        if not started:
            out.write(head())
            started = True
        out.write(names_frame(part.names))
        for block in part.blocks(BLOCK_RECORDS):
            out.write(block_frame(block))
            _summarise(block, part.names, summaries)
    if started:
        out.write(end_frame())
    return summaries


def summarise(parts: Iterable[Part]) -> dict[str, Summary]:
    """Sum up each metric of live parts without sealing them."""
    summaries: dict[str, Summary] = {}
    for part in parts:
        for block in part.blocks(BLOCK_RECORDS):
            _summarise(block, part.names, summaries)
    return summaries


def _summarise(block: bytes, names: tuple[str, ...], summaries: dict[str, Summary]) -> None:
    numbers = memoryview(block).cast("Q")[3::4].tolist()
    values = memoryview(block).cast("d")[2::4].tolist()
    times = memoryview(block).cast("q")[1::4]
    by_metric: dict[int, list[float]] = {number: [] for number in set(numbers)}
    for number, value in zip(numbers, values, strict=True):
        by_metric[number].append(value)
    last_at = dict(zip(numbers, range(len(numbers)), strict=True))
    for number, found in by_metric.items():
        if number > len(names):
            continue
        summary = summaries.get(names[number - 1])
        if summary is None:
            summary = summaries[names[number - 1]] = Summary()
        summary.add(found, times[last_at[number]])


assert RECORD.size == RECORD_BYTES  # the casts above rely on 4 words of 8 bytes
