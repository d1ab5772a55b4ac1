"""Reading MLflow's file store (`mlruns/`): a folder an experiment, a folder a run, small files.

The layout is that of MLflow's FileStore: `meta.yaml`, and a file a param, tag and metric. No link
is followed, and of YAML only plain scalars are taken.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from afield.kernel.late import late
from afield.workspace.bring.errors import SourceUnreadable
from afield.workspace.bring.mlflow_artifacts import Places, files_in
from afield.workspace.bring.mlflow_run import OURS, MlflowRun, found_of
from afield.workspace.bring.run_points import Points
from afield.workspace.bring.run_source import Found, KeptFile, Left, Listed, counted, is_file_name

META = "meta.yaml"
_META_BYTES_MAX = 1 << 20
_TEXT_BYTES_MAX = 1 << 20
_YAML_DEPTH_MAX = 20
_ID = late(r"[A-Za-z0-9][\w-]{0,255}")
_STATUSES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_MODEL_STATUSES = {1: "PENDING", 2: "READY", 3: "FAILED"}
_NOT_EXPERIMENTS = frozenset({".trash", "models"})
_WITH_STEP = 3

Row = dict[str, Any]


class FileStore:
    """An MLflow store in a folder.

    Args:
        path: the folder.
        project: of the runs here.
        artifacts: folders that stand behind `mlflow-artifacts:`.

    Attributes:
        left: what of the store itself is not brought, and why.

    Raises:
        SourceUnreadable: no experiment of MLflow's is in it.
    """

    def __init__(self, path: str, project: str, artifacts: Sequence[str]) -> None:
        self.path = path
        self.left: list[Left] = []
        self._project = project
        self._places = Places([path], artifacts)
        self._experiments = [
            name
            for name in _folders(path, self._leave)
            if name not in _NOT_EXPERIMENTS and os.path.isfile(os.path.join(path, name, META))
        ]
        if not self._experiments:
            why = "no folder in it has a `meta.yaml`: it is no store of MLflow's"
            raise SourceUnreadable("cannot read", path, why)

    def close(self) -> None:
        """Let go of nothing: no file is kept open."""

    def experiments(self) -> Iterator[tuple[str, str]]:
        """Yield name and id of each experiment that is not deleted."""
        for key in self._experiments:
            about = self._meta(os.path.join(self.path, key), key)
            if about is not None and about.get("lifecycle_stage") != "deleted":
                yield str(about.get("name", key)), key

    def count(self) -> int:
        """Return about how many runs there are."""
        return sum(
            len(_folders(os.path.join(self.path, name), lambda _: None))
            for name in self._experiments
        )

    def runs(self) -> Iterator[Listed]:
        """Yield the runs, by experiment; those that MLflow has deleted are only counted."""
        registered = self._registered()
        gone = 0
        for name in self._experiments:
            folder = os.path.join(self.path, name)
            about = self._meta(folder, name)
            if about is None:
                continue
            experiment = {
                "id": name,
                "name": str(about.get("name", name)),
                "lifecycle_stage": about.get("lifecycle_stage"),
                "tags": self._texts(os.path.join(folder, "tags"), []),
            }
            models = self._models(folder)
            for key in _folders(folder, self._leave):
                row = self._run_meta(folder, key)
                if row is None:
                    continue
                if "deleted" in (row.get("lifecycle_stage"), experiment["lifecycle_stage"]):
                    gone += 1
                    continue
                yield self._listed(
                    folder,
                    key,
                    row,
                    experiment=experiment,
                    models=models.get(key, []),
                    registered=registered.get(key, []),
                )
        if gone:
            self.left.append(Left(counted(gone, "run"), "deleted in MLflow", meant=True))

    def _run_meta(self, folder: str, key: str) -> Row | None:
        """Return what is known of a run; None for a folder that is none."""
        path = os.path.join(folder, key)
        if not os.path.isfile(os.path.join(path, META)):
            return None  # `tags`, `datasets`, `models`, `traces`
        if not _ID().fullmatch(key):
            self._leave(Left(key, "it is no run's id"))
            return None
        row = self._meta(path, key)
        if row is not None and str(row.get("run_id", row.get("run_uuid", key))) != key:
            self._leave(Left(key, "its `meta.yaml` is that of another run"))
            return None
        return row

    def _listed(
        self,
        folder: str,
        key: str,
        row: Row,
        *,
        experiment: Row,
        models: list[Row],
        registered: list[Row],
    ) -> Listed:
        path = os.path.join(folder, key)
        left: list[Left] = []
        status = row.get("status")
        run = MlflowRun(
            id=key,
            name=_plain(row.get("run_name") or row.get("name")),
            status=_STATUSES.get(status, "") if isinstance(status, int) else _plain(status),
            experiment=experiment,
            start_time=row.get("start_time"),
            end_time=row.get("end_time"),
            user=_plain(row.get("user_id")),
            source=_plain(row.get("source_name")),
            artifact_uri=_plain(row.get("artifact_uri")),
            params=self._texts(os.path.join(path, "params"), left),
            tags=self._texts(os.path.join(path, "tags"), left),
            datasets=self._datasets(folder, path),
            models=models,
            registered=registered,
            left=left,
        )
        self._files(run, run.artifact_uri, f"{experiment['id']}/{key}/artifacts", "")
        for model in run.models:
            where = f"{experiment['id']}/models/{model['model_id']}/artifacts"
            self._files(run, model["artifact_location"], where, f"models/{model['model_id']}/")
        metrics = list(_named_files(os.path.join(path, "metrics"), left))
        mark = run.mark([(name, size_bytes) for name, _, size_bytes in metrics])
        return Listed(
            key, run.name, mark, lambda: self._read(run, metrics), ours=run.tags.get(OURS, key)
        )

    def _read(self, run: MlflowRun, metrics: list[tuple[str, str, int]]) -> Found:
        points = Points()
        for name, path, _ in metrics:
            try:
                with open(path, encoding="utf-8", errors="replace") as stream:
                    for line in stream:
                        _take(points, name, line)
            except OSError as error:
                run.left.append(Left(f"metric {name}", error.strerror or "it cannot be read"))
        return found_of(run, points, self._project)

    def _files(self, run: MlflowRun, uri: str, inner: str, prefix: str) -> None:
        folder, why = self._places.find(uri, [inner])
        if folder is None:
            if why:
                run.left.append(Left(f"{prefix}files at {uri}", why))
            return
        for one in files_in(folder, prefix):
            if isinstance(one, KeptFile):
                run.files.append(one)
            else:
                run.left.append(one)

    def _texts(self, folder: str, left: list[Left]) -> dict[str, str]:
        """Return the files of a folder as texts by name."""
        found = {}
        for name, path, size_bytes in _named_files(folder, left):
            if size_bytes > _TEXT_BYTES_MAX:
                left.append(Left(name, "it is too large for a param or tag"))
                continue
            with open(path, "rb") as stream:
                found[name] = stream.read(_TEXT_BYTES_MAX).decode("utf-8", "replace")
        return found

    def _datasets(self, folder: str, path: str) -> list[Row]:
        found = []
        for name in _folders(os.path.join(path, "inputs"), lambda _: None):
            link = self._meta(os.path.join(path, "inputs", name), name) or {}
            key = _plain(link.get("source_id"))
            if not _ID().fullmatch(key):
                continue
            data = self._meta(os.path.join(folder, "datasets", key), key)
            if data is None:
                continue
            tags = link.get("tags")
            found.append(
                {
                    "name": _plain(data.get("name")),
                    "digest": _plain(data.get("digest")),
                    "source_type": _plain(data.get("source_type")),
                    "source": _plain(data.get("source")),
                    "schema": _plain(data.get("schema")),
                    "profile": _plain(data.get("profile")),
                    "tags": _plain_mapping(tags),
                }
            )
        return sorted(found, key=lambda one: (one["name"], one["digest"]))

    def _models(self, folder: str) -> dict[str, list[Row]]:
        """Return the logged models of an experiment, by the run that made them."""
        found: dict[str, list[Row]] = {}
        base = os.path.join(folder, "models")
        for key in _folders(base, self._leave):
            row = self._meta(os.path.join(base, key), key)
            if row is None or row.get("lifecycle_stage") == "deleted" or not _ID().fullmatch(key):
                continue
            status = row.get("status")
            model = {
                "model_id": key,
                "name": _plain(row.get("name")),
                "artifact_location": _plain(row.get("artifact_location")),
                "created_ms": row.get("creation_timestamp"),
                "status": _MODEL_STATUSES.get(status, "UNSPECIFIED")
                if isinstance(status, int)
                else _plain(status),
                "model_type": _plain(row.get("model_type")),
                "params": self._texts(os.path.join(base, key, "params"), []),
                "tags": self._texts(os.path.join(base, key, "tags"), []),
            }
            found.setdefault(_plain(row.get("source_run_id")), []).append(model)
        return found

    def _registered(self) -> dict[str, list[Row]]:
        """Return what the registry has of each run."""
        found: dict[str, list[Row]] = {}
        base = os.path.join(self.path, "models")
        of_none = 0
        for name in _folders(base, self._leave):
            folder = os.path.join(base, name)
            about = self._meta(folder, name) or {}
            aliases = self._texts(os.path.join(folder, "aliases"), [])
            for each in _folders(folder, lambda _: None):
                if not each.startswith("version-"):
                    continue
                row = self._meta(os.path.join(folder, each), each) or {}
                version = _plain(row.get("version"))
                run = _plain(row.get("run_id"))
                of_none += not run
                found.setdefault(run, []).append(
                    {
                        "name": _plain(row.get("name")) or name,
                        "version": int(version) if version.isdigit() else version,
                        "about_model": about.get("description"),
                        "description": _plain(row.get("description")),
                        "stage": _plain(row.get("current_stage")),
                        "source": _plain(row.get("source")),
                        "status": _plain(row.get("status")),
                        "created_ms": row.get("creation_timestamp"),
                        "aliases": sorted(key for key, text in aliases.items() if text == version),
                        "tags": self._texts(os.path.join(folder, each, "tags"), []),
                    }
                )
        if of_none:
            self.left.append(Left(counted(of_none, "model version"), "of no run"))
        return found

    def _meta(self, folder: str, name: str) -> Row | None:
        """Return the plain values of a `meta.yaml`; None when it cannot be read."""
        path = os.path.join(folder, META)
        try:
            if os.path.islink(path) or os.path.getsize(path) > _META_BYTES_MAX:
                self._leave(Left(name, "its `meta.yaml` is a link, or too large"))
                return None
            with open(path, "rb") as stream:
                return _yaml(stream.read(_META_BYTES_MAX))
        except (OSError, ValueError) as error:
            self._leave(Left(name, f"its `meta.yaml` cannot be read: {error}"))
            return None

    def _leave(self, left: Left) -> None:
        if left not in self.left:
            self.left.append(left)


def _yaml(data: bytes) -> Row:
    """Parse YAML with nothing but plain data in it.

    Raises:
        ValueError: it is none.
    """
    import yaml  # heavy

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_deep(yaml, yaml.parse(data, loader))  # the C loader dies of it
        found = yaml.load(data, loader)  # noqa: S506 - a safe loader; the C one where there is one
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(str(error).partition("\n")[0] or "it is no YAML") from error
    return {
        key: value
        for key, value in (found.items() if isinstance(found, dict) else ())
        if isinstance(key, str) and (value is None or isinstance(value, (str, int, float, dict)))
    }


def _refuse_deep(yaml: Any, parsed: Iterator[Any]) -> None:
    depth = 0
    for event in parsed:
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _YAML_DEPTH_MAX or isinstance(event, yaml.AliasEvent):
            raise ValueError("it is nested too deep, or refers to itself")


def _take(points: Points, name: str, line: str) -> None:
    """Take a line of a metric's file: time in milliseconds, value, and step where it has one."""
    fields = line.split()
    if not fields:
        return
    try:
        time_ns = int(fields[0]) * 1_000_000
        value = float(fields[1])
        step = int(fields[2]) if len(fields) >= _WITH_STEP else 0
    except (ValueError, IndexError):
        points.refused += 1
        return
    points.add(name, step, time_ns, value)


def _folders(path: str, leave: Callable[[Left], None]) -> list[str]:
    """Return the names of the folders in a folder; links are none."""
    found = []
    try:
        with os.scandir(path) as items:
            for item in items:
                if item.is_symlink():
                    leave(Left(item.name, "it is a link"))
                elif item.is_dir():
                    found.append(item.name)
    except OSError:
        return []
    return sorted(found)


def _named_files(folder: str, left: list[Left]) -> Iterator[tuple[str, str, int]]:
    """Yield (name, path, size) of the files of a folder and those in it; no links."""
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(
            each for each in folders if not os.path.islink(os.path.join(path, each))
        )
        for file in sorted(files):
            full = os.path.join(path, file)
            name = os.path.relpath(full, folder).replace(os.sep, "/")
            try:
                found = os.lstat(full)
            except OSError:
                continue
            if not stat.S_ISREG(found.st_mode) or not is_file_name(name):
                left.append(Left(name, "it is a link, or no file"))
                continue
            yield name, full, found.st_size


def _plain(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return str(value)


def _plain_mapping(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {_plain(key): _plain(inner) for key, inner in value.items()}
