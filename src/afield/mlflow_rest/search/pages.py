"""Pages of a search: how many, from where, and which of the active and the deleted."""

from __future__ import annotations

import base64
import binascii
import json

import msgspec

from afield.kernel.digest import digest
from afield.mlflow_rest.errors import invalid

ACTIVE_ONLY, DELETED_ONLY, ALL = "ACTIVE_ONLY", "DELETED_ONLY", "ALL"
_VIEWS = {"1": ACTIVE_ONLY, "2": DELETED_ONLY, "3": ALL}
_OFFSET_MAX = 1 << 53


def view_of(asked: str | int | None) -> str:
    """Return which of the active and the deleted are asked for; the active ones without.

    Raises:
        Rest: there is no such view.
    """
    if asked is None:
        return ACTIVE_ONLY
    name = _VIEWS.get(str(asked), str(asked).upper())
    if name not in _VIEWS.values():
        raise invalid(f"Invalid view type '{asked}'. Valid ones are {list(_VIEWS.values())}")
    return name


def page_size(asked: int | None, default: int, most: int) -> int:
    """Return how many a page has.

    Raises:
        Rest: that is too many, or none.
    """
    size = default if asked is None else asked
    if size < 1:
        raise invalid(
            f"Invalid value {size} for parameter 'max_results' supplied: It must be a positive"
            " integer"
        )
    if size > most:
        raise invalid(
            f"Invalid value {size} for parameter 'max_results' supplied: It must be at most {most}."
            " See the API docs for more information about request parameters."
        )
    return size


def start_of(token: str | None, **asked: object) -> int:
    """Return where a page starts; `asked` is what must be as it was when the token was made.

    Raises:
        Rest: the token is not one of ours, or of another search.
    """
    if not token:
        return 0
    try:
        found = json.loads(base64.b64decode(token, validate=True))
        offset = found["offset"]
    except (ValueError, binascii.Error, KeyError, TypeError, RecursionError):
        raise invalid(f"Invalid page token, could not base64-decode '{token[:100]}'") from None
    if type(offset) is not int or not 0 <= offset < _OFFSET_MAX:
        raise invalid(f"Invalid page token '{token[:100]}'")
    for name, value in asked.items():
        if found.get(name) != _digest(value):
            verb = "do" if name.endswith("s") else "does"
            words = name.replace("_", " ")
            raise invalid(f"{words} in the page token {verb} not match those of this search")
    return offset


def token_for(offset: int, **asked: object) -> str:
    """Return the token of the page that starts at an offset."""
    told = {"offset": offset, **{name: _digest(value) for name, value in asked.items()}}
    return base64.b64encode(json.dumps(told).encode()).decode("ascii")


def _digest(value: object) -> str:
    return digest(msgspec.json.encode(value))[:16]
