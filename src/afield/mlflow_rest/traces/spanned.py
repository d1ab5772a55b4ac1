"""Which traces have a span that fits: looked up in the spans themselves, which are in no table.

Patterns are matched by RE2, in time that grows with the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from afield.kernel.ids import ObjectId
from afield.mlflow_rest.errors import invalid
from afield.mlflow_rest.limits import PATTERN_CHARS_MAX
from afield.mlflow_rest.route import Call
from afield.mlflow_rest.search.grammar import Term
from afield.mlflow_rest.search.values import holds
from afield.mlflow_rest.traces import grammar
from afield.projection.patterns import finds
from afield.traces import query, spans
from afield.traces.limits import SPANS_KEPT_BYTES_MAX
from afield.traces.spans import Span

_WILD = {"%": ".*", "_": "."}


def with_span(call: Call, terms: Sequence[Term], ids: Sequence[str]) -> set[str]:
    """Return those of some traces that have one span for which all terms hold.

    Raises:
        Rest: a pattern is too long.
        PatternRefused: a regular expression is none.
    """
    return {
        trace
        for trace, some in query.batches(call.workspace.query, ids).items()
        if any(
            all(_span_fits(span, term) for term in terms)
            for span in spans.merged(_kept.get(call, each.object) for each in some)
        )
    }


def fits_term(value: Any, term: Term) -> bool:
    """Tell whether a value fits."""
    if value is None or term.sign not in ("LIKE", "ILIKE"):
        return holds(value, term)
    return bool(finds(_as_regex(str(term.value), fold=term.sign == "ILIKE"), value))


@lru_cache(maxsize=64)
def _as_regex(pattern: str, *, fold: bool) -> str:
    """Return a LIKE pattern as a regular expression.

    Raises:
        Rest: it is too long.
    """
    if len(pattern) > PATTERN_CHARS_MAX // 4:
        raise invalid(f"a pattern for spans has at most {PATTERN_CHARS_MAX // 4} characters")
    inner = pattern.strip("%")
    start = "" if pattern.startswith("%") else r"\A"
    end = "" if pattern.endswith("%") else r"\z"
    words = "".join(_WILD.get(sign) or re.escape(sign) for sign in inner)
    return f"(?{'is' if fold else 's'}){start}{words}{end}"


def _span_fits(span: Span, term: Term) -> bool:
    if term.key == "name":
        return fits_term(span.name, term)
    if term.key == "type":
        return fits_term(span.type, term)
    if term.key == "status":
        return fits_term(span.status or "UNSET", term)
    if term.key == grammar.CONTENT:
        return fits_term(_content(span), term)
    value = span.attributes.get(term.key.removeprefix(grammar.NOTED))
    if value is not None and not isinstance(value, str):
        value = msgspec.json.encode(value).decode()
    return fits_term(value, term)


def _content(span: Span) -> str:
    """Return all that a span says, as one text: names and values as they stand."""
    words = [span.name, span.status, span.message]
    for name, value in span.attributes.items():
        words += [name, value if isinstance(value, str) else msgspec.json.encode(value).decode()]
    for event in span.events:
        words += [event.name, msgspec.json.encode(event.attributes).decode()]
    return "\n".join(words)


def spans_kept(call: Call, found: ObjectId) -> list[Span]:
    """Return the spans of an object; those that were looked at not long ago are still there."""
    return _kept.get(call, found)


class KeptSpans:
    """Decoded spans that were looked at not long ago, by their object; threads may share it."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._found: dict[ObjectId, tuple[int, list[Span]]] = {}

    def get(self, call: Call, found: ObjectId) -> list[Span]:
        """Return the spans of an object."""
        known = self._found.get(found)
        if known is not None:
            return known[1]
        data = call.workspace.record.vault.get(found)
        decoded = spans.decode(data)
        self._found[found] = (len(data), decoded)
        self._bytes += len(data)
        while self._bytes > self._bytes_max and len(self._found) > 1:
            oldest = next(iter(self._found), None)
            gone = None if oldest is None else self._found.pop(oldest, None)
            if gone is None:
                break
            self._bytes -= gone[0]
        return decoded


_kept = KeptSpans(SPANS_KEPT_BYTES_MAX)
