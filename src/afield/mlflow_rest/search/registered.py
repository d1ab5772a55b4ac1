"""Finding registered models and their versions: a filter and an order as SQL on the tables.

Prompts are registered models with a tag; they are found by those only who ask for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from afield.mlflow_rest import limits
from afield.mlflow_rest.errors import invalid
from afield.mlflow_rest.search.compared import compared
from afield.mlflow_rest.search.grammar import (
    ATTRIBUTE,
    LIKES,
    TAG,
    TEXTS,
    Fields,
    Term,
    parse,
    parse_order,
)
from afield.mlflow_rest.search.pages import start_of, token_for
from afield.projection.compile import Sql, joined
from afield.registry import query
from afield.registry.query import ModelVersion, Registered
from afield.workspace.workspace import Workspace

PROMPT = "mlflow.prompt.is_prompt"
_LISTED = frozenset({"IN"})
_KINDS = frozenset({ATTRIBUTE, TAG})
_OF_MODELS = Fields(
    attributes={"name": False},
    kinds=_KINDS,
    signs={TAG: TEXTS, "name": TEXTS},
    aliases={},
    lists=frozenset(),
)
_MODEL_ORDERS = {
    "name": "r.name",
    "timestamp": "r.touched_ms",
    "last_updated_timestamp": "r.touched_ms",
}
_OF_VERSIONS = Fields(
    attributes={"name": False, "version_number": True, "run_id": False, "source_path": False},
    kinds=_KINDS,
    signs={TAG: TEXTS, "name": TEXTS, "run_id": TEXTS | LIKES | _LISTED, "source_path": TEXTS},
    aliases={},
    lists=frozenset({"run_id"}),
)
_VERSION_COLUMNS = {
    "name": "r.name",
    "version_number": "v.number",
    "run_id": "v.run",
    "source_path": "v.source",
}
_TOUCHED = (
    "(CASE WHEN COALESCE(r.renamed_ms, 0) > COALESCE(v.touched_ms, 0)"
    " THEN r.renamed_ms ELSE v.touched_ms END)"
)
_VERSION_ORDERS = {
    "name": "r.name",
    "version_number": "v.number",
    "creation_timestamp": "v.at",
    "last_updated_timestamp": _TOUCHED,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is searched for.

    Attributes:
        text: the filter.
        order_by: what to sort by, in MLflow's words.
        size: how many a page has.
        token: where the page starts; None for the first.
    """

    text: str
    order_by: Sequence[str]
    size: int
    token: str | None


def search_models(
    workspace: Workspace, projects: Sequence[str], asked: Asked
) -> tuple[list[Registered], str | None]:
    """Return a page of models of some projects, and the token of the next.

    Raises:
        Rest: the filter, the order or the token cannot be understood.
    """
    terms = parse(asked.text, _OF_MODELS)
    orders = _orders(asked.order_by, _MODEL_ORDERS, "Invalid order by key")
    if all(column != "r.name" for column, _ in orders):
        orders.append(("r.name", "ASC"))
    conditions = [
        compared(workspace, Sql("r.name"), term) for term in terms if term.kind == ATTRIBUTE
    ]
    own = "x.model = r.id"
    conditions += _tagged(workspace, terms, "registered_model_tags", own)
    select = f"SELECT {query.MODEL_COLUMNS} FROM {query.MODELS} r"
    rows, after = _page(workspace, select, [_within(projects), *conditions], orders, asked)
    return [query.model_of_row(row) for row in rows], after


def search_versions(
    workspace: Workspace, projects: Sequence[str], asked: Asked
) -> tuple[list[ModelVersion], str | None]:
    """Return a page of versions of some projects, and the token of the next.

    Raises:
        Rest: the filter, the order or the token cannot be understood.
    """
    terms = parse(asked.text, _OF_VERSIONS)
    order_by = asked.order_by or ("last_updated_timestamp DESC", "name", "version_number DESC")
    orders = _orders(order_by, _VERSION_ORDERS, "Invalid attribute key")
    named = {column for column, _ in orders}
    rest = (("r.name", "ASC"), ("v.number", "DESC"))
    orders += [(column, way) for column, way in rest if column not in named]
    conditions = [Sql(query.LIVE)]
    conditions += [
        compared(workspace, Sql(_VERSION_COLUMNS[term.key]), term)
        for term in terms
        if term.kind == ATTRIBUTE
    ]
    own = "x.model = v.model AND x.device = v.device AND x.seq = v.seq"
    conditions += _tagged(workspace, terms, "model_version_tags", own)
    select = f"SELECT {query.VERSION_COLUMNS} FROM {query.VERSIONS}"
    rows, after = _page(workspace, select, [_within(projects), *conditions], orders, asked)
    return [query.version_of_row(row) for row in rows], after


def _page(
    workspace: Workspace,
    select: str,
    conditions: Sequence[Sql],
    orders: Sequence[tuple[str, str]],
    asked: Asked,
) -> tuple[list[tuple[Any, ...]], str | None]:
    start, size = start_of(asked.token), asked.size
    where = joined(conditions, "AND")
    order = ", ".join(f"{column} {way}" for column, way in orders)
    sql = f"{select} WHERE {where.text} ORDER BY {order} LIMIT ? OFFSET ?"
    rows = workspace.query(sql, (*where.params, size + 1, start))
    return rows[:size], token_for(start + size) if len(rows) > size else None


def _within(projects: Sequence[str]) -> Sql:
    if not projects:
        return Sql("1 = 0")
    return Sql(f"r.project IN ({', '.join('?' * len(projects))})", tuple(projects))


def _tagged(workspace: Workspace, terms: Sequence[Term], table: str, own: str) -> list[Sql]:
    wanted = [term for term in terms if term.kind == TAG]
    found = []
    if not any(_asks_for_prompts(term) for term in wanted):
        wanted = [term for term in wanted if term.key != PROMPT]
        sql = f"NOT EXISTS (SELECT 1 FROM {table} x WHERE x.model = r.id"
        found.append(Sql(f"{sql} AND x.name = ? AND x.value = ?)", (PROMPT, "true")))
    for term in wanted:
        inner = compared(workspace, Sql("x.value"), term)
        sql = f"EXISTS (SELECT 1 FROM {table} x WHERE {own} AND x.name = ? AND {inner.text})"
        found.append(Sql(sql, (term.key, *inner.params)))
    return found


def _asks_for_prompts(term: Term) -> bool:
    said = str(term.value).lower()
    return term.key == PROMPT and (term.sign, said) in {("=", "true"), ("!=", "false")}


def _orders(asked: Sequence[str], columns: dict[str, str], unknown: str) -> list[tuple[str, str]]:
    if len(asked) > limits.ORDERS_MAX:
        raise invalid(f"at most {limits.ORDERS_MAX} fields to sort by")
    fields = Fields(dict.fromkeys(_ALL, False), _KINDS, {}, {}, frozenset())
    found: list[tuple[str, str]] = []
    for each in asked:
        kind, key, ascending = parse_order(each, fields)
        if kind != ATTRIBUTE or key not in columns:
            raise invalid(f"{unknown} '{key}' specified. Valid keys are '{list(columns)}'")
        if any(column == columns[key] for column, _ in found):
            raise invalid(f"`order_by` contains duplicate fields: {list(asked)}")
        found.append((columns[key], "ASC" if ascending else "DESC"))
    return found


_ALL = (*_MODEL_ORDERS, *_VERSION_ORDERS, "run_id", "source_path")
