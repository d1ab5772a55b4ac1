"""No request that writes is answered as done before it is in the bucket, where a hub has one.

Plain ASGI. What could not be kept there is answered as unreachable, whatever else was done.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from afield.hub.asgi import App, Message, Receive, Scope, Send, problem
from afield.kernel.errors import AfieldError
from afield.mlflow_rest.route import UNKEPT
from afield.vault.errors import StorageUnreachable
from afield.workspace.kept import Kept

OTHERS_AFTER_S = 5.0
"""What the hub writes on nobody's behalf, and other devices' logs, go to the bucket this often."""

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSED = 400
_KEPT_NOT = "the hub cannot keep it now"
_HINT = "try again; the hub's log and `afield hub check` say what is wrong with its storage"

log = logging.getLogger("afield.hub")


class Acknowledged:
    """Holds an answer back until what was written is kept.

    Args:
        app: what answers.
        kept: what keeps it.
    """

    def __init__(self, app: App, kept: Kept) -> None:
        self._app = app
        self._kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in _READS:
            await self._app(scope, receive, send)
            return
        unkept = False

        async def send_kept(message: Message) -> None:
            nonlocal unkept
            if message["type"] == "http.response.start" and message["status"] < _REFUSED:
                try:
                    await asyncio.wrap_future(self._kept.begin())
                except (AfieldError, OSError) as error:
                    unkept = scope[UNKEPT] = True
                    log.warning("storage: %s", error)
                    code = getattr(error, "code", StorageUnreachable.code)
                    await problem(send, StorageUnreachable.status, code, _KEPT_NOT, _HINT)
            if not unkept:
                await send(message)

        await self._app(scope, receive, send_kept)


@contextlib.asynccontextmanager
async def sending(kept: Kept | None) -> AsyncIterator[None]:
    """Send again and again what nobody waits for."""
    if kept is None:
        yield
        return
    task = asyncio.create_task(_send_often(kept))
    try:
        yield
    finally:
        task.cancel()


async def _send_often(kept: Kept) -> None:
    while True:
        try:
            await asyncio.wrap_future(kept.begin(everything=True))
        except (AfieldError, OSError) as error:
            log.warning("storage: what waits for the bucket goes later: %s", error)
        await asyncio.sleep(OTHERS_AFTER_S)
