"""Which versions of datasets a run took out of the record: what Afield told in its processes.

Such bytes lie in packs and in the cache of checked-out versions, which are no inputs by
themselves. Reads of them that no version was told for are found here, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from afield.runs.capture.files_seen import Sieve, printable
from afield.runs.capture.limits import DATASET_FILES_RECORDED_MAX, DATASETS_RECORDED_MAX
from afield.runs.capture.trace import Trace, VersionTold
from afield.runs.manifest import DatasetFile, DatasetRead

UNTOLD = (
    "inputs may be incomplete: the run read out of the record itself, and not by the name of a"
    " version"
)
"""The warning of a run that read more of the record than versions."""

_WHOLE = "."


def describe_datasets(trace: Trace, sieve: Sieve, workspace: str) -> tuple[DatasetRead, ...]:
    """Return the versions that a run took out of a record, in the order of the first time.

    Args:
        trace: what the run's processes told.
        sieve: words lines of code.
        workspace: the folder of the record that holds the run.
    """
    told: dict[tuple[str, str, str], list[VersionTold]] = {}
    for event in trace.versions:
        told.setdefault((event.workspace, event.name, event.tree), []).append(event)
    found = list(told.values())[:DATASETS_RECORDED_MAX]
    return tuple(_described(events, sieve, workspace) for events in found)


def _described(events: list[VersionTold], sieve: Sieve, workspace: str) -> DatasetRead:
    first = events[0]
    files = {
        event.path: DatasetFile(
            path=printable(event.path), digest=event.digest, size_bytes=event.size_bytes
        )
        for event in events
        if event.path not in {"", _WHOLE}
    }
    whole = len(files) > DATASET_FILES_RECORDED_MAX or any(one.path == _WHOLE for one in events)
    return DatasetRead(
        name=first.name,
        number=first.number,
        tree=first.tree,
        added_ms=first.added_ms,
        asked=tuple(dict.fromkeys(event.asked for event in events)),
        whole=whole,
        files=() if whole else tuple(files.values()),
        where=sieve.shown_line(next((one.where for one in events if one.where), None)),
        workspace=None if _is_same(first.workspace, workspace) else printable(first.workspace),
    )


def _is_same(folder: str, other: str) -> bool:
    return folder == other or os.path.realpath(folder) == os.path.realpath(other)


def reads_untold(trace: Trace, workspace: str) -> bool:
    """Tell whether the run read bytes that the record keeps and no process told of a version.

    A process that told of one is taken to have read for that; so is a fork of it.
    """
    packs, trees = f"{workspace}/packs/", f"{workspace}/cache/data/trees/"
    out = {event.tree for event in trace.versions if event.path}
    telling = _with_forks({event.pid for event in trace.versions}, trace)
    return any(
        (one.path.startswith(trees) and one.path[len(trees) :].partition("/")[0] not in out)
        or (one.path.startswith(packs) and one.path.endswith(".pack") and one.pid not in telling)
        for one in trace.opens
        if one.mode == "read"
    )


def _with_forks(telling: set[int], trace: Trace) -> Iterable[int]:
    for process in trace.processes:
        if process.started_by == "fork" and process.parent in telling:
            telling.add(process.pid)
    return telling
