"""A filter of traces, taken apart: `trace.status = 'OK' AND span.name LIKE '%search%'`.

The words are those of MLflow's `search_traces`. What a term means for the tables is in `search`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from afield.mlflow_rest import limits
from afield.mlflow_rest.errors import Rest, invalid
from afield.mlflow_rest.search.grammar import Term

ATTRIBUTE, TAG, METADATA, SPAN = "attribute", "tag", "request_metadata", "span"
FEEDBACK, EXPECTATION, ISSUE = "feedback", "expectation", "issue"
NAME, SOURCE_RUN, PROMPTS = "mlflow.traceName", "mlflow.sourceRun", "mlflow.linkedPrompts"
CONTENT, NOTED = "content", "attributes."
_KINDS = {
    **dict.fromkeys((ATTRIBUTE, "attributes", "trace"), ATTRIBUTE),
    **dict.fromkeys((TAG, "tags"), TAG),
    **dict.fromkeys((METADATA, "metadata"), METADATA),
    **{each: each for each in (SPAN, FEEDBACK, EXPECTATION, ISSUE)},
}
_NUMBERS = frozenset({"timestamp_ms", "execution_time_ms", "end_time_ms"})
_TEXTS = frozenset({"request_id", "status", "client_request_id"})
_ALIASES = {
    "timestamp": "timestamp_ms",
    "execution_time": "execution_time_ms",
    "end_time": "end_time_ms",
    "trace_id": "request_id",
}
_ELSEWHERE = {
    "name": (TAG, NAME),
    "prompt": (TAG, PROMPTS),
    "run_id": (METADATA, SOURCE_RUN),
    "text": (SPAN, CONTENT),
}
"""What is asked for as an attribute, and is none."""

_COMPARES = frozenset({"=", "!=", "<", "<=", ">", ">="})
_LIKES = frozenset({"LIKE", "ILIKE", "RLIKE"})
_LISTS = frozenset({"IN", "NOT IN"})
_NULLS = frozenset({"IS NULL", "IS NOT NULL"})
_SIGNS = {
    ATTRIBUTE: frozenset({"=", "!="}) | _LIKES | _LISTS,
    TAG: frozenset({"=", "!="}) | _LIKES | _NULLS,
    METADATA: frozenset({"=", "!="}) | _LIKES | _NULLS,
    SPAN: frozenset({"=", "!="}) | _LIKES | _LISTS,
    FEEDBACK: frozenset({"=", "!="}) | _LIKES | _NULLS,
    EXPECTATION: frozenset({"=", "!="}) | _LIKES | _NULLS,
    ISSUE: frozenset({"="}),
}
_OF_SPAN = frozenset({"name", "type", "status"})
_CONTENT_SIGNS = frozenset({"LIKE", "ILIKE"})
_QUOTED = r"`[^`]*`|\"[^\"]*\""
_TOKEN = re.compile(
    rf"""\s+
    | (?P<name>(?:{_QUOTED}|[A-Za-z_][\w\-/]*)(?:\.(?:{_QUOTED}|[\w\-/]+))*)
    | (?P<text>'(?:[^']|'')*')
    | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    | (?P<sign><=|>=|!=|<>|==|=|<|>)
    | (?P<open>\() | (?P<close>\)) | (?P<comma>,) | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_Token = tuple[str, str]


def parse(text: str) -> list[Term]:
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
            raise _odd(tokens[0][1])
        terms.append(_term(tokens))
        if len(terms) > limits.FILTER_TERMS_MAX:
            raise invalid(f"a filter has at most {limits.FILTER_TERMS_MAX} terms")
    return terms


def parse_order(text: str) -> tuple[str, str, bool]:
    """Parse what to sort by: (kind, key, ascending).

    Raises:
        Rest: it cannot be understood.
    """
    if len(text) > limits.ORDER_CHARS_MAX:
        raise invalid(f"a field to sort by has at most {limits.ORDER_CHARS_MAX} characters")
    tokens = list(_tokens(text))
    if not tokens or len(tokens) > 2 or tokens[0][0] != "name":  # noqa: PLR2004 - a field, a way
        raise invalid(f"Invalid order_by clause '{text}'. Could not be parsed.")
    way = tokens[1][1].upper() if len(tokens) > 1 else "ASC"
    if way not in ("ASC", "DESC"):
        raise invalid(f"Invalid ordering key in order_by clause '{text}'.")
    kind, key = _named(tokens[0][1], ordered=True)
    if kind not in (ATTRIBUTE, TAG, METADATA):
        raise invalid(f"Invalid identifier type '{kind}'")
    return kind, key, way == "ASC"


