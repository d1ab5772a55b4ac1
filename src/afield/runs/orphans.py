"""Runs whose process is gone without ending them: found by their live folder, then ended.

Reading commands call this first, so that nobody has to repair anything by hand.
"""

from __future__ import annotations

import os

from afield.journal import Draft
from afield.kernel.errors import AfieldError
from afield.kernel.ids import RunId, parse_run_id
from afield.runs import events
from afield.runs.endings import end_for_exit
from afield.runs.exit_status import read_status
from afield.runs.limits import FOREIGN_ORPHAN_AGE_S
from afield.runs.live_owner import (
    Ending,
    changed_ns,
    host_name,
    is_alive,
    read_ending,
    read_owner,
)
from afield.runs.record import INTERRUPTED, Record, end_run, remove_live
from afield.runs.series.live import live_parts
from afield.runs.served.folder import is_served, lock, waits_to_be_sealed

CONSOLE = "console.bin"
"""The framed console of a captured run, in its live folder; see `runs.capture.console`."""


def sweep_orphans(record: Record) -> list[RunId]:
    """End every run whose processes are gone; return their ids.

    As `interrupted`, unless a process has left word of how its run ended.

    Several commands may sweep at once: a lock lets one do it, and the others go on without
    waiting. A run that cannot be sealed now (a full disk) is left for the next time.
    """
    names = _folders(record.live)
    if not names:
        return []
    host, now_ns = host_name(), record.clock.wall_ns()
    dead = [name for name in names if _is_over(os.path.join(record.live, name), host, now_ns)]
    if not dead:
        return []
    swept = []
    try:
        with record.files.lock(record.live + ".lock", 0.0):
            swept = [run for name in dead if (run := _sweep(record, name)) is not None]
    except AfieldError:  # busy: another process is sweeping them just now
        return []
    return swept


def _is_over(folder: str, host: str, now_ns: int) -> bool:
    alive = is_alive(folder, host, now_ns, FOREIGN_ORPHAN_AGE_S)
    return not alive or waits_to_be_sealed(folder, now_ns)


def _sweep(record: Record, name: str) -> RunId | None:
    folder = os.path.join(record.live, name)
    if not os.path.isdir(folder):
        return None
    try:
        run = parse_run_id(name)
    except AfieldError:
        remove_live(folder)
        return None
    if read_owner(folder) is None and not live_parts(folder):  # it died before there was a run
        remove_live(folder)
        return None
    try:
        how = _how_it_ended(record, folder)
        if is_served(folder):
            _end_served(record, run, how)
            return run
        end_run(
            record,
            run,
            before=_described(record, run, folder, how),
            status=how.status,
            exit_code=how.exit_code,
            signal=how.signal,
            ended_ms=how.ended_ms,
        )
    except (OSError, AfieldError):
        return None
    return run


def _end_served(record: Record, run: RunId, how: Ending) -> None:
    """Seal a run of a server's that nobody is at: its end was cut short, or it waited for this."""
    from afield.runs.served.seal import seal_served  # loads numpy

    with lock(record.files, record.workspace, run):
        if os.path.isdir(record.live_folder(run)):
            at_ms = how.ended_ms
            end_run(record, run, status=how.status, ended_ms=at_ms, timed=False, seal=seal_served)


def _how_it_ended(record: Record, folder: str) -> Ending:
    """Return the ending that was written down, with the exit status if that was left to tell."""
    how = read_ending(folder) or Ending(INTERRUPTED, None, None, _last_seen_ms(record, folder))
    status = read_status(folder)
    if status is None:
        return how
    end = end_for_exit(status)
    return Ending(end.status, end.exit_code, None, how.ended_ms)


def _described(record: Record, run: RunId, folder: str, how: Ending) -> tuple[Draft, ...]:
    """Tell what a captured run was made of, from what its recorder left; else what it printed."""
    if os.path.isdir(os.path.join(folder, "trace")):  # a script that joins no `afield run` has none
        from afield.runs.capture.unfinished import describe_unfinished  # seldom, and not light

        draft = describe_unfinished(record, run, folder, how)
        if draft is not None:
            return (draft,)
    if os.path.exists(os.path.join(folder, "cells.jsonl")):
        from afield.runs.capture.by_hand import describe_cells  # the same

        draft = describe_cells(record, run, folder)
        if draft is not None:
            return (draft,)
    return _console(record, run, folder)


def _console(record: Record, run: RunId, folder: str) -> tuple[Draft, ...]:
    """Keep what the command printed when nobody is left to say more."""
    path = os.path.join(folder, CONSOLE)
    try:
        if not os.path.getsize(path):
            return ()
    except OSError:
        return ()
    found, size_bytes = record.vault.put_file(path)
    return (events.saved(run, CONSOLE, found, size_bytes),)


def _last_seen_ms(record: Record, folder: str) -> int:
    """Return when the run was last heard of: nobody knows when exactly it died."""
    return min(changed_ns(folder) // 1_000_000, record.now_ms())


def _folders(live: str) -> list[str]:
    try:
        with os.scandir(live) as found:
            return sorted(item.name for item in found if item.is_dir())
    except FileNotFoundError:
        return []
