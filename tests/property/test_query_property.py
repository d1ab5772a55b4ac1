"""The query language against a naive evaluator in Python, over random tables.

Guards: `IS NOT TRUE` for `not` in `compile.py`, `NULLS LAST`, the second step of a search that
sorts by a key/value field, the offset across steps in `search.py`, `pairs.worded(…)` in
`compile.py`: without one of them a test here fails.
"""

from __future__ import annotations

import math
from functools import cmp_to_key

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from afield.journal import Entry
from afield.projection import (
    Attribute,
    Catalog,
    Column,
    Pairs,
    Projection,
    Put,
    Room,
    Table,
)
from afield.projection.errors import QueryError
from afield.projection.language import parse, to_text
from afield.projection.patterns import matches
from afield.projection.search import compile_query, count, search
from afield.projection.syntax import All, Any, Comparison, Field, Not, Order, Query, Value
from afield.testing.clock import ManualClock

CLOCK = ManualClock()
RUNS = Table(
    "runs",
    key=(Column("id", "text"),),
    groups={
        "a": (
            Column("name", "text"),
            Column("code", "integer"),
            Column("started_ms", "integer"),
            Column("ended_ms", "integer"),
        )
    },
    indexes=(("started_ms",),),
)
METRICS = Table(
    "metrics",
    key=(Column("run", "text"), Column("name", "text")),
    groups={"v": (Column("last", "real"),)},
    indexes=(("name", "last"),),
)
PARAMS = Table(
    "params",
    key=(Column("run", "text"), Column("name", "text")),
    groups={"v": (Column("text", "text", long=True), Column("number", "real"))},
    indexes=(("name", "number", "text"),),
)


def is_worded(text):
    return not text[:1].isdigit()


CATALOG = Catalog(
    table="runs",
    key="id",
    attributes={
        "id": Attribute("r.id"),
        "name": Attribute("r.name", indexed=True),
        "code": Attribute("r.code", "number", few="code"),
        "size": Attribute(
            "(CASE WHEN r.code < 1 THEN 'low' WHEN r.code >= 1 THEN 'tall' END)", few="code"
        ),
        "started": Attribute("r.started_ms", "time"),
        "duration": Attribute("((r.ended_ms - r.started_ms) / 1000.0)", "duration"),
    },
    pairs={
        "metrics": Pairs("metrics", "run", "name", number="last"),
        "params": Pairs("params", "run", "name", "text", "number", is_worded),
    },
    order="r.started_ms DESC",
    aliases={"metric": "metrics", "attributes": "attribute"},
)


def fold(entry):
    body = entry.body
    yield Put("runs", (entry.about,), "a", tuple(body["runs"]))
    for name, value in body["metrics"].items():
        yield Put("metrics", (entry.about, name), "v", (value,))
    for name, value in body["params"].items():
        yield Put("params", (entry.about, name), "v", value)


ROOM = Room("r", (RUNS, METRICS, PARAMS), {"r.r": fold})


def projected(rows, projection=None):
    projection = projection or Projection(":memory:", [ROOM])
    projection.apply(
        Entry(
            device="a" * 32, seq=seq, prev="0" * 64, at=seq, tz="", by="a", kind="r.r",
            about=row["id"], body=row,
        )
        for seq, row in enumerate(rows, 1)
    )  # fmt: skip
    return projection


TEXTS = ["", "a", "b", "A", "ab", "0.1", "5"]
NUMBERS = [0, 1, -1, 0.1, 5, 1e300, math.inf, -math.inf, math.nan]
numbers = st.sampled_from(NUMBERS)
param = st.one_of(
    st.sampled_from(TEXTS).map(lambda text: (text, float(text) if text[:1].isdigit() else None)),
    st.sampled_from([0, 1, 0.1, 5]).map(lambda number: (repr(number), float(number))),
    st.just((None, None)),
)
runs = st.lists(
    st.fixed_dictionaries(
        {
            "runs": st.tuples(
                st.one_of(st.none(), st.sampled_from(TEXTS)),
                st.one_of(st.none(), st.integers(-1, 2)),
                st.integers(0, 3).map(lambda day: day * 86_400_000 // 2),
                st.one_of(st.none(), st.integers(10**8, 10**8 + 5)),
            ),
            "metrics": st.dictionaries(st.sampled_from(["x", "y"]), numbers, max_size=2),
            "params": st.dictionaries(st.sampled_from(["x", "y"]), param, max_size=2),
        }
    ),
    max_size=7,
).map(lambda rows: [{**row, "id": f"r{index}"} for index, row in enumerate(rows)])


def number_value(number):
    return Value(repr(number), number)


number_values = numbers.map(number_value)
text_values = st.sampled_from(TEXTS).map(Value)
signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])


