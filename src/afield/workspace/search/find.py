"""Answering a question: what fits is ranked, and shown with the words that were found.

Ranked by BM25 (Robertson and Zaragoza, 2009, as FTS5 has it) with a title counting most, times
how new it is. Of very many documents that fit, the newest are ranked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from afield.kernel.clock import Clock
from afield.members.query import members
from afield.workspace.errors import SearchRefused
from afield.workspace.search.index import Index, asked
from afield.workspace.search.limits import EXCERPT_OF_CHARS, EXCERPT_WORDS, RANKED_MAX
from afield.workspace.search.question import Question, parse
from afield.workspace.search.sources import SORTS
from afield.workspace.search.tokens import TOKENIZER, Visible, anywhere, expression
from afield.workspace.search.update import first_row, time_of
from afield.workspace.workspace import Workspace

EVERYTHING: Visible = dict.fromkeys(SORTS)
HALF_NEW_MS = 90 * 86_400_000
"""After so long a document counts half as much more for being new."""

_WEIGHTS = "8.0, 1.0, 3.0, 2.0, 0.0"
_NEW = 0.5
_BEGIN, _END, _CUT = "\x02", "\x03", "\x04"
_SIGN = re.compile("([\x02-\x04])")
_RANKED = (
    f"SELECT rowid, bm25(words, {_WEIGHTS}) FROM words WHERE words MATCH ? AND rowid >= ?"  # noqa: S608 - literals
    " ORDER BY rowid DESC LIMIT ?"
)
_NEWEST = "SELECT rowid FROM words WHERE words MATCH ? AND rowid >= ? ORDER BY rowid DESC LIMIT ?"
_SHOWN = (
    "SELECT sort, id, label, project, author, detail, at_ms, substr(text, 1, ?) FROM docs"
    " WHERE rowid = ?"
)
_SNIPPET = (
    f"SELECT rowid, snippet(shown, 0, '{_BEGIN}', '{_END}', '{_CUT}', {EXCERPT_WORDS})"  # noqa: S608 - literals
    " FROM shown WHERE shown MATCH ?"
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a document's words; `marks` are where words that were looked for begin and end."""

    text: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A document that fits; see `projection.documents.Document` for the fields.

    Attributes:
        score: the larger the better; comparable within one answer only.
        excerpt: None when what was looked for is in the label or the names alone.
    """

    sort: str
    id: str
    label: str
    project: str | None
    author: str | None
    detail: str | None
    at_ms: int
    score: float
    excerpt: Excerpt | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What fits, best first; `complete`: whether all that fits was ranked."""

    found: tuple[Found, ...]
    complete: bool


def search(
    workspace: Workspace,
    text: str,
    *,
    limit: int,
    sorts: Iterable[str] = (),
    visible: Visible = EVERYTHING,
) -> Answer:
    """Return what fits, best first.

    Args:
        workspace: with its tables up to date.
        text: words; see `question`.
        limit: how many at most.
        sorts: which alone are looked for, besides what the words say.
        visible: what may be found, by sort.

    Raises:
        SearchRefused: the words mean nothing.
        SearchUnavailable: SQLite here cannot search.
        Busy: another process makes the index, for very long.
    """
    question = _parsed(workspace, text)
    if question.empty:
        return Answer((), complete=True)
    some = {sort: visible[sort] for sort in sorts or SORTS if sort in visible}

    def work(index: Index) -> Answer:
        ranked = _rank(workspace, index, question, some)
        return Answer(tuple(_show(index, question, ranked.rows[:limit])), ranked.complete)

    return asked(workspace, work)


