"""Where what a run read came from, and what became of what it gave: a graph around one run.

Edges are found by bytes: a file that one run gave and a later one read. They need no naming and no
declaration, and hold for runs of other people and machines.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from afield.kernel.errors import AfieldError
from afield.kernel.ids import RunId
from afield.runs.errors import RunNotFound
from afield.runs.manifest import FileRecord, Manifest
from afield.workspace.lineage import taken_by, versions_read
from afield.workspace.uses import Role, Uses, telling, uses
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

SCHEMA = "afield.lineage/1"
NODES_MAX = 200
DEPTH_MAX = 5
PATHS_SHOWN = 20


def lineage_document(workspace: Workspace, run: RunView, *, depth: int = 3) -> dict[str, Any]:
    """Return the runs and versions of data around a run as `afield.lineage/1`.

    Args:
        workspace: with its tables up to date.
        run: in the middle.
        depth: how many runs away from it, at most `DEPTH_MAX`, either way.
    """
    with uses(workspace) as index:
        graph = _Graph(workspace, index)
        graph.walk(run, min(depth, DEPTH_MAX), up=True)
        graph.walk(run, min(depth, DEPTH_MAX), up=False)
        return {
            "schema": SCHEMA,
            "run": run.id,
            "nodes": list(graph.nodes.values()),
            "edges": list(graph.edges.values()),
            "complete": index.complete and not graph.cut,
        }


@dataclass(frozen=True, slots=True)
class Sources:
    """What a run read from.

    Attributes:
        versions: labels of versions of data, the files of each, and the words it was asked for by.
        runs: those that gave files which it read, with the paths.
        complete: there is no more than was looked at.
    """

    versions: tuple[tuple[str, int, tuple[str, ...]], ...]
    runs: tuple[tuple[RunView, list[str]], ...]
    complete: bool


def sources_of(workspace: Workspace, run: RunView) -> Sources:
    """Return what one run read from, itself and nothing before it."""
    with uses(workspace) as index:
        graph = _Graph(workspace, index)
        graph.walk(run, 1, up=True)
        into = [edge for edge in graph.edges.values() if edge["to"] == run.id]
        versions = [
            (edge["from"], edge["files"], tuple(edge["paths"]))
            for edge in into
            if edge["kind"] == "data"
        ]
        givers = {edge["from"]: edge["paths"] for edge in into if edge["kind"] == "file"}
        views = {view.id: view for view in workspace.views(list(givers))}
        return Sources(
            tuple(versions),
            tuple((views[one], paths) for one, paths in givers.items() if one in views),
            complete=index.complete and not graph.cut,
        )


class _Graph:
    """What was found so far; `cut`: there is more than is shown."""

    def __init__(self, workspace: Workspace, index: Uses) -> None:
        self._workspace = workspace
        self._index = index
        self._views: dict[str, RunView | None] = {}
        self._manifests: dict[str, Manifest | None] = {}
        self.nodes: dict[str, dict[str, Any]] = {}
        self.edges: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.cut = False

    def walk(self, run: RunView, depth: int, *, up: bool) -> None:
        """Go from run to run, to those before or after, nearest first."""
        self._views[run.id] = run
        self._add_run(run)
        waiting, seen = deque([(run, 0)]), {run.id}
        while waiting:
            here, away = waiting.popleft()
            if up:
                self._add_versions(here)
            for other in self._before(here) if up else self._after(here):
                if other.id in seen:
                    continue
                seen.add(other.id)
                if away + 1 < depth:
                    waiting.append((other, away + 1))

    def _before(self, run: RunView) -> Iterable[RunView]:
        """Add and return the runs that gave what this one read: of several the last before it."""
        manifest = self._manifest(run)
        read = telling(manifest.inputs) if manifest else {}
        by_run: dict[str, list[str]] = {}
        for digest, runs in self._index.runs(Role.GAVE, read).items():
            givers = [
                view
                for view in map(self._view, runs)
                if view and view.id != run.id and view.started < run.started
            ]
            for giver in sorted(givers, key=lambda one: one.started, reverse=True):
                if digest in self._given(giver):
                    by_run.setdefault(giver.id, []).append(read[digest].path)
                    break
        return [view for view in self._known(by_run) if self._join(view, run, by_run[view.id])]

    def _after(self, run: RunView) -> Iterable[RunView]:
        """Add and return the runs that read what this one gave."""
        by_run: dict[str, list[str]] = {}
        given = self._given(run)
        for digest, runs in self._index.runs(Role.READ, given).items():
            for view in map(self._view, runs):
                if view is None or view.id == run.id or view.started < run.started:
                    continue
                manifest = self._manifest(view)
                found = telling(manifest.inputs).get(digest) if manifest else None
                if found is not None:
                    by_run.setdefault(view.id, []).append(found.path)
        return [view for view in self._known(by_run) if self._join(run, view, by_run[view.id])]

    def _known(self, runs: Iterable[str]) -> Iterable[RunView]:
        return filter(None, map(self._view, runs))

    def _join(self, giver: RunView, taker: RunView, paths: list[str]) -> bool:
        """Add an edge; tell whether both its ends are in the graph."""
        if not (self._add_run(giver) and self._add_run(taker)):
            return False
        self._edge(giver.id, taker.id, "file", paths)
        return True

    def _add_versions(self, run: RunView) -> None:
        manifest = self._manifest(run)
        taken = taken_by(self._workspace, run.id, manifest)
        inputs = manifest.inputs if manifest else ()
        started_ms = int(run.started.timestamp() * 1000)
        for one in versions_read(self._workspace, taken, inputs, started_ms):
            label = one.version.label
            if self._add(label, {"kind": "version", "name": one.version.name, "label": label}):
                self._edge(label, run.id, "data", list(one.asked), one.files)

    def _add_run(self, view: RunView) -> bool:
        return self._add(
            view.id,
            {
                "kind": "run",
                "name": view.name,
                "project": view.project,
                "status": view.status,
                "started": view.started,
                "reproduces": view.reproduces,
            },
        )

    def _add(self, key: str, what: dict[str, Any]) -> bool:
        if key in self.nodes:
            return True
        if len(self.nodes) >= NODES_MAX:
            self.cut = True
            return False
        self.nodes[key] = {"id": key, **what}
        return True

    def _edge(
        self, giver: str, taker: str, kind: str, paths: list[str], files: int | None = None
    ) -> None:
        self.edges[giver, taker, kind] = {
            "from": giver,
            "to": taker,
            "kind": kind,
            "files": len(paths) if files is None else files,
            "paths": sorted(paths)[:PATHS_SHOWN],
        }

    def _given(self, run: RunView) -> dict[str, FileRecord]:
        manifest = self._manifest(run)
        return telling(manifest.outputs) if manifest else {}

    def _view(self, run: str) -> RunView | None:
        if run not in self._views:
            try:
                found = self._workspace.run(RunId(run))
                self._views[run] = None if found.deleted else found
            except RunNotFound:
                self._views[run] = None
        return self._views[run]

    def _manifest(self, run: RunView) -> Manifest | None:
        if run.id not in self._manifests:
            try:
                self._manifests[run.id] = self._workspace.manifest(run)
            except AfieldError:  # its bytes are elsewhere
                self._manifests[run.id] = None
                self.cut = True
        return self._manifests[run.id]
