"""Questions about traces, answered from the projection.

A trace that was told of is as it was told; one of which there are only spans, and one that was
still running when it was told of, is as its spans say: from the first to the last, in the state of
the root.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from afield.kernel.ids import ObjectId
from afield.projection.owners import Ask
from afield.traces.events import ERROR, IN_PROGRESS, PROMPT, RUN, UNSPECIFIED
from afield.traces.limits import TIME_MS_MAX

_AT_ONCE = 500
_OF = "FROM trace_batches b WHERE b.trace = t.id"
EXPERIMENT = "COALESCE(t.experiment, t.first_experiment)"
STATE = (
    f"(CASE WHEN t.state IS NULL OR t.state IN ('{IN_PROGRESS}', '{UNSPECIFIED}')"
    f" THEN COALESCE((SELECT b.state {_OF} AND b.state IS NOT NULL ORDER BY b.once_at LIMIT 1),"
    f" t.state, '{IN_PROGRESS}') ELSE t.state END)"
)
REQUEST_MS = f"COALESCE(t.request_ms, (SELECT MIN(b.start_ms) {_OF}))"
DURATION_MS = f"COALESCE(t.duration_ms, (SELECT MAX(b.end_ms) {_OF}) - {REQUEST_MS})"
THERE = "t.first_at IS NOT NULL AND COALESCE(t.deleted, 0) = 0"
_ROOT_PREVIEWS = f"(SELECT b.previews {_OF} AND b.previews IS NOT NULL ORDER BY b.once_at LIMIT 1)"
COLUMNS = (
    f"t.id, {EXPERIMENT}, {REQUEST_MS}, {DURATION_MS}, {STATE}, t.client, t.previews,"
    f" {_ROOT_PREVIEWS}, t.request_ms IS NOT NULL"
)
METADATA_VALUE = "COALESCE(x.value, x.seen_value)"
TOKENS, COST = "mlflow.trace.tokenUsage", "mlflow.trace.cost"


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace as a whole.

    Attributes:
        id: chosen by its client.
        experiment: the id of its experiment.
        request_ms: when it began, Unix milliseconds.
        duration_ms: how long it took; None while nobody knows.
        state: one of `events.STATES`.
        client: the id that the request has elsewhere.
        previews: objects with the beginnings of request and response; the first one counts.
        told: whether more is known than its spans.
    """

    id: str
    experiment: str
    request_ms: int
    duration_ms: int | None
    state: str
    client: str | None
    previews: tuple[ObjectId, ...]
    told: bool

    @property
    def failed(self) -> bool:
        """Whether it ended with an error."""
        return self.state == ERROR


@dataclass(frozen=True, slots=True)
class Assessment:
    """What somebody found of a trace, as its row has it; the rest is in its document."""

    trace: str
    id: str
    name: str
    what: str
    document: ObjectId
    value: str | None
    overrides: str | None
    in_session: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Spans that came together."""

    object: ObjectId
    spans: int
    tokens: str | None
    cost: str | None


def of_row(row: Sequence[Any]) -> Trace:
    """Return the trace of a row of `COLUMNS`."""
    trace, experiment, request_ms, duration_ms, state, client, own, seen, told = row
    previews = tuple(ObjectId(each) for each in (own, seen) if each)
    request_ms = min(max(request_ms or 0, 0), TIME_MS_MAX)  # an entry may say anything
    return Trace(trace, experiment, request_ms, duration_ms, state, client, previews, bool(told))


def traces_of(ask: Ask, ids: Sequence[str]) -> list[Trace]:
    """Return the traces with these ids, in this order; those that are not there are left out."""
    found: dict[str, Trace] = {}
    for some, marks in _chunks(ids):
        sql = f"SELECT {COLUMNS} FROM traces t WHERE t.id IN ({marks}) AND {THERE}"  # noqa: S608 - literals
        found |= {row[0]: of_row(row) for row in ask(sql, some)}
    return [found[each] for each in dict.fromkeys(ids) if each in found]


def tags(ask: Ask, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the tags of traces, by id."""
    return _pairs(ask, ids, "trace_tags x", "x.value")


