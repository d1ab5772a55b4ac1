from __future__ import annotations

from pathlib import Path

import pytest

from afield.kernel.errors import Usage
from afield.projection.errors import QueryError, QuerySyntax
from afield.projection.language import parse, to_text
from afield.projection.limits import QUERY_CHARS_MAX, QUERY_DEPTH_MAX, QUERY_TERMS_MAX
from afield.projection.syntax import All, Any, Comparison, Field, Not, Order, Query, Value
from afield.projection.times import DAY_MS, duration_s, moment_ms
from afield.runs.query import CATALOG


def is_(scope, name, operator, *values):
    return Comparison(Field(scope, name), operator, values)


def text(value):
    return Value(value)


def number(value, written=None):
    return Value(written or str(value), value)


@pytest.mark.parametrize(
    ("written", "tree"),
    [
        ("", None),
        ("metrics.acc > 0.9", is_("metrics", "acc", ">", number(0.9))),
        ("metrics.acc>-1e-3", is_("metrics", "acc", ">", number(-1e-3, "-1e-3"))),
        ("metrics.val/acc.top-1 == 1", is_("metrics", "val/acc.top-1", "=", number(1))),
        ("metrics.`a ``b`` c` <> 2", is_("metrics", "a `b` c", "!=", number(2))),
        ('metrics."x y" <= +.5', is_("metrics", "x y", "<=", number(0.5, "+.5"))),
        ('params.model = "tree"', is_("params", "model", "=", text("tree"))),
        ("params.model = 'it''s'", is_("params", "model", "=", text("it's"))),
        ('params.path = "C:\\new"', is_("params", "path", "=", text("C:\\new"))),
        ("status = failed", is_("", "status", "=", text("failed"))),
        ("commit = 3fa9c2", is_("", "commit", "=", text("3fa9c2"))),
        ("metrics.loss = inf", is_("metrics", "loss", "=", number(float("inf"), "inf"))),
        ("tags.x IS NOT NULL", is_("tags", "x", "is not null")),
        ("tags.x is null", is_("tags", "x", "is null")),
        ("name like 'a%'", is_("", "name", "like", text("a%"))),
        ("name NOT ILIKE 'a%'", is_("", "name", "not ilike", text("a%"))),
        ("status in ('a', b)", is_("", "status", "in", text("a"), text("b"))),
        ("params.n not in (1,2)", is_("params", "n", "not in", number(1), number(2))),
        ("not a = 1", Not(is_("", "a", "=", number(1)))),
        ("`order` = 1", is_("", "order", "=", number(1))),
    ],
)
def test_a_comparison_parses(written, tree):
    assert parse(written) == Query(tree, ())


def test_and_binds_tighter_than_or_and_not_tighter_still():
    a, b, c = (is_("", name, "=", number(1)) for name in "abc")
    assert parse("a=1 or b=1 and not c=1").where == Any((a, All((b, Not(c)))))
    assert parse("(a=1 or b=1) and c=1").where == All((Any((a, b)), c))
    assert parse("a=1 and b=1 and c=1").where == All((a, b, c))


def test_results_are_sorted_by_several_fields():
    query = parse("metrics.a > 1 ORDER BY metrics.f1 DESC, params.`l r` asc, started")
    assert query.order == (
        Order(Field("metrics", "f1"), descending=True),
        Order(Field("params", "l r"), descending=False),
        Order(Field("", "started"), descending=False),
    )


def test_a_query_is_written_as_it_reads():
    query = 'not (metrics.acc > 0.9 or params.model = "a ""b""") and tags.`x y` is null'
    assert to_text(parse(query + " order by metrics.f1 desc, name")) == (
        query + " order by metrics.f1 desc, name"
    )


@pytest.mark.parametrize(
    ("written", "offset", "why"),
    [
        ("metrics.acc >", 13, "expected a value"),
        ("metrics.acc > and", 14, "expected a value"),
        ("metrics.acc", 11, "expected a comparison"),
        ("metrics. > 1", 9, "expected a name right after"),
        ("metrics.acc > 1 metrics.b > 2", 16, "expected and, or, order by"),
        ("(a = 1", 6, "closing parenthesis"),
        ("a = 1)", 5, "expected and, or, order by"),
        ("a = 'x", 4, "has no end"),
        ("a = 1 & b = 2", 6, "no meaning"),
        ("a = null", 4, "nothing equals null"),
        ("a is 1", 5, "expected null"),
        ("a in 1", 5, "opening parenthesis"),
        ("a in (1 2)", 8, "comma"),
        ("a not = 1", 6, "expected a comparison"),
        ("1 = a", 0, "expected a field"),
        ("order a", 6, "expected by"),
        ("order by", 8, "expected a field"),
        ("order by a desc b", 16, "a comma"),
        ("a = '\ud800'", 4, "no record can hold"),
        ("a like '" + "%a" * 17 + "'", 7, "at most"),
    ],
)
def test_a_mistake_is_shown_where_it_is(written, offset, why):
    with pytest.raises(QuerySyntax) as caught:
        parse(written)
    assert caught.value.offset == offset
    assert why in str(caught.value.why)
    assert isinstance(caught.value, Usage)
    assert caught.value.code == "query.syntax"
    assert caught.value.exit_code == 2


