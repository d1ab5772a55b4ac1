"""A workspace that a long-living process keeps open to answer many requests at once.

Readers are a small pool of `Workspace`s, each used by one thread at a time: their tables are one
file, so that bringing one up to date does most of the work for all. Writers share one journal,
which any number of threads and processes may append to. Nothing here knows of HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Self, TypeVar

from afield.kernel.clock import Clock
from afield.runs.record import Record
from afield.workspace.config import Config
from afield.workspace.kept import Kept
from afield.workspace.storage import open_bucket, storage_of
from afield.workspace.workspace import Workspace

_T = TypeVar("_T")
READERS = 4
_POLL_S = 0.25


class Hosted:
    """A workspace behind a server.

    Any number of processes may host one workspace, as any number of commands may use it.

    Attributes:
        record: its writing side; threads share it.
        config: who the workspace, this device and its member are.
        is_ending: whether the server is to stop: then nobody waits for news.
        kept: sends what is acknowledged to a bucket; None: the record is in its folder alone.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        clock: Clock | None = None,
        readers: int = READERS,
        database: str | None = None,
    ) -> None:
        """Open the workspace that `path` holds or is.

        Args:
            path: its folder, or the one that it is in.
            clock: the time, when not this machine's.
            readers: how many read at once.
            database: `postgresql://…`, where its tables are; None: in a file of its own.

        Raises:
            NoWorkspace: there is none.
            DatabaseUnreachable: the database does not answer.
        """
        self._open = partial(Workspace.open, path, clock=clock, database=database)
        self._first = self._open()
        self.record: Record = self._first.record
        self.config: Config = self._first.config
        self.is_ending = False
        self.kept = _kept(self.record)
        self._looked: tuple[float, asyncio.Future[int]] | None = None
        self._threads = ThreadPoolExecutor(readers, thread_name_prefix="afield-reader")
        self._made: list[Workspace] = [self._first]
        self._idle: queue.LifoQueue[Workspace] = queue.LifoQueue()
        self._idle.put(self._first)

    async def read(self, fn: Callable[[Workspace], _T]) -> _T:
        """Run `fn` with a workspace of its own in a thread, and return what it returns."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self.read_here, fn)

    def read_here(self, fn: Callable[[Workspace], _T]) -> _T:
        """Run `fn` in this thread: for what takes no longer than changing threads would."""
        workspace = self._take()
        try:
            return fn(workspace)
        finally:
            self._idle.put(workspace)

    def position(self) -> int:
        """Return how many entries the tables hold by now; grows, and costs a few stats."""
        return self.read_here(_position)

    async def changed(self, after: int, timeout_s: float) -> int:
        """Wait until the record has gone on from `after`; return the position, new or not.

        However many wait, one look at a time is taken for all of them.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        while True:  # other processes write, too: nobody can tell this one
            now = await self._look()
            left_s = end - loop.time()
            if now != after or left_s <= 0 or self.is_ending:
                return now
            await asyncio.sleep(min(_POLL_S, left_s))

    async def _look(self) -> int:
        """Return the position as it is, or was a moment ago for another who waits."""
        loop = asyncio.get_running_loop()
        last = self._looked
        if last is None or last[0] + _POLL_S / 2 <= loop.time() or last[1].get_loop() is not loop:
            last = self._looked = loop.time(), loop.create_task(self.read(_position))
        return await asyncio.shield(last[1])

    def close(self) -> None:
        """Sign and sync what was written, and let go of the files."""
        self._threads.shutdown()
        with contextlib.ExitStack() as ends:  # whatever one of them meets, the others end
            if self.kept is not None:
                ends.callback(self.kept.close)
            for workspace in self._made:
                ends.callback(workspace.close)

    def __enter__(self) -> Self:
        """Return the hosted workspace."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _take(self) -> Workspace:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            workspace = self._open()
            self._made.append(workspace)
            return workspace


def _kept(record: Record) -> Kept | None:
    storage = storage_of(record.files, record.workspace)
    if storage is None:
        return None
    return Kept(record, open_bucket(storage).of_hub(record.journal.device))


def _position(workspace: Workspace) -> int:
    workspace.refresh()
    return sum(position.seq for position in workspace.projection.positions().values())
