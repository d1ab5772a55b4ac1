"""Pages of a table of runs for servers: many runs read by a few statements, groups of them.

A run may have thousands of metrics: a page reads those columns that it shows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from afield.kernel.errors import Usage
from afield.projection.compile import Sql
from afield.projection.language import parse
from afield.projection.search import compile_query, count, search
from afield.runs.events import RUNNING, Scalar
from afield.workspace.documents import run_row
from afield.workspace.views import MetricSummary, RunView, metrics_of, scalar_of
from afield.workspace.workspace import Workspace

_T = TypeVar("_T")
_Row = tuple[Any, ...]
SCOPES = ("params", "metrics", "tags")
_AT_ONCE = 400
_NOTHING = Sql("")
_BY_NAME = "ORDER BY run, name"
"""As the key goes: by the name alone, every run that has it would be read through an index."""
_GROUP_SCOPES = {"params": ("params", "text"), "tags": ("tags", "value")}
_GROUP_FIELDS = {
    "project": "r.project",
    "experiment": "r.experiment",
    "status": "COALESCE(r.status, 'running')",
    "name": "r.name",
    "kind": "r.kind",
    "branch": "r.branch",
    "commit": "r.commit_id",
    "python": "r.python",
    "exception": "r.exception",
    "user": "r.member",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which runs.

    Attributes:
        query: as `afield runs` takes it.
        deleted: whether deleted ones are among them.
        projects: those of these projects alone; None: of all.
    """

    query: str = ""
    deleted: bool = False
    projects: tuple[str, ...] | None = None

    @property
    def where(self) -> Sql:
        """The condition beside the query, over the alias `r`."""
        parts = [] if self.deleted else ["r.deleted IS NOT TRUE"]
        if self.projects is not None:
            parts.append(f"r.project IN ({', '.join('?' * len(self.projects))})")
        return Sql(" AND ".join(parts), self.projects or ())


