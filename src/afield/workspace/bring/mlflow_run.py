"""A run as MLflow has it, in one shape whatever store it was read from; what becomes of it here.

Pure. The meaning of the fields is that of MLflow's REST API (its documentation of `Run`,
`RunInfo`, `RunInputs` and `LoggedModel`).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from afield.kernel.digest import digest
from afield.runs.limits import TEXT_BYTES_MAX
from afield.runs.manifest import IMPORTED, Capture, Git, Manifest
from afield.workspace.bring.run_points import Points, as_ms, first_known
from afield.workspace.bring.run_source import Found, KeptFile, Left

TOOL = "mlflow"
OURS = "afield.run"
"""The tag by which an exported run names the run here that it is."""

STATUSES = {
    "RUNNING": "interrupted",
    "SCHEDULED": "interrupted",
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "killed",
}
"""A run that still runs there has no end here yet: the next import brings it."""

BLOCKER = f"{IMPORTED}MLflow, which keeps neither code nor environment"
_NOTE = "mlflow.note.content"
_PARENT = "mlflow.parentRunId"
_NOBODY = "unknown"
_LARGEST = sys.float_info.max


@dataclass(slots=True)
class MlflowRun:
    """A run of MLflow's, without its points.

    Attributes:
        experiment: what its experiment is: `id`, `name`, `tags`.
        datasets: what it read, as MLflow describes it.
        models: logged models that it made, and what the registry has of it.
        files: its artifacts and those of its logged models.
    """

    id: str
    name: str
    status: str
    experiment: Mapping[str, Any]
    start_time: object = None
    end_time: object = None
    user: str = ""
    source: str = ""
    artifact_uri: str = ""
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    datasets: list[dict[str, Any]] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=list)
    registered: list[dict[str, Any]] = field(default_factory=list)
    files: list[KeptFile] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    def mark(self, points: object) -> str:
        """Return what changes whenever the run does; `points` tells about its metrics."""
        files = [(file.name, file.size_bytes, file.stamp) for file in self.files]
        parts = (
            (self.name, self.status, self.end_time, self.user, points, files, self.experiment),
            (sorted(self.params.items()), sorted(self.tags.items())),
            (self.datasets, self.models, self.registered),
        )
        return digest(repr(parts).encode("utf-8", "replace"))[:32]


def found_of(run: MlflowRun, points: Points, project: str) -> Found:
    """Return a run of MLflow's as one of any tool."""
    started = as_ms(run.start_time)
    last = points.last_ms
    ended = as_ms(run.end_time)
    tags = dict(run.tags)
    note = tags.pop(_NOTE, "")
    name = tags.pop("mlflow.runName", "") or run.name or run.id[:8]
    if run.user and run.user != _NOBODY:
        tags.setdefault("mlflow.user", run.user)
    about: dict[str, Any] = {"run_id": run.id, "status": run.status, "experiment": run.experiment}
    if run.artifact_uri:
        about["artifact_uri"] = run.artifact_uri
    if run.datasets:
        about["datasets"] = run.datasets
    if run.models:
        about["logged_models"] = run.models
    if run.registered:
        about["registered_models"] = run.registered
    long = {key: text for key, text in tags.items() if len(text.encode()) > TEXT_BYTES_MAX}
    if long:
        about["tags"] = long
    return Found(
        name=name,
        project=project,
        experiment=str(run.experiment.get("name") or run.experiment.get("id") or ""),
        status=STATUSES.get(run.status, "interrupted"),
        started_ms=first_known((started, ended, last)),
        ended_ms=first_known((ended, last, started)),
        points=points,
        parent=tags.get(_PARENT),
        params=run.params,
        tags=tags,
        note=note,
        files=run.files,
        manifest=_manifest(run),
        about=_filled(about),
        left=run.left,
    )


def number_of(value: float, *, is_nan: bool) -> float:
    """Return a value as it was logged: MLflow's databases hold infinity as the largest number."""
    if is_nan:
        return math.nan
    if abs(value) >= _LARGEST:
        return math.copysign(math.inf, value)
    return value


def _filled(value: Any) -> Any:
    """Return JSON without what is empty, which each store writes in its own way."""
    if isinstance(value, Mapping):
        filled = {key: _filled(inner) for key, inner in value.items()}
        return {key: inner for key, inner in filled.items() if inner not in (None, "", {}, [])}
    return [_filled(inner) for inner in value] if isinstance(value, list) else value


def _manifest(run: MlflowRun) -> Manifest | None:
    """Return what MLflow tells of command and code; None when it tells nothing."""
    source = run.tags.get("mlflow.source.name") or run.source
    commit = run.tags.get("mlflow.source.git.commit")
    if not source and not commit:
        return None
    git = None
    if commit:
        branch = run.tags.get("mlflow.source.git.branch")
        remote = run.tags.get("mlflow.source.git.repoURL")
        git = Git(root="", commit=commit, branch=branch, remote=remote)
    return Manifest(
        argv=(source,) if source else (),
        cwd=".",
        root="",
        exit_code=None,
        git=git,
        capture=Capture(layers=(), notes=("imported from MLflow",)),
        blockers=(BLOCKER,),
    )
