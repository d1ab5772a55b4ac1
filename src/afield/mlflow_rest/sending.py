"""Sending a file: its type, its name, and the part of it that is asked for.

Always as an attachment that no browser guesses the type of; what could run in a page is plain text.
"""

from __future__ import annotations

import mimetypes
import os
import re
from collections.abc import Mapping
from typing import BinaryIO
from urllib.parse import quote

import anyio.to_thread
from starlette.types import Send

from afield.mlflow_rest.limits import STREAM_BYTES
from afield.mlflow_rest.paths import File
from afield.vault.errors import ObjectMissing

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)
_PLAIN = frozenset(
    [
        ".txt",
        ".log",
        ".err",
        ".cfg",
        ".conf",
        ".ini",
        ".properties",
        ".toml",
        ".yaml",
        ".yml",
        ".xml",
        ".json",
        ".jsonl",
        ".js",
        ".py",
        ".csv",
        ".tsv",
        ".md",
        ".rst",
        ".html",
        ".htm",
        ".svg",
    ]
)
_PLAIN_NAMES = frozenset({"mlmodel", "mlproject"})


async def send_file(
    found: File, stream: BinaryIO, headers: Mapping[str, str], method: str, send: Send
) -> None:
    """Send a file, or the range of it that the headers ask for."""
    size_bytes = found.size_bytes or 0
    start, end, partial = _range(headers.get("range"), size_bytes)
    told = [
        (b"content-type", content_type(found.name).encode()),
        (b"content-length", str(end - start).encode()),
        (b"content-disposition", _disposition(found.name)),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"sandbox"),
        (b"accept-ranges", b"bytes"),
        (b"etag", f'"{found.object}"'.encode()),
    ]
    if partial:
        told.append((b"content-range", f"bytes {start}-{end - 1}/{size_bytes}".encode()))
    await send({"type": "http.response.start", "status": 206 if partial else 200, "headers": told})
    stream.seek(start)
    left = end - start if method != "HEAD" else 0
    while left:
        data = await anyio.to_thread.run_sync(stream.read, min(left, STREAM_BYTES))
        if not data:
            raise ObjectMissing("cannot read artifact", found.path, "it ended early")
        left -= len(data)
        await send({"type": "http.response.body", "body": data, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _range(asked: str | None, size_bytes: int) -> tuple[int, int, bool]:
    """Return start and end of what is asked for; a range that cannot be is not looked at."""
    found = _RANGE.fullmatch(asked.strip()) if asked else None
    if found is None or not (found[1] or found[2]) or not size_bytes:
        return 0, size_bytes, False
    if not found[1]:
        return max(0, size_bytes - int(found[2])), size_bytes, True
    start = int(found[1])
    end = min(int(found[2]) + 1, size_bytes) if found[2] else size_bytes
    return (start, end, True) if start < end else (0, size_bytes, False)


def content_type(name: str) -> str:
    """Return what a file is sent as; texts as plain text, so that no page of theirs ever runs."""
    suffix = os.path.splitext(name)[1].lower()
    if suffix in _PLAIN or name.lower() in _PLAIN_NAMES:
        return "text/plain"
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _disposition(name: str) -> bytes:
    if re.fullmatch(r"[\w.+%-]+", name, re.ASCII):
        return f"attachment; filename={name}".encode()
    plain = re.sub(r"[^\w.+ -]", "_", name, flags=re.ASCII)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}".encode()
