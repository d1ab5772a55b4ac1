"""What is not here and known to be at a remote, by the indexes that syncs have left."""

from __future__ import annotations

from collections.abc import Callable

from afield.kernel.files import FileSystem
from afield.sync.elsewhere import Elsewhere
from afield.workspace import layout


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
