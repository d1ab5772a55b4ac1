"""`afield://customers@3/part.parquet` for all that reads through fsspec; read only.

pandas, polars, DuckDB, Dask and pyarrow find this class by its entry point. Files are opened chunk
by chunk, each verified, so that a read of a range fetches no more than it touches.
"""

from __future__ import annotations

import errno
import os
from datetime import datetime
from typing import Any, BinaryIO

from fsspec import AbstractFileSystem

from afield.kernel.errors import NotFound
from afield.vault import TreeEntry
from afield.workspace.dataset import Dataset, dataset
from afield.workspace.datasets import history
from afield.workspace.session import open as open_workspace


class AfieldFileSystem(AbstractFileSystem):  # type: ignore[misc]
    """Versions of datasets as folders: `<name>[@<version>]/<file>`.

    Args:
        workspace: the folder that holds `.afield`; without it, the one that `afield.open` takes.
    """

    protocol = "afield"
    root_marker = ""
    cachable = False  # which workspace is meant may change between two looks

    def __init__(self, workspace: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._workspace = workspace
        self._datasets: dict[str, Dataset] = {}

    def ls(self, path: str, detail: bool = True, **_more: Any) -> list[Any]:  # noqa: FBT001, FBT002 - fsspec's signature
        """List a folder: datasets at the root, then the files of a version."""
        path = self._strip_protocol(path).strip("/")
        if not path:
            with open_workspace(self._workspace) as workspace:
                names = sorted({version.name for version in history(workspace)})
            found: list[dict[str, Any]] = [_folder(name) for name in names]
        else:
            found = self._list(path)
        return found if detail else [entry["name"] for entry in found]

    def info(self, path: str, **_more: Any) -> dict[str, Any]:
        """Tell the size and type of a file or folder."""
        path = self._strip_protocol(path).strip("/")
        words, _, file = path.partition("/")
        if not words:
            return _folder("")
        dataset = self._dataset(words)
        if (real := dataset.followed(file)) in dataset:
            return _file(path, dataset.resolved(file), linked=real != file)
        if file and not any(name.startswith(f"{real}/") for name in dataset.files):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), f"afield://{path}")
        return _folder(path)

    def modified(self, path: str) -> datetime:
        """Tell when the version was added: what it holds has not changed since."""
        words = self._strip_protocol(path).strip("/").partition("/")[0]
        return self._dataset(words).added

    def created(self, path: str) -> datetime:
        """Tell the same as `modified`."""
        return self.modified(path)

    def _open(self, path: str, mode: str = "rb", **_more: Any) -> BinaryIO:
        """Open a file; only for reading."""
        if mode != "rb":
            raise OSError(errno.EROFS, "versions are never changed", f"afield://{path}")
        words, _, file = self._strip_protocol(path).strip("/").partition("/")
        dataset = self._dataset(words)
        if dataset.followed(file) not in dataset:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), f"afield://{path}")
        stream = dataset.open(file)
        stream.size = dataset.resolved(file).size_bytes  # type: ignore[attr-defined] # fsspec asks
        return stream

    def _list(self, path: str) -> list[dict[str, Any]]:
        """List a folder; links to folders are followed once, so that every walk has an end."""
        words, _, inner = path.partition("/")
        dataset = self._dataset(words)
        real = dataset.followed(inner)
        if real in dataset:
            return [_file(path, dataset.resolved(inner), linked=real != inner)]
        prefix = f"{real}/" if real else ""
        found: dict[str, dict[str, Any]] = {}
        for name in dataset.files:
            if not name.startswith(prefix):
                continue
            first, slash, _ = name[len(prefix) :].partition("/")
            full = f"{path}/{first}"
            leads_to = name if slash else dataset.followed(name)
            if slash or (leads_to not in dataset and real == inner):
                found[full] = _folder(full)
            elif leads_to in dataset:
                found[full] = _file(full, dataset.resolved(name), linked=leads_to != name)
        if not found:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), f"afield://{path}")
        return list(found.values())

    def _dataset(self, words: str) -> Dataset:
        """Return a version; one named by number or digest is looked up once."""
        known = self._datasets.get(words)
        if known is not None:
            return known
        try:
            found = dataset(words, workspace=self._workspace)
        except NotFound as error:
            raise FileNotFoundError(errno.ENOENT, error.message, f"afield://{words}") from error
        if "@" in words and not words.endswith("@latest"):
            self._datasets[words] = found
        return found


def _folder(name: str) -> dict[str, Any]:
    return {"name": name, "size": 0, "type": "directory"}


def _file(full: str, entry: TreeEntry, *, linked: bool) -> dict[str, Any]:
    found = {"name": full, "size": entry.size_bytes, "type": "file"}
    return {**found, "digest": entry.object, "islink": linked}
