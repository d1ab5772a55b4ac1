"""The background thread that brings a journal's entries to disk within a bound of time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from afield.journal.tail import logger


class Flusher:
    """Calls `sync` some time after each `wake`; the thread starts with the first one.

    Args:
        sync: brings all to disk; its `OSError` is logged, and it is called again later.
        after_s: how long entries may gather before one sync takes them all along.
    """

    def __init__(self, sync: Callable[[], None], after_s: float) -> None:
        self._sync = sync
        self._after_s = after_s
        self._thread: threading.Thread | None = None
        self._changing = threading.Lock()  # held while the thread is started or ended
        self._dirty = threading.Event()
        self._stop = threading.Event()

    @property
    def running(self) -> bool:
        """Whether the thread is there."""
        return self._thread is not None

    def wake(self) -> None:
        """Say that there is something to sync; returns at once.

        While the interpreter shuts down no thread can be started: then it syncs by itself.
        """
        if self._thread is None:
            with self._changing:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="afield-journal", daemon=True)
                    try:
                        thread.start()
                    except RuntimeError:
                        self._try_sync()
                        return
                    self._thread = thread
        if not self._dirty.is_set():
            self._dirty.set()

    def stop(self) -> None:
        """End the thread; what is unsynced stays so."""
        with self._changing:
            thread, self._thread = self._thread, None
            self._stop.set()
            self._dirty.set()
            if thread is not None and thread is not threading.current_thread():
                thread.join()
            self._dirty.clear()
            self._stop.clear()

    def after_fork(self) -> None:
        """Forget the parent's thread, which does not live in this process."""
        self._thread = None
        self._changing = threading.Lock()
        self._dirty = threading.Event()
        self._stop = threading.Event()

    def _run(self) -> None:
        dirty, stop = self._dirty, self._stop
        while dirty.wait() and not stop.wait(self._after_s):
            dirty.clear()
            if stop.is_set():  # its waking may just have been cleared
                return
            if not self._try_sync():
                dirty.set()

    def _try_sync(self) -> bool:
        try:
            self._sync()
        except OSError as error:
            logger(__name__).warning("journal: entries are not on disk yet: %s", error)
            return False
        return True