def metadata(ask: Ask, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the metadata of traces, by id; tokens and cost are added up unless they are told."""
    found = _pairs(ask, ids, "trace_metadata x", METADATA_VALUE)
    for trace, some in batches(ask, ids).items():
        own = found.setdefault(trace, {})
        for name, texts in (
            (TOKENS, [each.tokens for each in some]),
            (COST, [each.cost for each in some]),
        ):
            total = _total([each for each in texts if each])
            if total and name not in own:
                own[name] = msgspec.json.encode(total).decode()
    return found


def batches(ask: Ask, ids: Sequence[str]) -> dict[str, list[Batch]]:
    """Return the batches of spans of traces, by id, in the order they came."""
    found: dict[str, list[Batch]] = {}
    for some, marks in _chunks(ids):
        sql = (
            "SELECT trace, object, spans, tokens, cost FROM trace_batches"  # noqa: S608 - `?` parameters
            f" WHERE trace IN ({marks}) ORDER BY trace, once_at, object"
        )
        for trace, kept, spans, tokens, cost in ask(sql, some):
            found.setdefault(trace, []).append(Batch(ObjectId(kept), spans, tokens, cost))
    return found


def assessments(ask: Ask, ids: Sequence[str]) -> dict[str, list[Assessment]]:
    """Return what was found of traces, by id, in the order it was."""
    found: dict[str, list[Assessment]] = {}
    for some, marks in _chunks(ids):
        where = f"trace IN ({marks})"
        for one in assessments_where(ask, where, some):
            found.setdefault(one.trace, []).append(one)
    return found


def assessments_where(ask: Ask, where: str, args: Sequence[Any]) -> list[Assessment]:
    """Return the assessments that a condition in SQL names, in the order they were made."""
    sql = (
        "SELECT trace, id, name, what, document, value, overrides, in_session"  # noqa: S608 - literals
        f" FROM trace_assessments WHERE {where} AND name IS NOT NULL"
        " AND COALESCE(deleted, 0) = 0 ORDER BY first_at, id"
    )
    return [
        Assessment(trace, found, name, what, ObjectId(document), value, overrides, bool(in_session))
        for trace, found, name, what, document, value, overrides, in_session in ask(sql, args)
    ]


def overridden(found: Sequence[Assessment]) -> set[str]:
    """Return the ids of those that another one of the same trace stands in for."""
    return {one.overrides for one in found if one.overrides}


def links(ask: Ask, ids: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Return the runs and versions of prompts of traces: by id, then by `run` or `prompt`."""
    found: dict[str, dict[str, list[str]]] = {}
    for some, marks in _chunks(ids):
        sql = (
            f"SELECT trace, way, other FROM trace_links WHERE trace IN ({marks})"  # noqa: S608 - `?` parameters
            " ORDER BY trace, at, other"
        )
        for trace, way, other in ask(sql, some):
            found.setdefault(trace, {RUN: [], PROMPT: []}).setdefault(way, []).append(other)
    return found


def _pairs(ask: Ask, ids: Sequence[str], table: str, value: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for some, marks in _chunks(ids):
        sql = (
            f"SELECT x.trace, x.name, {value} FROM {table} WHERE x.trace IN ({marks})"  # noqa: S608 - literals
            f" AND {value} IS NOT NULL ORDER BY x.trace, x.name"
        )
        for trace, name, text in ask(sql, some):
            found.setdefault(trace, {})[name] = text
    return found


def _total(texts: Sequence[str]) -> Mapping[str, int | float]:
    total: dict[str, int | float] = {}
    for text in texts:
        for name, number in msgspec.json.decode(text).items():
            total[name] = total.get(name, 0) + number
    return total


def _chunks(ids: Sequence[str]) -> list[tuple[list[str], str]]:
    found: list[tuple[list[str], str]] = []
    unique = list(dict.fromkeys(ids))
    for start in range(0, len(unique), _AT_ONCE):
        some = unique[start : start + _AT_ONCE]
        found.append((some, ", ".join("?" * len(some))))
    return found
