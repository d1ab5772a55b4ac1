"""The hub's own copy and the remote that it serves, kept one: an ordinary sync, in a thread.

One at a time in this process, and by the sync's own lock among several. The remote lies in the
workspace's folder, or in its bucket where it has one, and is made when first asked for.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from afield.hub.config import Limits
from afield.hub.remote.admitted import Admitted
from afield.hub.remote.bounds import Bounds
from afield.hub.remote.named import named_in
from afield.hub.remote.tidy import tidy
from afield.kernel.errors import AfieldError, Busy
from afield.kernel.files import OsFileSystem
from afield.sync import layout
from afield.sync.pace import Pace
from afield.sync.stores.bucket import BucketRemote
from afield.sync.stores.folder import FolderRemote
from afield.workspace.hosted import Hosted
from afield.workspace.remotes import Remote, elsewhere_of
from afield.workspace.storage import options_of, storage_of
from afield.workspace.sync import Wishes, key_of, sync
from afield.workspace.workspace import Workspace

FOLDER = "remote"
_NAME = "_hub"  # no name that people can give
_BUSY_PAUSE_S = 0.2
_BUSY_TRIES = 300
_USUAL = Limits()

log = logging.getLogger("afield.hub")


class Intake:
    """Brings what was pushed into the record, and what the record has to the remote.

    Args:
        hosted: the record.
        labels: where the remote's bytes lie, for datasets with a residency.
        limits: what may lie there that belongs to nothing.
    """

    def __init__(
        self, hosted: Hosted, labels: frozenset[str] = frozenset(), limits: Limits = _USUAL
    ) -> None:
        self.store = _store(hosted)
        root = self.store.address
        self._hosted = hosted
        self._remote = Remote(_NAME, root, labels, synced=True)
        record = hosted.record
        self.bounds = Bounds(
            limits,
            record.workspace,
            record.clock,
            named=self._named,
            finish=self._tidy,
            store=self.store,
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="afield-intake")
        self._lock = threading.Lock()
        self._next: Future[bool] | None = None
        self._ending = threading.Event()

    def begin(self) -> Future[bool]:
        """Sync soon; whoever asks before it has begun gets the same one."""
        with self._lock:
            if self._next is None or self._ending.is_set():
                self._next = self._thread.submit(self._sync)
            return self._next

    async def fresh(self) -> bool:
        """Wait for a sync that begins from now on; tell whether it came to its end."""
        return await asyncio.wrap_future(self.begin())

    def close(self) -> None:
        """Stop at the next step; what was done stays."""
        self._ending.set()
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _sync(self) -> bool:
        with self._lock:
            self._next = None
        for _ in range(_BUSY_TRIES):
            if self._ending.is_set():
                return False
            try:
                return self._hosted.read_here(self._once)
            except Busy:
                self._ending.wait(_BUSY_PAUSE_S)
            except AfieldError as error:
                log.warning("the hub's own copy and its remote are not one yet: %s", error.message)
                return False
        return False

    def _once(self, workspace: Workspace) -> bool:
        self._make(workspace)
        self._tidy()
        pace = Pace(None, monotonic_s=time.monotonic, sleep=time.sleep)
        going_on = lambda: not (self._ending.is_set() or self._hosted.is_ending)  # noqa: E731
        report, whole = sync(
            workspace, self._remote, pace, Wishes(), go_on=going_on, store=self.store
        )
        for fault in report.faults:
            log.warning("in the hub's remote: %s", fault)
        return whole

    def _tidy(self) -> None:
        tidy(self.store, Admitted(self._hosted.config.workspace), self.bounds)

    def _named(self, files: frozenset[str]) -> frozenset[str]:
        """Return which of these files belong to the record by now."""

        def look(workspace: Workspace) -> frozenset[str]:
            return named_in(workspace, elsewhere_of(workspace, self._remote), files)

        return self._hosted.read_here(look)

    def _make(self, workspace: Workspace) -> None:
        """Write what the remote is, unless it is written."""
        if self.store.size(layout.FORMAT) is not None:
            return
        founder = key_of(workspace, workspace.config.founded_by)
        if founder is not None:
            found = layout.Format(workspace=workspace.config.workspace, founder=founder.hex())
            self.store.put_if_absent(layout.FORMAT, layout.encode_format(found))


def is_made(hosted: Hosted) -> bool:
    """Tell whether anybody ever used the hub as a remote.

    Raises:
        RemoteUnreachable: the bucket does not answer.
    """
    return _store(hosted).size(layout.FORMAT) is not None


def _store(hosted: Hosted) -> FolderRemote | BucketRemote:
    """Return where the remote's files lie: in the workspace's folder, or in its bucket."""
    record = hosted.record
    storage = storage_of(record.files, record.workspace)
    if storage is None:
        return FolderRemote(Path(record.workspace, FOLDER).as_posix(), OsFileSystem())
    return BucketRemote(storage.under(FOLDER), options_of(storage))
