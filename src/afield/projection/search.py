"""Running a query: the statements that give a page of keys in order.

Where a condition on a key/value field fits few rows, the search starts with those. Else sorting
by a key/value field goes down its index and stops at the page's end; what lacks the field comes
last, so it is a statement of its own that runs only when the page reaches it.
Joins have the order as written where the database can be told so: no statistics are needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any as AnyValue
from typing import Protocol, TypeGuard

from afield.kernel.clock import Clock
from afield.projection.catalog import Attribute, Catalog, Pairs
from afield.projection.compile import NEVER, Compiler, Sql, Wording, joined
from afield.projection.few import among, fitting, groups
from afield.projection.limits import NARROW_ROWS, PREFIX_CHARS
from afield.projection.statements import quoted
from afield.projection.stretches import Sorted, stretches
from afield.projection.syntax import All, Comparison, Expression, Order, Query, Value

EVERYTHING = Sql("1 = 1")


class Searchable(Wording, Protocol):
    """What is asked: a `Projection`."""

    def query(self, sql: str, args: Sequence[AnyValue] = ()) -> list[tuple[AnyValue, ...]]:
        """Run a SELECT; return its rows."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One statement of a search without its `SELECT` and `LIMIT`; steps follow one another.

    Attributes:
        key: the SQL of the key.
        source: `FROM … WHERE …`.
        order: `ORDER BY …`.
    """

    key: str
    source: Sql
    order: Sql


def search(
    database: Searchable,
    query: Query,
    catalog: Catalog,
    *,
    clock: Clock,
    limit: int | None = None,
    offset: int = 0,
    where: str = "",
    args: Sequence[AnyValue] = (),
    narrow_rows: int | None = None,
) -> list[AnyValue]:
    """Return the keys of one page, in order.

    Args:
        database: the projection.
        query: what to select and how to sort it.
        catalog: the fields.
        clock: for `2 days ago`, and for dates in the reader's time zone.
        limit: rows at most; None for all.
        offset: rows to leave out first.
        where: one more condition over the alias `r`.
        args: its parameters.
        narrow_rows: a condition that fits no more rows than this is where to start; None: as is
            best for the database.

    Raises:
        QueryError: a field or value of the query does not fit the catalog.
    """
    found: list[AnyValue] = []
    skip = offset
    more = Sql(where, tuple(args))
    steps = plan(
        query,
        catalog,
        database,
        clock=clock,
        where=more,
        narrow_rows=narrow_rows,
        paged=limit is not None,
    )
    for step in steps:
        wanted = None if limit is None else limit - len(found)
        if wanted is not None and wanted <= 0:
            break
        keys = _page(database, step, wanted, skip)
        if keys or not skip:
            skip = 0
        else:
            skip -= _count(database, step)
        found += keys
    return found


def count(
    database: Searchable,
    query: Query,
    catalog: Catalog,
    *,
    clock: Clock,
    where: str = "",
    args: Sequence[AnyValue] = (),
) -> int:
    """Return how many rows a query selects."""
    unsorted = Query(query.where, (), query.text)
    more = Sql(where, tuple(args))
    compiler = _compiler(unsorted, catalog, database, clock, counting=True)
    more = _among_few(compiler, database, query.where, more)
    most = database.narrow_rows(catalog.table)
    start = _narrow_start(compiler, database, query.where, most)
    return _count(database, _by_table(compiler, query.where, (), more, start=start))


def compile_query(
    query: Query, catalog: Catalog, wording: Wording, *, clock: Clock, where: Sql = EVERYTHING
) -> tuple[str, str, tuple[AnyValue, ...]]:
    """Return a query as one `FROM … WHERE …`, one `ORDER BY …`, and their parameters.

    For statements of a room's own. `search` is faster for sorting by key/value fields.
    """
    compiler = _compiler(query, catalog, wording, clock)
    step = _by_table(compiler, query.where, query.order, where)
    return step.source.text, step.order.text, step.source.params + step.order.params


def plan(
    query: Query,
    catalog: Catalog,
    database: Searchable,
    *,
    clock: Clock,
    where: Sql,
    narrow_rows: int | None,
    paged: bool = False,
) -> Iterator[Step]:
    """Yield the statements whose results, one after the other, are the answer.

    `paged` says that the first of them will do, as a rule.
    """
    compiler = _compiler(query, catalog, database, clock)
    where = _among_few(compiler, database, query.where, where)
    step = _by_table(compiler, query.where, query.order, where)
    most = narrow_rows
    if most is None:
        most = database.narrow_rows(catalog.table)
    start = _narrow_start(compiler, database, query.where, most)
    if start is not None:
        return iter((_by_table(compiler, query.where, query.order, where, start=start),))
    found = compiler.find(query.order[0].field) if query.order else None
    if isinstance(found, tuple):
        if paged and database.probes and _has_parts(compiler, query):
            return _in_parts(compiler, database, query, found, more=where, clock=clock, most=most)
        return _by_pair(compiler, query, *found, where)
    by_few = paged and database.probes and not query.order[1:]
    if by_few and isinstance(found, Attribute) and found.few is not None:
        values = groups(database, catalog.table, found, descending=query.order[0].descending)
        if values is not None:
            return (
                _by_table(compiler, query.where, (), both)
                for both in (_both(among(found, one), where) for one in (*values, None))
            )
    if found is not None and found.indexed:
        return _by_attribute(compiler, query, found, where)
    return iter((step,))


def _narrow_start(
    compiler: Compiler, database: Searchable, where: Expression | None, rows: int
) -> Sql | None:
    """Return what to select from when one of the conditions fits no more than `rows` rows."""
    table, key = quoted(compiler.catalog.table), quoted(compiler.catalog.key)
    for term in sorted(filter(_needs_row, _terms(where)), key=_is_pattern):
        found = compiler.find(term.field)
        if isinstance(found, tuple):
            pairs, name = found
            condition = compiler.pair_row(term, pairs, "x")
            fits = Sql(
                f"FROM {quoted(pairs.table)} x"
                f" WHERE x.{quoted(pairs.name)} = ? AND {condition.text}",
                (name, *condition.params),
            )
            start = Sql(
                f'FROM (SELECT x.{quoted(pairs.owner)} AS "key" {fits.text}) n'
                f' {database.ordered_join} {table} r ON r.{key} = n."key"',
                fits.params,
            )
        elif found.indexed and term.operator in ("=", "in"):
            start = Sql(f"FROM {table} r")
            fits = _where(start, [compiler.condition(term, f"r.{key}")])
        else:
            spelt = _spelt_alike(compiler, database, found, term, min(rows, NARROW_ROWS))
            if spelt is not None:
                return spelt
            continue
        few = f"SELECT count(*) FROM (SELECT 1 {fits.text} LIMIT ?) few"
        if database.query(few, (*fits.params, rows + 1))[0][0] <= rows:
            return start
    return None


def _spelt_alike(
    compiler: Compiler, database: Searchable, attribute: Attribute, term: Comparison, rows: int
) -> Sql | None:
    """Return what to select from where few rows fit a pattern: an index is read once for them."""
    if not (database.probes and attribute.indexed and _is_pattern(term)):
        return None
    table = quoted(compiler.catalog.table)
    fits = _where(Sql(f"SELECT {attribute.sql} FROM {table} r"), [compiler.condition(term, "")])
    found = [text for (text,) in database.query(f"{fits.text} LIMIT ?", (*fits.params, rows + 1))]
    if len(found) > rows:
        return None
    texts = tuple(dict.fromkeys(found))
    among_ = f"{attribute.sql} IN ({', '.join('?' * len(texts))})" if texts else NEVER
    return Sql(f"FROM (SELECT * FROM {table} r WHERE {among_}) r", texts)


def _among_few(
    compiler: Compiler, database: Searchable, where: Expression | None, more: Sql
) -> Sql:
    """Say of conditions on attributes of few values what an index has, beside what is said."""
    if not database.probes:
        return more
    for term in _terms(where):
        found = compiler.find(term.field) if _needs_row(term) else None
        if isinstance(found, Attribute) and found.few is not None:
            condition = compiler.condition(term, "")
            fits = fitting(database, compiler.catalog.table, found, condition)
            more = more if fits is None else _both(fits, more)
    return more


def _terms(where: Expression | None) -> tuple[Expression, ...]:
    """Return the conditions that must all hold."""
    if where is None:
        return ()
    return where.terms if isinstance(where, All) else (where,)


def _compiler(
    query: Query, catalog: Catalog, wording: Wording, clock: Clock, *, counting: bool = False
) -> Compiler:
    now_ms = clock.wall_ns() // 1_000_000
    return Compiler(
        catalog,
        wording,
        text=query.text,
        now_ms=now_ms,
        utc_offset=clock.utc_offset(),
        counting=counting,
    )


def _by_table(
    compiler: Compiler,
    where: Expression | None,
    order: Sequence[Order],
    more: Sql,
    *,
    start: Sql | None = None,
) -> Step:
    """Start at the table itself, or at what was found to be narrower; sort by any field."""
    catalog = compiler.catalog
    key = f"r.{quoted(catalog.key)}"
    conditions = [] if where is None else [compiler.condition(where, key)]
    start = start or Sql(f"FROM {quoted(catalog.table)} r")
    source = _where(start, [*conditions, *_always(catalog, more)])
    return Step(key, source, _order(compiler, order, key))


def _by_attribute(
    compiler: Compiler, query: Query, attribute: Attribute, more: Sql
) -> Iterator[Step]:
    """Start at the index of the attribute that is sorted by first; what lacks it comes last.

    A single statement with `NULLS LAST` would be sorted whole: no index has that order.
    """
    first, rest = query.order[0], query.order[1:]
    key = f"r.{quoted(compiler.catalog.key)}"
    for condition, by in (
        ("IS NOT NULL", [Sql(f"{attribute.sql} {'DESC' if first.descending else 'ASC'}")]),
        ("IS NULL", []),
    ):
        there = Sql(f"{attribute.sql} {condition}")
        step = _by_table(compiler, query.where, (), _both(there, more))
        order = joined([*by, _order(compiler, rest, key)], ",")
        yield Step(step.key, step.source, order)


def _by_pair(
    compiler: Compiler, query: Query, pairs: Pairs, name: str, more: Sql
) -> Iterator[Step]:
    """Start at the index of the key/value field that is sorted by first."""
    for _column, _rows, step in _walks(compiler, query, pairs, name, more):
        yield step
    yield from _without(compiler, query, pairs, name, more)


def _in_parts(
    compiler: Compiler,
    database: Searchable,
    query: Query,
    field: tuple[Pairs, str],
    *,
    more: Sql,
    clock: Clock,
    most: int,
) -> Iterator[Step]:
    """Do so a stretch of values at a time; what has a value of very many rows is a query."""
    first, rest = query.order[0], query.order[1:]
    for column, rows, step in _walks(compiler, query, *field, more):
        for part in stretches(database, rows, most):
            if isinstance(part, Sql):
                yield Step(step.key, joined([step.source, part], "AND"), step.order)
                continue
            value = _value(field[0], column, part[0])
            if value is None:
                alike = joined([step.source, rows.beside("=", part[0])], "AND")
                yield Step(step.key, alike, step.order)
                continue
            terms = (*_terms(query.where), Comparison(first.field, "=", (value,)))
            where = All(terms) if len(terms) > 1 else terms[0]
            yield from plan(
                Query(where, rest, query.text),
                compiler.catalog,
                database,
                clock=clock,
                where=more,
                narrow_rows=most,
                paged=True,
            )
    yield from _without(compiler, query, *field, more)


def _has_parts(compiler: Compiler, query: Query) -> bool:
    """Tell whether a query for one value of what is sorted by first finds a page soon."""
    by = compiler.find(query.order[0].field)
    alone = all(_needs_row(t) and compiler.find(t.field) == by for t in _terms(query.where))
    then = compiler.find(query.order[1].field) if query.order[1:] else None
    return alone and not (isinstance(then, Attribute) and not then.indexed)


def _value(pairs: Pairs, column: str, value: AnyValue) -> Value | None:
    """Return what a comparison has for a column's value; None: it would fit other rows, too."""
    if column == pairs.number:
        return Value(repr(value), value)
    if len(value) >= PREFIX_CHARS:
        return None
    if pairs.number is None or (pairs.worded is not None and pairs.worded(value)):
        return Value(value)
    return None


