"""What is not here and known to be at a remote, by the indexes that syncs have left; or lost."""

from __future__ import annotations

from collections.abc import Callable

from afield.kernel.files import FileSystem
from afield.sync.elsewhere import Elsewhere
from afield.vault.check import LOST
from afield.workspace import layout
from afield.workspace.quarantine import Quarantine


def phantoms(folder: str, files: FileSystem) -> Callable[[bytes], str | None]:
    """Return what tells which remote is known to have an object that is not here.

    Args:
        folder: the `.afield` folder.
        files: the file system.
    """
    root = f"{folder}/{layout.ELSEWHERE}"
    known = [(name, Elsewhere(f"{root}/{name}", files)) for name in files.list(root)]

    def where(digest: bytes) -> str | None:
        return next((name for name, elsewhere in known if elsewhere.holds(digest)), None)

    return where


def phantoms_and_lost(folder: str, files: FileSystem) -> Callable[[bytes], str | None]:
    """Return the same, which says `LOST` of what the last repair found no copy of anywhere.

    Only for telling what is known from what is new: what is lost can be looked into nowhere.
    """
    where = phantoms(folder, files)
    lost = Quarantine(folder, files).lost()

    def known(digest: bytes) -> str | None:
        return where(digest) or (LOST if digest.hex() in lost else None)

    return known
