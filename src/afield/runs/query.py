"""What a query over runs may name; the language itself is the projection's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from afield.projection.catalog import Attribute, Catalog, Pairs
from afield.runs.fold import is_worded

_VERDICT = (
    "(SELECT v.verdict FROM reproductions v WHERE v.original = r.id"
    ' ORDER BY v."at" DESC, v.run LIMIT 1)'
)
NEWEST_FIRST = "r.started_ms DESC, r.started_at DESC"
"""Runs of the same millisecond follow in the order in which their entries were stamped."""

_CASES_MAX = 64
"""Names that a row is compared with one after the other."""

_DURATION = "((r.ended_ms - r.started_ms) / 1000.0)"

CATALOG = Catalog(
    table="runs",
    key="id",
    attributes={
        "id": Attribute("r.id", indexed=True),
        "name": Attribute("r.name", indexed=True),
        "status": Attribute("r.status", indexed=True),
        "project": Attribute("r.project", indexed=True),
        "experiment": Attribute("r.experiment", indexed=True),
        "kind": Attribute("r.kind"),
        "started": Attribute("r.started_ms", "time", indexed=True),
        "ended": Attribute("r.ended_ms", "time", indexed=True),
        "duration": Attribute(_DURATION, "duration", indexed=True),
        "exit_code": Attribute("r.exit_code", "number"),
        "user": Attribute("r.member", few="member"),
        "member": Attribute("r.member", few="member"),
        "device": Attribute("r.device"),
        "host": Attribute("r.host_object"),
        "branch": Attribute("r.branch"),
        "commit": Attribute("r.commit_id"),
        "python": Attribute("r.python"),
        "parent": Attribute("r.parent"),
        "reproduces": Attribute("r.reproduces", indexed=True),
        "verdict": Attribute(_VERDICT),
        "failure": Attribute("r.failure", indexed=True),
        "exception": Attribute("r.exception"),
    },
    pairs={
        "metrics": Pairs("metrics", "run", "name", number="last"),
        "params": Pairs("params", "run", "name", "text", "number", is_worded),
        "tags": Pairs("tags", "run", "name", text="value"),
        "summary": Pairs("summaries", "run", "name", "text", "number", is_worded),
    },
    order=NEWEST_FIRST,
    where="r.started_ms IS NOT NULL",
    aliases={
        "metric": "metrics",
        "param": "params",
        "parameters": "params",
        "config": "params",
        "tag": "tags",
        "attributes": "attribute",
    },
)


def naming(users: Mapping[str, str], hosts: Mapping[str, str]) -> Catalog:
    """Return the catalog in which `user` and `host` are what members and machines are called.

    The names stand in objects, which may be erased, and so in no table. A member without one is
    its id; a machine without one is missing.
    """
    named = {
        "user": Attribute(_cases("r.member", sorted(users.items()), "r.member"), few="member"),
        "host": Attribute(_cases("r.host_object", sorted(hosts.items()), "NULL")),
    }
    return msgspec.structs.replace(CATALOG, attributes={**CATALOG.attributes, **named})


def _cases(column: str, names: Sequence[tuple[str, str]], other: str) -> str:
    """Return the SQL of what a column's id is called; `names` are sorted by id, and halved."""
    if not names:
        return other
    if len(names) > _CASES_MAX:
        half = len(names) // 2
        low, high = (_cases(column, part, other) for part in (names[:half], names[half:]))
        return f"CASE WHEN {column} < {_text(names[half][0])} THEN {low} ELSE {high} END"
    cases = " ".join(f"WHEN {_text(id_)} THEN {_text(name)}" for id_, name in names)
    return f"(CASE {column} {cases} ELSE {other} END)"


def _text(value: str) -> str:
    doubled = value.replace("'", "''")
    return f"'{doubled}'"
