"""Finding runs: a filter and an order as SQL on the tables.

What is compared of a metric is its latest point. NaN fits no comparison, comes after all numbers
in any order, and what lacks the field comes last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from afield.mlflow_rest import limits
from afield.mlflow_rest.errors import invalid
from afield.mlflow_rest.known import HOME, ROOT, KnownExperiment
from afield.mlflow_rest.search.compared import compared
from afield.mlflow_rest.search.grammar import (
    ATTRIBUTE,
    DATASET,
    LISTS,
    METRIC,
    NULLS,
    PARAM,
    TAG,
    TEXTS,
    Fields,
    Term,
    parse,
    parse_order,
)
from afield.mlflow_rest.search.pages import ACTIVE_ONLY, DELETED_ONLY, start_of, token_for
from afield.projection.compile import Sql, joined
from afield.workspace.workspace import Workspace

STATUSES = {
    "running": "RUNNING",
    "scheduled": "SCHEDULED",
    "finished": "FINISHED",
    "failed": "FAILED",
    "killed": "KILLED",
    "interrupted": "KILLED",
}
"""Our words for how a run stands, and MLflow's."""

_TEXT_LISTS = TEXTS | LISTS
FIELDS = Fields(
    attributes={
        "run_id": False,
        "run_name": False,
        "user_id": False,
        "status": False,
        "artifact_uri": False,
        "start_time": True,
        "end_time": True,
        "experiment_id": False,
    },
    kinds=frozenset({METRIC, PARAM, TAG, ATTRIBUTE, DATASET}),
    signs={
        PARAM: TEXTS | NULLS,
        TAG: TEXTS | NULLS,
        DATASET: _TEXT_LISTS,
        **dict.fromkeys(("run_id", "run_name", "user_id", "status", "artifact_uri"), _TEXT_LISTS),
    },
    aliases={
        **dict.fromkeys(("created", "Created"), "start_time"),
        **dict.fromkeys(("run name", "Run name", "Run Name"), "run_name"),
    },
    lists=frozenset({"run_id"}),
    ordered=frozenset({"experiment_id"}),
)
_STATUS = (
    "(CASE r.status WHEN 'interrupted' THEN 'KILLED' ELSE upper(coalesce(r.status, 'running')) END)"
)
_ATTRIBUTES = {
    "run_id": "r.id",
    "run_name": "r.name",
    "user_id": "coalesce(r.logged_by, r.member)",
    "status": _STATUS,
    "start_time": "r.started_ms",
    "end_time": "r.ended_ms",
}
_PAIRS = {
    METRIC: ("metrics", "latest"),
    PARAM: ("params", "text"),
    TAG: ("tags", "value"),
}