def test_the_caret_stands_under_the_mistake():
    with pytest.raises(QuerySyntax) as caught:
        parse("metrics.acc > 0.9 and and")
    lines = str(caught.value).splitlines()
    assert lines[1] == "  metrics.acc > 0.9 and and"
    assert lines[2].index("^") == lines[1].rindex("and")


def test_the_caret_finds_its_place_in_a_long_query_and_among_newlines():
    with pytest.raises(QuerySyntax) as caught:
        parse("a = 1 and\n" * 20 + "b ! 2" + " and a = 1" * 20)
    _, shown, caret = str(caught.value).splitlines()
    assert shown[caret.index("^")] == "!"
    assert len(shown) < 90


@pytest.mark.parametrize(
    "written",
    [
        "a" * (QUERY_CHARS_MAX + 1),
        "(" * (QUERY_DEPTH_MAX + 1) + "a = 1" + ")" * (QUERY_DEPTH_MAX + 1),
        "not " * (QUERY_DEPTH_MAX + 1) + "a = 1",
        " or ".join(["a = 1"] * (QUERY_TERMS_MAX + 1)),
        "a in (" + ",".join(["1"] * 502) + ")",
        "order by " + ",".join("abcdefghi"),
    ],
)
def test_everything_has_a_bound(written):
    with pytest.raises(QueryError, match="more than"):
        parse(written)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90), ("2h", 7200), ("1h30m", 5400), ("1.5 hours", 5400), ("2 days", 172_800),
        ("1 week 1 day", 691_200), ("10min", 600), ("", None), ("ago", None), ("1 fortnight", None),
        ("-1h", None), ("h", None),
    ],
)  # fmt: skip
def test_durations_are_read_as_people_write_them(written, seconds):
    assert duration_s(written) == seconds


NOON_MS = 1_763_985_600_000  # 2025-11-24T12:00:00Z


@pytest.mark.parametrize(
    ("written", "offset", "wanted"),
    [
        ("now", "+00:00", (NOON_MS, 1)),
        ("2 days ago", "+00:00", (NOON_MS - 2 * DAY_MS, 1)),
        ("1h ago", "+00:00", (NOON_MS - 3_600_000, 1)),
        ("today", "+00:00", (NOON_MS - DAY_MS // 2, DAY_MS)),
        ("today", "+14:00", (NOON_MS - 2 * 3_600_000, DAY_MS)),
        ("yesterday", "-05:00", (NOON_MS - DAY_MS // 2 - DAY_MS + 5 * 3_600_000, DAY_MS)),
        ("2025-11-24", "+00:00", (NOON_MS - DAY_MS // 2, DAY_MS)),
        ("2025-11-24", "+02:00", (NOON_MS - DAY_MS // 2 - 2 * 3_600_000, DAY_MS)),
        ("2025-11-24T12:00", "+00:00", (NOON_MS, 1)),
        ("2025-11-24 12:00:00Z", "-03:00", (NOON_MS, 1)),
        ("2025-11-24T13:00+01:00", "-03:00", (NOON_MS, 1)),
        ("2025-13-24", "+00:00", None),
        ("soon", "+00:00", None),
        ("0001-01-01", "+14:00", (-62_135_596_800_000 - 14 * 3_600_000, DAY_MS)),
    ],
)
def test_moments_are_read_as_people_write_them(written, offset, wanted):
    assert moment_ms(written, now_ms=NOON_MS, utc_offset=offset) == wanted


def test_the_manual_names_every_field_of_a_run():
    manual = (Path(__file__).parents[2] / "docs" / "query.md").read_text(encoding="utf-8")
    scopes = {f"{scope}.NAME" for scope in CATALOG.pairs}
    missing = [name for name in scopes | set(CATALOG.attributes) if f"`{name}`" not in manual]
    assert missing == []
