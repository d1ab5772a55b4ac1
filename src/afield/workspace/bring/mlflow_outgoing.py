"""A run as MLflow would have it, for the ways out: names it takes, its id, what is told of it.

Nothing is written here. What was imported from MLflow goes back under the id that it had there.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from afield.kernel.digest import digest
from afield.kernel.ids import ObjectId
from afield.runs.errors import SeriesNotFound
from afield.runs.events import Scalar
from afield.runs.record import DEFAULT_EXPERIMENT
from afield.workspace.bring.mlflow_run import OURS, TOOL
from afield.workspace.bring.run_documents import read_document
from afield.workspace.bring.run_source import Left, is_file_name
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

STATUSES = {"finished": "FINISHED", "failed": "FAILED", "killed": "KILLED", "interrupted": "KILLED"}
_ID = re.compile(r"[0-9a-f]{32}")
_BAD = re.compile(r"[^/\w.\- ]")
_NAME_CHARS_MAX = 250
_OBJECT = "object:"


@dataclass(frozen=True, slots=True)
class File:
    """A file of a run: its name there, and its bytes here."""

    name: str
    object: ObjectId
    size_bytes: int


@dataclass(slots=True)
class Outgoing:
    """A run to be written for MLflow; `metrics` are names there and here.

    Attributes:
        id: of the run there.
        status: as MLflow has it.
        datasets: what MLflow said that it read, when it came from there.
        left: what cannot be written, or not under its name, and why.
    """

    view: RunView
    id: str
    experiment: str
    status: str
    start_ms: int
    end_ms: int | None
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, str] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)
    datasets: list[dict[str, Any]] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    def digest(self) -> str:
        """Return what changes whenever the run does."""
        counts = [(name, each.count, repr(each.last)) for name, each in self.view.metrics.items()]
        told = (self.experiment, self.status, self.end_ms, sorted(self.params.items()))
        rest = (sorted(self.tags.items()), counts, self.files)
        return digest(repr((told, rest)).encode("utf-8", "replace"))[:32]


def outgoing(workspace: Workspace, view: RunView, *, in_files: bool) -> Outgoing:
    """Return a run as MLflow would have it.

    Args:
        workspace: where it is.
        view: the run.
        in_files: each name becomes a file's, so that none may be the folder of another.
    """
    about = _imported(workspace, view)
    run = Outgoing(
        view=view,
        id=id_of(view, about),
        experiment=_experiment(view, about),
        status=_status(view, about),
        start_ms=round(view.started.timestamp() * 1000),
        end_ms=None if view.ended is None else round(view.ended.timestamp() * 1000),
    )
    if run.status == "RUNNING":
        run.end_ms = None
    params = {name: _text(workspace, value) for name, value in view.params.items()}
    run.params = dict(_named(params.items(), run.left, in_files=in_files))
    tags = _tags(workspace, view, about)
    if view.parent is not None:
        parent = workspace.run(view.parent)
        tags["mlflow.parentRunId"] = id_of(parent, _imported(workspace, parent))
    run.tags = dict(_named(tags.items(), run.left, in_files=in_files))
    names = [(name, name) for name in view.metrics]
    run.metrics = dict(_named(names, run.left, in_files=in_files))
    run.files = _files(view, run.left)
    run.datasets = [one for one in about.get("datasets", ()) if isinstance(one, dict)]
    return run


def points_of(workspace: Workspace, run: Outgoing, name: str) -> Iterator[tuple[int, int, float]]:
    """Yield step, time (Unix milliseconds) and value of a metric's points, as they were logged."""
    try:
        points = workspace.points(run.view, name)
    except SeriesNotFound:
        run.left.append(Left(f"metric {name}", "its points are not here"))
        return
    times = (points.time_ns // 1_000_000).tolist()
    yield from zip(points.step.tolist(), times, points.value.tolist(), strict=True)


def id_of(view: RunView, about: dict[str, Any]) -> str:
    """Return the id of a run there: the one that it had, else one made of its id here."""
    found = about.get("run_id")
    if isinstance(found, str) and _ID.fullmatch(found):
        return found
    return digest(f"afield export 1\0{view.id}".encode())[:32]


def _imported(workspace: Workspace, view: RunView) -> dict[str, Any]:
    """Return what MLflow said of a run that came from there; empty for others."""
    sql = "SELECT object FROM imports WHERE run = ? AND tool = ?"
    for (found,) in workspace.query(sql, (view.id, TOOL)):
        about = read_document(workspace.record.vault, found).get("about")
        return about if isinstance(about, dict) else {}
    return {}


def _experiment(view: RunView, about: dict[str, Any]) -> str:
    if about:
        return view.experiment
    if view.experiment in ("", DEFAULT_EXPERIMENT):
        return view.project
    return f"{view.project}/{view.experiment}"


def _status(view: RunView, about: dict[str, Any]) -> str:
    if view.status == "interrupted" and about.get("status") in ("RUNNING", "SCHEDULED"):
        return str(about["status"])
    return STATUSES.get(view.status, "RUNNING")


def _tags(workspace: Workspace, view: RunView, about: dict[str, Any]) -> dict[str, str]:
    tags = dict(view.tags)
    long = about.get("tags")
    if isinstance(long, dict):
        tags |= {name: str(text) for name, text in long.items() if name in tags}
    tags["mlflow.runName"] = view.name
    tags[OURS] = view.id
    if view.notes:
        tags["mlflow.note.content"] = "\n\n".join(note.text for note in view.notes)
    if not about:
        tags.setdefault("mlflow.user", view.user)
    manifest = view.manifest
    if manifest is not None and not about:
        if manifest.argv:
            tags.setdefault("mlflow.source.name", " ".join(manifest.argv))
        if manifest.git is not None and manifest.git.commit:
            tags.setdefault("mlflow.source.git.commit", manifest.git.commit)
    tags |= {f"summary.{name}": _text(workspace, value) for name, value in view.summary.items()}
    return tags


def _files(view: RunView, left: list[Left]) -> list[File]:
    """Return the files that the run saved, and the outputs that were kept; later ones count."""
    found: dict[str, File] = {}
    manifest = view.manifest
    for each in manifest.outputs if manifest is not None else ():
        if each.kept and each.digest is not None and is_file_name(each.path):
            found[each.path] = File(each.path, ObjectId(each.digest), each.size_bytes)
    for kept in view.saved:
        if is_file_name(kept.path):
            found[kept.path] = File(kept.path, kept.object, kept.size_bytes)
        else:
            left.append(Left(kept.path, "its name leads elsewhere"))
    return list(found.values())


def _named(
    values: Iterable[tuple[str, str]], left: list[Left], *, in_files: bool
) -> Iterator[tuple[str, str]]:
    """Yield values under names that MLflow takes, each once."""
    taken: set[str] = set()
    folders: set[str] = set()
    for name, value in sorted(values):
        kept = _name(name)
        above = {kept[:at] for at, sign in enumerate(kept) if sign == "/" and in_files}
        if kept in taken or kept in folders or above & taken:
            kept = kept[: _NAME_CHARS_MAX - 17].replace("/", "_") + "_" + digest(name.encode())[:16]
            above = set()
        taken.add(kept)
        folders |= above
        if kept != name:
            left.append(Left(name, f"it is called {kept} there", meant=True))
        yield kept, value


def _name(name: str) -> str:
    """Return a name as MLflow takes it; the same one wherever it does."""
    kept = posixpath.normpath(_BAD.sub("_", name)).lstrip("/")
    if len(kept) > _NAME_CHARS_MAX or kept.split("/")[0] in ("", ".", ".."):
        kept = kept[: _NAME_CHARS_MAX - 17].replace("/", "_") + "_" + digest(name.encode())[:16]
    return kept


def _text(workspace: Workspace, value: Scalar) -> str:
    if isinstance(value, str):
        if value.startswith(_OBJECT) and len(value) == len(_OBJECT) + 64:
            return workspace.text_of(ObjectId(value.removeprefix(_OBJECT)))
        return value
    return str(value)  # as MLflow's own client does
