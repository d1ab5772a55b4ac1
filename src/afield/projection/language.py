"""The query language: from text to a tree.

    query      = [any] ["order" "by" field ["asc" | "desc"] {"," field ["asc" | "desc"]}]
    any        = all {"or" all}
    all        = term {"and" term}
    term       = "not" term | "(" any ")" | comparison
    comparison = field sign value | field ["not"] ("like" | "ilike") value
               | field ["not"] "in" "(" value {"," value} ")" | field "is" ["not"] "null"

docs/query.md explains it to people. What fields there are is a catalog's business (`compile`).
"""

from __future__ import annotations

import re
from typing import cast

from afield.projection.errors import QuerySyntax
from afield.projection.limits import (
    PATTERN_CHARS_MAX,
    PATTERN_WILDCARDS_MAX,
    QUERY_DEPTH_MAX,
    QUERY_ORDERS_MAX,
    QUERY_TERMS_MAX,
    QUERY_VALUES_MAX,
)
from afield.projection.syntax import (
    KEYWORDS,
    All,
    Any,
    Comparison,
    Expression,
    Field,
    Not,
    Operator,
    Order,
    Query,
    Value,
    to_text,
)
from afield.projection.tokens import Token, number_of, tokens

__all__ = ["Query", "parse", "to_text"]

_SIGNS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def parse(text: str) -> Query:
    """Parse a query; an empty one selects everything.

    Raises:
        QuerySyntax: it cannot be understood; says where and, if it can, what was meant.
    """
    return _Parser(text).query()


class _Parser:
    """Recursive descent with one token of foresight; recursion is bounded."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0
        self._terms = 0

    def query(self) -> Query:
        where = None
        if self._next.kind != "end" and self._next.word != "order":
            where = self._any()
        order = self._orders() if self._take_word("order") else ()
        if self._next.kind != "end":
            raise self._error(f"expected {'a comma' if order else 'and, or, order by'} or the end")
        return Query(where, order, self._text)

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _advance(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _take_word(self, *words: str) -> str | None:
        if self._next.word in words:
            return self._advance().word
        return None

    def _take_sign(self, sign: str) -> bool:
        if self._next.kind == "sign" and self._next.value == sign:
            self._at += 1
            return True
        return False

    def _any(self) -> Expression:
        terms = [self._all()]
        while self._take_word("or"):
            terms.append(self._all())
        return terms[0] if len(terms) == 1 else Any(tuple(terms))

    def _all(self) -> Expression:
        terms = [self._term()]
        while self._take_word("and"):
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else All(tuple(terms))

    def _term(self) -> Expression:
        self._depth += 1
        if self._depth > QUERY_DEPTH_MAX:
            raise self._error(f"nested more than {QUERY_DEPTH_MAX} deep")
        try:
            if self._take_word("not"):
                return Not(self._term())
            if self._take_sign("("):
                inside = self._any()
                if not self._take_sign(")"):
                    raise self._error("expected and, or, or a closing parenthesis")
                return inside
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Comparison:
        self._terms += 1
        if self._terms > QUERY_TERMS_MAX:
            raise self._error(f"more than {QUERY_TERMS_MAX} comparisons")
        field = self._field()
        if self._next.kind == "sign" and self._next.value in _SIGNS:
            sign = _SIGNS[self._advance().value]
            return Comparison(field, cast("Operator", sign), (self._value(),))
        if self._take_word("is"):
            operator = "is not null" if self._take_word("not") else "is null"
            if not self._take_word("null"):
                raise self._error("expected null")
            return Comparison(field, cast("Operator", operator), ())
        negation = "not " if self._take_word("not") else ""
        word = self._take_word("like", "ilike", "in")
        if word is None:
            raise self._error("expected a comparison: = != < <= > >= like ilike in is")
        operator = cast("Operator", negation + word)
        return Comparison(field, operator, self._values() if word == "in" else (self._pattern(),))

    def _field(self) -> Field:
        token = self._next
        if token.kind == "name":
            self._at += 1
            return Field("", token.value, token.offset, token.end - token.offset)
        if token.kind != "word" or token.word in KEYWORDS or not _starts_name(token.value):
            raise self._error("expected a field such as metrics.acc, params.lr, tags.x, status")
        self._at += 1
        scope, dot, name = token.value.partition(".")
        end = token.end
        if dot and not name:
            quoted = self._next
            if quoted.kind not in ("name", "text") or quoted.offset != end:
                raise self._error(f"expected a name right after {token.value}")
            self._at += 1
            name, end = quoted.value, quoted.end
        if not dot:
            scope, name = "", token.value
        return Field(scope, name, token.offset, end - token.offset)

    def _value(self) -> Value:
        token = self._next
        if token.kind == "text":
            self._at += 1
            return Value(token.value, None, token.offset)
        if token.word == "null":
            raise self._error("nothing equals null", hint="write `is null` or `is not null`")
        if token.kind != "word" or token.word in KEYWORDS:
            raise self._error('expected a value: a number or a "text"')
        self._at += 1
        return Value(token.value, number_of(token.value), token.offset)

    def _pattern(self) -> Value:
        token = self._next
        value = self._value()
        wildcards = value.text.count("%")
        if len(value.text) > PATTERN_CHARS_MAX or wildcards > PATTERN_WILDCARDS_MAX:
            why = f"a pattern has at most {PATTERN_CHARS_MAX} characters, {PATTERN_WILDCARDS_MAX} %"
            raise QuerySyntax(why, text=self._text, offset=token.offset)
        return Value(value.text, value.number, value.offset)

    def _values(self) -> tuple[Value, ...]:
        if not self._take_sign("("):
            raise self._error("expected an opening parenthesis")
        values = [self._value()]
        while self._take_sign(","):
            values.append(self._value())
            if len(values) > QUERY_VALUES_MAX:
                raise self._error(f"more than {QUERY_VALUES_MAX} values")
        if not self._take_sign(")"):
            raise self._error("expected a comma or a closing parenthesis")
        return tuple(values)

    def _orders(self) -> tuple[Order, ...]:
        if not self._take_word("by"):
            raise self._error("expected by")
        orders = [self._order()]
        while self._take_sign(","):
            orders.append(self._order())
            if len(orders) > QUERY_ORDERS_MAX:
                raise self._error(f"more than {QUERY_ORDERS_MAX} fields to sort by")
        return tuple(orders)

    def _order(self) -> Order:
        field = self._field()
        return Order(field, self._take_word("asc", "desc") == "desc")

    def _error(self, why: str, *, hint: str | None = None) -> QuerySyntax:
        token = self._next
        length = max(1, token.end - token.offset)
        return QuerySyntax(why, text=self._text, offset=token.offset, length=length, hint=hint)


def _starts_name(word: str) -> bool:
    """Tell a name from a number; the same rule as in `syntax`, `½` included."""
    return re.match(r"[^\W\d]", word) is not None
