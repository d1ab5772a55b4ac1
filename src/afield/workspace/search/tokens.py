"""How documents and questions are put into words of SQLite's full-text search (FTS5).

Words are what `porter unicode61` makes of them. Parts of names are found by their grams, every
three letters of them as a word of its own (a phrase of grams is a substring), and filters by
words that nobody writes. So one question is one expression, which any SQLite with FTS5 takes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from afield.kernel.digest import digest
from afield.workspace.search.limits import NAMES_CHARS_MAX
from afield.workspace.search.question import Question, Term
from afield.workspace.search.sources import SORTS

TOKENIZER = "porter unicode61 remove_diacritics 2"
GRAM = 3
_BREAK = "0"
_FACET_CHARS = 16
_WORD = re.compile(r"[^\W_]")
_READ = "{title text names}"
Visible = Mapping[str, Sequence[str] | None]
"""By sort: the projects whose documents somebody may find; None: all of them."""


def grams(names: str) -> str:
    """Return the grams of names, which are set apart by spaces."""
    found: list[str] = []
    for name in dict.fromkeys(names[:NAMES_CHARS_MAX].casefold().split()):
        found += [*_grams_of(name), _BREAK]
    return " ".join(found)


def facets(sort: str, project: str | None, author: str | None) -> str:
    """Return the words by which documents of a sort, a project or a member are found."""
    named = (("p", project), ("b", author))
    return " ".join([_facet("s", sort), *(_facet(sign, each) for sign, each in named if each)])


def expression(question: Question, authors: Iterable[str] | None, visible: Visible) -> str | None:
    """Return what FTS5 is asked; None when nothing can fit.

    Args:
        question: what is looked for.
        authors: the ids of members who may have written it; None: anybody.
        visible: what may be found.
    """
    wanted = [term for term in question.terms if not term.negated]
    asked = [_asked(term, last=index + 1 == len(wanted)) for index, term in enumerate(wanted)]
    asked.append(_filters(question, authors, visible))
    if None in asked:
        return None
    found = " AND ".join(f"({each})" for each in asked if each)
    for term in question.terms:
        if term.negated and _WORD.search(term.text):
            found = f"({found}) NOT ({_READ} : {_quoted(term.text)}{' *' if term.prefix else ''})"
    return found


def anywhere(question: Question) -> str | None:
    """Return what FTS5 is asked for texts that hold any of the words; None when there are none."""
    wanted = [term for term in question.terms if not term.negated]
    ways = [
        f"{_quoted(term.text)}{' *' if _goes_on(term, last=term is wanted[-1]) else ''}"
        for term in wanted
        if _WORD.search(term.text)
    ]
    return " OR ".join(ways) or None


def _goes_on(term: Term, *, last: bool) -> bool:
    """Tell whether a term is the beginning of words; the last one is, as while it is typed."""
    return term.prefix or (last and not term.phrase)


def _asked(term: Term, *, last: bool) -> str | None:
    """Return what is asked for one term."""
    ways = []
    if _WORD.search(term.text):
        ways.append(f"{_READ} : {_quoted(term.text)}{' *' if _goes_on(term, last=last) else ''}")
    if not term.phrase and not term.prefix and len(term.text) >= GRAM:
        ways.append(f"grams : {_quoted(' '.join(_grams_of(term.text.casefold())))}")
    return " OR ".join(ways) or None


def _filters(question: Question, authors: Iterable[str] | None, visible: Visible) -> str | None:
    """Return what sort, project and author have to be; empty: anything; None: nothing can be."""
    narrowed = question.sorts or question.projects or authors is not None
    if not narrowed and any(not term.negated for term in question.terms) and _all(visible):
        return ""
    ways = [
        way
        for sort, projects in visible.items()
        if not question.sorts or sort in question.sorts
        if (way := _of_sort(sort, projects, question.projects))
    ]
    if not ways:
        return None
    found = f"facets : ({' OR '.join(ways)})"
    if authors is not None:
        found = f"({found}) AND (facets : ({' OR '.join(_facet('b', one) for one in authors)}))"
    return found


def _all(visible: Visible) -> bool:
    return set(visible) == set(SORTS) and all(projects is None for projects in visible.values())


def _of_sort(sort: str, projects: Sequence[str] | None, wanted: Collection[str]) -> str | None:
    """Return what is asked of documents of a sort; None when none may be found."""
    if projects is None and not wanted:
        return _facet("s", sort)
    allowed = set(wanted) if projects is None else set(projects)
    if wanted:
        allowed &= set(wanted)
    if not allowed:
        return None
    named = " OR ".join(_facet("p", one) for one in sorted(allowed))
    return f"({_facet('s', sort)} AND ({named}))"


def _grams_of(name: str) -> list[str]:
    return [_gram(name[start : start + GRAM]) for start in range(len(name) - GRAM + 1)]


def _gram(three: str) -> str:
    """Return three letters as one word; what ends with `x` is stemmed by nobody."""
    if three.isascii() and three.isalnum():
        return f"{three}x"
    return f"u{three.encode('utf-8', 'surrogatepass').hex()}x"


def _facet(sign: str, value: str) -> str:
    return f"z{sign}{digest(value.encode('utf-8', 'replace'))[:_FACET_CHARS]}x"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
