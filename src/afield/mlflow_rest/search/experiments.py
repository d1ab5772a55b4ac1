"""Finding experiments: they are few, so that filter and order are worked out in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from afield.mlflow_rest import limits
from afield.mlflow_rest.errors import invalid
from afield.mlflow_rest.known import KnownExperiment
from afield.mlflow_rest.messages import KeyValue
from afield.mlflow_rest.search.grammar import (
    ATTRIBUTE,
    NULLS,
    TAG,
    TEXTS,
    Fields,
    parse,
    parse_order,
)
from afield.mlflow_rest.search.pages import ACTIVE_ONLY, DELETED_ONLY, start_of, token_for
from afield.mlflow_rest.search.values import holds

FIELDS = Fields(
    attributes={
        "name": False,
        "creation_time": True,
        "last_update_time": True,
        "experiment_id": False,
    },
    kinds=frozenset({ATTRIBUTE, TAG}),
    signs={TAG: TEXTS | NULLS, "name": TEXTS},
    aliases={},
    lists=frozenset(),
    ordered=frozenset({"experiment_id"}),
)


def search_experiments(
    found: Sequence[KnownExperiment],
    tags: Mapping[str, Sequence[KeyValue]],
    *,
    view: str,
    text: str,
    order_by: Sequence[str],
    size: int,
    token: str | None,
) -> tuple[list[KnownExperiment], str | None]:
    """Return a page of experiments, and the token of the next.

    Raises:
        Rest: the filter, the order or the token cannot be understood.
    """
    terms = parse(text, FIELDS)
    if len(order_by) > limits.ORDERS_MAX:
        raise invalid(f"at most {limits.ORDERS_MAX} fields to sort by")
    orders = [parse_order(each, FIELDS) for each in order_by]
    start = start_of(token)
    kept = [one for one in found if _shown(one, view)]
    for term in terms:
        kept = [one for one in kept if holds(_value(one, tags, term.kind, term.key), term)]
    if all(key != "creation_time" for _, key, _ in orders):
        orders.append((ATTRIBUTE, "creation_time", False))
    orders.append((ATTRIBUTE, "experiment_id", True))
    for kind, key, ascending in reversed(orders):
        kept.sort(key=lambda one: _sorted(_value(one, tags, kind, key)), reverse=not ascending)
    page = kept[start : start + size]
    return page, token_for(start + size) if len(kept) > start + size else None


def _shown(found: KnownExperiment, view: str) -> bool:
    return not (view == ACTIVE_ONLY and found.deleted) and not (
        view == DELETED_ONLY and not found.deleted
    )


def _value(
    found: KnownExperiment, tags: Mapping[str, Sequence[KeyValue]], kind: str, key: str
) -> Any:
    if kind == TAG:
        return next((tag.value for tag in tags.get(found.id, ()) if tag.key == key), None)
    return {
        "name": found.shown,
        "creation_time": found.made_ms,
        "last_update_time": found.touched_ms,
        "experiment_id": (found.order, found.id),
    }[key]


def _sorted(value: Any) -> tuple[bool, Any]:
    return value is None, 0 if value is None else value
