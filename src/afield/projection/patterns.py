"""Patterns matched in Python, in time of text times pattern at worst: LIKE, regular expressions.

`%` stands for any text, `_` for one character. SQLite calls this for ILIKE with letters
outside ASCII, which its own LIKE does not fold.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from afield.projection.errors import PatternRefused
from afield.projection.limits import REGEX_BYTES_MAX, REGEX_CHARS_MAX, REGEXES_KEPT


def matches(pattern: str, text: str) -> bool:
    """Tell whether the whole text fits the pattern; greedy with one step back, no recursion."""
    at = in_pattern = 0
    star = -1
    resume = 0
    while at < len(text):
        wanted = pattern[in_pattern] if in_pattern < len(pattern) else ""
        if wanted == "%":
            star, resume = in_pattern, at
            in_pattern += 1
        elif wanted and wanted in ("_", text[at]):
            in_pattern += 1
            at += 1
        elif star >= 0:
            resume += 1
            in_pattern, at = star + 1, resume
        else:
            return False
    return all(char == "%" for char in pattern[in_pattern:])


def matches_folded(pattern: str, text: object) -> bool | None:
    """Match without minding case; None (SQL NULL) for what is no text."""
    return matches(pattern.casefold(), text.casefold()) if isinstance(text, str) else None


@lru_cache(maxsize=REGEXES_KEPT)
def compiled(pattern: str) -> Any:
    """Return a regular expression that is matched without backtracking, in bounded memory.

    What RE2 knows: no references back and no looking around, whose time has no bound.

    Raises:
        PatternRefused: it is none, or too large.
    """
    import re2

    if len(pattern) > REGEX_CHARS_MAX:
        why = f"it has more than {REGEX_CHARS_MAX:,} characters"
        raise PatternRefused("the pattern is refused", pattern[:100], why)
    options = re2.Options()
    options.max_mem = REGEX_BYTES_MAX
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError) as error:
        told = error.args[0] if error.args else error
        why = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        raise PatternRefused("the pattern is refused", pattern[:200], why) from None


def finds(pattern: str, text: object) -> bool | None:
    """Tell whether a regular expression fits somewhere in a text; None for what is no text."""
    return compiled(pattern).search(text) is not None if isinstance(text, str) else None