def comparisons(field, values, *, like):
    plain = st.builds(Comparison, field, signs, values.map(lambda value: (value,)))
    several = st.builds(
        Comparison,
        field,
        st.sampled_from(["in", "not in"]),
        st.lists(values, min_size=1, max_size=3).map(tuple),
    )
    presence = st.builds(
        Comparison, field, st.sampled_from(["is null", "is not null"]), st.just(())
    )
    found = [plain, several, presence]
    if like:
        pattern = st.text("aAb%_5.", max_size=4).map(lambda text: (Value(text),))
        words = st.sampled_from(["like", "not like", "ilike", "not ilike"])
        found.append(st.builds(Comparison, field, words, pattern))
    return st.one_of(found)


def pair_field(scope):
    return st.sampled_from(["x", "y", "z"]).map(lambda name: Field(scope, name))


days = st.sampled_from(["1970-01-01", "1970-01-01T12:00", "1970-01-02", "1970-01-03"]).map(Value)
comparison = st.one_of(
    comparisons(pair_field("metrics"), number_values, like=False),
    comparisons(pair_field("params"), st.one_of(number_values, text_values), like=True),
    comparisons(st.just(Field("", "name")), text_values, like=True),
    comparisons(st.just(Field("", "code")), number_values, like=False),
    comparisons(st.just(Field("", "size")), st.sampled_from([Value("low")]), like=True),
    comparisons(st.just(Field("", "started")), days, like=False),
    comparisons(st.just(Field("", "duration")), st.just(Value("13h")), like=False),
)
expressions = st.recursive(
    comparison,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda terms: All(tuple(terms))),
        st.lists(inner, min_size=2, max_size=3).map(lambda terms: Any(tuple(terms))),
    ),
    max_leaves=6,
)
fields = st.one_of(
    pair_field("metrics"),
    pair_field("params"),
    st.sampled_from(["name", "code", "size", "started", "duration"]).map(
        lambda name: Field("", name)
    ),
)
queries = st.builds(
    Query,
    st.one_of(st.none(), expressions),
    st.lists(st.builds(Order, fields, st.booleans()), max_size=3).map(tuple),
)


def values_of(row, field):
    """The (number, text) of a field in a row; None for what is missing."""
    if field.scope == "metrics":
        value = row["metrics"].get(field.name)
        return (None if value is None or math.isnan(value) else value), None
    if field.scope == "params":
        text, number = row["params"].get(field.name, (None, None))
        return number, text
    name, code, started, ended = row["runs"]
    duration = None if ended is None else (ended - started) / 1000
    return {
        "name": (None, name), "code": (code, None), "started": (started, None),
        "size": (None, None if code is None else "low" if code < 1 else "tall"),
        "duration": (duration, None),
    }[field.name]  # fmt: skip


DAYS_MS = {"1970-01-01": 0, "1970-01-02": 86_400_000, "1970-01-03": 2 * 86_400_000}


def equals(field, value, number, text):
    if field.name == "started":
        if value.text == "1970-01-01T12:00":
            return number == 43_200_000
        return DAYS_MS[value.text] <= number < DAYS_MS[value.text] + 86_400_000
    if text is None or (field.scope == "params" and value.number is not None):
        return number is not None and number == literal(field, value)
    return text == value.text


def literal(field, value):
    if field.name == "duration":
        return 13 * 3600
    if field.name == "started":
        return DAYS_MS.get(value.text, 43_200_000)
    return value.number


