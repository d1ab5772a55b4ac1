"""Spans as they are kept: one object a batch and trace, a JSON list; and what they add up to.

A span that comes again, as one does that was sent at its beginning and at its end, counts as it
came last. Ids are hex digits, times Unix nanoseconds, attributes plain JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard

import msgspec

from afield.traces.events import ERROR, OK
from afield.traces.limits import COUNT_MAX, NAME_CHARS_MAX

TRACE_ID = "mlflow.traceRequestId"
INPUTS, OUTPUTS = "mlflow.spanInputs", "mlflow.spanOutputs"
TYPE = "mlflow.spanType"
TOKENS, COST = "mlflow.chat.tokenUsage", "mlflow.llm.cost"
TOKEN_COUNTS = (
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
)
COSTS = ("input_cost", "output_cost", "total_cost")
_NS_IN_MS = 1_000_000


class Event(msgspec.Struct, omit_defaults=True):
    """Something that happened in a span."""

    name: str
    time_ns: int
    attributes: dict[str, Any] = {}


class Span(msgspec.Struct, omit_defaults=True):
    """One piece of work.

    Attributes:
        trace: its OpenTelemetry trace, 32 hex digits.
        id: 16 hex digits.
        name: what it is called.
        start_ns: when it began.
        end_ns: when it ended; 0 while it goes on.
        parent: the span that it is part of.
        status: `OK`, `ERROR` or empty.
        message: what is said about the status.
        attributes: what was noted about it.
        events: what happened in it.
    """

    trace: str
    id: str
    name: str
    start_ns: int
    end_ns: int = 0
    parent: str | None = None
    status: str = ""
    message: str = ""
    attributes: dict[str, Any] = {}
    events: list[Event] = []

    @property
    def trace_id(self) -> str:
        """The id of its trace, as clients know it."""
        found = self.attributes.get(TRACE_ID)
        return found if isinstance(found, str) and found else f"tr-{self.trace}"

    @property
    def type(self) -> str | None:
        """What kind of work it is, in the words of its client."""
        found = self.attributes.get(TYPE)
        return found if isinstance(found, str) else None


_decoder = msgspec.json.Decoder(list[Span])


def encode(spans: Sequence[Span]) -> bytes:
    """Return spans as the bytes of an object."""
    return msgspec.json.encode(spans)


def decode(data: bytes) -> list[Span]:
    """Return the spans of an object.

    Raises:
        msgspec.MsgspecError: it holds none.
    """
    return _decoder.decode(data)


def merged(batches: Iterable[Sequence[Span]]) -> list[Span]:
    """Return the spans of a trace, of batches in the order they came: roots first, then by time."""
    found: dict[str, Span] = {}
    for batch in batches:
        for span in batch:
            found[span.id] = span
    return sorted(found.values(), key=lambda span: (span.parent is not None, span.start_ns))


def start_ms(spans: Sequence[Span]) -> int:
    """Return when the first of some spans began."""
    return min(span.start_ns for span in spans) // _NS_IN_MS


def end_ms(spans: Sequence[Span]) -> int | None:
    """Return when the last of those that ended did; None when none has."""
    ended = [span.end_ns for span in spans if span.end_ns]
    return max(ended) // _NS_IN_MS if ended else None


def root_of(spans: Sequence[Span]) -> Span | None:
    """Return the root among some spans, the last one of several."""
    return next((span for span in reversed(spans) if span.parent is None), None)


def state_of(root: Span) -> str:
    """Return the state of a trace with such a root."""
    return ERROR if root.status == "ERROR" else OK


def noted(spans: Sequence[Span], name: str) -> str | None:
    """Return the first text that a span notes under a name, cut to the length of one."""
    for span in spans:
        value = span.attributes.get(name)
        if isinstance(value, str | int) and value != "":
            return str(value)[:NAME_CHARS_MAX]
    return None


def summed(values: Iterable[object], names: Sequence[str]) -> dict[str, int | float]:
    """Add up mappings of numbers, name by name; what is none counts nothing."""
    total: dict[str, int | float] = {}
    for value in values:
        found = _as_mapping(value)
        for name in names:
            number = found.get(name)
            if _counts(number):
                total[name] = total.get(name, 0) + number
    return total


def _counts(number: object) -> TypeGuard[int | float]:
    if not isinstance(number, int | float) or isinstance(number, bool):
        return False
    return -COUNT_MAX < number < COUNT_MAX  # not a number that is none, either


def said(text: str) -> Any:
    """Return what a text says as JSON; None when it is none."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _as_mapping(value: object) -> Mapping[str, Any]:
    found = said(value) if isinstance(value, str) else value
    return found if isinstance(found, dict) else {}
