"""A filter's text, taken apart: `metrics.acc > 0.9 and tags."mlflow.user" ILIKE '%ann%'`.

Knows no table. Which names there are, and what they compare with, is a `Fields`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from afield.mlflow_rest import limits
from afield.mlflow_rest.errors import Rest, invalid, refuse

METRIC, PARAM, TAG, ATTRIBUTE, DATASET = "metric", "parameter", "tag", "attribute", "dataset"
_WORDS = {
    **dict.fromkeys(("metric", "metrics"), METRIC),
    **dict.fromkeys(("parameter", "parameters", "param", "params"), PARAM),
    **dict.fromkeys(("tag", "tags"), TAG),
    **dict.fromkeys(("attribute", "attributes", "attr", "run"), ATTRIBUTE),
    **dict.fromkeys(("dataset", "datasets"), DATASET),
}
NUMBERS = frozenset({">", ">=", "!=", "=", "<", "<="})
NULLS = frozenset({"IS NULL", "IS NOT NULL"})
LIKES = frozenset({"LIKE", "ILIKE", "RLIKE"})
LISTS = frozenset({"IN", "NOT IN"})
TEXTS = frozenset({"!=", "="}) | LIKES

_TOKEN = re.compile(
    r"""\s+
    | (?P<name>(?:`[^`]*`|"[^"]*"|[A-Za-z_][\w\-/:]*)(?:\.(?:`[^`]*`|"[^"]*"|[\w\-/:]+))*)
    | (?P<text>'(?:[^']|'')*')
    | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    | (?P<sign><=|>=|!=|<>|==|=|<|>)
    | (?P<open>\() | (?P<close>\)) | (?P<comma>,) | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison.

    Attributes:
        kind: `metric`, `parameter`, `tag`, `attribute` or `dataset`.
        key: which one.
        sign: the comparison, in capitals.
        value: what it is compared with: a text, a number, a list of texts; None for `IS NULL`.
    """

    kind: str
    key: str
    sign: str
    value: str | float | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Fields:
    """What a filter may name.

    Attributes:
        attributes: the names of attributes, each with whether it is a number.
        kinds: the other kinds.
        signs: by kind, and by attribute, which comparisons there are.
        aliases: other names of attributes.
        lists: the attributes that a list may be given for; of a data set every one.
        ordered: attributes that can only be sorted by.
        commas: whether a list may end with a comma.
    """

    attributes: Mapping[str, bool]
    kinds: frozenset[str]
    signs: Mapping[str, frozenset[str]]
    aliases: Mapping[str, str]
    lists: frozenset[str]
    ordered: frozenset[str] = frozenset()
    commas: bool = False


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def parse(text: str, fields: Fields) -> list[Term]:
    """Parse a filter.

    Raises:
        Rest: it cannot be understood; the message says at which word.
    """
    if len(text) > limits.FILTER_CHARS_MAX:
        raise invalid(f"a filter has at most {limits.FILTER_CHARS_MAX} characters")
    tokens = list(_tokens(text))
    terms: list[Term] = []
    while tokens:
        if terms and not _take_word(tokens, "AND"):
            raise _odd(tokens[0].text)
        terms.append(_term(tokens, fields))
        if len(terms) > limits.FILTER_TERMS_MAX:
            raise invalid(f"a filter has at most {limits.FILTER_TERMS_MAX} terms")
    return terms


def parse_order(text: str, fields: Fields) -> tuple[str, str, bool]:
    """Parse what to sort by: (kind, key, ascending).

    Raises:
        Rest: it cannot be understood.
    """
    if len(text) > limits.ORDER_CHARS_MAX:
        raise invalid(f"a field to sort by has at most {limits.ORDER_CHARS_MAX} characters")
    tokens = list(_tokens(text))
    if not tokens:
        raise invalid(f"Invalid order_by clause '{text}'. Could not be parsed.")
    ascending = True
    if len(tokens) > 1 and tokens[-1].kind == "name" and tokens[-1].text.upper() in ("ASC", "DESC"):
        ascending = tokens.pop().text.upper() == "ASC"
    if len(tokens) != 1 or tokens[0].kind != "name":
        # a name with blanks in it, as `Run name`, is one thing all the same
        raw = re.sub(r"\s+(asc|desc)\s*$", "", text.strip(), flags=re.IGNORECASE)
        if raw not in fields.aliases:
            raise invalid(
                f"Invalid order_by clause '{text}'. Could not be parsed: expected one field,"
                " and maybe ASC or DESC."
            )
        return ATTRIBUTE, fields.aliases[raw], ascending
    kind, key = _named(tokens[0].text, fields, ordered=True)
    return kind, key, ascending


def _tokens(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup
        if kind == "other":
            if found[0] == ";":
                raise invalid(
                    f"Search filter contained multiple expression {text[:200]!r}."
                    " Provide AND-ed expression list."
                )
            raise _odd(found[0])
        if kind is not None:
            yield _Token(kind, found[0])


def _term(tokens: list[_Token], fields: Fields) -> Term:
    first = _take(tokens, "an identifier")
    if first.kind != "name":
        raise _odd(first.text)
    if not tokens or (tokens[0].kind == "name" and tokens[0].text.upper() == "AND"):
        raise _odd(first.text)
    kind, key = _named(first.text, fields)
    sign = _sign(tokens, kind, key)
    numeric = kind == METRIC or (kind == ATTRIBUTE and fields.attributes[key])
    if sign in NULLS:
        if sign not in fields.signs.get(kind, frozenset()):
            raise invalid(
                f"IS NULL / IS NOT NULL is only supported for tags and params, not for {kind}"
                f" '{key}'"
            )
        return Term(kind, key, sign, None)
    _check_sign(kind, key, sign, fields, numeric=numeric)
    if sign in LISTS:
        if kind == ATTRIBUTE and key not in fields.lists:
            raise invalid(
                "Only the 'run_id' attribute supports comparison with a list of quoted string"
                " values."
            )
        return Term(kind, key, sign, _list(tokens, commas=fields.commas))
    return Term(kind, key, sign, _value(tokens, kind, key, numeric=numeric))


def _named(text: str, fields: Fields, *, ordered: bool = False) -> tuple[str, str]:
    head, dot, rest = text.partition(".")
    word = _bare(head)
    if not dot:
        kind, key = ATTRIBUTE, word
    else:
        found = _WORDS.get(word)
        if found is None or found not in fields.kinds:
            raise invalid(f"Invalid entity type '{word}'. Valid values are {sorted(fields.kinds)}")
        kind, key = found, _bare(rest)
    if kind == ATTRIBUTE:
        key = fields.aliases.get(key, key)
        known = [name for name in fields.attributes if ordered or name not in fields.ordered]
        if key not in known:
            raise invalid(f"Invalid attribute key '{key}' specified. Valid keys are '{known}'")
    if kind == DATASET and key not in ("name", "digest", "context"):
        raise invalid(
            f"Invalid dataset key '{key}' specified. Valid keys are '['name', 'digest', 'context']'"
        )
    return kind, key


def _sign(tokens: list[_Token], kind: str, key: str) -> str:
    found = _take(tokens, "a comparison")
    if found.kind == "sign":
        return {"<>": "!=", "==": "="}.get(found.text, found.text)
    word = found.text.upper() if found.kind == "name" else ""
    if word == "IS":
        negated = _take_word(tokens, "NOT")
        if _take_word(tokens, "NULL"):
            return "IS NOT NULL" if negated else "IS NULL"
    elif word == "NOT" and _take_word(tokens, "IN"):
        return "NOT IN"
    elif word in ("LIKE", "ILIKE", "RLIKE", "IN"):
        return word
    raise _odd(f"{kind}.{key} {found.text}")


def _check_sign(kind: str, key: str, sign: str, fields: Fields, *, numeric: bool) -> None:
    signs = fields.signs.get(key) if kind == ATTRIBUTE else fields.signs.get(kind)
    if signs is None:
        signs = NUMBERS if numeric else TEXTS
    if sign not in signs:
        raise invalid(
            f"Invalid comparator '{sign}' not one of '{sorted(signs)}'. Invalid comparison operator"
            f" for {kind} '{key}'"
        )


def _value(tokens: list[_Token], kind: str, key: str, *, numeric: bool) -> str | float:
    if not tokens:
        raise invalid(f"Invalid comparison clause. Expected 3 tokens found 2: {kind} '{key}'")
    found = tokens.pop(0)
    if numeric:
        if found.kind != "number":
            what = "metric" if kind == METRIC else f"numeric attribute: {key}"
            raise invalid(f"Expected numeric value type for {what}. Found {found.text}")
        return float(found.text)
    if found.kind == "text":
        return _pattern(found.text[1:-1].replace("''", "'"))
    if found.kind == "name" and found.text[0] == '"':
        return _pattern(found.text[1:-1])
    if found.kind == "name":
        raise invalid(
            "Parameter value is either not quoted or unidentified quote types used for string"
            f" value {found.text}. Use either single or double quotes."
        )
    if found.kind == "open":
        raise invalid(
            "Only the 'run_id' attribute supports comparison with a list of quoted string values."
        )
    what = "attributes" if kind == ATTRIBUTE else f"{kind} (e.g. 'my-value')"
    raise invalid(f"Expected a quoted string value for {what}. Got value {found.text}")


def _pattern(text: str) -> str:
    wild = text.count("%")
    if wild > limits.PATTERN_WILDCARDS_MAX:
        raise invalid(f"a pattern has at most {limits.PATTERN_WILDCARDS_MAX} `%`")
    return text


def _list(tokens: list[_Token], *, commas: bool) -> tuple[str, ...]:
    bad = "While parsing a list in the query, expected string value, punctuation, or whitespace, "
    ill_formed = invalid(
        "While parsing a list in the query, expected a non-empty list of string values, but got"
        " ill-formed list"
    )
    opened = _take(tokens, "a list")
    if opened.kind != "open":
        raise invalid(f"{bad}but got different type in list: {opened.text}")
    values: list[str] = []
    count = 0
    while tokens:
        found = tokens.pop(0)
        if found.kind == "close":
            if count and count >= len(values) and not commas:
                raise ill_formed
            if not values:
                raise invalid(
                    "While parsing a list in the query, expected a non-empty list of string values,"
                    " but got empty list"
                )
            return tuple(values)
        quoted = found.kind == "text" or (found.kind == "name" and found.text[0] == '"')
        if found.kind == "comma":
            count += 1
        elif quoted and len(values) < limits.FILTER_VALUES_MAX:
            values.append(found.text[1:-1])
        else:
            raise invalid(f"{bad}but got different type in list: {found.text}")
        if count not in (len(values), len(values) - 1):
            raise ill_formed
    raise _odd("IN (")


def _take(tokens: list[_Token], what: str) -> _Token:
    if not tokens:
        refuse(f"Invalid clause(s) in filter string: expected {what} at its end")
    return tokens.pop(0)


def _take_word(tokens: list[_Token], word: str) -> bool:
    if tokens and tokens[0].kind == "name" and tokens[0].text.upper() == word:
        tokens.pop(0)
        return True
    return False


def _bare(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "`\"'":
        return text[1:-1]
    return text


def _odd(text: str) -> Rest:
    return invalid(f"Invalid clause(s) in filter string: '{text[:200]}'")
