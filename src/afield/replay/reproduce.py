"""The door of reproduction: repeat a run, judge it, and look further when that was asked for."""

from __future__ import annotations

from afield.kernel.ids import RunId
from afield.replay.bisect import bisect
from afield.replay.reader import RunReader
from afield.replay.report import Report
from afield.replay.reproduction import repeat
from afield.replay.wish import Wish
from afield.runs.record import Record


def reproduce(
    record: Record, runs: RunReader, run: RunId, wish: Wish, *, pinned: bool = False
) -> Report:
    """Run a recorded run again, in a clean folder, and say how well it came out.

    Args:
        record: where the new run is recorded.
        runs: where runs are read.
        run: the run to reproduce.
        wish: how.
        pinned: when only the machine differs, run once more with the recorded kernels and
            threads, and say whether they explain the difference.

    Returns:
        The report, which is stored with the original run unless the command could not be run.

    Raises:
        NotReproducible: the run was not captured, or has not ended.
        FolderInUse: the folder to keep is not empty.
        SecretsNeeded: the record lacks secrets that were not handed over.
        OutsideWrites: files outside the project would be overwritten.
        AfieldError: the record is damaged, or the workspace cannot be written.
    """
    report = repeat(record, runs, run, wish)
    return bisect(record, runs, report, wish) if pinned else report
