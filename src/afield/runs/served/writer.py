"""Starting, logging to, ending and re-opening served runs.

Every call that touches a live folder holds the run's lock: no point is written to a file that
another process has just sealed.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

from afield.journal import Draft
from afield.kernel.ids import MemberId, ObjectId, RunId, new_run_id
from afield.members.names import to_object
from afield.runs import events
from afield.runs.limits import OPEN_SERIES_MAX, TELLING_PAUSE_S, TELLINGS_AT_ONCE
from afield.runs.live_owner import (
    ENDING,
    Ending,
    born,
    read_ending,
    reserve_ending,
    write_ending,
    write_owner,
)
from afield.runs.record import Record, end_run
from afield.runs.series.format import NAMES, names_of, read_frames, records_of
from afield.runs.series.live import RECORD, RECORD_BYTES, LiveSeries, lay_part
from afield.runs.served import folder as place
from afield.runs.served.progress import Watched
from afield.runs.served.seal import seal_served
from afield.runs.values import Keeper

Point = tuple[str, int, int, float]
"""A metric's name, step, time in Unix nanoseconds, and value."""

_pack_into = RECORD.pack_into
_TOUCH_NS = 10_000_000_000


class Served:
    """The runs that one server process records; threads may share it.

    Attributes:
        record: the workspace's writing side.
        watched: how far the runs are.
        logged: the runs that were logged to, for whoever asks by putting a set here and taking
            out of it.
    """

    def __init__(self, record: Record) -> None:
        self.record = record
        self.watched = Watched(record.live)
        self.logged: set[RunId] | None = None
        self._mutex = threading.Lock()
        self._open: OrderedDict[RunId, LiveSeries] = OrderedDict()
        self._touched: dict[RunId, int] = {}
        self._nowhere: ObjectId | None = None
        self._pid = os.getpid()
        self._born = born(self._pid) or ""

    def start(
        self,
        *,
        project: str,
        experiment: str,
        name: str,
        started_ms: int,
        tags: Mapping[str, str],
        logged_by: str | None = None,
        parent: RunId | None = None,
        by: MemberId | None = None,
        run: RunId | None = None,
    ) -> RunId:
        """Begin a run, and return its id.

        Raises:
            OSError: the workspace cannot be written.
        """
        run = run or new_run_id()
        keeper = Keeper(self.record.vault, secrets=self.record.secrets)
        drafts = [
            events.started(
                run,
                project=project,
                experiment=experiment,
                name=name,
                kind="served",
                pid=0,
                host=self._no_host(),
                started_ms=started_ms,
                parent=parent,
                logged_by=logged_by,
            ),
            *keeper.tags(run, tags),
        ]
        keeper.flush()
        self.record.journal.append_many(drafts, by=by)
        self.reopen(run, None)
        return run

    def log(self, run: RunId, points: Iterable[Point]) -> None:
        """Log points; they are kept whatever happens to this process afterwards.

        Raises:
            FileNotFoundError: the run has no live folder: `reopen` it first.
            OSError: the disk is full.
        """
        with self._mutex, place.lock(self.record.files, self.record.workspace, run):
            live = self._series(run)
            now_ns = self.record.clock.wall_ns()
            for name, step, time_ns, value in points:
                metric = live.ids.get(name) or live.introduce(name)
                window = live.window
                if window is None or live.position == live.end:
                    window = live.grow()
                _pack_into(window, live.position, step, time_ns, value, metric)
                live.position += RECORD_BYTES
            if self.logged is not None:
                self.logged.add(run)
            if now_ns - self._touched.get(run, 0) > _TOUCH_NS:
                self._touched[run] = now_ns
                place.touch(self.record.live_folder(run))

    def is_open(self, run: RunId) -> bool:
        """Tell whether a run can be logged to without re-opening it."""
        return os.path.isdir(self.record.live_folder(run))

    def end(
        self, run: RunId, *, status: str, ended_ms: int | None, by: MemberId | None = None
    ) -> None:
        """End a run that is open; its series is sealed, and all of it durable.

        Raises:
            OSError: the workspace cannot be written; the next who looks ends it.
        """
        with self._mutex:
            self._close(run)
        with place.lock(self.record.files, self.record.workspace, run):
            folder = self.record.live_folder(run)
            if os.path.isdir(folder):
                self._end(run, folder, status, ended_ms, by)

    def reopen(self, run: RunId, sealed: bytes | None, *, keeps: Ending | None = None) -> None:
        """Give an ended run a live folder again, with all its points in it.

        Args:
            run: the run.
            sealed: its series.
            keeps: how it had ended, when it stays so and only more is logged to it.

        Raises:
            Damaged: the series is not what was written.
            OSError: the workspace cannot be written.
        """
        with place.lock(self.record.files, self.record.workspace, run):
            folder = self.record.live_folder(run)
            if os.path.isdir(folder):
                if keeps is None:  # it goes on: its old ending no longer holds
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(os.path.join(folder, ENDING))
                return
            making = os.path.join(self.record.workspace, "cache", f"reopened-{run}-{self._pid}")
            os.makedirs(making)
            write_owner(making, place.served_owner())
            reserve_ending(making)
            if keeps is not None:
                write_ending(making, keeps)
            if sealed is not None:
                _lay_sealed(making, sealed, self._pid, self._born)
            place.touch(making)
            os.makedirs(self.record.live, exist_ok=True)
            os.rename(making, folder)

    def settle(self, going_on: Callable[[], bool] = lambda: True) -> None:
        """Let go of all files, and seal again what was logged to ended runs.

        Runs that go on stay as they are, to be read and logged to by whoever comes next. So do
        ended ones once `going_on` says no: they are sealed when nothing came for them for a while.

        Raises:
            OSError: the workspace cannot be written; the next who looks seals the rest.
        """
        with self._mutex:
            runs = list(self._open)
            for run in runs:
                self._close(run)
        for run in runs:
            if not going_on():
                return
            with place.lock(self.record.files, self.record.workspace, run):
                folder = self.record.live_folder(run)
                ending = read_ending(folder)  # another process may have re-opened it, or sealed it
                if ending is not None:
                    self._end(run, folder, ending.status, ending.ended_ms, None)

    def measure(self, runs: Iterable[RunId]) -> list[Draft]:
        """Return the entries that tell how far running runs are, where nobody told it yet.

        Of a run that was told of often, one in a while: who watches it all day fills no journal.
        """
        drafts: list[Draft] = []
        now_ns = self.record.clock.wall_ns()
        for run in runs:
            found = self.watched.look(run)
            if found is None or not found.records or found.told == found.records:
                continue
            often = found.tellings >= TELLINGS_AT_ONCE
            if not (often and now_ns - found.told_ns < TELLING_PAUSE_S * 1e9):
                drafts += events.measured(run, found.summaries)
                found.told, found.told_ns = found.records, now_ns
                found.tellings += 1
        return drafts

    def _end(
        self, run: RunId, folder: str, status: str, ended_ms: int | None, by: MemberId | None
    ) -> None:
        """End a run whose lock is held."""
        place.ending_here(folder)
        end_run(
            self.record,
            run,
            status=status,
            ended_ms=ended_ms,
            timed=False,
            seal=seal_served,
            by=by,
        )

    def _series(self, run: RunId) -> LiveSeries:
        live = self._open.get(run)
        if live is not None:
            if not live.is_gone():
                self._open.move_to_end(run)
                return live
            self._close(run)
        live = LiveSeries(self.record.live_folder(run), self._pid, self._born)
        self._open[run] = live
        while len(self._open) > OPEN_SERIES_MAX:
            self._close(next(iter(self._open)))
        return live

    def _close(self, run: RunId) -> None:
        live = self._open.pop(run, None)
        if live is not None:
            live.close()
        self._touched.pop(run, None)

    def _no_host(self) -> ObjectId:
        if self._nowhere is None:  # the client's machine is not known
            self._nowhere = self.record.vault.put(to_object(""), meta=True)
            self.record.vault.flush()
        return self._nowhere


def _lay_sealed(folder: str, sealed: bytes, pid: int, started: str) -> None:
    """Write a sealed series back as live files, one for each part of it."""
    names: list[str] = []
    blocks: list[bytes] = []
    for frame in read_frames(sealed):
        if frame.kind == NAMES:
            if blocks:
                lay_part(folder, pid, started, names, blocks)
            names, blocks = names_of(frame), []
        else:
            blocks.append(records_of(frame))
    if blocks:
        lay_part(folder, pid, started, names, blocks)
