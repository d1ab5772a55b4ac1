"""What a hub has acknowledged goes to its bucket first: journal lines, and points of live runs.

Whoever must not answer before that waits for `Kept.begin`. Objects are not a matter of this: they
are in the bucket before an entry names them.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from afield.journal.places import LogName, segments
from afield.journal.reader import logs
from afield.kernel.errors import AfieldError
from afield.kernel.ids import RunId
from afield.runs.record import Record
from afield.runs.served.writer import Served
from afield.vault.bucketed import Far
from afield.workspace.pieces import (
    JOURNAL,
    LIVE,
    Growing,
    Piece,
    Pieces,
    StorageDiffers,
    end_of,
    live_here,
    pieces_in,
    runs_in,
    segment_here,
    to_merge,
)

_AT_ONCE = 32
_HUB = "stop what runs here and start afield hub, which fetches the rest"
log = logging.getLogger(__name__)


class Kept:
    """Sends what is new; one at a time in this process, and all who wait go with it.

    Processes need not know of one another: what two of them send is the same bytes.

    Args:
        record: the workspace's writing side.
        far: the folder of this hub in the bucket.
    """

    def __init__(self, record: Record, far: Far) -> None:
        self._record = record
        self._far = far
        self._served: Served | None = None
        self._pieces: Pieces | None = None
        self._ends: dict[str, int] = {}
        self._over: set[str] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="afield-kept")
        self._puts = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="afield-kept-put")
        self._tidying = ThreadPoolExecutor(1, thread_name_prefix="afield-kept-tidy")
        self._lock = threading.Lock()
        self._next: Future[None] | None = None
        self._everything = False

    def follow(self, served: Served) -> None:
        """Send the points that `served` logs, too."""
        served.logged = set()
        self._served = served

    def begin(self, *, everything: bool = False) -> Future[None]:
        """Send what is here by now; whoever asks before that has begun waits for the same.

        The future raises `StorageUnreachable` when the bucket did not take it.

        Args:
            everything: the logs of other devices, too.
        """
        with self._lock:
            self._everything = self._everything or everything
            if self._next is None:
                self._next = self._thread.submit(self._send)
            return self._next

    def ask(self) -> None:
        """Ask the bucket for a file, which need not be there.

        Raises:
            StorageUnreachable: it does not answer.
        """
        with contextlib.suppress(FileNotFoundError):
            self._far.get("asked", 0, 1)

    def close(self) -> None:
        """Send the rest; what does not go now was acknowledged to nobody, and goes later."""
        with self._tidying, self._puts, self._thread:
            try:
                self.begin(everything=True).result()
            except (AfieldError, OSError) as error:
                log.warning(
                    "storage: what waits for the bucket goes with the next start: %s", error
                )

    def _send(self) -> None:
        with self._lock:
            self._next = None
            everything, self._everything = self._everything, False
        if self._pieces is None:
            self._pieces = {**pieces_in(self._far, JOURNAL), **pieces_in(self._far, LIVE)}
            self._ends = {name: end_of(pieces) for name, pieces in self._pieces.items()}
        runs, ended = self._logged(), self._ended()
        try:
            found = [*self._journal(everything=everything), *self._points(runs)]
            self._send_all([one for one in found if self._is_new(one)])
        except BaseException:
            if self._served is not None and self._served.logged is not None:
                self._served.logged.update(runs)
            raise
        self._forget(ended)

    def _journal(self, *, everything: bool) -> Iterator[Growing]:
        """Yield the segments that may have grown, of this device or of all."""
        files, root = self._record.files, self._record.journal.root
        own = LogName(self._record.journal.device)
        for log in logs(files, root) if everything else [own]:
            names = list(segments(files.list(f"{root}/{log}")))
            for name in names:
                if f"{JOURNAL}{log}!{name}" not in self._over:
                    found = segment_here(files, root, log, name)
                    yield found
                    if name != names[-1] and found.size_bytes <= self._sent(found.name):
                        self._over.add(found.name)

    def _logged(self) -> set[RunId]:
        """Return the runs that were logged to since the last time."""
        logged = self._served.logged if self._served is not None else None
        if not logged:
            return set()
        found = set(logged)
        logged.difference_update(found)  # before their files are read: what comes later is new
        return found

    def _points(self, runs: set[RunId]) -> Iterator[Growing]:
        for run in runs:
            yield from live_here(self._record.live_folder(run))

    def _is_new(self, one: Growing) -> bool:
        """Tell whether there is more of a file than the bucket has.

        Raises:
            StorageDiffers: there is less.
        """
        sent = self._sent(one.name)
        if one.size_bytes < sent:
            raise StorageDiffers("the bucket has more than this folder", one.name, hint=_HUB)
        return one.size_bytes > sent

    def _sent(self, name: str) -> int:
        return self._ends.get(name, 0)

    def _send_all(self, waiting: list[Growing]) -> None:
        if len(waiting) < 2:  # noqa: PLR2004 - one needs no threads
            for one in waiting:
                self._send_one(one)
            return
        list(self._puts.map(self._send_one, waiting))

    def _send_one(self, one: Growing) -> None:
        assert self._pieces is not None
        start = self._sent(one.name)
        try:
            data = one.read(start, one.size_bytes)
        except FileNotFoundError:
            return  # the run has ended meanwhile: its series is an object
        if one.name.startswith(JOURNAL):
            data = data[: data.rfind(b"\n") + 1]
        if not data:
            return
        pieces = self._pieces.setdefault(one.name, [])
        piece = Piece(start, start + len(data))
        self._far.put(piece.name(one.name), data)
        pieces.append(piece)
        self._ends[one.name] = piece.end
        while many := to_merge(pieces):
            whole = Piece(many[0].start, many[-1].end, many[0].rank + 1)
            try:
                self._far.put(whole.name(one.name), one.read(whole.start, whole.end))
            except FileNotFoundError:
                return
            pieces[-len(many) :] = [whole]
            self._remove([old.name(one.name) for old in many])

    def _ended(self) -> list[str]:
        """Return the live files in the bucket of runs that have ended, as their entries say by now.

        Asked for before the journal is read, so that the end goes to the bucket before they go.
        """
        assert self._pieces is not None
        live = {name: found for name, found in self._pieces.items() if name.startswith(LIVE)}
        return [
            name
            for run, names in runs_in(live).items()
            if not Path(self._record.live_folder(RunId(run))).is_dir()
            for name in names
        ]

    def _forget(self, ended: list[str]) -> None:
        assert self._pieces is not None
        gone: list[str] = []
        for name in ended:
            self._ends.pop(name, None)
            gone += [piece.name(name) for piece in self._pieces.pop(name)]
        if gone:
            self._remove(gone)

    def _remove(self, names: list[str]) -> None:
        """Remove what is of no more use, while nobody waits for it; what stays does no harm."""

        def remove() -> None:
            try:
                self._far.delete(*names)
            except (AfieldError, OSError) as error:
                log.warning("storage: %d files that are not needed stay: %s", len(names), error)

        self._tidying.submit(remove)
