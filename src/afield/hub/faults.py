"""From an error to an answer: its HTTP status, and its problem document."""

from __future__ import annotations

import logging
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from afield.hub.asgi import PROBLEM, Problem
from afield.kernel.errors import (
    AfieldError,
    Busy,
    Damaged,
    NotAllowed,
    NotFound,
    NoWorkspace,
    Refused,
    Unreachable,
)
from afield.vault.errors import StorageUnreachable

STATUSES: tuple[tuple[type[AfieldError], int], ...] = (
    (NotFound, 404),
    (NoWorkspace, 404),
    (Busy, 503),
    (NotAllowed, 403),
    (Refused, 400),
    (Damaged, 500),
    (Unreachable, 504),
)
"""The first class that fits gives the status; the rest of the tree is 500."""

log = logging.getLogger("afield.hub")


def status_of(error: AfieldError) -> int:
    """Return the HTTP status of an error: its class's own `status`, or its kind's."""
    own = getattr(type(error), "status", None)
    if isinstance(own, int):
        return own
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


async def answer_afield(_: Request, error: Exception) -> Response:
    """Answer with what the error says, under its stable code."""
    assert isinstance(error, AfieldError)
    if isinstance(error, StorageUnreachable):  # where it is and what to do is for the log alone
        log.warning("storage: %s; %s", error.message, error.hint)
        return as_response(Problem(error.told, error.status, error.code))
    found = Problem(error.what, status_of(error), error.code, error.message, error.hint)
    wait_s = error.fields.get("retry_s")
    return as_response(found, {} if wait_s is None else {"retry-after": str(wait_s)})


async def answer_http(_: Request, error: Exception) -> Response:
    """Answer with what the router says: no such path, another method."""
    assert isinstance(error, HTTPException)
    code = {404: "http.not_found", 405: "http.method"}.get(error.status_code, "http.error")
    found = Problem(str(error.detail), error.status_code, code)
    return as_response(found, dict(error.headers or {}))


async def answer_invalid(_: Request, error: Exception) -> Response:
    """Answer with the first thing that is off in the parameters or the body of a request."""
    faults: list[dict[str, Any]] = getattr(error, "errors", list)()
    first = next(iter(faults), {})
    where = ".".join(str(part) for part in first.get("loc", ()))
    detail = f"{where}: {first.get('msg', 'not understood')}"
    return as_response(Problem("the request is off", 422, "http.invalid", detail))


async def answer_bug(_: Request, error: Exception) -> Response:
    """Answer without a word of what went wrong inside; the log has it."""
    log.error("a request met a bug", exc_info=error)
    return as_response(Problem("this is a bug of Afield", 500, "afield.bug"))


def as_response(found: Problem, headers: dict[str, str] | None = None) -> Response:
    """Return a problem as a response."""
    import msgspec

    plain = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(
        msgspec.json.encode(found), found.status, {**plain, **(headers or {})}, media_type=PROBLEM
    )
