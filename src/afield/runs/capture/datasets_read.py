"""Which versions of datasets a run took out of the record: what Afield told in its processes.

Such bytes lie in packs and in the cache of checked-out versions, which are no inputs by
themselves. Reads of them that no version was told for are found here, too.
"""

from __future__ import annotations

from collections.abc import Iterable

from afield.runs.capture.files_seen import Sieve
from afield.runs.capture.trace import Trace
from afield.runs.manifest import DatasetRead
from afield.runs.taken import Taken, joined

UNTOLD = (
    "inputs may be incomplete: the run read out of the record itself, and not by the name of a"
    " version"
)
"""The warning of a run that read more of the record than versions."""


def describe_datasets(trace: Trace, sieve: Sieve, workspace: str) -> tuple[DatasetRead, ...]:
    """Return the versions that a run took out of a record, in the order of the first time.

    Args:
        trace: what the run's processes told.
        sieve: words lines of code.
        workspace: the folder of the record that holds the run.
    """
    told = (
        Taken(
            one.asked,
            one.workspace,
            one.name,
            one.number,
            one.tree,
            one.added_ms,
            one.path,
            one.digest,
            one.size_bytes,
            sieve.shown_line(one.where),
        )
        for one in trace.versions
    )
    return joined(told, workspace)


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
