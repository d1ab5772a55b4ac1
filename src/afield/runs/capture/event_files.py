"""TensorBoard's event files that a command wrote: their scalars become series of its run.

The files themselves are outputs like any others. What the script has logged by the same name
itself is not taken twice.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence

from afield.runs.capture.limits import EVENT_FILES_MAX, EVENT_POINTS_MAX, EVENT_RECORD_BYTES_MAX
from afield.runs.foreign.tensorboard_events import Decoder, records
from afield.runs.limits import METRICS_MAX
from afield.runs.live_owner import born
from afield.runs.series.live import RECORD, clip_name, lay_part, live_parts
from afield.runs.values import hide_in_name

_MARK = ".tfevents."
_STEP_MAX = (1 << 63) - 1


def take_scalars(live: str, root: str, outputs: Sequence[str]) -> list[str]:
    """Write the scalars of event files into a run's live folder; return what was not read, and why.

    A scalar is named by its tag, behind its folder where they lie in several: relative to the
    folder that holds them all, as TensorBoard names its runs.

    Args:
        live: the run's live folder.
        root: the project's folder.
        outputs: paths of what the command wrote, absolute or relative to `root`.

    Raises:
        OSError: the live folder cannot be written.
    """
    paths = sorted(path for path in outputs if _MARK in os.path.basename(path))
    if not paths:
        return []
    taking = _Taking(live)
    if len(paths) > EVENT_FILES_MAX:
        taking.faults.append(f"{len(paths) - EVENT_FILES_MAX} more event files are not read")
        paths = paths[:EVENT_FILES_MAX]
    whole = [os.path.join(root, path) for path in paths]
    above = os.path.commonpath([os.path.dirname(path) for path in whole])
    for path, shown in zip(whole, paths, strict=True):
        folder = os.path.relpath(os.path.dirname(path), above).replace(os.sep, "/")
        taking.take(path, shown, "" if folder == "." else f"{folder}/")
    taking.write(live)
    return taking.faults


class _Taking:
    """The points of all event files of a run.

    Attributes:
        faults: what was not read, and why.
    """

    def __init__(self, live: str) -> None:
        self.faults: list[str] = []
        self._logged = {name for part in live_parts(live) if part.records for name in part.names}
        self._ids: dict[str, int] = {}
        self._points: list[bytes] = []

    def take(self, path: str, shown: str, prefix: str) -> None:
        """Take the scalars of one file, as far as it is whole."""
        faults: list[str] = []
        try:
            for tag, step, time_ns, value in _scalars(path, faults):
                number = self._number(prefix + tag)
                if number is None:
                    continue
                if len(self._points) >= EVENT_POINTS_MAX:
                    faults.append(f"only the first {EVENT_POINTS_MAX:,} scalars are taken")
                    break
                self._points.append(RECORD.pack(step, time_ns, value, number))
        except OSError as error:
            faults.append(error.strerror or str(error))
        self.faults += [f"event file {shown}: {fault}" for fault in faults[:1]]

    def write(self, live: str) -> None:
        """Write what was taken as one more live file."""
        if self._points:
            pid = os.getpid()
            lay_part(live, pid, born(pid) or "", list(self._ids), self._points)

    def _number(self, tag: str) -> int | None:
        """Return the number of a metric; None when it is not to be taken."""
        name = clip_name(hide_in_name(tag))
        if name in self._logged:
            return None
        number = self._ids.get(name)
        if number is None and len(self._ids) < METRICS_MAX:
            number = self._ids[name] = len(self._ids) + 1
        return number


def _scalars(path: str, faults: list[str]) -> Iterator[tuple[str, int, int, float]]:
    """Yield tag, step, time in Unix nanoseconds, and value of each scalar."""
    decoder = Decoder()
    with open(path, "rb") as stream:
        for data in records(stream, faults, largest_bytes=EVENT_RECORD_BYTES_MAX):
            try:
                event = decoder.event(data)
            except ValueError as error:
                faults.append(f"a record that is no event: {error}")
                continue
            if event.points and abs(event.step) <= _STEP_MAX:
                time_ns = int(event.time_s * 1e9) if math.isfinite(event.time_s) else 0
                for tag, value in event.points:
                    yield tag, event.step, max(-_STEP_MAX, min(time_ns, _STEP_MAX)), value