def _walks(
    compiler: Compiler, query: Query, pairs: Pairs, name: str, more: Sql
) -> Iterator[tuple[str, Sorted, Step]]:
    """Yield, for each column of the field, what the index has of it and the statement with it."""
    catalog = compiler.catalog
    first, rest = query.order[0], query.order[1:]
    on_row, others = [], []
    for term in _terms(query.where):
        if _needs_row(term) and compiler.find(term.field) == (pairs, name):
            on_row.append(compiler.pair_row(term, pairs, "o"))
        else:
            others.append(term)
    owner = f"o.{quoted(pairs.owner)}"
    table = Sql(f"FROM {quoted(pairs.table)} o")
    joins = (
        f"{table.text} {compiler.wording.ordered_join} {quoted(catalog.table)} r"
        f" ON r.{quoted(catalog.key)} = {owner}"
    )
    own = [Sql(f"o.{quoted(pairs.name)} = ?", (name,)), *on_row]
    conditions = [*(compiler.condition(each, owner) for each in others), *_always(catalog, more)]
    then = _order(compiler, rest, owner)
    for column in pairs.columns:
        present = [Sql(f"o.{quoted(column)} IS NOT NULL")]
        if column == pairs.text and pairs.number is not None:
            present.append(Sql(f"o.{quoted(pairs.number)} IS NULL"))
        way = "DESC" if first.descending else "ASC"
        value = f"o.{quoted(column)}"
        prefix = compiler.wording.prefix_sql(value) if column == pairs.text else None
        constant = f"o.{quoted(pairs.number)}" if prefix and pairs.number is not None else ""
        source = _where(table, [*own, *present])
        rows = Sorted(source, prefix or value, constant, first.descending)
        first_by = rows.order if prefix is None else f"{rows.order}, {value} {way}"
        order = Sql(f"{first_by}, {then.text}", then.params)
        step = Step(owner, _where(Sql(joins), [*own, *conditions, *present]), order)
        yield column, rows, step


