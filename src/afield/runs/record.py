"""What every writer of runs is handed, and how a run begins and ends.

`Record` bundles a workspace's journal, vault and live folder. `start_run` and `end_run` are
used by the Python API, by capture and by whoever finds an orphan, so that a run is the same
fact whoever recorded it. No environment, terminal or signal is looked at here.
"""

from __future__ import annotations

import base64
import contextlib
import io
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

from afield.journal import Draft, Journal
from afield.kernel.clock import Clock
from afield.kernel.files import FileSystem
from afield.kernel.ids import MemberId, RunId, new_run_id
from afield.runs import events
from afield.runs.limits import INLINE_BYTES_MAX
from afield.runs.live_owner import (
    Ending,
    Owner,
    born,
    host_name,
    reserve_ending,
    write_ending,
    write_owner,
)
from afield.runs.live_warnings import reserve_warnings
from afield.runs.machine import keep_host
from afield.runs.names import default_name
from afield.runs.saving import keep_own_files
from afield.runs.series.live import clip_name, live_parts
from afield.runs.values import Keeper, hide_in_name
from afield.vault import Vault

if TYPE_CHECKING:
    from afield.runs.failure import Kept
    from afield.runs.series.seal import Summary

SEALING = "sealed.tmp"
INTERRUPTED = "interrupted"
ENDED = ".ended"
DEFAULT_PROJECT = "default"
DEFAULT_EXPERIMENT = "default"
_SPOOL_BYTES = 64 << 10


class Record(msgspec.Struct, frozen=True):
    """A workspace as a writer sees it; reading needs `afield.workspace`.

    Attributes:
        journal: this device's log.
        vault: the objects.
        live: the folder with one folder per running run.
        files: the file system under journal and vault.
        clock: where the time comes from.
        workspace: the `.afield` folder.
        secrets: returns values to be replaced wherever they turn up, by name.
    """

    journal: Journal
    vault: Vault
    live: str
    files: FileSystem
    clock: Clock
    workspace: str
    secrets: Callable[[], Mapping[str, bytes]] = dict

    def live_folder(self, run: RunId) -> str:
        """Return the folder of a running run; it is gone once the run has ended."""
        return os.path.join(self.live, run)

    def now_ms(self) -> int:
        """Return the wall clock in Unix milliseconds."""
        return self.clock.wall_ns() // 1_000_000


Sealed = tuple[dict[str, str] | None, dict[str, "Summary"]]
Seal = Callable[[Record, str], Sealed]
"""Seals the live series in a folder; returns where the sealed one is, and the summaries."""


def start_run(
    record: Record,
    *,
    project: str | None = None,
    project_default: str = DEFAULT_PROJECT,
    experiment: str | None = None,
    name: str | None = None,
    kind: Literal["command", "python"] = "command",
    params: Mapping[str, object] | None = None,
    tags: Mapping[str, object] | None = None,
    parent: RunId | None = None,
    reproduces: RunId | None = None,
    pid: int | None = None,
) -> RunId:
    """Begin a run of the process `pid` (this one) and return its id.

    A script that joins the run may choose `project`, `experiment` and `name` if they are not
    given here; `project_default` stands until it does.

    Raises:
        OSError: the workspace cannot be written.
    """
    run = new_run_id()
    pid = os.getpid() if pid is None else pid
    folder = record.live_folder(run)
    os.makedirs(folder)  # not synced: it means nothing after a reboot
    owner = Owner(
        pid=pid,
        born=born(pid) or "",
        host=host_name(),
        name=clip_name(hide_in_name(name) if name else default_name(run)),
        project=clip_name(hide_in_name(project or project_default)),
        experiment=clip_name(hide_in_name(experiment or DEFAULT_EXPERIMENT)),
        given=_given(name=name, project=project, experiment=experiment),
    )
    write_owner(folder, owner)
    reserve_ending(folder)
    reserve_warnings(folder)
    drafts = [
        events.started(
            run,
            project=owner.project,
            experiment=owner.experiment,
            name=owner.name,
            kind=kind,
            pid=pid,
            host=keep_host(record.vault, record.workspace, owner.host),
            started_ms=record.now_ms(),
            parent=parent,
            reproduces=reproduces,
        )
    ]
    keeper = Keeper(record.vault, secrets=record.secrets)
    drafts += keeper.params(run, params or {})
    drafts += keeper.tags(run, tags or {})
    keeper.flush()
    record.journal.append_many(drafts)
    return run


