"""Secrets are found in bytes and replaced by `redacted:<rule>` before anything is written.

Text without any literal of a rule is passed over at the speed of a substring search. Colours
of a terminal are looked through: they may stand before, after and inside a token. Nothing
here knows of files, arguments or variables.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

import msgspec

from afield.kernel.late import late
from afield.runs.secrets.rules import RULES, RUN_BYTES, Rule, is_mixed

ANYWHERE_BYTES_MIN = 16
"""Known values of this length are replaced inside words too; shorter ones as whole words."""

_WORD_BYTES = b"-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RUNS = bytes(97 if byte in _WORD_BYTES else 32 for byte in range(256))
_GLUED = frozenset(_WORD_BYTES) - frozenset(b"-")
_ESCAPE = b"\x1b"
_LINK = b"\x1b]"
_COLOUR = late(rb"\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]")
_SEQUENCE = late(
    rb"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b\n]{0,512}(?:\x07|\x1b\\)|[ -/][0-~])"
)
_T = TypeVar("_T", str, bytes)


class Span(NamedTuple):
    """Where a secret stands; `label` is the name beside it where that is known."""

    begin: int
    end: int
    rule: str
    label: str = ""


class Scan(msgspec.Struct, frozen=True):
    """The text without its secrets, and the rules that fired, in order of firing."""

    data: bytes
    rules: tuple[str, ...]


def scan(data: bytes, *, known: Mapping[str, bytes] | None = None, code: bool = False) -> Scan:
    """Replace secrets in bytes of any encoding that extends ASCII.

    Args:
        data: the text; it need not be valid in any encoding.
        known: values to be replaced wherever they stand, by the name of their variable.
        code: only rules whose shape leaves no doubt, for what must still run afterwards.
    """
    spans = find(data, known=known, code=code)
    if not spans:
        return Scan(data, ())
    merged = merge(spans)
    fired = {span.rule for span in merged}
    order = dict.fromkeys(span.rule for span in spans if span.rule in fired)
    return Scan(without(data, merged), tuple(order))


def redact(value: _T, *, known: Mapping[str, bytes] | None = None) -> tuple[_T, tuple[str, ...]]:
    """Return text or bytes with every secret replaced, and the rules that fired."""
    if isinstance(value, bytes):
        found = scan(value, known=known)
        return found.data, found.rules
    try:
        data = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a pair, from somebody's JSON: it is no byte of a name
        data = value.encode("utf-8", "replace")
    found = scan(data, known=known)
    return found.data.decode("utf-8", "surrogateescape"), found.rules


def find(
    data: bytes, *, known: Mapping[str, bytes] | None = None, code: bool = False
) -> list[Span]:
    """Return where secrets stand, the surest first; spans may overlap."""
    if _ESCAPE not in data:
        return _find(data, known, code=code)
    stripped = _SEQUENCE().sub(b"", data)
    if _LINK not in data and not _may_hold(stripped, known, code=code):
        return []  # then what the colours divide holds nothing either
    blank = _COLOUR().sub(lambda match: b" " * len(match.group()), data)
    spans = _find(blank, known, code=code)
    points, shifts, removed = [-1], [0], 0
    for match in _SEQUENCE().finditer(data):
        points.append(match.start() - removed)
        removed += match.end() - match.start()
        shifts.append(removed)
    for span in _find(stripped, known, code=code):
        begin = span.begin + shifts[bisect_right(points, span.begin) - 1]
        last = span.end - 1
        spans.append(
            span._replace(begin=begin, end=last + shifts[bisect_right(points, last) - 1] + 1)
        )
    return spans


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order of place; of those that overlap one, under the surest's name."""
    merged: list[tuple[int, Span]] = []
    for order, span in sorted(enumerate(spans), key=lambda pair: (pair[1].begin, pair[0])):
        if merged and span.begin < merged[-1][1].end:
            first, last = merged[-1]
            surest = last if first < order else span
            end = max(last.end, span.end)
            merged[-1] = (min(first, order), surest._replace(begin=last.begin, end=end))
        else:
            merged.append((order, span))
    return [span for _, span in merged]


def without(data: bytes, merged: Iterable[Span]) -> bytes:
    """Replace spans that are in order and apart."""
    parts = []
    done = 0
    for span in merged:
        parts += [data[done : span.begin], b"redacted:", span.rule.encode()]
        done = span.end
    return b"".join([*parts, data[done:]])


def _find(data: bytes, known: Mapping[str, bytes] | None, *, code: bool) -> list[Span]:
    spans: list[Span] = []
    for name, value in (known or {}).items():
        if value in data:
            spans += _places(name, value, data)
    lowered = data.lower()
    for rule in _candidates(data, lowered, code=code):
        spans += _matches(rule, data, lowered)
    return spans


def _may_hold(data: bytes, known: Mapping[str, bytes] | None, *, code: bool) -> bool:
    if any(value in data for value in (known or {}).values()):
        return True
    return any(True for _ in _candidates(data, data.lower(), code=code))


def _candidates(data: bytes, lowered: bytes, *, code: bool) -> Iterator[Rule]:
    """Yield the rules that may find something: one of their literals is there."""
    runs = b"a" * RUN_BYTES in data.translate(_RUNS)
    there: dict[bytes, bool] = {}
    for rule in RULES:
        if (code and not rule.certain) or not (runs or rule.short):
            continue
        for literal in rule.literals:
            if literal not in there:
                there[literal] = literal in lowered
            if there[literal]:
                yield rule
                break


def _places(name: str, value: bytes, data: bytes) -> Iterable[Span]:
    """Yield where a known value stands: a short one only where it is no part of a word."""
    at = data.find(value)
    while at >= 0:
        end = at + len(value)
        glued = len(value) < ANYWHERE_BYTES_MIN and (
            (at > 0 and data[at - 1] in _GLUED and value[0] in _GLUED)
            or (end < len(data) and data[end] in _GLUED and value[-1] in _GLUED)
        )
        if not glued:
            yield Span(at, end, name)
        at = data.find(value, end if not glued else at + 1)


def _matches(rule: Rule, data: bytes, lowered: bytes) -> Iterable[Span]:
    """Yield what a rule finds, where one of its literals stands and to the end of that line."""
    pattern = rule.pattern
    group = 1 if pattern.groups else 0
    done = 0
    for at in _starts(rule, lowered):
        if at < done:
            continue
        end = len(data) if rule.name == "private-key" else lowered.find(b"\n", at)
        match = pattern.match(data, at, len(data) if end < 0 else end)
        if match is None:
            continue
        done = match.end()
        value = match.group(group)
        if value.startswith(b"redacted:") or (rule.mixed and not is_mixed(value)):
            continue
        yield Span(*match.span(group), rule.name)


def _starts(rule: Rule, lowered: bytes) -> list[int]:
    starts: set[int] = set()
    for literal in rule.literals:
        at = lowered.find(literal)
        while at >= 0:
            starts.add(at)
            at = lowered.find(literal, at + 1)
    return sorted(starts)