def _needs_row(term: Expression) -> TypeGuard[Comparison]:
    """Tell a comparison that is false where its field is missing."""
    return isinstance(term, Comparison) and term.operator != "is null"


def _is_pattern(term: Comparison) -> bool:
    """Tell what costs a look at every value, unless many fit."""
    return term.operator in ("like", "ilike")


def _without(
    compiler: Compiler, query: Query, pairs: Pairs, name: str, more: Sql
) -> Iterator[Step]:
    """Yield what lacks the field that is sorted by, if no condition wants it."""
    if any(_needs_row(t) and compiler.find(t.field) == (pairs, name) for t in _terms(query.where)):
        return
    key = f"r.{quoted(compiler.catalog.key)}"
    values = " OR ".join(f"x.{quoted(column)} IS NOT NULL" for column in pairs.columns)
    has = compiler.has(key, pairs, name, Sql(values))
    lacks = Sql(f"{has.text} IS NOT TRUE", has.params)
    yield _by_table(compiler, query.where, query.order[1:], _both(lacks, more))


def _order(compiler: Compiler, orders: Sequence[Order], key: str) -> Sql:
    """Sort by fields, then as the catalog says, then by key: always the same order."""
    parts = []
    for order in orders:
        found = compiler.find(order.field)
        way = "DESC" if order.descending else "ASC"
        if isinstance(found, Attribute):
            parts.append(Sql(f"{found.sql} {way} NULLS LAST"))
        else:
            parts += [_value_of(*found, column, key, way) for column in found[0].columns]
    if compiler.catalog.order:
        parts.append(Sql(compiler.catalog.order))
    return joined([*parts, Sql(f"{key} DESC")], ",")


