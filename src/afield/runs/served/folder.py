"""The live folder of a served run: whose it is, its lock, and whether it waits to be sealed.

A run that ended may have a live folder again, when more was logged to it: its ending stands in
there, and it is sealed once nothing has come for a while.
"""

from __future__ import annotations

import contextlib
import os

from afield.kernel.files import FileSystem
from afield.kernel.ids import RunId
from afield.runs.limits import IDLE_SEAL_S, SERVED_LOCKS
from afield.runs.live_owner import (
    ENDING,
    SERVED,
    Owner,
    born,
    host_name,
    read_owner,
    write_owner,
)

_CACHE = "cache"
_TOUCHED = "touched"


def lock(files: FileSystem, workspace: str, run: RunId) -> contextlib.AbstractContextManager[None]:
    """Hold the lock of a run (and of some others): between threads and processes."""
    folder = os.path.join(workspace, _CACHE, "served")
    os.makedirs(folder, exist_ok=True)
    number = sum(run.encode()) % SERVED_LOCKS
    return files.lock(os.path.join(folder, f"{number}.lock"))


def served_owner() -> Owner:
    """Return the owner that stands for no process."""
    return _owner(0, "")


def is_served(folder: str) -> bool:
    """Tell whether a live folder is that of a served run."""
    owner = read_owner(folder)
    return owner is not None and SERVED in owner.given


def ending_here(folder: str) -> None:
    """Write down that this process ends the run now: who finds it dead goes on with that."""
    pid = os.getpid()
    write_owner(folder, _owner(pid, born(pid) or ""))


def _owner(pid: int, started: str) -> Owner:
    names = {"name": "", "project": "", "experiment": ""}
    return Owner(pid=pid, born=started, host=host_name(), given=(SERVED,), **names)


def touch(folder: str) -> None:
    """Write down that something was logged just now."""
    path = os.path.join(folder, _TOUCHED)
    try:
        os.utime(path)
    except FileNotFoundError:
        with contextlib.suppress(OSError), open(path, "wb"):
            pass


def waits_to_be_sealed(folder: str, now_ns: int) -> bool:
    """Tell whether a folder is of a run that had ended, and nothing came for it for a while."""
    if not os.path.exists(os.path.join(folder, ENDING)) or not is_served(folder):
        return False
    try:
        touched = os.stat(os.path.join(folder, _TOUCHED)).st_mtime
    except OSError:
        touched = 0.0
    return now_ns / 1e9 - touched >= IDLE_SEAL_S
