"""Regular expressions of RE2 as PostgreSQL's own engine reads them, with the same meaning.

What that engine would read otherwise is written out (`.` fits no line's end, a digit is
one of ASCII), and what it has no words for is refused. Nothing here matches anything.
"""

from __future__ import annotations

from typing import NoReturn

from afield.kernel.late import late
from afield.projection.errors import PatternRefused

REPEATS_MAX = 255
"""More times than this PostgreSQL repeats nothing."""

_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}
_PLACES = {"b": r"\y", "B": r"\Y", "A": r"\A", "z": r"\Z"}
_SIGNS = frozenset("tnrfva")
_GROUP = late(r"\?(?::|P?<\w+>)")
_NAMED = late(r"\[:\^?\w+:\]")
_REPEAT = late(r"\{(\d+)(?:,(\d*))?\}")
_TIMES = frozenset("*+?")
_NOTHING = frozenset(("", "(", "|", "^", "$"))


def as_postgres(pattern: str) -> str:
    """Return a pattern that RE2 takes as one that means the same to PostgreSQL.

    Raises:
        PatternRefused: PostgreSQL has no words for it.
    """
    found: list[str] = []
    at, last = 0, ""
    if pattern.startswith("(?i)"):
        found.append("(?i)")
        at = len("(?i)")
    while at < len(pattern):
        sign = pattern[at]
        if sign in _TIMES or _REPEAT().match(pattern, at):
            if last in _NOTHING or last in _PLACES.values():
                _refuse(pattern, "it repeats what is no text")
            end = _repeated(pattern, at)
            part = pattern[at:end]
        elif sign == "\\":
            end, part = at + 2, _escaped(pattern, at)
        elif sign == "[":
            end, part = _bracket(pattern, at)
        elif pattern.startswith("(?", at):
            group = _GROUP().match(pattern, at + 1)
            if group is None:
                _refuse(pattern, "`(?` with flags stands at its beginning only, and is `(?i)`")
            end, part = group.end(), "(?:"
        else:
            end, part = at + 1, {".": r"[^\n]", "{": r"\{"}.get(sign, sign)
        found.append(part)
        last = "(" if part == "(?:" else part
        at = end
    return "".join(found)


def _repeated(pattern: str, at: int) -> int:
    """Return where a repetition ends."""
    repeat = _REPEAT().match(pattern, at)
    end = at + 1 if repeat is None else repeat.end()
    if repeat is not None and max(int(n or 0) for n in repeat.groups()) > REPEATS_MAX:
        _refuse(pattern, f"it repeats more than {REPEATS_MAX} times")
    end += pattern.startswith("?", end)
    if end < len(pattern) and (pattern[end] in _TIMES or _REPEAT().match(pattern, end)):
        _refuse(pattern, "it repeats a repetition")
    return end


def _escaped(pattern: str, at: int) -> str:
    sign = pattern[at + 1]
    if sign.lower() in _CLASSES:
        return f"[{'^' if sign.isupper() else ''}{_CLASSES[sign.lower()]}]"
    if sign in _PLACES:
        return _PLACES[sign]
    if sign not in _SIGNS and (sign.isalnum() or sign == "_"):
        _refuse(pattern, f"PostgreSQL has no `\\{sign}`")
    return f"\\{sign}"


def _bracket(pattern: str, start: int) -> tuple[int, str]:
    """Return where a bracket ends, and how it is written."""
    at, found = start + 1, ["["]
    if pattern.startswith("^", at):
        at, found = at + 1, ["[^"]
    first = at
    while pattern[at] != "]" or at == first:
        sign = pattern[at]
        named = _NAMED().match(pattern, at) if sign == "[" else None
        if named is not None:
            if "^" in named[0]:
                _refuse(pattern, f"PostgreSQL has no `{named[0]}`")
            at, sign = named.end(), named[0]
        elif sign == "\\":
            sign = pattern[at + 1]
            if sign in _CLASSES:
                sign = _CLASSES[sign]
            elif sign in _SIGNS or not (sign.isalnum() or sign == "_"):
                sign = f"\\{sign}"
            else:
                _refuse(pattern, f"PostgreSQL has no `\\{sign}` in brackets")
            at += 2
        else:
            at, sign = at + 1, f"\\{sign}" if sign in "[]" else sign
        found.append(sign)
    return at + 1, "".join([*found, "]"])


def _refuse(pattern: str, why: str) -> NoReturn:
    raise PatternRefused("the pattern is refused", pattern[:200], why)
