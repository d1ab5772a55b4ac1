"""What a person asks about: a run, its metric, a file, a version of data or a model, an item.

Words only become ids here; nothing is traced.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from afield.datasets.query import Version
from afield.kernel.digest import digest_file
from afield.kernel.errors import NotFound, Usage
from afield.kernel.ids import RunId
from afield.registry.query import ModelVersion
from afield.runs.errors import RunNotFound, SeriesNotFound
from afield.teamwork import query
from afield.teamwork.query import Item
from afield.teamwork.sorts import SORT_OF
from afield.workspace.datasets import find as find_data
from afield.workspace.models import find_version
from afield.workspace.views import MetricSummary, RunView
from afield.workspace.workspace import Workspace

METRICS = "metrics."
COLONS_MAX = 16
"""Of the signs between a run and what it holds, so many are looked at."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
HINT = "RUN, RUN:metrics.acc, RUN:PATH, model:NAME@3, data:NAME@2, a path, a digest, decision:ID"


@dataclass(frozen=True, slots=True)
class Metric:
    """The number that a run ended with."""

    run: RunView
    name: str
    summary: MetricSummary


@dataclass(frozen=True, slots=True)
class File:
    """Bytes, by their digest; `path` is what they are called where they were asked about."""

    path: str | None
    digest: str


Subject = RunView | Metric | File | Version | ModelVersion | Item


def subject(workspace: Workspace, words: str, *, here: Path | None = None) -> Subject:
    """Return what words name.

    Args:
        workspace: with its tables up to date.
        words: see `HINT`.
        here: the folder in which paths begin; None: there are no paths.

    Raises:
        NotFound: nothing is called so, or several things are.
    """
    kind, sign, rest = words.partition(":")
    if sign and kind in SORT_OF:
        return query.find(workspace.query, SORT_OF[kind], rest)
    if sign and kind in _KINDS and rest:
        return _KINDS[kind](workspace, rest)
    if _DIGEST.fullmatch(words):
        return File(None, words)
    path = None if here is None else here / words
    if path is not None and path.is_file():
        return File(words, digest_file(str(path))[0])
    return _any(workspace, words)


def place_of(asked: Subject) -> tuple[str, str | None]:
    """Return of which kind and project something is, for whoever asks who may see it."""
    if isinstance(asked, Metric):
        return "run", asked.run.project
    if isinstance(asked, RunView):
        return "run", asked.project
    if isinstance(asked, ModelVersion):
        return "model", asked.project
    if isinstance(asked, Item):
        return "item", asked.project
    return ("file" if isinstance(asked, File) else "data"), None


def _any(workspace: Workspace, words: str) -> Subject:
    """Return the one thing of any kind that is called so."""
    found: dict[str, Subject] = {}
    for kind, look in _KINDS.items():
        try:
            found[kind] = look(workspace, words)
        except SeriesNotFound:
            raise  # the run is there; its metric is not
        except (NotFound, Usage) as error:
            if error.fields.get("runs"):  # several runs are called so
                raise
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        hint = " or ".join(f"afield why {kind}:{words}" for kind in found)
        raise NotFound("several things are called so", words, ", ".join(found), hint=hint)
    raise NotFound("nothing in the record is called so", words, hint=f"afield why {HINT}")


def _run(workspace: Workspace, words: str) -> Subject:
    """Return a run, or what it holds: names of both may have a `:`, the longest run's name counts.

    What fits no run is told by the shortest of the names that could be meant.
    """
    try:
        return workspace.run(words)
    except RunNotFound:
        parts = words.split(":", COLONS_MAX)
        if len(parts) == 1:
            raise
    for many in range(len(parts) - 1, 1, -1):
        name = ":".join(parts[:many])
        with contextlib.suppress(RunNotFound):
            return _inside(workspace, workspace.run(name), words[len(name) + 1 :])
    return _inside(workspace, workspace.run(parts[0]), words[len(parts[0]) + 1 :])


def _inside(workspace: Workspace, view: RunView, inner: str) -> Subject:
    """Return the metric or file of a run that is called so."""
    if not inner.startswith(METRICS):
        return _file(workspace, view, inner)
    metric = inner.removeprefix(METRICS)
    known = view.metrics
    if metric not in known:
        why = f"run {view.id} has {', '.join(sorted(known)[:8]) or 'none'}"
        raise SeriesNotFound("no such metric", metric, why)
    return Metric(view, metric, known[metric])


def _file(workspace: Workspace, view: RunView, path: str) -> File:
    for one in view.saved:
        if one.path == path:
            return File(path, one.object)
    manifest = workspace.manifest(view)
    for record in (*manifest.outputs, *manifest.inputs) if manifest is not None else ():
        if record.path == path and record.digest is not None:
            return File(path, record.digest)
    raise NotFound("the run has no such file", path, hint=f"afield show {RunId(view.id)} --all")


_KINDS: dict[str, Callable[[Workspace, str], Subject]] = {
    "run": _run,
    "model": find_version,
    "data": find_data,
}
