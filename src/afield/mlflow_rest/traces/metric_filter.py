"""A filter of metrics of traces: one comparison, of the trace, its spans or its assessments.

`trace.status = 'OK'`, ``trace.tag.`a.b` = 'x'``, `trace.metadata.KEY = 'x'`, `span.name = 'x'`,
`assessment.type = 'feedback'`. What it means for the tables is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from afield.mlflow_rest import limits
from afield.mlflow_rest.errors import invalid

TRACE, SPAN, ASSESSMENT = "trace", "span", "assessment"
_ENTITIES: Mapping[str, Mapping[str, bool]] = {
    TRACE: {"status": False, "tag": True, "metadata": True},
    SPAN: {"name": False, "status": False, "type": False},
    ASSESSMENT: {"name": False, "type": False},
}
"""What can be asked of each, and whether it has a key."""

_CLAUSE = re.compile(
    r"""\s*(?P<name>(?:`[^`]*`|"[^"]*"|[^\s=!<>'`"])+)\s*(?P<sign>[=!<>]{1,2}|[A-Za-z]+)\s*"""
    r"""(?:'(?P<text>(?:[^']|'')*)'|"(?P<quoted>[^"]*)"|(?P<bare>[^\s'"]+))\s*""",
)
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison: `what` is of a trace, a span or an assessment, `value` what it must be."""

    of: str
    what: str
    key: str
    value: str


def parse(text: str) -> Clause:
    """Parse a filter.

    Raises:
        Rest: it is none, or asks for what there is not.
    """
    found = _CLAUSE.fullmatch(text) if len(text) <= limits.FILTER_CHARS_MAX else None
    if found is None:
        raise invalid(f"Invalid clause(s) in filter string: '{text[:200]}'")
    of, what, key = _named(found["name"])
    if found["sign"] != "=":
        raise invalid(f"Invalid comparator: '{found['sign']}', only '=' operator is supported")
    if found["bare"] is not None:
        raise invalid(f"Expected a quoted string value for {what}. Got value {found['bare']}")
    quoted = found["quoted"]
    return Clause(of, what, key, found["text"].replace("''", "'") if quoted is None else quoted)


def _named(name: str) -> tuple[str, str, str]:
    parts = name.split(".", _PARTS - 1)
    if len(parts) == 1:
        raise invalid(
            f"Invalid identifier '{name}'. Columns should be specified as 'trace.<key>',"
            " 'span.<key>', 'assessment.<key>'."
        )
    of, what = parts[0].strip("`"), parts[1]
    if of not in _ENTITIES:
        raise invalid(f"Invalid view type '{of}'. Valid values are {list(_ENTITIES)}")
    if what not in _ENTITIES[of]:
        valid = list(_ENTITIES[of])
        raise invalid(
            f"Invalid entity '{what}' specified for view type '{of}'. Valid entities are {valid}"
        )
    keyed = len(parts) == _PARTS
    if keyed != _ENTITIES[of][what]:
        told = "requires a" if not keyed else "does not require a"
        raise invalid(f"Filtering by {what} {told} key: '{name}'")
    return of, what, parts[2].strip('`"') if keyed else ""
