"""Keeping an output of DVC's: its files from the cache into the vault, each checked by its MD5."""

from __future__ import annotations

import contextlib
import hashlib
import os
import posixpath
from collections.abc import Callable
from typing import BinaryIO, cast

from afield.datasets.add import Kept, Progress
from afield.datasets.limits import CHECKPOINT_BYTES
from afield.datasets.tables import format_of
from afield.kernel.ids import ObjectId
from afield.vault import StatCache, TreeEntry, Vault
from afield.vault.chunking import is_rows
from afield.vault.tree import FILE, PROGRAM
from afield.workspace.bring.dvc_cache import Digested, Places, unix_md5
from afield.workspace.bring.dvc_files import FOLDER_SUFFIX, Listed, Output, Unreadable, files_of


class _Unfit(Exception):
    """What is in the cache is not what it is called; the message says which and why."""


class Keeping:
    """Keeps outputs.

    Attributes:
        passed_over: outputs that could not be kept, and why.

    Args:
        vault: where to.
        places: where from.
        cache: spares reading what was read before.
        progress: is told of each file.
    """

    def __init__(self, vault: Vault, places: Places, cache: StatCache, progress: Progress) -> None:
        self.passed_over: list[tuple[str, str]] = []
        self._vault = vault
        self._places = places
        self._cache = cache
        self._progress = progress
        self._known: dict[str, tuple[ObjectId, int]] = {}
        self._unsaved_bytes = 0

    def later(self, output: Output, label: str) -> Callable[[], Kept | None]:
        """Return what keeps an output when it is called; None is its answer when it cannot be."""

        def keep() -> Kept | None:
            try:
                return self._keep(output)
            except _Unfit as error:
                self.passed_over.append((label, str(error)))
                return None
            finally:
                self.save()

        return keep

    def save(self) -> None:
        """Make durable what was kept, and remember what was read."""
        self._vault.flush()
        with contextlib.suppress(OSError):  # it costs the next import time, nothing else
            self._cache.save()
        self._unsaved_bytes = 0

    def _keep(self, output: Output) -> Kept:
        mode = PROGRAM if output.program else FILE
        kept = Kept(ObjectId(""))
        entries = []
        for one in self._files(output):
            found, size_bytes = self._object(one.md5, one.path, legacy=output.legacy)
            entry = TreeEntry(one.path, mode, size_bytes, found)
            entries.append(entry)
            kept.files += 1
            kept.size_bytes += size_bytes
            if format_of(one.path) is not None:
                kept.tables.append(entry)
        if not entries:
            raise _Unfit("it is an empty folder")
        try:
            kept.tree = self._vault.put_tree(entries)
        except ValueError as error:
            raise _Unfit(f"the list of its files cannot be kept: {error}") from error
        return kept

    def _files(self, output: Output) -> tuple[Listed, ...]:
        if not output.is_folder:
            return (Listed(posixpath.basename(output.path), output.md5),)
        if output.files:
            return output.files
        path = self._places.find(output.md5)
        if path is None:
            raise _Unfit("the list of its files went away")
        with open(path, "rb") as stream:
            data = stream.read()
        if hashlib.md5(data, usedforsecurity=False).hexdigest() + FOLDER_SUFFIX != output.md5:
            raise _Unfit(f"the list of its files does not have the MD5 {output.md5}")
        try:
            return files_of(data)
        except Unreadable as error:
            raise _Unfit(str(error)) from error

    def _object(self, md5: str, name: str, *, legacy: bool) -> tuple[ObjectId, int]:
        """Keep a file of the cache, from the first place whose bytes have its MD5."""
        known = self._known.get(md5)
        if known is None:
            tried = 0
            for path in self._places.candidates(md5):
                known = self._read(path, md5, name, legacy=legacy)
                tried += 1
                if known is not None:
                    break
            if known is None:
                why = "the bytes in the cache are others" if tried else "it went away"
                raise _Unfit(f"{name} (MD5 {md5}): {why}")
            self._known[md5] = known
        self._progress(1, known[1])
        return known

    def _read(self, path: str, md5: str, name: str, *, legacy: bool) -> tuple[ObjectId, int] | None:
        """Keep a file; None when its bytes do not have the MD5 that it is called by."""
        found = os.stat(path)
        known = self._cache.lookup(path, found)
        if known is not None and self._vault.keeps(known):
            return known, found.st_size
        with Digested(path) as stream:
            object_id, size_bytes = self._vault.put_stream(
                cast("BinaryIO", stream), rows=is_rows(name)
            )
        if stream.md5 != md5 and not (legacy and unix_md5(path) == md5):
            return None
        self._cache.remember(path, found, object_id)
        self._unsaved_bytes += size_bytes
        if self._unsaved_bytes > CHECKPOINT_BYTES:
            self.save()
        return object_id, size_bytes
