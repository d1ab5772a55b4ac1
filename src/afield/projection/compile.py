"""From a query's tree to SQL conditions, checked against a catalog.

A comparison with something missing is false (also `!=`), and `not` turns that round. Conditions
on key/value tables become `owner IN (SELECT …)` over an index on (name, value), which costs
what matches at most and never a scan of all runs, or a look at the pair's key for each row; `IS
TRUE` keeps planners from starting there when the order of the result asks for another way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any as AnyValue
from typing import Protocol

from afield.projection.catalog import Attribute, Catalog, Pairs
from afield.projection.errors import QueryField, QueryValue
from afield.projection.statements import quoted
from afield.projection.syntax import All, Comparison, Expression, Field, Not, Value
from afield.projection.times import duration_s, moment_ms
from afield.projection.tokens import is_nan, number_of

NEVER = "1 = 0"


class Wording(Protocol):
    """Whoever knows how the database says things: a `Database` or a `Projection`."""

    def like_sql(self, expression: str, pattern: str, *, fold: bool) -> tuple[str, tuple[str, ...]]:
        """Return a condition and its parameters for LIKE (`fold`: ILIKE)."""
        ...

    def prefix_sql(self, expression: str) -> str | None:
        """Return what an index has of a long text; None: the whole of it."""
        ...

    @property
    def ordered_join(self) -> str:
        """The word for a join in the order as written."""
        ...

    @property
    def probes(self) -> bool:
        """Whether a row's pairs are looked up for it, rather than all that fit gathered first."""
        ...

    def narrow_rows(self, table: str) -> int:
        """Return how many rows are looked up one by one sooner than an index is walked for them."""
        ...


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL and its parameters, in order."""

    text: str
    params: tuple[AnyValue, ...] = ()


def joined(parts: Iterable[Sql], word: str) -> Sql:
    """Join pieces by a word between blanks."""
    found = list(parts)
    params = tuple(param for part in found for param in part.params)
    return Sql(f" {word} ".join(part.text for part in found), params)


class Compiler:
    """Compiles the parts of one query against one catalog, for a page or to count what fits."""

    def __init__(
        self,
        catalog: Catalog,
        wording: Wording,
        *,
        text: str,
        now_ms: int,
        utc_offset: str,
        counting: bool = False,
    ) -> None:
        self.catalog = catalog
        self.wording = wording
        self._probes = wording.probes and not counting
        self._joins = wording.probes and counting
        self._text = text
        self._now_ms = now_ms
        self._utc_offset = utc_offset

    def find(self, field: Field) -> Attribute | tuple[Pairs, str]:
        """Look a field up.

        Raises:
            QueryField: there is none of that name.
        """
        scope = field.scope.lower()
        scope = self.catalog.aliases.get(scope, scope)
        if scope in self.catalog.pairs:
            return self.catalog.pairs[scope], field.name
        if scope in ("", "attribute"):
            attribute = self.catalog.attributes.get(field.name.lower())
            if attribute is not None:
                return attribute
            names = [*self.catalog.attributes, *self.catalog.pairs]
            raise self._unknown(field, field.name, names)
        names = [*self.catalog.pairs, *self.catalog.attributes]
        raise self._unknown(field, field.scope, names)

    def condition(self, node: Expression, owner: str) -> Sql:
        """Compile an expression; `owner` is the SQL that gives a row's key."""
        if isinstance(node, Comparison):
            found = self.find(node.field)
            if isinstance(found, Attribute):
                return self._attribute(node, found)
            return self._pair(node, *found, owner)
        if isinstance(node, Not):
            inner = self.condition(node.term, owner)
            return Sql(f"({inner.text}) IS NOT TRUE", inner.params)
        word = "AND" if isinstance(node, All) else "OR"
        inner = joined((self.condition(term, owner) for term in node.terms), word)
        return Sql(f"({inner.text})", inner.params)

    def pair_row(self, node: Comparison, pairs: Pairs, alias: str) -> Sql:
        """Compile a comparison (but `is null`) into a condition on the pair's own row."""
        text, number = _columns(pairs, alias)
        present = text or number
        assert present is not None
        if node.operator == "is not null":
            return Sql(f"{present} IS NOT NULL")
        if "like" in node.operator:
            if text is None:
                raise self._wrong(
                    node.values[0], f"{node.field.scope} are numbers; like is for texts"
                )
            return self._like(node, text)
        if node.operator in ("=", "in", "!=", "not in"):
            equal = joined((self._equal(node, value, pairs, alias) for value in node.values), "OR")
            if node.operator in ("=", "in"):
                return Sql(f"({equal.text})", equal.params)
            return Sql(f"({present} IS NOT NULL AND ({equal.text}) IS NOT TRUE)", equal.params)
        value = node.values[0]
        if number is not None and (text is None or value.number is not None):
            limit = self._number(node, value)
            return Sql(NEVER) if is_nan(limit) else Sql(f"{number} {node.operator} ?", (limit,))
        return Sql(f"{text} {node.operator} ?", (value.text,))

    def _pair(self, node: Comparison, pairs: Pairs, name: str, owner: str) -> Sql:
        missing = node.operator == "is null"
        asked = Comparison(node.field, "is not null", ()) if missing else node
        found = self.has(owner, pairs, name, self.pair_row(asked, pairs, "x"))
        if self._joins and not missing:  # without more words it is a join, which is best for all
            return found
        return Sql(f"{found.text} IS {'NOT ' if missing else ''}TRUE", found.params)

    def has(self, owner: str, pairs: Pairs, name: str, inner: Sql) -> Sql:
        """Return what is true where the pair of that name fits a condition on the alias `x`."""
        at, own = f"FROM {quoted(pairs.table)} x WHERE", f"x.{quoted(pairs.owner)}"
        named = f"x.{quoted(pairs.name)} = ?"
        if self._probes:
            sql = f"(SELECT ({inner.text}) {at} {own} = {owner} AND {named})"
            return Sql(sql, (*inner.params, name))
        sql = f"({owner} IN (SELECT {own} {at} {named} AND ({inner.text})))"
        return Sql(sql, (name, *inner.params))

    def _equal(self, node: Comparison, value: Value, pairs: Pairs, alias: str) -> Sql:
        text, number = _columns(pairs, alias)
        if number is not None and (text is None or value.number is not None):
            wanted = self._number(node, value)
            return Sql(NEVER) if is_nan(wanted) else Sql(f"{number} = ?", (wanted,))
        equal = self._same_text(str(text), value.text)
        if number is not None and pairs.worded is not None and pairs.worded(value.text):
            return Sql(f"({number} IS NULL AND {equal.text})", equal.params)  # an index has it
        return equal

    def _same_text(self, text: str, value: str) -> Sql:
        prefix = self.wording.prefix_sql(text)
        if prefix is None:
            return Sql(f"{text} = ?", (value,))
        return Sql(f"({prefix} = {self.wording.prefix_sql('?')} AND {text} = ?)", (value, value))

    def _attribute(self, node: Comparison, attribute: Attribute) -> Sql:
        sql = attribute.sql
        if node.operator in ("is null", "is not null"):
            return Sql(f"{sql} {node.operator.upper()}")
        if "like" in node.operator:
            if attribute.type != "text":
                raise self._wrong(
                    node.values[0], f"{node.field.name} is no text; like is for texts"
                )
            return self._like(node, sql)
        if attribute.type == "time":
            return self._time(node, sql)
        convert: Callable[[Comparison, Value], AnyValue] = {
            "text": lambda _, value: value.text,
            "number": self._number,
            "duration": self._duration,
        }[attribute.type]
        converted = (convert(node, value) for value in node.values)
        values = [each for each in converted if isinstance(each, str) or not is_nan(each)]
        if not values:  # nothing equals nan
            return Sql(f"{sql} IS NOT NULL" if node.operator in ("!=", "not in") else NEVER)
        if node.operator in ("in", "not in"):
            marks = ", ".join("?" * len(values))
            return Sql(f"{sql} {node.operator.upper()} ({marks})", tuple(values))
        return Sql(f"{sql} {'<>' if node.operator == '!=' else node.operator} ?", tuple(values))

    def _time(self, node: Comparison, sql: str) -> Sql:
        moments = [self._moment(node, value) for value in node.values]
        if node.operator in ("=", "in", "!=", "not in"):
            within = joined(
                (Sql(f"({sql} >= ? AND {sql} < ?)", (at, at + lasts)) for at, lasts in moments),
                "OR",
            )
            if node.operator in ("=", "in"):
                return Sql(f"({within.text})", within.params)
            return Sql(f"({sql} IS NOT NULL AND NOT ({within.text}))", within.params)
        return Sql(f"{sql} {node.operator} ?", (moments[0][0],))

    def _like(self, node: Comparison, sql: str) -> Sql:
        fold = node.operator.endswith("ilike")
        text, params = self.wording.like_sql(sql, node.values[0].text, fold=fold)
        if node.operator.startswith("not"):
            return Sql(f"({sql} IS NOT NULL AND ({text}) IS NOT TRUE)", params)
        return Sql(text, params)

    def _number(self, node: Comparison, value: Value) -> float:
        number = value.number if value.number is not None else number_of(value.text.strip())
        if number is None:
            name = f"{node.field.scope}.{node.field.name}" if node.field.scope else node.field.name
            raise self._wrong(value, f"{name} is a number")
        return number

    def _duration(self, _: Comparison, value: Value) -> float:
        seconds = value.number if value.number is not None else duration_s(value.text)
        if seconds is None:
            raise self._wrong(
                value, "this is no duration", hint='write seconds, or "90s", "2h", "1h30m"'
            )
        return seconds

    def _moment(self, _: Comparison, value: Value) -> tuple[int, int]:
        found = moment_ms(value.text, now_ms=self._now_ms, utc_offset=self._utc_offset)
        if found is None:
            hint = 'write "2026-01-31", "2026-01-31T10:30", "today", "2 days ago" or "1h ago"'
            raise self._wrong(value, "this is no moment", hint=hint)
        return found

    def _wrong(self, value: Value, why: str, *, hint: str | None = None) -> QueryValue:
        return QueryValue(why, text=self._text, offset=value.offset, hint=hint)

    def _unknown(self, field: Field, word: str, names: Sequence[str]) -> QueryField:
        from difflib import get_close_matches

        near = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
        scopes = [f"{scope}.<name>" for scope in self.catalog.pairs]
        known = ", ".join([*scopes, *self.catalog.attributes])
        hint = f"did you mean `{near[0]}`?" if near else f"there are {known}"
        name = f"{field.scope}.{field.name}" if field.scope else field.name
        if not field.scope and not near and self.catalog.pairs:
            *some, last = [f"`{scope}.{name}`" for scope in self.catalog.pairs]
            meant = f"{', '.join(some)} or {last}" if some else last
            hint = f"is it {meant}? Other fields: {', '.join(self.catalog.attributes)}"
        why = f"there is no field {name}"
        return QueryField(why, text=self._text, offset=field.offset, length=field.length, hint=hint)


def _columns(pairs: Pairs, alias: str) -> tuple[str | None, str | None]:
    """Return the SQL of the text and of the number of a pair's row."""
    text = None if pairs.text is None else f"{alias}.{quoted(pairs.text)}"
    number = None if pairs.number is None else f"{alias}.{quoted(pairs.number)}"
    return text, number
