"""The trace itself: `afield.why/1`, a tree of what something came from, and who said what of it.

Edges between runs and data are those of `lineage_graph`: the same bytes, given and read. What
stands in the tree already is named again, but not told again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from afield.datasets.query import Version, with_tree
from afield.kernel.errors import AfieldError, NotFound
from afield.kernel.ids import ObjectId, RunId
from afield.registry.query import ModelVersion
from afield.runs.manifest import FileRecord
from afield.teamwork.query import Item
from afield.workspace.datasets import files_here
from afield.workspace.datasets import find as find_data
from afield.workspace.lineage import versions_read
from afield.workspace.lineage_graph import sources_of
from afield.workspace.uses import Role, telling, uses
from afield.workspace.views import RunView
from afield.workspace.why import parts
from afield.workspace.why.subject import File, Metric, Subject
from afield.workspace.workspace import Workspace

SCHEMA = "afield.why/1"
DEPTH_MAX = 10
NODES_MAX = 200
Node = dict[str, Any]
May = Callable[[str, str | None], bool]
"""Tells whether what is of a kind and a project may be shown."""


def why_document(
    workspace: Workspace,
    words: str,
    asked: Subject,
    *,
    depth: int = 4,
    may: May = lambda _kind, _project: True,
) -> dict[str, Any]:
    """Return the trace of something as `afield.why/1`.

    Args:
        workspace: with its tables up to date.
        words: how it was asked for.
        asked: what it is.
        depth: how many runs away from it, at most `DEPTH_MAX`.
        may: whose answers are left out; what is left out is counted.
    """
    tracing = _Tracing(workspace, may)
    found = tracing.of(asked, min(depth, DEPTH_MAX))
    return {
        "schema": SCHEMA,
        "asked": words,
        "object": found,
        "withheld": tracing.withheld,
        "complete": tracing.complete,
    }


class _Tracing:
    """What was told so far.

    Attributes:
        complete: there is no more than was looked at.
        withheld: how much is there that may not be shown.
    """

    def __init__(self, workspace: Workspace, may: May) -> None:
        self._workspace = workspace
        self._may = may
        self._told: set[str] = set()
        self.complete = True
        self.withheld = 0

    def of(self, asked: Subject, depth: int) -> Node:
        """Return the node of what was asked for."""
        if isinstance(asked, RunView):
            return self._run(asked, depth)
        if isinstance(asked, Metric):
            return {**parts.metric_node(asked), "sources": [self._run(asked.run, depth)]}
        if isinstance(asked, File):
            return self._file(asked, depth)
        if isinstance(asked, Version):
            return self._version(asked, depth)
        if isinstance(asked, ModelVersion):
            return self._model(asked, depth)
        return self._item(asked, depth)

    def _run(self, view: RunView, depth: int, **via: Any) -> Node:
        node = {**parts.run_node(self._workspace, view), **via}
        if not self._first(node):
            return node
        if depth <= 0:
            self.complete = False
            return node
        found = sources_of(self._workspace, view)
        self.complete = self.complete and found.complete
        for label, files, asked in found.versions:
            with_label = self._data(label, depth, via={"files": files, "paths": list(asked)})
            node["sources"] += [] if with_label is None else [with_label]
        for giver, paths in found.runs:
            node["sources"] += self._allowed_run(giver, depth - 1, {"paths": paths})
        for word, other in (("reproduces", view.reproduces), ("parent", view.parent)):
            if other is not None:
                node["sources"] += self._known_run(other, depth - 1, {"as": word, "paths": []})
        return node

    def _known_run(self, run: str, depth: int, via: Node) -> Iterable[Node]:
        try:
            view = self._workspace.run(RunId(run))
        except NotFound:
            self.complete = False
            return []
        return self._allowed_run(view, depth, via)

    def _allowed_run(self, view: RunView, depth: int, via: Node) -> Iterable[Node]:
        if self._may("run", view.project):
            return [self._run(view, depth, via=via)]
        self.withheld += 1
        return []

    def _data(self, label: str, depth: int, **via: Any) -> Node | None:
        if not self._may("data", None):
            self.withheld += 1
            return None
        try:
            version = find_data(self._workspace, label, dropped=True)
        except AfieldError:  # it is of another workspace, or the name is not here any more
            self.complete = False
            return {**parts.node("data", label, label), **via}
        return self._version(version, depth, **via)

    def _version(self, version: Version, depth: int, **via: Any) -> Node:
        node = {**parts.version_node(self._workspace, version), **via}
        if self._first(node) and depth > 0:
            try:
                digests = {str(one.object) for one in files_here(self._workspace, version)}
            except AfieldError:  # the list of its files is elsewhere
                digests, self.complete = set(), False
            for giver, paths in self._givers(digests, before_ms=version.added_ms)[:1]:
                node["sources"] += self._allowed_run(giver, depth - 1, {"paths": paths})
        return node

    def _file(self, asked: File, depth: int) -> Node:
        node = parts.node("file", asked.digest, asked.path or asked.digest[:12])
        self._first(node)
        record = FileRecord(path=asked.path or "", digest=asked.digest, size_bytes=1, seen_by="")
        for one in versions_read(self._workspace, (), (record,), None):
            inside = self._data(one.version.label, depth, via={"as": "in", "paths": []})
            node["sources"] += [] if inside is None else [inside]
        for giver, paths in self._givers({asked.digest}):
            node["sources"] += self._allowed_run(giver, depth, {"paths": paths})
        if not node["sources"]:
            node["facts"]["known"] = self._workspace.record.vault.has(ObjectId(asked.digest))
        return node

    def _model(self, version: ModelVersion, depth: int) -> Node:
        node = parts.model_node(self._workspace, version)
        self._first(node)
        if version.run is not None:
            node["sources"] += self._known_run(version.run, depth, {"paths": [version.source]})
        return node

    def _item(self, item: Item, depth: int) -> Node:
        node = parts.item_node(self._workspace, item)
        self._first(node)
        for link in parts.links_in(item):
            kind, _, rest = link.partition(":")
            if kind == "run":
                node["sources"] += self._known_run(rest, depth, {"paths": []})
            elif kind == "data":
                name, _, tree = rest.rpartition("@")
                for one in with_tree(self._workspace.projection, ObjectId(tree)):
                    if one.name == name:
                        found = self._data(one.label, depth)
                        node["sources"] += [] if found is None else [found]
        return node

    def _givers(
        self, digests: set[str], before_ms: int | None = None
    ) -> list[tuple[RunView, list[str]]]:
        """Return the runs that gave any of these files, the last first, with their paths there."""
        with uses(self._workspace) as index:
            runs = {run for some in index.runs(Role.GAVE, digests).values() for run in some}
            self.complete = self.complete and index.complete
        found = []
        for view in self._workspace.views(sorted(runs)):
            began_ms = int(view.started.timestamp() * 1000)
            if view.deleted or (before_ms is not None and began_ms > before_ms):
                continue
            try:
                manifest = self._workspace.manifest(view)
            except AfieldError:
                self.complete = False
                continue
            given = telling(manifest.outputs) if manifest is not None else {}
            paths = sorted(given[one].path for one in digests & given.keys())
            if paths:
                found.append((view, paths))
        return sorted(found, key=lambda one: one[0].started, reverse=True)

    def _first(self, node: Node) -> bool:
        """Tell whether a thing is told of for the first time; else it is only named again."""
        key = f"{node['kind']}:{node['id']}"
        if key in self._told or len(self._told) >= NODES_MAX:
            self.complete = self.complete and key in self._told
            node["facts"], node["said"], node["above"] = {}, [], key in self._told
            return False
        self._told.add(key)
        node["said"] = [
            one
            for one in node["said"]
            if one["sort"] == "note" or self._may("item", one["project"])
        ]
        return True
