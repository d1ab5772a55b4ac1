"""JSON and JSON lines: the values; key order and layout aside, numbers by their digits.

A key that names a measured time (`fit_time`), and a value that is a moment of the run itself,
are shown and not judged. Repeated keys, hostile nesting and other oddities are left to the text
comparison.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.limits import JSON_DEPTH_MAX
from afield.replay.text import clip, close_number, same_number
from afield.replay.timing import is_duration_name
from afield.replay.verdict import Grade, Judged

NAME = "json"


_SAME = True


class _Odd(ValueError):
    """JSON that values cannot stand for."""


@dataclass(frozen=True, slots=True)
class _Number:
    token: str


@dataclass(slots=True)
class _Walk:
    look: Look
    times: list[str] = field(default_factory=list)
    near: str | None = None
    near_count: int = 0
    judged: int = 0


def compare_json(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two documents by value."""
    return _compare(look, NAME, lambda: iter([(_load(old), _load(new), "")]))


def compare_lines(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two files of one document per line."""
    left, right = old.splitlines(), new.splitlines()
    if len(left) != len(right):
        return Judged(Grade.DIVERGED, "json lines", f"{len(left)} vs {len(right)} lines")

    def pairs() -> Iterator[tuple[Any, Any, str]]:
        for number, (one, other) in enumerate(zip(left, right, strict=True), start=1):
            if one != other:
                yield _load(one), _load(other), f"line {number} "
            elif one.strip():
                yield _SAME, _SAME, ""

    return _compare(look, "json lines", pairs)


def _compare(look: Look, name: str, pairs: Any) -> Judged | None:
    walk = _Walk(look)
    try:
        for one, other, where in pairs():
            found = _difference(one, other, where, walk, 0)
            if found is not None:
                return Judged(Grade.DIVERGED, name, clip(found))
    except (ValueError, RecursionError):
        return None
    hollow = bool(walk.times) and not walk.judged
    told = f"times not judged: {', '.join(walk.times[:3])}" if walk.times else None
    unjudged = (told,) if told else ()
    if walk.near is None:
        return Judged(Grade.CONTENT, name, told, unjudged, hollow)
    more = f" (and {walk.near_count - 1} more)" if walk.near_count > 1 else ""
    return Judged(Grade.TOLERANCE, name, clip(walk.near + more), unjudged, hollow)


def _load(data: bytes) -> Any:
    return json.loads(
        data.decode("utf-8"),
        parse_float=_Number,
        parse_int=_Number,
        parse_constant=_Number,
        object_pairs_hook=_unique,
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Odd("repeated key")
    return found


def _difference(old: Any, new: Any, where: str, walk: _Walk, depth: int) -> str | None:
    if depth > JSON_DEPTH_MAX:
        raise _Odd("nested too deep")
    if isinstance(old, dict) and isinstance(new, dict):
        return _objects_differ(old, new, where, walk, depth)
    if isinstance(old, list) and isinstance(new, list):
        return _lists_differ(old, new, where, walk, depth)
    if isinstance(old, _Number) and isinstance(new, _Number):
        return _numbers_differ(old.token, new.token, where, walk)
    if type(old) is type(new) and old == new:
        walk.judged += 1
        return None
    if isinstance(old, str) and isinstance(new, str) and _stamps_alike(old, new, walk):
        walk.times.append(where.strip(" .") or "value")
        return None
    return f"{_label(where)}{_shown(old)} vs {_shown(new)}"


def _objects_differ(
    old: dict[str, Any], new: dict[str, Any], where: str, walk: _Walk, depth: int
) -> str | None:
    for key in old:
        if key not in new:
            return f"{_label(where)}key `{key}` is missing in the reproduction"
    for key in new:
        if key not in old:
            return f"{_label(where)}key `{key}` is only in the reproduction"
    for key, value in old.items():
        other = new[key]
        place = f"{where}.{key}" if where and not where.endswith(" ") else f"{where}{key}"
        if is_duration_name(key) and _positive(value) and _positive(other):
            if value != other:
                walk.times.append(place)
            continue
        found = _difference(value, other, place, walk, depth + 1)
        if found is not None:
            return found
    return None


def _lists_differ(
    old: list[Any], new: list[Any], where: str, walk: _Walk, depth: int
) -> str | None:
    if len(old) != len(new):
        return f"{_label(where)}{len(old)} vs {len(new)} items"
    for index, (one, other) in enumerate(zip(old, new, strict=True)):
        found = _difference(one, other, f"{where}[{index}]", walk, depth + 1)
        if found is not None:
            return found
    return None


def _numbers_differ(old: str, new: str, where: str, walk: _Walk) -> str | None:
    if same_number(old, new):
        walk.judged += 1
        return None
    if walk.look.old.is_moment(float(old)) and walk.look.new.is_moment(float(new)):
        walk.times.append(where or "value")
        return None
    told = f"{_label(where)}{old} vs {new}"
    if not close_number(old, new, walk.look.tolerance):
        return told
    walk.near = walk.near or told
    walk.near_count += 1
    walk.judged += 1
    return None


def _stamps_alike(old: str, new: str, walk: _Walk) -> bool:
    """Tell whether two texts differ only in a moment of their runs."""
    left, right = walk.look.old.stamped(old), walk.look.new.stamped(new)
    return left is not None and left == right


def _positive(value: Any) -> bool:
    return isinstance(value, _Number) and float(value.token) >= 0


def _label(where: str) -> str:
    return f"{where.strip()}: " if where.strip() else ""


def _shown(value: Any) -> str:
    if isinstance(value, _Number):
        return value.token
    if isinstance(value, dict | list):
        return "{…}" if isinstance(value, dict) else "[…]"
    return clip(json.dumps(value, ensure_ascii=False), 60)


JSON = Canonicaliser(NAME, compare_json, suffixes=(".json", ".geojson"))
JSON_LINES = Canonicaliser("json lines", compare_lines, suffixes=(".jsonl", ".ndjson"))
