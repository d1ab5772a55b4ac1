"""`/runs/{run}/code`, `/runs/{run}/environment`: how they differ from those of another run."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from msgspec import to_builtins
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.api.pair_shapes import EnvironmentsShape
from afield.hub.api.run import seen
from afield.hub.limits import DIFF_BYTES_MAX, DIFF_LINES_MAX, PATH_CHARS_MAX
from afield.kernel.errors import NotFound
from afield.kernel.ids import ObjectId
from afield.members.actions import Action
from afield.runs.cells import text_of
from afield.runs.manifest import Manifest
from afield.runs.names import is_notebook
from afield.vault import TreeEntry
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["compare"])
_OTHERS = "SELECT id FROM runs WHERE id <> ? AND manifest IS NOT NULL AND deleted IS NOT TRUE"
_NEWEST = "ORDER BY started_ms DESC, id LIMIT 20"


class NotCaptured(NotFound):
    """A run was not captured, so that this is not known of it."""

    code = "hub.not_captured"


class FileChange(BaseModel):
    """A file of code that differs; a digest is null where there is none of that path."""

    path: str
    how: Literal["added", "removed", "changed"]
    a: str | None
    b: str | None
    size_bytes: int


class CodeChanges(BaseModel):
    """How the code of `b` differs from that of `a`; `lines`: a unified diff, with `path` alone."""

    a: str
    b: str
    commits: list[str | None]
    same: int
    files: list[FileChange]
    lines: list[str] | None


@router.get(
    "/runs/{run}/code/diff", response_model=CodeChanges, dependencies=[needs(Action.ARTIFACT_READ)]
)
async def diff_code(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    run: str,
    against: Annotated[str, Query(min_length=1, max_length=PATH_CHARS_MAX)],
    path: Annotated[str | None, Query(max_length=PATH_CHARS_MAX)] = None,
) -> Response:
    """Say how the code of a run differs from that of the run `against`, which is side `a`.

    It is named like any run, or by what it is to this one: `~parent` (the run that it was begun in,
    or repeats), `~before` (the one before it in its experiment), `~commit` (one of the same commit
    with nothing changed). With `path`: of that file, line by line.
    """

    def find(workspace: Workspace) -> dict[str, Any]:
        b = seen(workspace, caller, run, Action.ARTIFACT_READ)
        a = seen(workspace, caller, related(workspace, b, against), Action.ARTIFACT_READ)
        return _code(workspace, a, b, path)

    return answer(request, await hosted.read(find))


@router.get(
    "/runs/{run}/environment/diff",
    response_model=EnvironmentsShape,
    dependencies=[needs(Action.RUN_READ)],
)
async def diff_environment(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    run: str,
    against: Annotated[str, Query(min_length=1, max_length=PATH_CHARS_MAX)],
) -> Response:
    """Say how the environment of a run differs from that of `against`: `afield.env-diff/1`."""
    from afield.replay.environment_diff import diff_environments

    def find(workspace: Workspace) -> dict[str, Any]:
        views = [seen(workspace, caller, ref, Action.RUN_READ) for ref in (against, run)]
        sides = []
        for view in views:
            manifest = workspace.manifest(view)
            if manifest is None or manifest.environment is None:
                raise NotCaptured("no environment", view.id, "it was not recorded")
            sides.append(manifest.environment)
        found = diff_environments(*sides)
        named = [{"run": view.id, "name": view.name} for view in views]
        return {
            "schema": "afield.env-diff/1",
            "a": named[0],
            "b": named[1],
            "equal": found.equal,
            **to_builtins(found),
        }

    return answer(request, await hosted.read(find))


def related(workspace: Workspace, view: RunView, words: str) -> str:
    """Return the run that `~parent`, `~before` or `~commit` means of a run; other words as such.

    Raises:
        NotCaptured: there is none.
    """
    found: str | None = words
    if words == "~parent":
        found = view.parent or view.reproduces
    elif words == "~before":
        found = next(_earlier(workspace, view), None)
    elif words == "~commit":
        found = next(_clean(workspace, view), None)
    if found is None:
        why = f"run {view.id} has none whose code was recorded"
        raise NotCaptured("nothing to compare with", words, why)
    return found


def _earlier(workspace: Workspace, view: RunView) -> Iterator[str]:
    started_ms = int(view.started.timestamp() * 1000)
    sql = f"{_OTHERS} AND project = ? AND experiment = ? AND started_ms < ? {_NEWEST}"
    for (run,) in workspace.query(sql, (view.id, view.project, view.experiment, started_ms)):
        yield run


def _clean(workspace: Workspace, view: RunView) -> Iterator[str]:
    """Yield runs of the same commit to which nothing was changed."""
    sql = f"{_OTHERS} AND project = ? AND commit_id = ? {_NEWEST}"
    for (run,) in workspace.query(sql, (view.id, view.project, view.facts.get("commit"))):
        if workspace.run(run).facts.get("dirty") is False:
            yield run


def _code(workspace: Workspace, a: RunView, b: RunView, path: str | None) -> dict[str, Any]:
    manifests = [_captured(workspace, view) for view in (a, b)]
    made = {one.path for manifest in manifests for one in manifest.outputs}
    old, new = (_tree(workspace, manifest, made) for manifest in manifests)
    changed = [
        _change(one, old.get(one), new.get(one))
        for one in sorted(old.keys() | new.keys())
        if one not in old or one not in new or old[one].object != new[one].object
    ]
    lines = None
    if path is not None:
        changed = [one for one in changed if one["path"] == path]
        lines = _lines(workspace, path, old.get(path), new.get(path))
    return {
        "a": a.id,
        "b": b.id,
        "commits": [manifest.git.commit if manifest.git else None for manifest in manifests],
        "same": sum(one in new and old[one].object == new[one].object for one in old),
        "files": changed,
        "lines": lines,
    }


def _captured(workspace: Workspace, view: RunView) -> Manifest:
    manifest = workspace.manifest(view)
    if manifest is None or manifest.code is None:
        raise NotCaptured("no code", view.id, "it was not recorded")
    return manifest


def _tree(workspace: Workspace, manifest: Manifest, made: Container[str]) -> dict[str, TreeEntry]:
    """Return the files of code by path, without what the runs themselves made."""
    assert manifest.code is not None
    entries = workspace.record.vault.get_tree(ObjectId(manifest.code.tree))
    return {entry.path: entry for entry in entries if entry.path not in made}


def _change(path: str, old: TreeEntry | None, new: TreeEntry | None) -> dict[str, Any]:
    there = new or old
    assert there is not None
    return {
        "path": path,
        "how": "added" if old is None else "removed" if new is None else "changed",
        "a": old and old.object,
        "b": new and new.object,
        "size_bytes": there.size_bytes,
    }


def _lines(
    workspace: Workspace, path: str, old: TreeEntry | None, new: TreeEntry | None
) -> list[str]:
    from afield.replay.sides import unified

    if old is None and new is None:
        raise NotCaptured("no such file", path, "neither run has it among its code")
    texts = [_text(workspace, path, side) for side in (old, new)]
    if None in texts:
        sizes = [str(side.size_bytes) if side else "no" for side in (old, new)]
        return [f"{path}: {sizes[0]} vs {sizes[1]} bytes"]
    return unified(path, texts[0] or "", texts[1] or "", lines_max=DIFF_LINES_MAX)


def _text(workspace: Workspace, path: str, side: TreeEntry | None) -> str | None:
    """Return a file as lines to compare; None: it is too large, or no text."""
    if side is None:
        return ""
    if side.size_bytes > DIFF_BYTES_MAX:
        return None
    data = workspace.record.vault.get(side.object)
    if is_notebook(path):
        cells = text_of(data)
        if cells is not None:
            return cells
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
