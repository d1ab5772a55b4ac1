"""Writing runs as a file store of MLflow's, which its client opens and serves.

A run is written into a folder beside its place and moved there whole. A run that is there
already and is not ours is never touched.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from afield.kernel.digest import digest
from afield.kernel.errors import AfieldError
from afield.workspace.bring.mlflow_files import META, FileStore
from afield.workspace.bring.mlflow_outgoing import Outgoing, outgoing, points_of
from afield.workspace.bring.mlflow_run import OURS
from afield.workspace.bring.run_source import Left
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

_STATUSES = {"RUNNING": 1, "SCHEDULED": 2, "FINISHED": 3, "FAILED": 4, "KILLED": 5}
_LOCAL_SOURCE = 4
MARK = "afield.exported"
"""The tag that tells what of a run was exported; it is written last."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a run: `state` is `new`, `changed`, `same` or `foreign`."""

    run: str
    name: str
    id: str
    state: str
    left: tuple[Left, ...] = ()


class FileStoreWriter:
    """Writes runs into a file store.

    Args:
        workspace: where they are.
        path: the folder; made when it is not there.

    Raises:
        SourceUnreadable: something else is in it.
    """

    def __init__(self, workspace: Workspace, path: str) -> None:
        self._workspace = workspace
        self._root = os.path.abspath(path)
        self._experiments: dict[str, str] = {}
        os.makedirs(self._root, exist_ok=True)
        if os.listdir(self._root):
            store = FileStore(self._root, "", ())
            self._experiments = dict(store.experiments())

    def write(self, view: RunView) -> Written:
        """Write a run, unless it is there as it is here.

        Raises:
            AfieldError: bytes of it are damaged.
            OSError: the folder cannot be written.
        """
        run = outgoing(self._workspace, view, in_files=True)
        experiment = self._experiment(run.experiment)
        place = os.path.join(self._root, experiment, run.id)
        state = "new"
        if os.path.lexists(place):
            if _read(os.path.join(place, "tags", OURS)) != view.id:
                left = Left(run.id, "another run of this id is there")
                return Written(view.id, view.name, run.id, "foreign", (left,))
            if _read(os.path.join(place, "tags", MARK)) == run.digest():
                return Written(view.id, view.name, run.id, "same", tuple(run.left))
            state = "changed"
        beside = os.path.join(self._root, f".afield-{run.id}")
        for old in (beside, beside + "-old"):
            shutil.rmtree(old, ignore_errors=True)
        self._write(run, experiment, place, beside)
        if state == "changed":
            os.rename(place, beside + "-old")
        os.rename(beside, place)
        shutil.rmtree(beside + "-old", ignore_errors=True)
        return Written(view.id, view.name, run.id, state, tuple(run.left))

    def _write(self, run: Outgoing, experiment: str, place: str, folder: str) -> None:
        for name in ("params", "metrics", "tags", "artifacts"):
            os.makedirs(os.path.join(folder, name))
        mark = run.digest()
        for name, text in run.params.items():
            _put(os.path.join(folder, "params", name), text)
        for name, text in {**run.tags, MARK: mark}.items():
            _put(os.path.join(folder, "tags", name), text)
        for name, own in run.metrics.items():
            lines = [
                f"{time_ms} {value!r} {step}\n"
                for step, time_ms, value in points_of(self._workspace, run, own)
            ]
            if lines:
                _put(os.path.join(folder, "metrics", name), "".join(lines))
        for file in run.files:
            target = os.path.join(folder, "artifacts", *file.name.split("/"))
            try:
                os.makedirs(os.path.dirname(target), exist_ok=True)
                self._workspace.record.vault.copy_to(file.object, target)
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                run.left.append(Left(file.name, "a folder of this name is among its files"))
            except AfieldError as error:
                with suppress(OSError):
                    os.unlink(target)
                run.left.append(Left(file.name, error.why or str(error)))
        self._datasets(run, experiment, folder)
        self._meta(run, experiment, place, folder)

    def _meta(self, run: Outgoing, experiment: str, place: str, folder: str) -> None:
        meta: dict[str, Any] = {
            "artifact_uri": os.path.join(place, "artifacts"),
            "end_time": run.end_ms,
            "entry_point_name": "",
            "experiment_id": experiment,
            "lifecycle_stage": "active",
            "run_id": run.id,
            "run_name": run.view.name,
            "run_uuid": run.id,
            "source_name": "",
            "source_type": _LOCAL_SOURCE,
            "source_version": "",
            "start_time": run.start_ms,
            "status": _STATUSES[run.status],
            "tags": [],
            "user_id": run.tags.get("mlflow.user", ""),
        }
        _put_yaml(os.path.join(folder, META), meta)

    def _datasets(self, run: Outgoing, experiment: str, folder: str) -> None:
        for one in run.datasets:
            told = {name: one.get(name) for name in ("name", "digest", "source_type", "source")}
            key = _md5(f"{told['name']}{told['digest']}")
            about = os.path.join(self._root, experiment, "datasets", key)
            if not os.path.exists(about):
                os.makedirs(about)
                rest = {name: one.get(name) for name in ("schema", "profile")}
                _put_yaml(os.path.join(about, META), {**told, **rest})
            link = os.path.join(folder, "inputs", _md5(key + run.id))
            os.makedirs(link, exist_ok=True)
            tags = one.get("tags")
            found = {
                "source_type": "DATASET",
                "source_id": key,
                "destination_type": "RUN",
                "destination_id": run.id,
                "tags": tags if isinstance(tags, dict) else {},
            }
            _put_yaml(os.path.join(link, META), found)

    def _experiment(self, name: str) -> str:
        """Return the id of an experiment, which is made when it is not there."""
        if name not in self._experiments:
            key = str(int(digest(f"afield export 1\0{name}".encode())[:14], 16) + 10**17)
            folder = os.path.join(self._root, key)
            os.makedirs(folder, exist_ok=True)
            meta = {
                "artifact_location": folder,
                "experiment_id": key,
                "lifecycle_stage": "active",
                "name": name,
            }
            _put_yaml(os.path.join(folder, META), meta)
            self._experiments[name] = key
        return self._experiments[name]


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            return stream.read()
    except (OSError, ValueError):
        return None


def _put(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="replace", newline="") as stream:
        stream.write(text)


def _put_yaml(path: str, values: dict[str, Any]) -> None:
    import yaml  # heavy

    _put(path, yaml.safe_dump(values, allow_unicode=True, sort_keys=True))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