def page(
    workspace: Workspace,
    asked: Asked,
    *,
    limit: int,
    offset: int = 0,
    columns: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Return runs as `afield.runs/1` lists them, in the query's order.

    Args:
        workspace: with its tables up to date.
        asked: which.
        limit: how many at most.
        offset: how many to leave out first.
        columns: the params, metrics and tags to tell (`metrics.loss`); None: all.

    Raises:
        Usage: the query cannot be understood, or a column is none.
    """
    keys = search(
        workspace.projection,
        parse(asked.query),
        workspace.catalog(asked.query),
        clock=workspace.record.clock,
        limit=limit,
        offset=offset,
        where=asked.where.text,
        args=asked.where.params,
    )
    views = workspace.views(keys)
    preload(workspace, views, _by_scope(columns))
    return [run_row(view) for view in views]


def total(workspace: Workspace, asked: Asked) -> int:
    """Return how many runs fit."""
    return count(
        workspace.projection,
        parse(asked.query),
        workspace.catalog(asked.query),
        clock=workspace.record.clock,
        where=asked.where.text,
        args=asked.where.params,
    )


def groups(workspace: Workspace, asked: Asked, by: str, *, limit: int) -> list[dict[str, Any]]:
    """Return the values of a field among the runs that fit: `value`, `runs`, `newest_ms`.

    The largest groups come first; the value None stands for runs that have none.

    Args:
        workspace: with its tables up to date.
        asked: which runs.
        by: `params.NAME`, `tags.NAME`, or a field of the run itself.
        limit: how many groups at most.

    Raises:
        Usage: the query cannot be understood, or nothing can be grouped by that.
    """
    field = _field(by)
    source, _, args = compile_query(
        parse(asked.query),
        workspace.catalog(asked.query),
        workspace.projection,
        clock=workspace.record.clock,
        where=asked.where if asked.where.text else Sql("1 = 1"),
    )
    sql = (
        f"SELECT {field.text}, COUNT(*), MAX(r.started_ms) {source}"
        " GROUP BY 1 ORDER BY 2 DESC, 3 DESC LIMIT ?"
    )
    rows = workspace.query(sql, (*field.params, *args, limit))
    named = workspace.name_of if by == "user" else (lambda value: value)
    return [
        {"value": None if value is None else named(value), "runs": runs, "newest_ms": newest}
        for value, runs, newest in rows
    ]


def preload(
    workspace: Workspace, views: Sequence[RunView], wanted: dict[str, list[str]] | None
) -> None:
    """Read the parts of many runs that their rows tell, with a statement for each kind of part.

    Args:
        workspace: whose they are.
        views: the runs; their parts are set.
        wanted: the names to read, by scope; None: all.
    """
    by_id: dict[str, RunView] = {view.id: view for view in views}
    read = _Reader(workspace, list(by_id), wanted)
    for view in views:
        vars(view).update(params={}, tags={}, reproductions=[], metrics=_live(view, wanted))
    live = {view.id for view in views if view.metrics}
    for run, facts in read.of("runs", "id", "facts", _facts):
        vars(by_id[run])["facts"] = facts
    for run, (name, param) in read.named("params", "name, type, text, number", _param):
        by_id[run].params[name] = param
    for run, (name, tag) in read.named("tags", "name, value", _tag, "value IS NOT NULL"):
        by_id[run].tags[name] = tag
    for run, summary in read.named("metrics", 'name, last, min, max, mean, "count"', _metric):
        if run not in live:
            by_id[run].metrics.update(summary)
    for run, _ in read.of("reproductions", "original", "verdict", tuple):
        vars(by_id[run]).pop("reproductions", None)  # few have any: read as they are asked for


def _live(view: RunView, wanted: dict[str, list[str]] | None) -> dict[str, MetricSummary]:
    """Return the metrics of a run that still runs; those of others stand in the tables."""
    if view.status != RUNNING:
        return {}
    names = None if wanted is None else set(wanted["metrics"])
    return {name: one for name, one in view.metrics.items() if names is None or name in names}


class _Reader:
    """Reads rows of several runs from the tables of their parts, `run` and what it decodes to."""

    def __init__(
        self, workspace: Workspace, ids: list[str], wanted: dict[str, list[str]] | None
    ) -> None:
        self._workspace = workspace
        self._ids = ids
        self._wanted = wanted

    def named(
        self, table: str, columns: str, decode: Callable[[_Row], _T], where: str = "1 = 1"
    ) -> Iterator[tuple[str, _T]]:
        """Yield rows of the wanted names, in the order of names."""
        names = None if self._wanted is None else self._wanted[table]
        if names == []:
            return
        chosen = f" AND name IN ({_marks(names)})" if names else ""
        more = Sql(f"AND {where}{chosen} {_BY_NAME}", tuple(names or ()))
        yield from self.of(table, "run", columns, decode, more=more)

    def of(
        self,
        table: str,
        key: str,
        columns: str,
        decode: Callable[[_Row], _T],
        *,
        more: Sql = _NOTHING,
    ) -> Iterator[tuple[str, _T]]:
        """Yield rows of these runs."""
        for start in range(0, len(self._ids), _AT_ONCE):
            some = self._ids[start : start + _AT_ONCE]
            where = f"WHERE {key} IN ({_marks(some)}) {more.text}"
            sql = f"SELECT {key}, {columns} FROM {table} {where}"  # noqa: S608 - names of ours
            yield from self._workspace.read(
                sql, (*some, *more.params), lambda rows: [(row[0], decode(row[1:])) for row in rows]
            )


def _facts(row: _Row) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row[0]) if row[0] else {}
    return found


def _param(row: _Row) -> tuple[str, Scalar]:
    return str(row[0]), scalar_of(*row[1:])


def _tag(row: _Row) -> tuple[str, str]:
    return str(row[0]), str(row[1])


def _metric(row: _Row) -> dict[str, MetricSummary]:
    return metrics_of([row])


def _by_scope(columns: Sequence[str] | None) -> dict[str, list[str]] | None:
    if columns is None:
        return None
    found: dict[str, list[str]] = {scope: [] for scope in SCOPES}
    for column in columns:
        scope, dot, name = column.partition(".")
        if scope not in found or not dot or not name:
            raise Usage("not a column", column, f"it is {', '.join(SCOPES)} and a name")
        found[scope].append(name)
    return found


def _field(by: str) -> Sql:
    if by in _GROUP_FIELDS:
        return Sql(_GROUP_FIELDS[by])
    scope, _, name = by.partition(".")
    if scope not in _GROUP_SCOPES or not name:
        known = ", ".join((*_GROUP_FIELDS, "params.NAME", "tags.NAME"))
        raise Usage("cannot group by", by, f"it is one of {known}")
    table, column = _GROUP_SCOPES[scope]
    one = f"(SELECT g.{column} FROM {table} g WHERE g.run = r.id AND g.name = ?)"  # noqa: S608 - ours
    return Sql(one, (name,))


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
