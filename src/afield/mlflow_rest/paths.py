"""Paths of artifacts: which are safe, and whose files they are.

`mlflow-artifacts:/<experiment>/<run>/artifacts/<path>` is a file of a run, with `models/<model>`
in place of the run one of a logged model, and any other path a file of its own; below `traces` that
of a project.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from afield.journal import Draft
from afield.kernel.ids import ObjectId, RunId
from afield.mlflow_rest import known
from afield.mlflow_rest.errors import INVALID, Rest, missing
from afield.mlflow_rest.limits import PATH_CHARS_MAX
from afield.mlflow_rest.route import Call
from afield.runs import events as runs
from afield.runs.models import events as models

_RUN = re.compile(r"(?P<root>.+)/(?P<run>[0-9a-z]{16})/artifacts(?:/(?P<rest>.*))?")
_MODEL = re.compile(r"(?P<root>.+)/models/(?P<model>m-[0-9a-f]{32})/artifacts(?:/(?P<rest>.*))?")
_TRACE = re.compile(r"(?P<experiment>\d{1,64})/traces/[^/]+/artifacts(?:/.*)?")
_DECODED_TIMES = 4
_DRIVE = re.compile(r"[A-Za-z]:")


def safe_path(text: str) -> str:
    """Return a relative path that stays below where it starts, however often it is decoded.

    Raises:
        Rest: it does not.
    """
    seen = text
    for _ in range(_DECODED_TIMES):
        parts = seen.split("/")
        if (
            "\\" in seen
            or "#" in seen
            or seen.startswith("/")
            or any(part.partition(";")[0] in ("..", ".") for part in parts)
            or _DRIVE.match(seen)
            or any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in seen)  # noqa: PLR2004 - control signs
            or seen.lower().startswith("file:")
        ):
            raise Rest(INVALID, "Invalid path")
        after = unquote(seen)
        if after == seen:
            break
        seen = after
    else:
        raise Rest(INVALID, "Invalid path")
    if len(text) > PATH_CHARS_MAX:
        raise Rest(INVALID, "Invalid path")
    return "/".join(part for part in text.split("/") if part)


@dataclass(frozen=True, slots=True)
class File:
    """A file, or a folder.

    Attributes:
        path: relative to its owner.
        object: its bytes; None for a folder.
    """

    path: str
    object: ObjectId | None = None
    size_bytes: int | None = None

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Owned:
    """A place among the files of a run, of a model, or of nobody.

    Attributes:
        kind: `run`, `model` or `kept`.
        owner: its id; empty for nobody's.
        project: of the run or the model.
        path: relative to the owner's files; empty for all of them.
    """

    kind: str
    owner: str
    project: str
    path: str

    def file(self, call: Call) -> File:
        """Return the file here.

        Raises:
            Rest: there is none.
        """
        for path, found, size_bytes in self._rows(call, "path = ?", (self.path,)):
            return File(path, ObjectId(found), size_bytes)
        raise missing(f"No such artifact: '{self.path}'")

    def listed(self, call: Call) -> list[File]:
        """Return what lies directly in the folder here: files and folders, by name."""
        prefix = f"{self.path}/" if self.path else ""
        found: dict[str, File] = {}
        for path, kept, size_bytes in self._below(call, prefix):
            head, slash, _ = path[len(prefix) :].partition("/")
            at = prefix + head
            if slash:
                found[at] = File(at)
            else:
                found.setdefault(at, File(at, ObjectId(kept), size_bytes))
        return [found[at] for at in sorted(found)]

    def below(self, call: Call) -> Iterator[str]:
        """Yield the paths of the file here, or of all files in the folder here."""
        yield from (path for path, *_ in self._rows(call, "path = ?", (self.path,)))
        prefix = f"{self.path}/" if self.path else ""
        yield from (path for path, *_ in self._below(call, prefix))

    def saved(self, found: ObjectId, size_bytes: int) -> Draft:
        """Return the entry that puts a file here."""
        if self.kind == "run":
            return runs.saved(RunId(self.owner), self.path, found, size_bytes)
        if self.kind == "model":
            return models.saved(self.owner, self.path, found, size_bytes)
        return models.kept(self.path, found, size_bytes)

    def removed(self, path: str) -> Draft:
        """Return the entry that takes a file of the owner's away."""
        if self.kind == "run":
            return runs.unsaved(RunId(self.owner), path)
        if self.kind == "model":
            return models.saved(self.owner, path, None, None)
        return models.kept(path, None, None)

    def _below(self, call: Call, prefix: str) -> list[tuple[str, str, int]]:
        if not prefix:
            return self._rows(call, "1 = 1", ())
        after = prefix[:-1] + "0"  # the sign behind the slash
        return self._rows(call, "path >= ? AND path < ?", (prefix, after))

    def _rows(self, call: Call, where: str, args: tuple[str, ...]) -> list[tuple[str, str, int]]:
        table, owner = {
            "run": ("saved", "run = ?"),
            "model": ("logged_model_files", "model = ?"),
            "kept": ("kept_files", "? = ''"),
        }[self.kind]
        sql = (
            f"SELECT path, object, size_bytes FROM {table} WHERE {owner} AND {where}"
            " AND object IS NOT NULL ORDER BY path"
        )
        return call.workspace.query(sql, (self.owner, *args))


def of_path(call: Call, text: str) -> Owned:
    """Return whose a path below `mlflow-artifacts:/` is.

    Raises:
        Rest: it is not safe, or of a run or a model that is not there.
    """
    path = safe_path(text)
    found = _MODEL.fullmatch(path)
    if found:
        return of_model(call, found["model"], found["rest"] or "")
    found = _RUN.fullmatch(path)
    if found:
        sql = "SELECT project FROM runs WHERE id = ? AND started_ms IS NOT NULL"
        for (project,) in call.workspace.query(sql, (found["run"],)):
            return Owned("run", found["run"], project, safe_path(found["rest"] or ""))
    found = _TRACE.fullmatch(path)
    if found:
        project = known.experiment(call.workspace, found["experiment"]).project
        return Owned("kept", "", project, path)
    return Owned("kept", "", known.DEFAULT, path)


def of_run(call: Call, run: str, path: str) -> Owned:
    """Return a place among a run's files.

    Raises:
        Rest: there is no such run, or the path is not safe.
    """
    found = known.run(call.workspace, run)
    return Owned("run", found.id, found.project, safe_path(path))


def of_model(call: Call, model: str, path: str) -> Owned:
    """Return a place among a logged model's files.

    Raises:
        Rest: there is no such model, or the path is not safe.
    """
    sql = "SELECT experiment FROM logged_models WHERE id = ? AND made_ms IS NOT NULL"
    for (experiment,) in call.workspace.query(sql, (model,)):
        project = known.experiment(call.workspace, experiment).project
        return Owned("model", model, project, safe_path(path))
    raise missing(f"Logged model with ID '{model}' not found.")
