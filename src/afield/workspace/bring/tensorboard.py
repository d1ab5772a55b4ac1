"""Reading TensorBoard's log folders: each folder with event files in it is a run, as it shows them.

The event files themselves are kept with the run, so that what is no number or text (images,
histograms, graphs) is not lost. A folder below another run's is its child.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from afield.kernel.digest import digest
from afield.runs.foreign.tensorboard_events import Decoder, records
from afield.workspace.bring.errors import SourceNotFound
from afield.workspace.bring.run_points import Points, as_ms, as_ns, first_known
from afield.workspace.bring.run_source import Found, KeptFile, Left, Listed

TOOL = "tensorboard"
TEXTS_FILE = "tensorboard-texts.jsonl"
"""The file that holds the texts of a run, at every step."""

_MARK = "tfevents"
_HOST = re.compile(r"tfevents\.(\d+)\.([^.]+(?:\.[^.]+)*?)(?:\.\d+)*(?:\.v2)?$")
_HEAD_BYTES = 4096
_TEXTS_KEPT_MAX = 10_000
_OTHERS_MAX = 1000


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder with event files: its path below the root, and its files by name."""

    path: str
    files: tuple[KeptFile, ...]
    keys: tuple[str, ...]


class LogFolder:
    """The runs in a log folder.

    Args:
        path: the folder, or one event file.
        project: of the runs here.

    Attributes:
        left: what is not brought, and why.

    Raises:
        SourceNotFound: there is no event file in it.
    """

    def __init__(self, path: str, project: str) -> None:
        self.left: list[Left] = []
        self._project = project
        self._root = os.path.abspath(path)
        found = list(self._folders())
        if not found:
            why = "there is no event file (`*tfevents*`) in it"
            raise SourceNotFound("nothing to import", path, why)
        self._keys: dict[str, str] = {}
        taken: set[str] = set()
        self._found: list[_Folder] = []
        for folder in found:
            keys = folder.keys
            if keys[0] in taken:  # written by one process in one instant: told apart by name
                keys = tuple(f"{key} {os.path.basename(folder.path)}" for key in keys)
            taken.add(keys[0])
            self._keys[folder.path] = keys[0]
            self._found.append(_Folder(folder.path, folder.files, keys))

    def count(self) -> int:
        """Return how many runs there are."""
        return len(self._found)

    def runs(self) -> Iterator[Listed]:
        """Yield the runs, a folder before those in it."""
        for folder in self._found:
            kept = [(file.name, file.size_bytes) for file in folder.files]
            mark = digest(repr(kept).encode("utf-8", "replace"))[:32]
            yield Listed(
                folder.keys[0],
                self._name(folder),
                mark,
                lambda folder=folder: self._read(folder),  # type: ignore[misc]
                known_as=folder.keys[1:],
            )

    def _name(self, folder: _Folder) -> str:
        base = self._root if os.path.isdir(self._root) else os.path.dirname(self._root)
        return os.path.basename(base) if folder.path == "." else folder.path

    def _folders(self) -> Iterator[_Folder]:
        if os.path.isfile(self._root):
            folder, name = os.path.split(self._root)
            found = self._folder(folder, ".", [name])
            if found is not None:
                yield found
            return
        for path, folders, names in os.walk(self._root):
            for name in sorted(folders):
                if os.path.islink(os.path.join(path, name)):
                    folders.remove(name)
                    self.left.append(Left(name, "it is a link"))
            folders.sort()
            shown = os.path.relpath(path, self._root).replace(os.sep, "/")
            found = self._folder(path, shown, [name for name in sorted(names) if _MARK in name])
            if found is not None:
                yield found

    def _folder(self, path: str, shown: str, names: list[str]) -> _Folder | None:
        """Return a folder's event files; None when none of them is whole to its first record."""
        files, keys = [], []
        for name in names:
            full = os.path.join(path, name)
            status = os.lstat(full)
            if not stat.S_ISREG(status.st_mode):
                self.left.append(Left(f"{shown}/{name}", "it is a link, or no file"))
                continue
            with open(full, "rb") as stream:
                first = next(records(stream, []), None)
            if first is None:
                self.left.append(Left(f"{shown}/{name}", "it has no whole record"))
                continue
            keys.append(digest(name.encode("utf-8", "replace") + b"\0" + first[:_HEAD_BYTES])[:32])
            files.append(KeptFile(name, status.st_size, str(status.st_mtime_ns), full))
        return _Folder(shown, tuple(files), tuple(keys)) if files else None

    def _read(self, folder: _Folder) -> Found:
        gathered = _Gathered()
        for file in folder.files:
            assert file.path is not None, "event files are here"
            faults: list[str] = []
            with open(file.path, "rb") as stream:
                for data in records(stream, faults):
                    gathered.take(data, faults)
            gathered.cut = any(fault.startswith("cut") for fault in faults)
            gathered.left += [Left(file.name, fault) for fault in faults]
        return self._found_of(folder, gathered)

    def _found_of(self, folder: _Folder, gathered: _Gathered) -> Found:
        hparams = gathered.decoder.hparams
        first = folder.files[0].name
        host = _HOST.search(first)
        about: dict[str, Any] = {
            "folder": folder.path,
            "other_summaries": sorted(map(list, gathered.others)),
        }
        if hparams.group:
            about["hparams_group"] = hparams.group
        status = hparams.status or ("interrupted" if gathered.cut else "finished")
        base = self._root if os.path.isdir(self._root) else os.path.dirname(self._root)
        return Found(
            name=self._name(folder),
            project=self._project,
            experiment=os.path.basename(base),
            status=status,
            started_ms=first_known((_ms(hparams.started_s), _ms(gathered.first_s))),
            ended_ms=first_known((_ms(hparams.ended_s), _ms(gathered.last_s))),
            points=gathered.points,
            host=host.group(2) if host else "",
            parent=self._parent(folder.path),
            params=hparams.values,
            summary=gathered.texts,
            files=list(folder.files),
            lines={TEXTS_FILE: gathered.history} if gathered.history else {},
            about=about,
            left=gathered.left,
        )

    def _parent(self, path: str) -> str | None:
        """Return the key of the nearest run above a folder."""
        while path != ".":
            path = os.path.dirname(path) or "."
            if path in self._keys:
                return self._keys[path]
        return None


class _Gathered:
    """What the event files of a run say together."""

    def __init__(self) -> None:
        self.decoder = Decoder()
        self.points = Points()
        self.texts: dict[str, str] = {}
        self.history: list[str] = []
        self.others: set[tuple[str, str]] = set()
        self.first_s: float | None = None
        self.last_s: float | None = None
        self.cut = False
        self.left: list[Left] = []

    def take(self, data: bytes, faults: list[str]) -> None:
        """Take one event."""
        try:
            event = self.decoder.event(data)
        except ValueError as error:
            faults.append(f"a record that is no event: {error}")
            return
        if math.isfinite(event.time_s):
            self.first_s = event.time_s if self.first_s is None else min(self.first_s, event.time_s)
            self.last_s = event.time_s if self.last_s is None else max(self.last_s, event.time_s)
        time_ns = as_ns(event.time_s)
        for tag, number in event.points:
            self.points.add(tag, event.step, time_ns, number)
        for tag, words in event.texts:
            self.texts[tag.removesuffix("/text_summary")] = words
            if len(self.history) < _TEXTS_KEPT_MAX:
                row = {"tag": tag, "step": event.step, "time": event.time_s, "text": words}
                self.history.append(json.dumps(row, ensure_ascii=False))
        if len(self.others) < _OTHERS_MAX:
            self.others.update(event.others)


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else as_ms(seconds * 1000)