def _tokens(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup
        if kind == "other":
            raise _odd(found[0])
        if kind is not None:
            yield kind, found[0]


def _term(tokens: list[_Token]) -> Term:
    kind, word = tokens.pop(0)
    if kind != "name" or not tokens or _is_word(tokens[0], "AND"):
        raise _odd(word)
    what, key = _named(word)
    sign = _sign(tokens, word)
    _check(what, key, sign)
    if sign in _NULLS:
        return Term(what, key, sign, None)
    if sign in _LISTS:
        return Term(what, key, sign, _list(tokens))
    return Term(what, key, sign, _value(tokens, what, key))


def _named(text: str, *, ordered: bool = False) -> tuple[str, str]:
    head, dot, rest = text.partition(".")
    if (head[0] in '`"' and head[-1] != head[0]) or (len(head) == 1 and head in '`"'):
        head, dot, rest = text, "", ""  # quotes with a dot in them
    head = _bare(head)
    if not dot:
        kind, key = ATTRIBUTE, head
    elif head not in _KINDS:
        raise invalid(f"Invalid entity type '{head}'. Valid values are {sorted(_KINDS)}")
    else:
        kind, key = _KINDS[head], _bare(rest)
    if kind == ATTRIBUTE:
        lower = key.lower()
        if lower in _ELSEWHERE:
            return _ELSEWHERE[lower]
        key = _ALIASES.get(key, key)
        known = _NUMBERS | _TEXTS | ({"experiment_id"} if ordered else frozenset())
        if key not in known:
            valid = sorted(known | set(_ALIASES) | set(_ELSEWHERE))
            raise invalid(f"Invalid attribute key '{key}' specified. Valid keys are '{valid}'")
    elif kind == SPAN:
        key = _span_key(key)
    elif kind == ISSUE and key != "id":
        raise invalid(f"Invalid issue attribute '{key}'. Supported attributes: id")
    return kind, key


def _span_key(key: str) -> str:
    if key.startswith(NOTED):
        noted = _bare(key.removeprefix(NOTED))
        if not noted:
            raise invalid("Span attribute name cannot be empty after 'attributes.'")
        return NOTED + noted
    if key not in _OF_SPAN and key != CONTENT:
        raise invalid(
            f"Invalid span attribute '{key}'. Supported attributes: name, status, type,"
            " attributes.<attribute_name>."
        )
    return key


def _sign(tokens: list[_Token], before: str) -> str:
    kind, word = tokens.pop(0)
    if kind == "sign":
        return {"<>": "!=", "==": "="}.get(word, word)
    upper = word.upper() if kind == "name" else ""
    if upper == "IS":
        negated = _take_word(tokens, "NOT")
        if _take_word(tokens, "NULL"):
            return "IS NOT NULL" if negated else "IS NULL"
    elif upper == "NOT" and _take_word(tokens, "IN"):
        return "NOT IN"
    elif upper == "IN" or upper in _LIKES:
        return upper
    raise _odd(f"{before} {word}")


def _check(kind: str, key: str, sign: str) -> None:
    if kind == ATTRIBUTE and key in _NUMBERS:
        signs = _COMPARES
    elif kind == SPAN and key == CONTENT:
        signs = _CONTENT_SIGNS
    elif (kind, key) == (TAG, PROMPTS):
        if sign != "=":
            raise invalid(
                f"Invalid comparator '{sign}' for prompts filter. Only '=' is supported with"
                ' format: prompt = "name/version"'
            )
        return
    else:
        signs = _SIGNS[kind]
    if sign not in signs:
        where = f"span.{key} comparator" if kind == SPAN else "Invalid comparator"
        if kind in (FEEDBACK, EXPECTATION, ISSUE):
            where = f"{'issue' if kind == ISSUE else 'assessment'}.{key} comparator"
        raise invalid(f"{where} '{sign}' not one of '{sorted(signs)}'")


def _value(tokens: list[_Token], kind: str, key: str) -> str | float:
    if not tokens:
        raise invalid(f"Invalid comparison clause. Expected 3 tokens found 2: {kind} '{key}'")
    what, word = tokens.pop(0)
    if kind == ATTRIBUTE and key in _NUMBERS:
        if what != "number":
            raise invalid(f"Expected numeric value type for numeric attribute: {key}. Found {word}")
        return float(word)
    found = _text(what, word)
    if found is None:
        raise invalid(
            f"Expected a quoted string value for {kind} (e.g. 'my-value'). Got value {word}"
        )
    if (kind, key) == (TAG, PROMPTS) and found.count("/") != 1:
        raise invalid(
            f"Invalid prompts filter value '{found[:200]}'. Expected format:"
            ' prompt = "name/version"'
        )
    return found


def _text(kind: str, word: str) -> str | None:
    """Return the text between quotes; None for what is not between any."""
    if kind == "text":
        found = word[1:-1].replace("''", "'")
    elif kind == "name" and word[0] == '"' and word[-1] == '"' and word.count('"') == 2:  # noqa: PLR2004 - a pair
        found = word[1:-1]
    else:
        return None
    if found.count("%") > limits.PATTERN_WILDCARDS_MAX:
        raise invalid(f"a pattern has at most {limits.PATTERN_WILDCARDS_MAX} `%`")
    return found


def _list(tokens: list[_Token]) -> tuple[str, ...]:
    if not tokens or tokens.pop(0)[0] != "open":
        raise _odd("IN")
    found: list[str] = []
    while tokens and len(found) < limits.FILTER_VALUES_MAX:
        kind, word = tokens.pop(0)
        text = _text(kind, word)
        if text is None:
            raise _odd(word)
        found.append(text)
        kind, word = tokens.pop(0) if tokens else ("", "")
        if kind == "close":
            return tuple(found)
        if kind != "comma":
            raise _odd(word)
    raise _odd("IN (")


def _take_word(tokens: list[_Token], word: str) -> bool:
    if tokens and _is_word(tokens[0], word):
        tokens.pop(0)
        return True
    return False


def _is_word(token: _Token, word: str) -> bool:
    return token[0] == "name" and token[1].upper() == word


def _bare(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in '`"':
        return text[1:-1]
    return text


def _odd(text: str) -> Rest:
    return invalid(f"Invalid clause(s) in filter string: '{text[:200]}'")