def _given(**values: str | None) -> tuple[str, ...]:
    return tuple(name for name, value in values.items() if value)


def end_run(
    record: Record,
    run: RunId,
    *,
    status: str,
    exit_code: int | None = None,
    signal: str | None = None,
    ended_ms: int | None = None,
    before: tuple[Draft, ...] = (),
    failure: Kept | None = None,
    seal: Seal | None = None,
    by: MemberId | None = None,
    timed: bool = True,
) -> dict[str, Summary]:
    """End a run: seal its series, then append `before` and the end, durably, and sign.

    `seal` does the first in another way; `by` is who ends it, when that is another member. The end
    is now without `ended_ms`, and at no time that is known when it is not `timed`. Files in the
    run's own folder (`Run.dir`) are kept first.

    Idempotent towards crashes: until the entry is durable the live folder stays, with the
    ending written down in it, and whoever finds it ends the run again, the same way. Objects
    that `before` and `failure` name must have been put; they are flushed here. Returns the summary
    of every metric.

    Raises:
        OSError: the workspace cannot be written; the live folder stays for a later sweep.
        AfieldError: the run has ended, but this device's key cannot sign it.
    """
    folder = record.live_folder(run)
    if ended_ms is None and timed:
        ended_ms = record.now_ms()
    how = Ending(status, exit_code, signal, ended_ms)
    write_ending(folder, how)
    series, summaries = (seal or _seal)(record, folder)
    own = keep_own_files(record.vault, run, folder)
    ending = events.ended(
        run,
        status=how.status,
        exit_code=how.exit_code,
        signal=how.signal,
        ended_ms=how.ended_ms,
        summaries=summaries,
        series=series,
        failure=failure,
    )
    record.vault.flush()
    record.journal.append_many([*before, *own, *ending], by=by)
    try:
        record.journal.seal()  # durable, and with it all that stands before it in the log
    finally:
        record.journal.sync()  # for when another's seal came first, or this device's key is gone
        remove_live(folder)  # not before the end is durable; then in any case, to end it once
    return summaries


def leave_run(record: Record, run: RunId) -> bool:
    """Leave it to the next reader to end a run by the exit status of this process.

    For exit handlers. What was logged is brought to disk; without a status the run counts as
    interrupted. False where the status cannot be had: then nothing is done.

    Raises:
        OSError: the live folder cannot be written or synced.
    """
    from afield.runs.exit_status import promise_status  # seldom needed

    folder = record.live_folder(run)
    if not promise_status(folder):
        return False
    write_ending(folder, Ending(INTERRUPTED, None, None, record.now_ms()))
    for name in record.files.list(folder):
        fd = os.open(os.path.join(folder, name), os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    record.files.sync_folder(folder)
    record.files.sync_folder(record.live)
    return True


def remove_live(folder: str) -> None:
    """Remove a live folder; what cannot be removed now is swept later.

    It first loses its name, in one step: whoever finds half of it must not take it for a run
    that was cut off, and end that a second time.
    """
    with contextlib.suppress(OSError):  # a system where open files hold their folder's name
        os.rename(folder, folder + ENDED)
        folder += ENDED
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(folder, name))
    try:
        os.rmdir(folder)
    except OSError:  # capture keeps folders in it
        import shutil  # 2 ms that a training process does not need

        shutil.rmtree(folder, ignore_errors=True)


def _seal(record: Record, folder: str) -> tuple[dict[str, str] | None, dict[str, Summary]]:
    """Seal the live series; small ones in memory, large ones through a file in the folder."""
    parts = [part for part in live_parts(folder) if part.records]
    if not parts:
        return None, {}
    from afield.runs.series.seal import seal_series  # a run without metrics needs none of it

    if sum(part.records for part in parts) * 32 <= _SPOOL_BYTES:
        small = io.BytesIO()
        summaries = seal_series(parts, small)
        sealed = small.getvalue()
        if len(sealed) <= INLINE_BYTES_MAX:
            return {"inline": base64.b64encode(sealed).decode("ascii")}, summaries
        return {"object": record.vault.put(sealed)}, summaries
    path = os.path.join(folder, f"{SEALING}-{os.getpid()}")
    try:
        with open(path, "wb") as out:
            summaries = seal_series(parts, out)
        found, _ = record.vault.put_file(path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)
    return {"object": found}, summaries
