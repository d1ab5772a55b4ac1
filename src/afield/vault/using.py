"""Which packs a process relies on: a sweep in another process leaves them alone.

Whoever finds an object in a pack, and so does not keep it again, names the pack here before it
looks whether the pack is still there; a sweep first moves a pack out of the way and then looks who
named it. So one of the two always notices the other, however long a run takes. A list counts as
long as its process holds the lock beside it; no time and no process id is trusted.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref

import msgspec

from afield.kernel.errors import Busy
from afield.kernel.files import AppendFile, FileSystem
from afield.vault.limits import USERS_DEAD_MAX

SUFFIX = ".using"
_GATE = "gate"
_LOCK = ".lock"
_PACKS = ".packs"


class _Mine(msgspec.Struct, frozen=True):
    """The list of this process, open, and the lock that says that it lives."""

    path: str
    packs: AppendFile
    files: FileSystem
    held: contextlib.ExitStack
    pid: int

    def leave(self) -> None:
        with self.held:
            self.packs.close()
            if self.pid == os.getpid():  # a forked child shares the files with their process
                self.files.remove(self.path + _PACKS)
                self.files.remove(self.path + _LOCK)


class Using:
    """What this process relies on; a forked child keeps a list of its own.

    Args:
        folder: of all lists; made at the first use.
        files: the file system.
    """

    def __init__(self, folder: str, files: FileSystem) -> None:
        self._folder = folder
        self._files = files
        self._mutex = threading.Lock()
        self._packs: set[str] = set()
        self._mine: _Mine | None = None
        self._end: weakref.finalize[[_Mine], Using] | None = None

    def holds(self, pack: str) -> bool:
        """Tell whether the pack was named by this process."""
        mine = self._mine
        return pack in self._packs and mine is not None and mine.pid == os.getpid()

    def add(self, pack: str) -> None:
        """Name a pack, before it is looked for or written.

        Raises:
            OSError: the list cannot be written.
        """
        with self._mutex:
            if self._mine is None or self._mine.pid != os.getpid():
                self._mine = self._begin()
                self._end = weakref.finalize(self, _quietly, self._mine)
            self._mine.packs.write(f"{pack}\n".encode())
            self._packs.add(pack)

    def discard(self, pack: str) -> None:
        """Forget that a pack was named: it is gone."""
        self._packs.discard(pack)

    def close(self) -> None:
        """Rely on nothing any more."""
        with self._mutex:
            self._packs.clear()
            if self._end is not None and self._end.detach() is not None and self._mine is not None:
                with contextlib.suppress(OSError):
                    self._mine.leave()
            self._mine = None

    def _begin(self) -> _Mine:
        """Take a name that no other process has, and hold its lock."""
        self._packs.clear()
        self._files.make_folder(self._folder)
        held = contextlib.ExitStack()
        with self._files.lock(f"{self._folder}/{_GATE}"):
            names = self._files.list(self._folder)
            if len(names) > USERS_DEAD_MAX:
                _clear_dead(self._folder, self._files, names)
            number = sum(name.endswith(_LOCK) for name in names)
            while f"{number}{_LOCK}" in names:
                number += 1
            path = f"{self._folder}/{number}"
            held.enter_context(self._files.lock(path + _LOCK, 0))
            self._files.remove(path + _PACKS)
            packs = self._files.open_append(path + _PACKS)
        return _Mine(path, packs, self._files, held, os.getpid())


def named(folder: str, files: FileSystem) -> set[str]:
    """Return the packs that living processes rely on; removes the lists of dead ones.

    Raises:
        OSError: the lists cannot be read.
    """
    names = files.list(folder)
    if not names:
        return set()
    with files.lock(f"{folder}/{_GATE}"):
        found: set[str] = set()
        for name in _clear_dead(folder, files, files.list(folder)):
            found.update(files.read(f"{folder}/{name}{_PACKS}").decode("ascii").split())
        return found


def _clear_dead(folder: str, files: FileSystem, names: list[str]) -> list[str]:
    """Remove the lists of dead processes; return those of living ones. The gate must be held."""
    living = []
    for name in names:
        if name.endswith(_LOCK):
            path = f"{folder}/{name.removesuffix(_LOCK)}"
            try:
                with files.lock(path + _LOCK, 0):
                    files.remove(path + _PACKS)
            except Busy:
                living.append(name.removesuffix(_LOCK))
                continue
            files.remove(path + _LOCK)
    return living


def _quietly(mine: _Mine) -> None:
    with contextlib.suppress(BaseException):  # at the end of a process nobody could hear of it
        mine.leave()