def holds(node, row):  # noqa: C901, PLR0911 - one branch for each kind of comparison
    if isinstance(node, Not):
        return not holds(node.term, row)
    if isinstance(node, All):
        return all(holds(term, row) for term in node.terms)
    if isinstance(node, Any):
        return any(holds(term, row) for term in node.terms)
    field, operator = node.field, node.operator
    number, text = values_of(row, field)
    present = text is not None or number is not None
    if operator == "is null":
        return not present
    if not present or operator == "is not null":
        return present
    if "like" in operator:
        pattern = node.values[0].text
        if operator.endswith("ilike"):
            pattern, text = pattern.lower(), text.lower()
        return matches(pattern, text) != operator.startswith("not")
    if operator in ("=", "!=", "in", "not in"):
        found = any(equals(field, value, number, text) for value in node.values)
        return found == (operator in ("=", "in"))
    wanted = literal(field, node.values[0])
    if text is None or (field.scope == "params" and wanted is not None):
        left, right = number, wanted
    else:
        left, right = text, node.values[0].text
    if left is None:
        return False
    return {
        "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right,
    }[operator]  # fmt: skip


def compare(query):
    """Order rows: fields, numbers before texts before nothing; then newest; then key."""

    def decide(left, right):
        for order in query.order:
            for one, other in zip(
                values_of(left, order.field), values_of(right, order.field), strict=True
            ):
                if one != other:
                    if one is None or other is None:
                        return 1 if one is None else -1
                    return (1 if one > other else -1) * (-1 if order.descending else 1)
        one, other = (
            (-row["runs"][2], [-ord(char) for char in row["id"]]) for row in (left, right)
        )
        return (one > other) - (one < other)

    return cmp_to_key(decide)


thorough = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


@thorough
@given(
    runs, queries, st.integers(0, 4), st.one_of(st.none(), st.integers(0, 5)), st.integers(-1, 3)
)
@example(
    [{"runs": (None, 0, 0, None), "metrics": {}, "params": {}, "id": "r0"}],
    Query(Comparison(Field("", "code"), "in", (number_value(0), number_value(math.nan))), ()),
    0,
    None,
    0,
)
@example(  # a number that was asked for as a text
    [{"runs": (None, 0, 0, None), "metrics": {}, "params": {"x": ("5", 5.0)}, "id": "r0"}],
    Query(Comparison(Field("params", "x"), "=", (Value("5"),)), ()),
    0,
    None,
    0,
)
def test_a_search_finds_what_a_naive_evaluator_finds_in_the_same_order(
    rows, query, offset, limit, narrow_rows
):
    projection = projected(rows)
    check_search(projection, rows, query, offset=offset, limit=limit, narrow_rows=narrow_rows)
    projection.close()


few = settings(thorough, max_examples=60)
CODES = [
    {"runs": (None, code, at, None), "metrics": {}, "params": {}, "id": f"r{at}"}
    for at, code in enumerate((2, -1, None, 1, 0, 2))
]
NAMED = [
    {"runs": (name, 0, at, None), "metrics": {}, "params": {}, "id": f"r{at}"}
    for at, name in enumerate(("a", "b", "Ba", None, "a", "c"))
]
NAME, SIZE = Field("", "name"), Field("", "size")


@few
@given(
    runs, queries, st.integers(0, 4), st.one_of(st.none(), st.integers(0, 5)), st.integers(-1, 3)
)
@example(CODES, Query(Comparison(SIZE, "=", (Value("low"),)), ()), 0, 5, 0)
@example(CODES, Query(Comparison(SIZE, "=", (Value("none"),)), ()), 0, 5, 0)
@example(NAMED, Query(Comparison(NAME, "ilike", (Value("%A%"),)), ()), 0, 5, 0)
@example(NAMED, Query(Comparison(NAME, "ilike", (Value("%A%"),)), ()), 0, 5, 3)
@example(NAMED, Query(Comparison(NAME, "like", (Value("%z%"),)), ()), 0, 5, 3)
@example(CODES, Query(None, (Order(SIZE, descending=True),)), 0, 5, 0)
@example(CODES, Query(None, (Order(SIZE, descending=False),)), 1, 5, 0)
def test_a_search_in_postgresql_finds_the_same(  # noqa: PLR0917 - hypothesis hands them
    postgres_tables, rows, query, offset, limit, narrow_rows
):
    projection = projected(rows, postgres_tables(ROOM))
    check_search(projection, rows, query, offset=offset, limit=limit, narrow_rows=narrow_rows)


