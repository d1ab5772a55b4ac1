"""What somebody looks for: words, "phrases", -not, prefix*, `sort:run by:ada project:x since:7d`.

Pure. Every word has to be there; nothing here knows how they are found.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from afield.projection.times import duration_s, moment_ms
from afield.workspace.errors import SearchRefused
from afield.workspace.search.limits import QUESTION_CHARS_MAX, TERM_CHARS_MAX, TERMS_MAX

FILTERS = ("sort", "by", "project", "since")
_PIECE = re.compile(
    r'\s*(?P<no>-(?=[^\s-]))?(?:(?P<filter>sort|by|project|since):)?(?:"(?P<phrase>[^"]*)"|(?P<word>\S+))'
)
_UNPRINTED = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_HINT = 'afield search plateau "learning rate" -draft train* sort:note by:ada since:2026-11-01'


@dataclass(frozen=True, slots=True)
class Term:
    """Words that have to be there, or, `negated`, must not be.

    Attributes:
        text: one word, or several of a phrase.
        phrase: they stand next to each other as written.
        prefix: it is the beginning of a word.
    """

    text: str
    phrase: bool = False
    prefix: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for; filters that are empty or None let everything through."""

    terms: tuple[Term, ...] = ()
    sorts: frozenset[str] = frozenset()
    authors: tuple[str, ...] = ()
    projects: frozenset[str] = frozenset()
    since_ms: int | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is asked."""
        return self == Question()


def parse(
    text: str, *, sorts: Collection[str], now_ms: int, utc_offset: str = "+00:00"
) -> Question:
    """Return what words mean.

    Args:
        text: as somebody typed it.
        sorts: those that there are.
        now_ms: the time, in Unix milliseconds.
        utc_offset: of who asks, for dates.

    Raises:
        SearchRefused: they mean nothing; the message says which part.
    """
    if len(text) > QUESTION_CHARS_MAX:
        why = f"at most {QUESTION_CHARS_MAX} characters"
        raise SearchRefused("cannot look for so much", f"{text[:40]}…", why, hint=_HINT)
    text = _UNPRINTED.sub(" ", text)
    if text.count('"') % 2:
        raise SearchRefused("cannot look for", text, 'a quote `"` is not closed', hint=_HINT)
    terms: list[Term] = []
    filters: dict[str, list[str]] = {name: [] for name in FILTERS}
    for match in _PIECE.finditer(text):
        no, name, phrase, word = match.group("no", "filter", "phrase", "word")
        value = phrase if phrase is not None else word
        if name:
            filters[name].append(_filter(name, value, negated=bool(no)))
        elif value.strip("*"):
            terms.append(_term(value, phrase=phrase is not None, negated=bool(no)))
    if len(terms) > TERMS_MAX:
        why = f"at most {TERMS_MAX} words"
        raise SearchRefused("cannot look for so much", f"{text[:40]}…", why, hint=_HINT)
    found = Question(
        terms=tuple(terms),
        sorts=frozenset(_sort(one, sorts) for one in filters["sort"]),
        authors=tuple(filters["by"]),
        projects=frozenset(filters["project"]),
        since_ms=_since(filters["since"], now_ms, utc_offset),
    )
    if found.terms and all(term.negated for term in found.terms) and not _filtered(found):
        why = "words that must not be there alone find nothing"
        raise SearchRefused("cannot look for", text, why, hint=_HINT)
    return found


def _filtered(found: Question) -> bool:
    return bool(found.sorts or found.authors or found.projects or found.since_ms is not None)


def _term(value: str, *, phrase: bool, negated: bool) -> Term:
    prefix = not phrase and value.endswith("*")
    text = value[:TERM_CHARS_MAX]
    return Term(text.rstrip("*") if prefix else text, phrase, prefix, negated)


def _filter(name: str, value: str, *, negated: bool) -> str:
    if negated:
        raise SearchRefused("cannot look for", f"-{name}:{value}", "a filter cannot be negated")
    if not value:
        raise SearchRefused("cannot look for", f"{name}:", "nothing stands behind it", hint=_HINT)
    return value


def _sort(value: str, sorts: Collection[str]) -> str:
    if value not in sorts:
        raise SearchRefused("no such sort", value, f"one of {', '.join(sorts)}", hint=_HINT)
    return value


def _since(values: list[str], now_ms: int, utc_offset: str) -> int | None:
    found = []
    for value in values:
        moment = moment_ms(value, now_ms=now_ms, utc_offset=utc_offset)
        lasted_s = duration_s(value)
        if moment is None and lasted_s is None:
            why = "a date as `2026-11-01`, a time, or `7d`"
            raise SearchRefused("not a moment", value, why, hint="since:2026-11-01")
        found.append(moment[0] if moment else now_ms - round((lasted_s or 0) * 1000))
    return max(found, default=None)
