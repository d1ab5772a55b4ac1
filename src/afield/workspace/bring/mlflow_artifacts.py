"""Where the files of an MLflow store are, as far as they are here: which folders may be read.

A store says of each run where its files lie, and may say anything. Only what is inside the
store's own folders, or those that a person names, is ever looked at, and no link leads out.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from urllib.parse import unquote, urlsplit

from afield.workspace.bring.run_source import KeptFile, Left, is_file_name

PROXY = "mlflow-artifacts"
_FILES_MAX = 100_000


class Places:
    """The folders that may hold files of a store.

    Args:
        own: folders that are the store's: the one of its database, or the store itself.
        proxied: what stands behind `mlflow-artifacts:`, a folder each.
    """

    def __init__(self, own: Sequence[str], proxied: Sequence[str] = ()) -> None:
        self._own = [os.path.realpath(folder) for folder in (*own, *proxied)]
        self._proxied = [os.path.realpath(folder) for folder in proxied]

    def find(self, uri: str, inner: Sequence[str]) -> tuple[str | None, str]:
        """Return the folder that a store's address names, or None and why it is not read.

        Args:
            uri: the address, as the store has it.
            inner: where the folder is in a store that was moved, relative to its folder; these
                are looked at when the address leads nowhere.
        """
        kind = urlsplit(uri).scheme.lower() if "://" in uri or uri.startswith(PROXY) else ""
        if kind == PROXY:
            found = self._behind_proxy(unquote(urlsplit(uri).path).strip("/"))
            return found, "" if found else "a server keeps it: name its folder by --artifacts"
        if kind not in ("", "file"):
            return None, f"it is in another store ({kind})"
        path = unquote(urlsplit(uri).path) if kind else uri
        if "\0" in path:
            return None, "it is nowhere"
        asked = [path] if os.path.isabs(path) else []
        asked += [os.path.join(folder, each) for each in inner for folder in self._own]
        found = next(filter(None, map(self._inside, asked)), None)
        if found is None and os.path.isdir(path):
            return None, "it is outside the store's folder: name it by --artifacts"
        return found, ""

    def _behind_proxy(self, path: str) -> str | None:
        if not is_file_name(path):
            return None
        asked = [os.path.join(folder, *path.split("/")) for folder in self._proxied]
        return next(filter(None, map(self._inside, asked)), None)

    def _inside(self, path: str) -> str | None:
        real = os.path.realpath(path)
        inside = any(real == own or real.startswith(own + os.sep) for own in self._own)
        return real if inside and os.path.isdir(real) else None


def files_in(folder: str, prefix: str = "") -> Iterator[KeptFile | Left]:
    """Yield the files of a folder, by name; links and what is no file are left.

    Args:
        folder: one that may be read.
        prefix: before each name, with its slash.
    """
    count = 0
    for path, folders, files in os.walk(folder):
        folders.sort()
        for name in [*folders]:
            if os.path.islink(os.path.join(path, name)):
                folders.remove(name)
                yield Left(prefix + _relative(folder, path, name), "it is a link")
        for name in sorted(files):
            count += 1
            if count > _FILES_MAX:
                yield Left(prefix, f"more than {_FILES_MAX:,} files")
                return
            shown = prefix + _relative(folder, path, name)
            full = os.path.join(path, name)
            try:
                found = os.lstat(full)
            except OSError as error:
                yield Left(shown, error.strerror or "it cannot be read")
                continue
            if not stat.S_ISREG(found.st_mode):
                yield Left(
                    shown, "it is a link" if stat.S_ISLNK(found.st_mode) else "it is no file"
                )
            elif not is_file_name(shown):
                yield Left(shown, "its name leads elsewhere")
            else:
                yield KeptFile(shown, found.st_size, str(found.st_mtime_ns), full)


def _relative(folder: str, path: str, name: str) -> str:
    return os.path.relpath(os.path.join(path, name), folder).replace(os.sep, "/")