def check_search(projection, rows, query, *, offset, limit, narrow_rows):
    found = [row for row in rows if query.where is None or holds(query.where, row)]
    wanted = [row["id"] for row in sorted(found, key=compare(query))]
    page = wanted[offset:] if limit is None else wanted[offset : offset + limit]
    assert page == search(
        projection,
        query,
        CATALOG,
        clock=CLOCK,
        limit=limit,
        offset=offset,
        narrow_rows=narrow_rows,
    )
    assert count(projection, query, CATALOG, clock=CLOCK) == len(wanted)
    source, order, params = compile_query(query, CATALOG, projection, clock=CLOCK)
    assert [
        key for (key,) in projection.query(f"SELECT r.id {source} ORDER BY {order}", params)
    ] == wanted


names = st.one_of(
    st.sampled_from(["acc", "val/acc", "a.b", "and", "x y", "`", '"', "", "é", "1", "a-b"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5),
)
values = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8).map(
        Value
    ),
    st.one_of(st.integers(-(10**17), 10**17), st.floats(allow_nan=False)).map(number_value),
)
any_field = st.builds(Field, st.sampled_from(["", "metrics", "tags"]), names)
any_comparison = comparisons(any_field, values, like=True)
any_query = st.builds(
    Query,
    st.one_of(
        st.none(),
        st.recursive(
            any_comparison,
            lambda inner: st.one_of(
                inner.map(Not),
                st.lists(inner, min_size=2, max_size=3).map(lambda terms: All(tuple(terms))),
                st.lists(inner, min_size=2, max_size=3).map(lambda terms: Any(tuple(terms))),
            ),
            max_leaves=8,
        ),
    ),
    st.lists(st.builds(Order, any_field, st.booleans()), max_size=3).map(tuple),
)


@thorough
@given(any_query)
@example(Query(None, (Order(Field("", "\xbd"), descending=False),)))
def test_what_is_written_parses_to_the_same_tree(query):
    written = to_text(query)
    assume(len(written) <= 4000)
    assert parse(written) == query


PIECES = st.sampled_from(
    ["metrics.", "params.x", "tags", "status", "started", "=", "<", "!=", "(", ")", ",", "and",
     "or", "not", "in", "is", "null", "like", "order", "by", "desc", "'", '"', "`", "0.1", "nan",
     "1h ago", "'2 days ago'", "'x'", " ", "\n", "%", "é", "\0", "\ud800", "9" * 400, "--", ";"]
)  # fmt: skip
EMPTY = projected([])


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=25).map(" ".join)))
@example("started > '999999999 years ago'")
@example("code > 999999999999999999999999")
@example("duration < '999999999 years'")
@example("metrics.{} > x")
def test_any_text_is_understood_or_refused_as_a_query(text):
    refused = None
    try:
        search(EMPTY, parse(text), CATALOG, clock=CLOCK, limit=5)
    except QueryError as error:
        refused = error
    if refused is not None:
        assert 0 <= refused.offset <= len(text)
        assert refused.message
        assert refused.to_dict()["code"].startswith("query.")


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("metric.acc > 1 and strated = 'x'", "query.field", "did you mean `started`?"),
        ("metrcs.acc > 1", "query.field", "did you mean `metrics`?"),
        ("order by nope.x", "query.field", None),
        ("name = 'a' order by code, qqqq", "query.field", "is it `metrics.qqqq`"),
        ("metrics.acc > high", "query.value", None),
        ("metrics.acc like 'a%'", "query.value", None),
        ("code = 'one'", "query.value", None),
        ("code like '1%'", "query.value", None),
        ("started > 'soon'", "query.value", "2 days ago"),
        ("duration > 'long'", "query.value", "1h30m"),
    ],
)
def test_a_field_or_value_that_does_not_fit_is_named_with_what_was_meant(text, code, hint):
    with pytest.raises(QueryError) as caught:
        search(EMPTY, parse(text), CATALOG, clock=CLOCK)
    assert caught.value.code == code
    assert hint is None or hint in (caught.value.hint or "")


def test_scopes_may_be_named_in_other_words_and_any_case():
    for text in ("metric.acc > 1", "METRICS.acc > 1", "attributes.name = 'x'", "Name = 'x'"):
        assert search(EMPTY, parse(text), CATALOG, clock=CLOCK) == []
