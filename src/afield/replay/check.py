"""`--check N`: repeat a run some times where it was recorded, to learn what is stable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from afield.kernel.ids import RunId
from afield.replay.errors import NotRecordedHere
from afield.replay.reader import RunReader
from afield.replay.reproduction import repeat
from afield.replay.stability import Stability, stability
from afield.replay.wish import Wish
from afield.runs.record import Record


def check(record: Record, runs: RunReader, run: RunId, wish: Wish, *, times: int) -> Stability:
    """Repeat a run some times on the device that recorded it, and learn what is stable.

    Raises:
        NotRecordedHere: another device recorded it.
        AfieldError: as `reproduce`.
    """
    if runs.run(run).device != record.journal.device:
        raise NotRecordedHere(
            "cannot check what is stable",
            run,
            "another device recorded the run",
            hint=f"afield reproduce {run[:8]}",
        )
    for number in range(times):
        told = _numbered(wish.tools.progress, f"{number + 1} of {times}")
        tools = replace(wish.tools, progress=told)
        report = repeat(record, runs, run, replace(wish, tools=tools, keep=None))
        if report.new_run is None:
            break  # it will not run the next time either; the gap is the same
    runs.refresh()
    return stability(runs, run, record.vault)


def _numbered(progress: Callable[[str], None], number: str) -> Callable[[str], None]:
    return lambda text: progress(f"{number}: {text}")
