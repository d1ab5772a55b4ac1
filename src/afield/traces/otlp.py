"""Spans as OpenTelemetry's protocol has them, in Protocol Buffers or JSON, without trust.

The messages are those of https://github.com/open-telemetry/opentelemetry-proto (trace/v1 and
common/v1); in JSON ids are hex digits and integers of 64 bits may be texts.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import msgspec

from afield.runs.foreign import protobuf_wire as wire
from afield.traces.errors import SpansBad
from afield.traces.limits import NESTED_BYTES_MAX, NESTING_MAX, SPANS_MAX
from afield.traces.spans import Event, Span

_FIXED = struct.Struct("<Q")
_STATUS = {1: "OK", 2: "ERROR", "STATUS_CODE_OK": "OK", "STATUS_CODE_ERROR": "ERROR"}
_NS_MAX = 1 << 63
_NO_ID = "0"
_WRAP, _SIGN = 1 << 64, 1 << 63
_TRACE_CHARS, _SPAN_CHARS = 32, 16


def from_wire(body: bytes) -> list[Span]:
    """Return the spans of an `ExportTraceServiceRequest`, in order.

    Raises:
        SpansBad: it is none, or a span in it cannot be kept.
    """
    try:
        found = list(_bounded(_wired(wire.message(body))))
    except (ValueError, struct.error, TypeError, AttributeError):
        _bad("it is no request of OpenTelemetry's protocol")
    return found


def from_json(body: bytes) -> list[Span]:
    """Return the spans of such a request in JSON.

    Raises:
        SpansBad: it is none, or a span in it cannot be kept.
    """
    try:
        plain = msgspec.json.decode(body)
        return list(_bounded(_spelt(plain)))
    except (msgspec.MsgspecError, ValueError, TypeError, AttributeError, RecursionError):
        _bad("it is no request of OpenTelemetry's protocol")


def _bounded(spans: Iterator[Span]) -> Iterator[Span]:
    for count, span in enumerate(spans):
        if count >= SPANS_MAX:
            _bad(f"more than {SPANS_MAX} spans")
        yield span


def _wired(request: dict[int, list[Any]]) -> Iterator[Span]:
    for resource in _each(request, 1):
        for scope in _each(resource, 2):
            for found in _each(scope, 2):
                yield _span_of(found)


def _each(found: dict[int, list[Any]], number: int) -> Iterator[dict[int, list[Any]]]:
    """Yield the values of a field as messages, one at a time: they may be millions."""
    for value in found.get(number, ()):
        if isinstance(value, bytes):
            yield wire.message(value)


def _span_of(found: dict[int, list[Any]]) -> Span:
    trace, own = _raw(found, 1).hex(), _raw(found, 2).hex()
    _check_ids(trace, own)
    status = wire.inner(found, 15)
    return Span(
        trace=trace,
        id=own,
        name=wire.text(found, 5),
        start_ns=_time(found, 7),
        end_ns=_time(found, 8),
        parent=_parent(_raw(found, 4).hex()),
        status=_STATUS.get(wire.integer(status, 3), ""),
        message=wire.text(status, 2),
        attributes=_attributes(found, 9, 0),
        events=[
            Event(wire.text(event, 2), _time(event, 1), _attributes(event, 3, 0))
            for event in _each(found, 11)
        ],
    )


def _raw(found: dict[int, list[Any]], number: int) -> bytes:
    value = found.get(number, (b"",))[-1]
    return value if isinstance(value, bytes) else b""


def _time(found: dict[int, list[Any]], number: int) -> int:
    value = found.get(number, (0,))[-1]
    return _checked_ns(_FIXED.unpack(value)[0] if isinstance(value, bytes) else value)


def _attributes(found: dict[int, list[Any]], number: int, depth: int) -> dict[str, Any]:
    pairs = _each(found, number)
    return {wire.text(pair, 1): _value(wire.inner(pair, 2), depth) for pair in pairs}


def _value(found: dict[int, list[Any]], depth: int) -> Any:
    """Return the plain value of an `AnyValue`: of the field of it that comes last."""
    _check_depth(depth)
    if not found:
        return None
    number = next(reversed(found))
    raw = found[number][-1]
    if number == _LIST:
        _check_size(depth, raw)
        return [_value(each, depth + 1) for each in _each(wire.message(raw), 1)]
    if number == _MAPPING:
        _check_size(depth, raw)
        return _attributes(wire.message(raw), 1, depth + 1)
    return _SCALARS[number](raw) if number in _SCALARS else None


def _spelt(request: Mapping[str, Any]) -> Iterator[Span]:
    for resource in request.get("resourceSpans") or ():
        for scope in resource.get("scopeSpans") or ():
            for found in scope.get("spans") or ():
                yield _span_spelt(found)


def _span_spelt(found: Mapping[str, Any]) -> Span:
    trace, own = str(found.get("traceId") or "").lower(), str(found.get("spanId") or "").lower()
    parent = str(found.get("parentSpanId") or "").lower()
    bytes.fromhex(trace + own + parent)
    _check_ids(trace, own)
    status = found.get("status") or {}
    return Span(
        trace=trace,
        id=own,
        name=str(found.get("name") or ""),
        start_ns=_checked_ns(int(found.get("startTimeUnixNano") or 0)),
        end_ns=_checked_ns(int(found.get("endTimeUnixNano") or 0)),
        parent=_parent(parent),
        status=_STATUS.get(status.get("code", 0), ""),
        message=str(status.get("message") or ""),
        attributes=_pairs(found.get("attributes"), 0),
        events=[
            Event(
                str(event.get("name") or ""),
                _checked_ns(int(event.get("timeUnixNano") or 0)),
                _pairs(event.get("attributes"), 0),
            )
            for event in found.get("events") or ()
        ],
    )


def _pairs(found: Any, depth: int) -> dict[str, Any]:
    return {
        str(pair.get("key") or ""): _plain(pair.get("value") or {}, depth) for pair in found or ()
    }


def _plain(found: Mapping[str, Any], depth: int) -> Any:
    _check_depth(depth)
    for name, value in found.items():
        if name == "arrayValue":
            return [_plain(each, depth + 1) for each in (value or {}).get("values") or ()]
        if name == "kvlistValue":
            return _pairs((value or {}).get("values"), depth + 1)
        if name in _SPELT:
            return _SPELT[name](value)
    return None


def _parent(digits: str) -> str | None:
    return digits if digits.strip(_NO_ID) else None


def _real(number: float) -> float | str:
    return number if math.isfinite(number) else str(number)


def _checked_ns(time_ns: int) -> int:
    if not 0 <= time_ns < _NS_MAX:
        _bad("a time is out of range")
    return time_ns


def _check_ids(trace: str, own: str) -> None:
    if len(trace) != _TRACE_CHARS or len(own) != _SPAN_CHARS:
        _bad("a span needs a trace id of 16 bytes, and an id of 8")
    if not trace.strip(_NO_ID) or not own.strip(_NO_ID):
        _bad("a span's ids are all zero")


def _check_depth(depth: int) -> None:
    if depth > NESTING_MAX:
        _bad(f"attributes nest deeper than {NESTING_MAX}")


def _checked_integer(number: int) -> int:
    if not -_SIGN <= number < _SIGN:
        _bad("an integer has more than 64 bits")
    return number


def _check_size(depth: int, raw: bytes) -> None:
    if depth * len(raw) > NESTED_BYTES_MAX:
        _bad("attributes nest too much")


def _bad(why: str) -> NoReturn:
    raise SpansBad("cannot take spans", "request", why)


_LIST, _MAPPING = 5, 6
_SCALARS: Mapping[int, Callable[[Any], Any]] = {
    1: lambda raw: raw.decode("utf-8", "replace"),
    2: bool,
    3: lambda raw: raw - _WRAP if raw >= _SIGN else raw,
    4: lambda raw: _real(wire.double(raw)),
    7: lambda raw: base64.b64encode(raw).decode("ascii"),
}
"""Of the other fields of `AnyValue`, how their values are read."""

_SPELT: Mapping[str, Callable[[Any], Any]] = {
    "stringValue": str,
    "boolValue": bool,
    "intValue": lambda value: _checked_integer(int(value)),
    "doubleValue": lambda value: _real(float(value)),
    "bytesValue": str,
}
