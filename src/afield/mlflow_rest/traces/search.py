"""Finding traces: what the tables know as SQL, and what only spans and documents say in Python.

Terms about spans must hold for one and the same span. A page's token says behind which row of the
tables it ends, so that the next page does not begin anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice

import msgspec

from afield.mlflow_rest import limits
from afield.mlflow_rest.errors import invalid
from afield.mlflow_rest.known import HOME
from afield.mlflow_rest.route import Call
from afield.mlflow_rest.search.compared import compared
from afield.mlflow_rest.search.grammar import Term
from afield.mlflow_rest.search.pages import start_of, token_for
from afield.mlflow_rest.traces import grammar
from afield.mlflow_rest.traces.assessments import SESSION, value_of
from afield.mlflow_rest.traces.grammar import parse, parse_order
from afield.mlflow_rest.traces.infos import document_of
from afield.mlflow_rest.traces.known import kept_id
from afield.mlflow_rest.traces.limits import SCANNED_AT_ONCE
from afield.mlflow_rest.traces.spanned import fits_term, with_span
from afield.projection.compile import Sql, joined
from afield.traces import query
from afield.traces.query import Trace

_COLUMNS = {
    "request_id": "t.id",
    "experiment_id": query.EXPERIMENT,
    "timestamp_ms": query.REQUEST_MS,
    "execution_time_ms": query.DURATION_MS,
    "end_time_ms": f"({query.REQUEST_MS} + COALESCE({query.DURATION_MS}, 0))",
    "status": query.STATE,
    "client_request_id": "t.client",
}
_PAIRS = {
    grammar.TAG: ("trace_tags", "x.value"),
    grammar.METADATA: ("trace_metadata", query.METADATA_VALUE),
}
_ASSESSED = (grammar.FEEDBACK, grammar.EXPECTATION, grammar.ISSUE)
_Fits = Callable[[Sequence[str]], set[str]]
"""Returns which of some traces fit."""


class TraceSearch:
    """One search, understood; `page` runs it.

    Raises:
        Rest: filter or order cannot be understood.
    """

    def __init__(self, text: str, order_by: Sequence[str], more: Sequence[Term] = ()) -> None:
        if len(order_by) > limits.ORDERS_MAX:
            raise invalid(f"at most {limits.ORDERS_MAX} fields to sort by")
        self._terms = [*parse(text), *more]
        self._orders = [parse_order(each) for each in order_by]
        if len({(kind, key) for kind, key, _ in self._orders}) < len(self._orders):
            raise invalid(f"`order_by` contains duplicate fields: {list(order_by)}")

    def page(
        self, call: Call, within: Sequence[str], *, size: int, token: str | None
    ) -> tuple[list[Trace], str | None]:
        """Return the traces of a page, and the token of the next.

        Raises:
            Rest: the token is not one of ours.
        """
        found = list(islice(self._found(call, within, start_of(token), size + 1), size + 1))
        page = [trace for _, trace in found[:size]]
        return page, token_for(found[size][0]) if len(found) > size else None

    def ids(self, call: Call, within: Sequence[str]) -> set[str]:
        """Return the ids of all traces that fit."""
        return {trace.id for _, trace in self._found(call, within, 0, SCANNED_AT_ONCE)}

    def some(self, call: Call, within: Sequence[str], most: int) -> list[Trace]:
        """Return the traces that fit, so many at most."""
        return [trace for _, trace in islice(self._found(call, within, 0, most), most)]

    def _found(
        self, call: Call, within: Sequence[str], start: int, wanted: int
    ) -> Iterator[tuple[int, Trace]]:
        """Yield the traces that fit from a row on, each with its row."""
        if not within:
            return
        sql = self._sql(call, within)
        fits = self._assessed(call)
        of_spans = [term for term in self._terms if term.kind == grammar.SPAN]
        if of_spans:
            fits.append(partial(with_span, call, of_spans))
        at_once = SCANNED_AT_ONCE if fits else wanted
        while True:
            rows = call.workspace.query(
                f"{sql.text} LIMIT ? OFFSET ?", (*sql.params, at_once, start)
            )
            left = {row[0] for row in rows}
            for fit in fits:
                left = fit([row[0] for row in rows if row[0] in left])
            for place, row in enumerate(rows, start):
                if row[0] in left:
                    yield place, query.of_row(row)
            start += len(rows)
            if len(rows) < at_once:
                return

    def _sql(self, call: Call, within: Sequence[str]) -> Sql:
        conditions = [
            Sql(query.THERE),
            Sql(f"{query.EXPERIMENT} IN ({', '.join('?' * len(within))})", tuple(within)),
            *(
                _condition(call, term)
                for term in self._terms
                if term.kind not in (*_ASSESSED, grammar.SPAN)
            ),
        ]
        if HOME.hidden is not None:
            made = query.REQUEST_MS
            conditions.append(Sql(f"NOT ({made} >= ? AND {made} < ?)", HOME.hidden))
        where, order = joined(conditions, "AND"), self._sorted()
        sql = f"SELECT {query.COLUMNS} FROM traces t WHERE {where.text} ORDER BY {order.text}"
        return Sql(sql, (*where.params, *order.params))

    def _sorted(self) -> Sql:
        parts: list[Sql] = []
        for kind, key, ascending in self._orders:
            if kind == grammar.ATTRIBUTE:
                value = Sql(_COLUMNS[key])
            else:
                table, column = _PAIRS[kind]
                value = Sql(
                    f"(SELECT {column} FROM {table} x WHERE x.trace = t.id AND x.name = ?)", (key,)
                )
            way = "ASC" if ascending else "DESC"
            parts.append(Sql(f"{value.text} {way} NULLS LAST", value.params))
        parts += [Sql(f"{query.REQUEST_MS} DESC"), Sql("t.id")]
        return joined(parts, ",")

    def _assessed(self, call: Call) -> list[_Fits]:
        """Return what the terms about assessments ask of traces."""
        return [_among(call, term) for term in self._terms if term.kind in _ASSESSED]


def _condition(call: Call, term: Term) -> Sql:
    if term.kind == grammar.ATTRIBUTE:
        if term.key == "request_id" and term.sign == "=":
            return Sql("t.id = ?", (kept_id(str(term.value)),))
        return compared(call.workspace, Sql(_COLUMNS[term.key]), term)
    if (term.kind, term.key) == (grammar.TAG, grammar.PROMPTS):
        return _linked("prompt", str(term.value))
    table, column = _PAIRS[term.kind]
    if term.sign == "IS NULL":
        inner = f"SELECT x.trace FROM {table} x WHERE x.name = ? AND {column} IS NOT NULL"
        return Sql(f"t.id NOT IN ({inner})", (term.key,))
    value = compared(call.workspace, Sql(column), term)
    own = Sql(
        f"t.id IN (SELECT x.trace FROM {table} x WHERE x.name = ? AND {value.text})",
        (term.key, *value.params),
    )
    if (term.kind, term.key, term.sign) == (grammar.METADATA, grammar.SOURCE_RUN, "="):
        either = joined([own, _linked("run", str(term.value))], "OR")
        return Sql(f"({either.text})", either.params)
    return own


def _linked(way: str, other: str) -> Sql:
    sql = "t.id IN (SELECT l.trace FROM trace_links l WHERE l.way = ? AND l.other = ?)"
    return Sql(sql, (way, other))


def _among(call: Call, term: Term) -> _Fits:
    """Return which traces somebody found a thing of; those of a whole session among them."""
    ask = call.workspace.query
    name = str(term.value) if term.kind == grammar.ISSUE else term.key
    where = "what = ? AND name = ?"
    some = query.assessments_where(ask, where, (term.kind, name))
    others = query.assessments(ask, [one.trace for one in some])
    over = {trace: query.overridden(found) for trace, found in others.items()}
    found, sessions = set(), set()
    for one in some:
        if one.id in over.get(one.trace, ()):
            continue
        if term.kind == grammar.ISSUE or term.value is None or _found(call, one, term):
            found.add(one.trace)
            if one.in_session:
                sessions.add(one.trace)
    found |= _of_sessions(call, sessions)
    if term.sign == "IS NULL":
        return lambda ids: {trace for trace in ids if trace not in found}
    return lambda ids: {trace for trace in ids if trace in found}


def _found(call: Call, one: query.Assessment, term: Term) -> bool:
    """Tell whether the value of an assessment fits: as it is, or as JSON."""
    if one.value is not None:
        shown = one.value
    else:
        shown = msgspec.json.encode(value_of(document_of(call, one.document))).decode()
    plain = msgspec.json.decode(shown)
    both = {shown, plain} if isinstance(plain, str) else {shown}
    if term.sign == "!=":
        return term.value not in both
    return any(fits_term(each, term) for each in both)


def _of_sessions(call: Call, traces: set[str]) -> set[str]:
    """Return all traces of the sessions that some traces are of."""
    ask = call.workspace.query
    told = query.metadata(ask, sorted(traces))
    found: set[str] = set()
    for session in {each[SESSION] for each in told.values() if SESSION in each}:
        sql = (
            f"SELECT x.trace FROM trace_metadata x WHERE x.name = ? AND {query.METADATA_VALUE} = ?"
        )
        found |= {trace for (trace,) in ask(sql, (SESSION, session))}
    return found
