"""Traces of a workspace, for people: found by id, told in words, with their spans as a tree."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from afield.runs.experiments.events import DEFAULT_ID, id_of
from afield.traces import previews, query, spans
from afield.traces.errors import TraceNotFound
from afield.traces.query import Trace
from afield.traces.spans import Span
from afield.workspace.workspace import Workspace

NAME, SESSION = "mlflow.traceName", "mlflow.trace.session"
_NAMED_MAX = 5
_DEFAULT = "default"


def traces(
    workspace: Workspace,
    *,
    limit: int,
    offset: int = 0,
    experiment: str | None = None,
    state: str | None = None,
    projects: Collection[str] | None = None,
) -> list[Trace]:
    """Return traces, the newest first: of an experiment, in a state, of some projects only."""
    conditions: list[str] = [query.THERE]
    args: list[Any] = []
    if experiment is not None or projects is not None:
        sql = f"SELECT DISTINCT {query.EXPERIMENT} FROM traces t WHERE {query.THERE}"  # noqa: S608 - literals
        ids = [found for (found,) in workspace.query(sql)]
        within = [
            place
            for place, (project, name) in places(workspace, ids).items()
            if experiment in (None, name, place) and (projects is None or project in projects)
        ]
        conditions.append(f"{query.EXPERIMENT} IN ({', '.join('?' * len(within)) or 'NULL'})")
        args += within
    if state is not None:
        conditions.append(f"{query.STATE} = ?")
        args.append(state)
    sql = (
        f"SELECT {query.COLUMNS} FROM traces t WHERE {' AND '.join(conditions)}"  # noqa: S608 - literals
        f" ORDER BY {query.REQUEST_MS} DESC, t.id LIMIT ? OFFSET ?"
    )
    return [query.of_row(row) for row in workspace.query(sql, (*args, limit, offset))]


def places(workspace: Workspace, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return project and name of some experiments, by id; one that nobody knows is `default`'s."""
    sql = "SELECT id, project, name FROM experiments WHERE name IS NOT NULL"
    known = {found: (project, name) for found, project, name in workspace.query(sql)}
    known.setdefault(DEFAULT_ID, (_DEFAULT, _DEFAULT))
    wanted = set(ids)
    if wanted - known.keys():  # of some experiments only runs tell
        for project, name in workspace.query("SELECT DISTINCT project, experiment FROM runs"):
            known.setdefault(id_of(project, name), (project, name))
    return {one: known.get(one, (_DEFAULT, one)) for one in wanted}


def find_trace(workspace: Workspace, ref: str, *, whole: bool = False) -> Trace:
    """Return the trace with this id, or whose id alone begins so, with or without `tr-`.

    `whole` wants the whole id.

    Raises:
        TraceNotFound: there is none, or there are several.
    """
    exact = query.traces_of(workspace.query, [ref])
    if exact:
        return exact[0]
    sql = (
        f"SELECT t.id FROM traces t WHERE t.id >= ? AND t.id < ? AND {query.THERE}"  # noqa: S608 - literals
        " ORDER BY t.id LIMIT ?"
    )
    beginnings = (ref, f"tr-{ref}") if ref and not whole else ()
    ids = [
        found
        for each in beginnings
        for (found,) in workspace.query(sql, (each, f"{each}~", _NAMED_MAX))
    ]
    if len(ids) == 1:
        return query.traces_of(workspace.query, ids)[0]
    why = f"several begin so: {', '.join(ids)}" if ids else None
    raise TraceNotFound("no such trace", ref, why, hint="afield traces list")


def trace_parts(workspace: Workspace, found: Sequence[Trace]) -> list[dict[str, Any]]:
    """Return traces as documents, without their spans."""
    ask, ids = workspace.query, [one.id for one in found]
    tags, metadata = query.tags(ask, ids), query.metadata(ask, ids)
    within = places(workspace, {one.experiment for one in found})
    answers = []
    for one in found:
        told, own = metadata.get(one.id, {}), tags.get(one.id, {})
        request, response = _previews(workspace, one)
        answers.append(
            {
                "id": one.id,
                "name": own.get(NAME),
                "project": within[one.experiment][0],
                "experiment": within[one.experiment][1],
                "state": one.state,
                "began": datetime.fromtimestamp(one.request_ms / 1000, UTC).isoformat(),
                "duration_ms": one.duration_ms,
                "session": told.get(SESSION),
                "tokens": spans.said(told.get(query.TOKENS, "")),
                "request": request,
                "response": response,
            }
        )
    return answers


def whole_trace(workspace: Workspace, one: Trace) -> dict[str, Any]:
    """Return a trace as a document, with its spans and what was found of it."""
    ask = workspace.query
    (told,) = trace_parts(workspace, [one])
    return {
        **told,
        "tags": query.tags(ask, [one.id]).get(one.id, {}),
        "metadata": query.metadata(ask, [one.id]).get(one.id, {}),
        "links": query.links(ask, [one.id]).get(one.id, {"run": [], "prompt": []}),
        "assessments": _assessments(workspace, one),
        "spans": [_span_part(span) for span in _spans(workspace, one)],
    }


def depths(found: Sequence[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Return span documents in the order of their tree, each with how deep it stands."""
    ids = {one["id"] for one in found}
    below: dict[str | None, list[dict[str, Any]]] = {}
    for one in sorted(found, key=lambda one: one["start_ns"]):
        below.setdefault(one["parent"] if one["parent"] in ids else None, []).append(one)
    tree: list[tuple[int, dict[str, Any]]] = []
    stack = [(0, one) for one in reversed(below.pop(None, []))]
    while stack:
        depth, one = stack.pop()
        tree.append((depth, one))
        stack += [(depth + 1, inner) for inner in reversed(below.pop(one["id"], []))]
    return tree + [(0, one) for rest in below.values() for one in rest]  # a ring has no top


def _spans(workspace: Workspace, one: Trace) -> list[Span]:
    batches = query.batches(workspace.query, [one.id]).get(one.id, [])
    get = workspace.record.vault.get
    return spans.merged(spans.decode(get(each.object)) for each in batches)


def _span_part(span: Span) -> dict[str, Any]:
    return {
        "id": span.id,
        "parent": span.parent,
        "name": span.name,
        "type": span.type,
        "status": span.status or None,
        "message": span.message or None,
        "start_ns": span.start_ns,
        "end_ns": span.end_ns or None,
        "attributes": span.attributes,
        "events": msgspec.to_builtins(span.events),
    }


def _assessments(workspace: Workspace, one: Trace) -> list[dict[str, Any]]:
    found = query.assessments(workspace.query, [one.id]).get(one.id, [])
    over = query.overridden(found)
    answers = []
    for each in found:
        document = msgspec.json.decode(workspace.record.vault.get(each.document))
        held = document.get(each.what) or {}
        text = (held.get("serialized_value") or {}).get("value") or held.get("issue_name")
        source = document.get("source") or {}
        answers.append(
            {
                "id": each.id,
                "name": each.name,
                "what": each.what,
                "value": held.get("value", text),
                "rationale": document.get("rationale"),
                "source": source.get("source_type"),
                "by": source.get("source_id"),
                "valid": each.id not in over,
            }
        )
    return answers


def _previews(workspace: Workspace, one: Trace) -> tuple[str | None, str | None]:
    request = response = None
    for each in one.previews:
        found = previews.decode(workspace.record.vault.get(each))
        request = found.request if request is None else request
        response = found.response if response is None else response
    return request, response