def _value_of(pairs: Pairs, name: str, column: str, key: str, way: str) -> Sql:
    return Sql(
        f"(SELECT x.{quoted(column)} FROM {quoted(pairs.table)} x"
        f" WHERE x.{quoted(pairs.owner)} = {key} AND x.{quoted(pairs.name)} = ?) {way} NULLS LAST",
        (name,),
    )


def _always(catalog: Catalog, more: Sql) -> list[Sql]:
    return [each for each in (Sql(catalog.where), more) if each.text and each != EVERYTHING]


def _both(one: Sql, more: Sql) -> Sql:
    return joined([one, more], "AND") if more.text else one


def _where(start: Sql, conditions: Sequence[Sql]) -> Sql:
    if not conditions:
        return start
    return joined([start, joined(conditions, "AND")], "WHERE")


def _page(database: Searchable, step: Step, limit: int | None, offset: int) -> list[AnyValue]:
    sql = f"SELECT {step.key} {step.source.text} ORDER BY {step.order.text}"
    params = step.source.params + step.order.params
    if limit is not None or offset:
        sql += " LIMIT ? OFFSET ?"
        params = (*params, (1 << 62) if limit is None else limit, offset)
    return [key for (key,) in database.query(sql, params)]


def _count(database: Searchable, step: Step) -> int:
    rows = database.query(f"SELECT count(*) {step.source.text}", step.source.params)
    return int(rows[0][0])
