"""What is kept of traces outside of entries: objects, without the secrets in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from afield.kernel.ids import ObjectId
from afield.mlflow_rest.errors import invalid
from afield.mlflow_rest.route import Call
from afield.runs.secrets import redact
from afield.runs.values import hide_secrets

_T = TypeVar("_T")


def keep(call: Call, document: object, kind: type[_T]) -> ObjectId:
    """Put a document into the vault; call `flush` before an entry names it.

    Args:
        call: the call that is answered.
        document: a struct, or a list of them.
        kind: its type, for when secrets in it have to be replaced.

    Raises:
        Rest: it holds what JSON has not, as an integer of more than 64 bits.
    """
    known = call.served.record.secrets()
    try:
        data = msgspec.json.encode(document)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise invalid(f"the request holds what cannot be kept: {error}") from None
    _, rules = redact(data, known=known)
    if rules:
        plain = _clean("", msgspec.json.decode(data), known)
        data = msgspec.json.encode(msgspec.convert(plain, kind))
    return call.served.record.vault.put(data, meta=True)


def keep_text(call: Call, name: str, text: str) -> ObjectId:
    """Put a text into the vault, as `keep` does a document."""
    clean = hide_secrets(name, text, known=call.served.record.secrets())
    return call.served.record.vault.put(clean.encode("utf-8", "replace"), meta=True)


def clean(call: Call, values: Mapping[str, str]) -> dict[str, str]:
    """Return short texts without the secrets in them."""
    known = call.served.record.secrets()
    return {name: hide_secrets(name, value, known=known) for name, value in values.items()}


def flush(call: Call) -> None:
    """Make what was put durable."""
    call.served.record.vault.flush()


def _clean(name: str, value: Any, known: Mapping[str, bytes]) -> Any:
    """Replace secrets in each text, however deep; the name under which it stands helps to tell."""
    if isinstance(value, str):
        return hide_secrets(name, value, known=known)
    if isinstance(value, dict):
        return {key: _clean(key, inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean(name, inner, known) for inner in value]
    return value
