"""What a client asks of the server itself: whether it is there, and which protocol it speaks."""

from __future__ import annotations

import json

from starlette.types import Receive, Scope, Send

from afield.mlflow_rest.errors import NO_ENDPOINT, Rest
from afield.mlflow_rest.route import Raw, send_json

PROTOCOL = "3.11.1"
"""The version of MLflow whose protocol this is; its client refuses some calls below 3.4."""


async def version(_: Scope, __: Receive, send: Send) -> None:
    """Tell the version of the protocol."""
    await _send_text(PROTOCOL, send)


async def health(_: Scope, __: Receive, send: Send) -> None:
    """Tell that the server is there."""
    await _send_text("OK", send)


async def info(_: Scope, __: Receive, send: Send) -> None:
    """Tell what the server is made of."""
    told = {"store_type": "SqlStore", "workspaces_enabled": False}
    await send_json(json.dumps(told).encode(), send)


async def unknown(scope: Scope, __: Receive, ___: Send) -> None:
    """Refuse a call that the protocol has not, or that is not built.

    Raises:
        Rest: always.
    """
    raise Rest(NO_ENDPOINT, f"No API found for '{scope['method']} {scope['path']}'")


async def _send_text(text: str, send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


RAWS = (Raw("GET", "/mlflow/server-info", None, info, ("3.0",)),)
