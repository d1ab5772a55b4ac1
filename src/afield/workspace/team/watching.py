"""Contingencies with a predicate: "if `metrics.loss > 2`, then ...", looked after until they end.

A predicate is the `where` of a query over one run, read against what that run has logged by now,
also while it goes on here. What a run has not logged makes no predicate true.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt, ne

from afield.kernel.errors import AfieldError
from afield.projection.language import parse
from afield.projection.syntax import All, Any, Comparison, Expression, Not
from afield.teamwork.errors import ItemBad
from afield.teamwork.handover import Watch, watches
from afield.teamwork.query import items_of
from afield.teamwork.sorts.handover import HANDOVER
from afield.workspace.team.items import words_of
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge,
}  # fmt: skip
_HINT = "--when 'metrics.loss > 2' or --when 'status != running'"


def checked(predicate: str, about: str | None) -> str:
    """Return a predicate that can be looked after over what a link names.

    Raises:
        ItemBad: it is more than metrics, compared with numbers, and `status`, or that is no run.
    """
    if not (about or "").startswith("run:"):
        hint = '--about run:NAME, or in your words: --if "the access is not there by noon"'
        raise ItemBad("cannot be looked after", predicate, "the line is about no run", hint=hint)
    try:
        found = parse(predicate)
    except AfieldError as error:
        raise ItemBad("cannot be looked after", predicate, str(error), hint=_HINT) from error
    if found.where is None or found.order:
        raise ItemBad("cannot be looked after", predicate, "nothing is compared", hint=_HINT)
    _check(found.where, predicate)
    return predicate.strip()


def firing(workspace: Workspace) -> list[Watch]:
    """Return the contingencies whose predicate is true now."""
    known = items_of(workspace.query, HANDOVER)
    return [one for one in watches(known, workspace.record.now_ms()) if is_met(workspace, one)]


def is_met(workspace: Workspace, watch: Watch) -> bool:
    """Tell whether a contingency's predicate is true of its run now."""
    kind, _, run = (watch.line.get("about") or "").partition(":")
    view = next(iter(workspace.views([run])), None) if kind == "run" else None
    if view is None:
        return False
    try:
        where = parse(words_of(workspace, watch.line.get("when"))).where
    except AfieldError:  # its words are not here
        return False
    return where is not None and _holds(where, view)


def _holds(node: Expression, view: RunView) -> bool:
    if isinstance(node, Not):
        return not _holds(node.term, view)
    if isinstance(node, All):
        return all(_holds(term, view) for term in node.terms)
    if isinstance(node, Any):
        return any(_holds(term, view) for term in node.terms)
    if node.field.scope == "metrics":
        found = view.metrics.get(node.field.name)
        wanted = node.values[0].number
        if found is None or wanted is None or math.isnan(found.last):
            return False
        return _COMPARE[node.operator](found.last, wanted)
    is_same = view.status == node.values[0].text
    return is_same if node.operator == "=" else not is_same


def _check(node: Expression, predicate: str) -> None:
    if isinstance(node, Comparison):
        is_metric = node.field.scope == "metrics" and node.operator in _COMPARE
        is_status = (node.field.scope, node.field.name) == ("", "status")
        if is_metric and node.values[0].number is not None:
            return
        if is_status and node.operator in ("=", "!="):
            return
        raise ItemBad("cannot be looked after", predicate, "metrics and status can", hint=_HINT)
    for term in (node.term,) if isinstance(node, Not) else node.terms:
        _check(term, predicate)
