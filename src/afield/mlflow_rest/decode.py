"""From a request to a message: a JSON body or a query string, as MLflow's own server takes them.

Protobuf's JSON is meant: `snake_case` and `camelCase` names, integers of 64 bits as texts, NaN and
the infinities as words, null for what is missing, unknown fields ignored.
"""

from __future__ import annotations

import json
import math
import re
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive, Scope

from afield.mlflow_rest.errors import BAD_REQUEST, TOO_LARGE, Rest, invalid
from afield.mlflow_rest.limits import BODY_BYTES_MAX, QUERY_FIELDS_MAX

_T = TypeVar("_T", bound=msgspec.Struct)
_CAMEL = re.compile(rb'"[a-z]+[A-Z][A-Za-z]*"\s*:')
_HUMP = re.compile(r"(?<=[a-z])([A-Z])")
_PLACE = re.compile(r"(?P<why>.*) - at `\$(?P<path>.*)`", re.DOTALL)
_HINT = " See the API docs for more information about request parameters."
_decoders: dict[type[msgspec.Struct], msgspec.json.Decoder[Any]] = {}


class AsSent(msgspec.Struct):
    """A message with names of people's in it: none of them is renamed to `snake_case`."""


class Query:
    """What a request says beside its body."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The names and values of the query string, in order.

        Raises:
            Rest: they are too many.
        """
        text = self._scope.get("query_string", b"").decode("latin-1")
        try:
            return parse_qsl(text, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX)
        except ValueError:
            raise invalid(f"a query has at most {QUERY_FIELDS_MAX} parameters") from None

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers, names in lower case."""
        return {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in self._scope["headers"]
        }


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """Read a body that is to be JSON.

    Raises:
        Rest: it is too large, or the client went away.
    """
    if scope["method"] in ("GET", "HEAD"):
        return b""
    parts: list[bytes] = []
    size_bytes = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Rest(BAD_REQUEST, "the client went away")
        part = message.get("body", b"")
        size_bytes += len(part)
        if size_bytes > BODY_BYTES_MAX:
            raise Rest(TOO_LARGE, f"a request has at most {BODY_BYTES_MAX} bytes")
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def decode(message: type[_T], scope: Scope, body: bytes) -> _T:
    """Decode a request to a message.

    Raises:
        Rest: it is no JSON object, or a field is of another type, or required and missing.
    """
    if scope["method"] == "GET":
        return _convert(message, _from_query(message, Query(scope).pairs))
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if kind and kind.partition(b";")[0].strip().lower() != b"application/json":
        got = kind.decode("latin-1")
        why = f"Bad Request. Content-Type must be one of ['application/json'], got {got!r}."
        raise Rest(BAD_REQUEST, why)
    renames = not issubclass(message, AsSent)
    if not body or (renames and _CAMEL.search(body)):
        return _convert(message, _plain(body, renames=renames))
    try:
        return _decoder(message).decode(body)  # type: ignore[no-any-return]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _convert(message, _plain(body, renames=renames))


def missing_value(name: str) -> Rest:
    """Return the error of a required parameter that is not there."""
    return invalid(f"Missing value for required parameter '{name}'.{_HINT}")


def wrong_value(name: str, value: object, why: str | None = None) -> Rest:
    """Return the error of a parameter with a value that it cannot have."""
    shown = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)[:1000]
    why = why or f" Hint: Value was of type '{type(value).__name__}'."
    return invalid(f"Invalid value {shown} for parameter '{name}' supplied: {why}{_HINT}")


def require(**values: object) -> None:
    """Do nothing when all of these parameters are given.

    Raises:
        Rest: one is missing, or an empty text.
    """
    for name, value in values.items():
        if value is None or value == "":
            raise missing_value(name)


def _decoder(message: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:
    found = _decoders.get(message)
    if found is None:
        found = _decoders[message] = msgspec.json.Decoder(message, strict=False)
    return found


def _plain(body: bytes, *, renames: bool = True) -> dict[str, Any]:
    """Return the object that a body is, twice encoded or with NaN in it."""
    if not body.strip():
        return {}
    try:
        found = _loads(body)
        if isinstance(found, str):  # old clients encode twice
            found = _loads(found)
        if b"\\u" in body:  # half of a pair of signs is no text, and could not be kept
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Rest(BAD_REQUEST, "the request is no JSON") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Rest(BAD_REQUEST, "the request is no JSON object")
    if not renames:
        return found
    return {_snake(name): _renamed(value, 0) for name, value in found.items()}


def _loads(text: bytes | str) -> Any:
    return json.loads(text, parse_int=_integer, parse_float=_real)


def _real(text: str) -> float:
    found = float(text)
    if math.isinf(found):
        raise invalid(f"the number {text[:100]} is out of the range of a 64-bit float")
    return found


def _integer(text: str) -> int | float:
    return int(text) if len(text) < 30 else _real(text)  # noqa: PLR2004 - no 64-bit number


def _renamed(value: Any, depth: int) -> Any:
    if depth > 16:  # noqa: PLR2004 - no message is that deep
        return None
    if isinstance(value, dict):
        return {_snake(name): _renamed(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, depth + 1) for inner in value]
    return value


def _snake(name: str) -> str:
    return _HUMP.sub(lambda found: "_" + found[1].lower(), name)


def _from_query(message: type[msgspec.Struct], pairs: list[tuple[str, str]]) -> dict[str, Any]:
    kinds = {field.name: field.type for field in msgspec.structs.fields(message)}
    found: dict[str, Any] = {}
    for given, value in pairs:
        name = given if given in kinds else _snake(given)
        if name not in kinds:
            continue
        text = str(kinds[name])
        if "list" in text:
            found.setdefault(name, []).append(value)
        elif "bool" in text:
            if value.lower() not in ("true", "false"):
                raise invalid(f"Invalid boolean value: {value}, must be 'true' or 'false'.")
            found[name] = value.lower() == "true"
        else:
            found[name] = value
    return found


def _convert(message: type[_T], plain: dict[str, Any]) -> _T:
    try:
        return msgspec.convert(plain, message, strict=False)
    except msgspec.ValidationError as error:
        raise _explained(str(error), plain) from None


def _explained(text: str, plain: dict[str, Any]) -> Rest:
    """Say which parameter a value does not fit, as MLflow does."""
    found = _PLACE.fullmatch(text)
    path = found["path"].lstrip(".") if found else ""
    name = re.split(r"[.\[]", path, maxsplit=1)[0]
    if name in plain:
        return wrong_value(name, plain[name])
    return invalid(f"{text}.{_HINT}")