class RunSearch:
    """One search, understood; `page` runs it.

    Args:
        within: the experiments whose runs are meant.
        view: the active, the deleted, or all.
        text: the filter.
        order_by: what to sort by, before the time of the start.

    Raises:
        Rest: filter or order cannot be understood.
    """

    def __init__(
        self, within: Sequence[KnownExperiment], *, view: str, text: str, order_by: Sequence[str]
    ) -> None:
        self._within = within
        self._view = view
        self._terms = parse(text, FIELDS)
        if len(order_by) > limits.ORDERS_MAX:
            raise invalid(f"at most {limits.ORDERS_MAX} fields to sort by")
        self._orders = [parse_order(each, FIELDS) for each in order_by]
        named = [(kind, key) for kind, key, _ in self._orders]
        if len(set(named)) != len(named):
            raise invalid(f"`order_by` contains duplicate fields: {list(order_by)}")

    @property
    def measures(self) -> bool:
        """Whether it compares or sorts by a metric, of which the tables must know the latest."""
        kinds = [term.kind for term in self._terms] + [kind for kind, _, _ in self._orders]
        return METRIC in kinds

    def page(
        self, workspace: Workspace, columns: str, *, size: int, token: str | None
    ) -> tuple[list[tuple[Any, ...]], str | None]:
        """Return the rows of a page, and the token of the next.

        Raises:
            Rest: the token is not one of ours.
        """
        start = start_of(token)
        if not self._within:
            return [], None
        joins, order = self._sorted()
        where = joined(
            [*self._scope(), *(self._condition(workspace, t) for t in self._terms)], "AND"
        )
        sql = (
            f"SELECT {columns} FROM runs r {joins.text} WHERE {where.text} ORDER BY {order}"
            " LIMIT ? OFFSET ?"
        )
        rows = workspace.query(sql, (*joins.params, *where.params, size + 1, start))
        return rows[:size], token_for(start + size) if len(rows) > size else None

    def _scope(self) -> list[Sql]:
        found = [Sql("r.started_ms IS NOT NULL")]
        if HOME.hidden is not None:
            found.append(Sql("NOT (r.started_ms >= ? AND r.started_ms < ?)", HOME.hidden))
        if self._view == ACTIVE_ONLY:
            found.append(Sql("r.deleted IS NOT TRUE"))
        elif self._view == DELETED_ONLY:
            found.append(Sql("r.deleted IS TRUE"))
        pairs = [value for one in self._within for value in (one.project, one.name)]
        if len(self._within) == 1:
            return [Sql("r.project = ? AND r.experiment = ?", tuple(pairs)), *found]
        rows = ", ".join(["(?, ?)"] * len(self._within))
        return [Sql(f"(r.project, r.experiment) IN (VALUES {rows})", tuple(pairs)), *found]

    def _condition(self, workspace: Workspace, term: Term) -> Sql:
        if term.kind == ATTRIBUTE:
            return compared(workspace, self._attribute(term.key), term)
        if term.kind == DATASET:
            inner = compared(workspace, Sql(f"x.{term.key}"), term)
            return Sql(
                f"r.id IN (SELECT x.run FROM run_datasets x WHERE {inner.text})",
                inner.params,
            )
        table, column = _PAIRS[term.kind]
        value = Sql(f"x.{column}")
        present = Term(term.kind, term.key, "IS NOT NULL", None)
        inner = compared(workspace, value, present if term.sign == "IS NULL" else term)
        sql = (
            f"(r.id IN (SELECT x.run FROM {table} x WHERE x.name = ? AND {inner.text}))"
            f" IS {'NOT ' if term.sign == 'IS NULL' else ''}TRUE"
        )
        return Sql(sql, (term.key, *inner.params))

    def _attribute(self, key: str) -> Sql:
        if key == "artifact_uri":
            cases = " ".join(["WHEN r.project = ? AND r.experiment = ? THEN ?"] * len(self._within))
            values = [v for one in self._within for v in (one.project, one.name, one.artifacts)]
            return Sql(
                f"(CASE {cases} ELSE '{ROOT}' END || '/' || r.id || '/artifacts')", tuple(values)
            )
        return Sql(_ATTRIBUTES[key])

    def _sorted(self) -> tuple[Sql, str]:
        joins: list[Sql] = []
        parts: list[str] = []
        for number, (kind, key, ascending) in enumerate(self._orders):
            way = "ASC" if ascending else "DESC"
            if kind in _PAIRS:
                table, column = _PAIRS[kind]
                alias = f"o{number}"
                joins.append(
                    Sql(
                        f"LEFT JOIN {table} {alias} ON {alias}.run = r.id AND {alias}.name = ?",
                        (key,),
                    )
                )
                value = f"{alias}.{column}"
                if kind == METRIC:  # NaN is a row without a number
                    parts.append(
                        f"(CASE WHEN {value} IS NOT NULL THEN 0 WHEN {alias}.run IS NOT NULL"
                        " THEN 1 ELSE 2 END)"
                    )
                    parts.append(f"{value} {way}")
                    continue
            elif kind == ATTRIBUTE and key in _ATTRIBUTES:
                value = _ATTRIBUTES[key]
            elif key in ("artifact_uri", "experiment_id"):
                value = "r.experiment"
            else:
                raise invalid(f"Invalid identifier type '{kind}'")
            parts += [f"({value} IS NULL)", f"{value} {way}"]
        if all(key != "start_time" for _, key, _ in self._orders):
            parts.append("r.started_ms DESC")
        return joined(joins, ""), ", ".join([*parts, "r.id"])
