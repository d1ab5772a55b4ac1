"""Finding logged models: a filter, data sets and an order as SQL on the tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from afield.mlflow_rest import limits
from afield.mlflow_rest.decode import missing_value
from afield.mlflow_rest.errors import Rest, invalid
from afield.mlflow_rest.search.compared import compared
from afield.mlflow_rest.search.grammar import (
    ATTRIBUTE,
    LISTS,
    METRIC,
    PARAM,
    TAG,
    TEXTS,
    Fields,
    Term,
    parse,
)
from afield.mlflow_rest.search.pages import start_of, token_for
from afield.projection.compile import Sql, joined
from afield.workspace.workspace import Workspace

_TEXTS = frozenset({"name", "model_id", "model_type", "source_run_id", "experiment_id", "status"})
FIELDS = Fields(
    attributes={
        **dict.fromkeys(sorted(_TEXTS), False),
        "creation_timestamp_ms": True,
        "last_updated_timestamp_ms": True,
    },
    kinds=frozenset({METRIC, PARAM, TAG, ATTRIBUTE}),
    signs=dict.fromkeys((*_TEXTS, PARAM, TAG), TEXTS | LISTS),
    aliases={
        "creation_time": "creation_timestamp_ms",
        "creation_timestamp": "creation_timestamp_ms",
        "last_updated_timestamp": "last_updated_timestamp_ms",
    },
    lists=_TEXTS,
    commas=True,
)
_COLUMNS = {
    "name": "r.name",
    "model_id": "r.id",
    "model_type": "r.model_type",
    "source_run_id": "r.run",
    "experiment_id": "r.experiment",
    "status": "(CASE r.status WHEN 'failed' THEN 'UPLOAD_FAILED' ELSE upper(r.status) END)",
    "creation_timestamp_ms": "r.made_ms",
    "last_updated_timestamp_ms": "r.touched_ms",
}
_TABLES = {
    METRIC: "logged_model_metrics",
    PARAM: "logged_model_params",
    TAG: "logged_model_tags",
}


class OfDataset(Struct):
    """A data set on which a model was measured."""

    dataset_name: str | None = None
    dataset_digest: str | None = None


class ModelOrder(Struct):
    """What to sort by."""

    field_name: str | None = None
    ascending: bool | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class ModelSearch:
    """One search, understood; `page` runs it.

    Raises:
        Rest: filter, data sets or order cannot be understood.
    """

    def __init__(
        self,
        within: Sequence[str],
        *,
        text: str,
        datasets: Sequence[OfDataset],
        order_by: Sequence[ModelOrder],
    ) -> None:
        if not all(each.dataset_name for each in datasets):
            raise invalid("`dataset_name` in the `datasets` clause must be specified.")
        if len(order_by) > limits.ORDERS_MAX:
            raise invalid(f"at most {limits.ORDERS_MAX} fields to sort by")
        self._within = within
        try:
            self._terms = parse(text, FIELDS)
        except Rest as error:
            raise invalid(f"Invalid filter string: {text[:200]!r}. {error.message}") from None
        self._asked = {
            "Experiment_IDs": list(within),
            "Filter_string": text,
            "Order_by": list(order_by),
        }
        self._datasets = datasets
        self._orders = [_checked(each) for each in order_by]

    def page(
        self, workspace: Workspace, columns: str, *, size: int, token: str | None
    ) -> tuple[list[tuple[Any, ...]], str | None]:
        """Return the rows of a page, and the token of the next.

        Raises:
            Rest: the token is not one of ours.
        """
        start = start_of(token, **self._asked)
        if not self._within:
            return [], None
        marks = ", ".join("?" * len(self._within))
        conditions = [
            Sql("r.made_ms IS NOT NULL AND r.deleted IS NOT TRUE"),
            Sql(f"r.experiment IN ({marks})", tuple(self._within)),
            *(self._condition(workspace, term) for term in self._terms),
        ]
        if self._datasets and all(term.kind != METRIC for term in self._terms):
            conditions.append(self._measured(Sql("1 = 1")))
        where, order = joined(conditions, "AND"), self._sorted()
        sql = (
            f"SELECT {columns} FROM logged_models r WHERE {where.text} ORDER BY {order.text}"
            " LIMIT ? OFFSET ?"
        )
        rows = workspace.query(sql, (*where.params, *order.params, size + 1, start))
        return rows[:size], token_for(start + size, **self._asked) if len(rows) > size else None

    def _condition(self, workspace: Workspace, term: Term) -> Sql:
        if term.kind == ATTRIBUTE:
            return compared(workspace, Sql(_COLUMNS[term.key]), term)
        inner = compared(workspace, Sql("x.value"), term)
        inner = Sql(f"x.name = ? AND {inner.text}", (term.key, *inner.params))
        if term.kind == METRIC:
            return self._measured(inner)
        sql = f"r.id IN (SELECT x.model FROM {_TABLES[term.kind]} x WHERE {inner.text})"
        return Sql(sql, inner.params)

    def _measured(self, inner: Sql) -> Sql:
        """Require a point, on one of the data sets when there are any."""
        parts = [inner]
        if self._datasets:
            one_of = joined(
                [_on(each.dataset_name, each.dataset_digest) for each in self._datasets], "OR"
            )
            parts.append(Sql(f"({one_of.text})", one_of.params))
        both = joined(parts, "AND")
        return Sql(
            f"r.id IN (SELECT x.model FROM logged_model_metrics x WHERE {both.text})", both.params
        )

    def _sorted(self) -> Sql:
        parts: list[Sql] = []
        for order in self._orders:
            name = order.field_name or ""
            way = "DESC" if order.ascending is False else "ASC"
            if name.startswith("metrics."):
                on = _on(order.dataset_name, order.dataset_digest)
                value = Sql(
                    "(SELECT x.value FROM logged_model_metrics x WHERE x.model = r.id"
                    f" AND x.name = ? AND {on.text} ORDER BY x.time_ms DESC, x.step DESC LIMIT 1)",
                    (name.removeprefix("metrics.").strip("`"), *on.params),
                )
            else:
                value = Sql(_COLUMNS[FIELDS.aliases.get(name, name)])
            parts.append(Sql(f"{value.text} {way} NULLS LAST", value.params))
        parts.append(Sql("r.made_ms DESC"))
        parts.append(Sql("r.id"))
        return joined(parts, ",")


def _on(name: str | None, digest: str | None) -> Sql:
    found = [Sql("1 = 1")]
    if name:
        found.append(Sql("x.dataset = ?", (name,)))
    if digest:
        found.append(Sql("x.digest = ?", (digest,)))
    return joined(found, "AND")


def _checked(order: ModelOrder) -> ModelOrder:
    name = order.field_name
    if not name:
        raise missing_value("order_by.field_name")
    if "." not in name:
        if FIELDS.aliases.get(name, name) not in _COLUMNS:
            raise invalid(f"Invalid order by field name: {name}")
    elif not name.startswith("metrics."):
        raise invalid(f"Invalid order by field name: {name}. Only metrics are supported.")
    return order
