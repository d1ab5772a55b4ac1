"""Reading W&B's own files of runs: `wandb/offline-run-*` and `wandb/run-*`, W&B not needed.

A run that was resumed lies in several folders; together they are one run here. What the records
mean is `wandb_records`; nothing outside the folder that holds `wandb` is read.
"""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from afield.kernel.digest import digest
from afield.runs.foreign.protobuf_wire import inner, integer, message, text
from afield.workspace.bring.errors import SourceNotFound
from afield.workspace.bring.run_source import Found, KeptFile, Left, Listed, is_file_name
from afield.workspace.bring.wandb_log import Log
from afield.workspace.bring.wandb_records import RUN, Reading, found_of

TOOL = "wandb"
_FOLDER = re.compile(r"(offline-)?run-\d{8}_\d{6}-.+")
_LOG = re.compile(r"run-.+\.wandb")
_READ_FOR_HEAD_MAX = 50
_FILES_MAX = 100_000
_MAPPED = frozenset({"output.log", "config.yaml", "wandb-summary.json", "wandb-metadata.json"})
"""Files of W&B's own whose content becomes console, params, summary and manifest."""


@dataclass(frozen=True, slots=True)
class _Log:
    """A log, and what it says of whose it is."""

    path: str
    run: str
    project: str
    name: str
    started_ns: int

    @property
    def folder(self) -> str:
        return os.path.dirname(self.path)

    @property
    def key(self) -> str:
        return f"{self.project}/{self.run}/{self.started_ns}"


class Folders:
    """The runs in a folder of W&B's.

    Args:
        path: `wandb`, the folder that holds it, a run's folder, or its `.wandb` file.
        project: of the runs here; None: W&B's own.

    Attributes:
        left: what is not brought, and why.

    Raises:
        SourceNotFound: there is no run in it.
    """

    def __init__(self, path: str, project: str | None) -> None:
        self.left: list[Left] = []
        self._project = project
        path = os.path.abspath(path)
        self._logs = list(_logs(path))
        if not self._logs:
            why = "there is no `run-*.wandb` in it"
            hint = "afield import wandb wandb"
            raise SourceNotFound("nothing to import", path, why, hint=hint)
        self._home = _home(self._logs[0])

    def count(self) -> int:
        """Return about how many runs there are."""
        return len(self._logs)

    def runs(self) -> Iterator[Listed]:
        """Yield the runs, oldest first; a resumed one stands where it began."""
        by_run: dict[tuple[str, str], list[_Log]] = defaultdict(list)
        for path in self._logs:
            head = self._head(path)
            if head is not None:
                by_run[head.project, head.run].append(head)
        for logs in sorted(by_run.values(), key=lambda logs: min(one.started_ns for one in logs)):
            logs.sort(key=lambda one: (one.started_ns, one.path))
            yield self._listed(logs)

    def _listed(self, logs: list[_Log]) -> Listed:
        files, left = self._files(logs)
        state = [
            (os.path.basename(one.path), os.path.getsize(one.path), one.started_ns) for one in logs
        ]
        kept = [(file.name, file.size_bytes, file.stamp) for file in files]
        mark = digest(repr((state, kept)).encode("utf-8", "replace"))[:32]
        keys = list(dict.fromkeys(one.key for one in logs))
        return Listed(
            keys[0],
            logs[-1].name,
            mark,
            lambda: self._read(logs, files, left),
            known_as=tuple(keys[1:]),
        )

    def _read(self, logs: list[_Log], files: list[KeptFile], left: list[Left]) -> Found:
        reading = Reading()
        left = [*left]
        for one in logs:
            with open(one.path, "rb") as stream:
                log = Log(stream)
                for data in log.records():
                    try:
                        reading.take(data)
                    except ValueError as error:
                        log.faults.append(f"a record that is none: {error}")
            left += [Left(os.path.basename(one.path), fault) for fault in log.faults]
            reading.look_beside(os.path.join(one.folder, "files"))
        found = found_of(reading, self._project)
        found.files = [*files, *found.files]
        found.left += left
        return found

    def _head(self, path: str) -> _Log | None:
        """Return whose log it is; the record of the run is one of the first."""
        try:
            with open(path, "rb") as stream:
                records = Log(stream).records()
                for _, data in zip(range(_READ_FOR_HEAD_MAX), records, strict=False):
                    found = message(data)
                    if RUN in found:
                        run = inner(found, RUN)
                        began = inner(run, 17)
                        return _Log(
                            path,
                            text(run, 1),
                            text(run, 3),
                            text(run, 8) or text(run, 1),
                            integer(began, 1) * 1_000_000_000 + integer(began, 2),
                        )
        except (OSError, ValueError) as error:
            self.left.append(Left(os.path.basename(path), str(error)))
            return None
        self.left.append(Left(os.path.basename(path), "it does not say of which run it is"))
        return None

    def _files(self, logs: list[_Log]) -> tuple[list[KeptFile], list[Left]]:
        """Return the files of a run, those of its last folder where several have one."""
        files: dict[str, KeptFile] = {}
        left: list[Left] = []
        for log in logs:
            base = os.path.join(log.folder, "files")
            for path, folders, names in os.walk(base):
                folders[:] = sorted(
                    each for each in folders if not os.path.islink(os.path.join(path, each))
                )
                for name in sorted(names):
                    full = os.path.join(path, name)
                    shown = os.path.relpath(full, base).replace(os.sep, "/")
                    if shown in _MAPPED:
                        continue
                    kept = self._kept(shown, full)
                    if isinstance(kept, Left):
                        left.append(kept)
                    elif len(files) < _FILES_MAX:
                        files[shown] = kept
        return list(files.values()), left

    def _kept(self, shown: str, full: str) -> KeptFile | Left:
        """Return a file; W&B links what was saved, which counts when it lies in the project."""
        real = os.path.realpath(full)
        if os.path.islink(full) and not real.startswith(self._home + os.sep):
            return Left(shown, "it is a link that leads out of the folder")
        try:
            found = os.stat(real)
        except OSError as error:
            return Left(shown, error.strerror or "it cannot be read")
        if not stat.S_ISREG(found.st_mode) or not is_file_name(shown):
            return Left(shown, "it is no file, or its name leads elsewhere")
        return KeptFile(shown, found.st_size, str(found.st_mtime_ns), real)


def _logs(path: str) -> Iterator[str]:
    """Yield the logs in a folder, and in `wandb` in it, and in the runs' folders there."""
    if os.path.isfile(path):
        if _LOG.fullmatch(os.path.basename(path)):
            yield path
        return
    if not os.path.isdir(path):
        return
    for name in sorted(os.listdir(path)):
        full = os.path.join(path, name)
        if os.path.islink(full):
            continue  # `latest-run`
        if _LOG.fullmatch(name) and os.path.isfile(full):
            yield full
        elif _FOLDER.fullmatch(name) or name in ("wandb", ".wandb"):
            yield from _logs(full)


def _home(log: str) -> str:
    """Return the folder that holds `wandb`: what was saved by `run.save` lies in it."""
    folder = os.path.dirname(os.path.realpath(log))
    above = os.path.dirname(folder)
    return os.path.dirname(above) if os.path.basename(above) in ("wandb", ".wandb") else folder