def search_each(
    workspace: Workspace,
    text: str,
    *,
    limit: int,
    visible: Visible = EVERYTHING,
) -> list[Found]:
    """Return what fits, at most `limit` of each sort, sort by sort; else as `search`."""
    question = _parsed(workspace, text)
    if question.empty:
        return []

    def work(index: Index) -> list[Found]:
        by_sort: dict[str, list[tuple[int, float]]] = {}
        wanted = dict(visible)
        while wanted:  # the newest that were ranked may all be of one sort
            ranked = _rank(workspace, index, question, wanted)
            some = _sorted_out(index, ranked)
            full = {sort for sort, rows in some.items() if len(rows) >= limit}
            done = set(wanted) if ranked.complete or not full else full
            by_sort |= {sort: some[sort][:limit] for sort in done if sort in some}
            wanted = {sort: each for sort, each in wanted.items() if sort not in done}
        return list(
            _show(index, question, [row for sort in SORTS for row in by_sort.get(sort, ())])
        )

    return asked(workspace, work)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Rows of documents with their scores, best first."""

    rows: Sequence[tuple[int, float]] = ()
    complete: bool = True


def _parsed(workspace: Workspace, text: str) -> Question:
    clock = workspace.record.clock
    return parse(text, sorts=SORTS, now_ms=_now_ms(clock), utc_offset=clock.utc_offset())


def _now_ms(clock: Clock) -> int:
    return clock.wall_ns() // 1_000_000


def _rank(workspace: Workspace, index: Index, question: Question, visible: Visible) -> _Ranked:
    words = expression(question, _authors(workspace, question), visible)
    if words is None:
        return _Ranked()
    least = 0 if question.since_ms is None else first_row(question.since_ms)
    args = (words, least, RANKED_MAX + 1)
    if not any(not term.negated for term in question.terms):
        rows = [(row, 0.0) for (row,) in index.ask(_NEWEST, args)]
    else:
        now_ms = _now_ms(workspace.record.clock)
        rows = [
            (row, -score * (1 + _NEW * 0.5 ** (max(now_ms - time_of(row), 0) / HALF_NEW_MS)))
            for row, score in index.ask(_RANKED, args)
        ]
    best = sorted(rows[:RANKED_MAX], key=lambda one: (-one[1], -one[0]))
    return _Ranked(best, complete=len(rows) <= RANKED_MAX)


def _sorted_out(index: Index, ranked: _Ranked) -> dict[str, list[tuple[int, float]]]:
    """Return the rows by sort."""
    found: dict[str, list[tuple[int, float]]] = {}
    for row, score in ranked.rows:
        for (sort,) in index.ask("SELECT sort FROM docs WHERE rowid = ?", (row,)):
            found.setdefault(sort, []).append((row, score))
    return found


def _authors(workspace: Workspace, question: Question) -> set[str] | None:
    """Return the members who are meant by `by:`; None when nobody is.

    Raises:
        SearchRefused: nobody is called so.
    """
    if not question.authors:
        return None
    known = {one.id: workspace.name_of(one.id) for one in members(workspace.projection)}
    found: set[str] = set()
    for wanted in question.authors:
        said = wanted.casefold()
        fitting = {id_ for id_, name in known.items() if id_ == wanted or said in name.casefold()}
        if not fitting:
            raise SearchRefused("nobody is called so", wanted, hint="afield member list")
        found |= fitting
    return found


def _show(index: Index, question: Question, rows: Sequence[tuple[int, float]]) -> Iterator[Found]:
    told = [
        (row, score, shown)
        for row, score in rows
        for shown in index.ask(_SHOWN, (EXCERPT_OF_CHARS, row))  # none, if it is gone by now
    ]
    excerpts = _excerpts(index, question, [(row, shown[-1]) for row, _, shown in told])
    for row, score, (sort, id_, label, project, author, detail, at_ms, _) in told:
        yield Found(*(sort, id_, label, project, author, detail, at_ms, score), excerpts.get(row))


def _excerpts(
    index: Index, question: Question, texts: Sequence[tuple[int, str]]
) -> dict[int, Excerpt]:
    """Return by row a piece of its text, found in an index of these few texts alone."""
    words = anywhere(question)
    if words is None:
        return {}
    index.ask(f"CREATE VIRTUAL TABLE temp.shown USING fts5(text, tokenize='{TOKENIZER}')")
    try:
        for row in texts:
            index.ask("INSERT INTO temp.shown (rowid, text) VALUES (?, ?)", row)
        return {row: _excerpt(snippet) for row, snippet in index.ask(_SNIPPET, (words,))}
    finally:
        index.ask("DROP TABLE temp.shown")


def _excerpt(snippet: str) -> Excerpt:
    """Return a piece of text with what was found in it, by the signs around that."""
    text, marks, begun = "", [], 0
    for piece in _SIGN.split(snippet):
        if piece == _BEGIN:
            begun = len(text)
        elif piece == _END:
            marks.append((begun, len(text)))
        else:
            text += "…" if piece == _CUT else piece
    return Excerpt(text, tuple(marks))
