"""Versions checked out once for all processes of a machine, read only.

`pool/<digest>` holds each file once; the folder of a version has hard links to it (copies where the
disk has none), so that versions share what they have in common. All of it may be deleted at any
time. What somebody has changed in spite of its mode is noticed and written anew.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Sequence

from afield.datasets.add import Progress
from afield.datasets.checkout import checkout
from afield.kernel.digest import digest_file
from afield.kernel.files import FileSystem
from afield.kernel.ids import ObjectId
from afield.vault import StatCache, TreeEntry, Vault
from afield.vault.tree import PROGRAM

LOCK_WAIT_S = 24 * 3600.0
"""Another process may be writing very much."""


class CheckoutCache:
    """The folder of checked-out versions.

    Args:
        folder: where it is; made when missing.
        vault: where the bytes are.
        files: locks between processes.
    """

    def __init__(self, folder: str, vault: Vault, files: FileSystem) -> None:
        self._folder = folder
        self._vault = vault
        self._files = files

    def folder(self, tree: ObjectId, entries: Sequence[TreeEntry], progress: Progress) -> str:
        """Return a folder with these files of a tree, each verified; the caller only reads it.

        Raises:
            TreeUnsafe: the tree would write outside of it.
            Damaged: bytes in the vault are damaged or missing.
            OSError: it cannot be written.
        """
        target = os.path.join(self._folder, "trees", tree)
        os.makedirs(target, exist_ok=True)
        os.makedirs(os.path.join(self._folder, "pool"), exist_ok=True)
        with self._files.lock(os.path.join(self._folder, f"{tree}.lock"), LOCK_WAIT_S):
            cache = StatCache(os.path.join(self._folder, f"stat-{tree}.bin"))
            checkout(
                entries,
                target,
                self._vault,
                cache=cache,
                progress=progress,
                force=True,
                write=self._link,
            )
            with contextlib.suppress(OSError):
                cache.save()
        return target

    def _link(self, entry: TreeEntry, path: str) -> None:
        """Put a file of the pool at `path`, whole or not at all."""
        temporary = f"{path}.tmp-{os.getpid()}-1"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        try:
            os.link(self._pooled(entry), temporary)
        except OSError:  # no hard links there, or too many of one file
            self._vault.copy_to(entry.object, temporary)
            os.chmod(temporary, _mode(entry))
        os.replace(temporary, path)

    def _pooled(self, entry: TreeEntry) -> str:
        program = "x" if entry.mode == PROGRAM else ""
        path = os.path.join(self._folder, "pool", f"{entry.object}{program}")
        try:
            found = os.lstat(path)
        except FileNotFoundError:
            found = None
        if found is None or not stat.S_ISREG(found.st_mode) or not _holds(path, entry):
            self._vault.copy_to(entry.object, path)
            os.chmod(path, _mode(entry))
        return path


def _holds(path: str, entry: TreeEntry) -> bool:
    return digest_file(path) == (entry.object, entry.size_bytes)


def _mode(entry: TreeEntry) -> int:
    return 0o555 if entry.mode == PROGRAM else 0o444
