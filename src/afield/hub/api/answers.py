"""Answers of the API: JSON with a tag of its bytes, so that what has not changed is not sent."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
from blake3 import blake3
from starlette.requests import Request
from starlette.responses import Response

from afield.kernel.errors import Usage

JSON = "application/json"
_TAG_CHARS = 32
_encoder = msgspec.json.Encoder()


def answer(request: Request, document: Any, status: int = 200) -> Response:
    """Return a document as JSON; 304 without it when the client has these very bytes."""
    return answer_bytes(request, _encoder.encode(document), JSON, status)


def answer_bytes(request: Request, body: bytes, media_type: str, status: int = 200) -> Response:
    """Return bytes with their tag, which the client is to ask about each time."""
    tag = f'"{blake3(body).hexdigest()[:_TAG_CHARS]}"'
    headers = {"etag": tag, "cache-control": "no-cache", "x-content-type-options": "nosniff"}
    known = request.headers.get("if-none-match", "")
    if request.method in ("GET", "HEAD") and tag in {part.strip() for part in known.split(",")}:
        return Response(status_code=304, headers=headers)
    return Response(body, status, headers, media_type)


class Cursor(msgspec.Struct, array_like=True):
    """Where a list goes on: what it was asked, and how much of it was given."""

    query: str
    offset: int


def cursor_text(cursor: Cursor) -> str:
    """Return a cursor as text for a URL."""
    return base64.urlsafe_b64encode(_encoder.encode(cursor)).decode().rstrip("=")


def read_cursor(text: str, query: str) -> int:
    """Return the offset that a cursor of this very query stands for.

    Raises:
        Usage: it is none of ours, or of another query.
    """
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        cursor = msgspec.json.decode(data, type=Cursor)
    except (ValueError, msgspec.MsgspecError):
        raise Usage("cannot go on from", text, "it is no cursor of this list") from None
    if cursor.query != query or cursor.offset < 0:
        raise Usage("cannot go on from", text, "it belongs to another query")
    return cursor.offset
