"""What is not here and known to be at a remote, by the indexes that syncs have left; or lost."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from afield.kernel.files import FileSystem
from afield.sync.elsewhere import Elsewhere
from afield.vault.check import LOST
from afield.vault.errors import ObjectMissing
from afield.workspace import layout
from afield.workspace.errors import BytesElsewhere
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


def are_any(folder: str, files: FileSystem) -> bool:
    """Tell whether `phantoms_and_lost` knows of anything at all."""
    root = f"{folder}/{layout.ELSEWHERE}"
    known = any(Elsewhere(f"{root}/{name}", files).packs() for name in files.list(root))
    return known or bool(Quarantine(folder, files).lost())


@contextlib.contextmanager
def fetchable(folder: str, files: FileSystem, label: str) -> Iterator[None]:
    """Say of bytes that are at a remote only how to bring them.

    Args:
        folder: the `.afield` folder.
        files: the file system.
        label: the version or the run's id that has them.

    Raises:
        BytesElsewhere: instead of `ObjectMissing`, when a remote is known to have them.
    """
    try:
        yield
    except ObjectMissing as error:
        remote = phantoms(folder, files)(bytes.fromhex(str(error.value)))
        if remote is None:
            raise
        why = f"they were left at remote `{remote}`"
        hint = f"afield fetch {label}"
        raise BytesElsewhere("bytes are not here", label, why, hint=hint) from None
