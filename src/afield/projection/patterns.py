"""LIKE patterns matched in Python, in time of text times pattern at worst.

`%` stands for any text, `_` for one character. SQLite calls this for ILIKE with letters
outside ASCII, which its own LIKE does not fold.
"""

from __future__ import annotations


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
