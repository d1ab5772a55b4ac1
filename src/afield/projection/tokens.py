"""Words, quoted texts and signs of the query language, each with its place.

One regular expression without nested repetition: linear in the text.
"""

from __future__ import annotations

import math
import re
from typing import Literal, NamedTuple

from afield.projection.errors import QuerySyntax
from afield.projection.limits import QUERY_CHARS_MAX

TokenKind = Literal["word", "text", "name", "sign", "end"]

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>"[^"]*(?:""[^"]*)*"|'[^']*(?:''[^']*)*')
    |(?P<name>`[^`]*(?:``[^`]*)*`)
    |(?P<word>[+-]?[\w.][\w./:+-]*)
    |(?P<sign><=|>=|!=|<>|==|[=<>(),])""",
    re.VERBOSE,
)
_NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf|infinity|nan)", re.IGNORECASE
)
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


class Token(NamedTuple):
    """A piece of a query. `value` is without quotes; `word` is it in lower case, if a word."""

    kind: TokenKind
    value: str
    offset: int
    end: int

    @property
    def word(self) -> str:
        """The word in lower case; empty for what is no word."""
        return self.value.lower() if self.kind == "word" else ""


def tokens(text: str) -> list[Token]:
    """Cut a query into tokens; the last one is the end.

    Raises:
        QuerySyntax: too long, a quote without its end, or a sign of no meaning.
    """
    if len(text) > QUERY_CHARS_MAX:
        why = f"{len(text)} characters, more than {QUERY_CHARS_MAX}"
        raise QuerySyntax(why, text=text, offset=QUERY_CHARS_MAX)
    found: list[Token] = []
    at = 0
    while at < len(text):
        piece = _TOKEN.match(text, at)
        if piece is None:
            raise _strange(text, at)
        value, end = piece[0], piece.end()
        match piece.lastgroup:
            case "text" | "name" as kind:
                value = value[1:-1].replace(value[0] * 2, value[0])
                _check_storable(value, text, at)
                found.append(Token(kind, value, at, end))
            case "word" | "sign" as kind:
                found.append(Token(kind, value, at, end))
        at = end
    found.append(Token("end", "", len(text), len(text)))
    return found


def number_of(word: str) -> float | None:
    """Return the number that a word is written as, or None; integers stay integers."""
    if not _NUMBER.fullmatch(word):
        return None
    return int(word) if _INTEGER.fullmatch(word) else float(word)


def is_nan(number: float | None) -> bool:
    """Tell whether a literal is `nan`."""
    return number is not None and math.isnan(number)


def _strange(text: str, at: int) -> QuerySyntax:
    if text[at] in "\"'`":
        return QuerySyntax(f"the quote {text[at]} has no end", text=text, offset=at)
    hint = "names with odd characters stand in backticks: metrics.`my metric`"
    return QuerySyntax(f"{text[at]!r} has no meaning here", text=text, offset=at, hint=hint)


def _check_storable(value: str, text: str, at: int) -> None:
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise QuerySyntax("a character that no record can hold", text=text, offset=at)
