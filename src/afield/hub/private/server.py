"""The process that answers at a run's own endpoint, begun by `endpoint` and ended by its stdin.

It ends when the recorder hangs up, also when that was killed: nothing of it outlives the run.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import socket
import sys
import threading
from functools import partial

import msgspec
import uvicorn
from starlette.applications import Starlette

from afield.hub.asgi import App, AsCaller, Receive, Scope, Send, problem
from afield.hub.guard import LOOPBACK, Guard
from afield.hub.private.endpoint import USER, VARIABLE, Setup
from afield.kernel.ids import RunId
from afield.members.caller import Caller
from afield.mlflow_rest.joined import ServedWithin, routes
from afield.mlflow_rest.known import HOME
from afield.runs.live_owner import read_owner
from afield.runs.secrets import known_values
from afield.workspace.hosted import Hosted
from afield.workspace.workspace import Workspace

_STOP_WITHIN_S = 20
_READERS = 2


def main() -> None:
    """Answer until stdin ends."""
    setup = msgspec.json.decode(sys.stdin.buffer.readline(), type=Setup)
    with (
        socket.socket(fileno=setup.descriptor) as listener,
        Hosted(setup.workspace, readers=_READERS) as hosted,
    ):
        known = {**known_values(os.environ), VARIABLE: setup.secret.encode()}
        record = msgspec.structs.replace(hosted.record, secrets=lambda: known)
        served = ServedWithin(record, RunId(setup.run))
        owner = read_owner(record.live_folder(served.within))
        if owner is not None:
            HOME.project = owner.project
        if setup.reproduces is not None:
            HOME.hidden = hosted.read_here(partial(_between, setup.reproduces, setup.run))
        app = Starlette(routes=routes(hosted, served))
        caller = Caller.local(hosted.record.journal.member)
        with contextlib.ExitStack() as ends:
            ends.callback(hosted.read_here, served.finish)
            answer(Guard(Private(app, setup.secret, caller), LOOPBACK), listener)


class Private:
    """Lets in who knows the secret.

    Args:
        app: what answers them.
        secret: the password of `afield`, as HTTP's basic authentication sends it.
        caller: who knows it.
    """

    def __init__(self, app: App, secret: str, caller: Caller) -> None:
        self._app = AsCaller(app, caller)
        self._wanted = b"Basic " + base64.b64encode(f"{USER}:{secret}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401, or hand the request on."""
        if scope["type"] == "http":
            told = next(
                (value for name, value in scope["headers"] if name == b"authorization"), b""
            )
            if not hmac.compare_digest(told, self._wanted):
                await problem(send, 401, "not_allowed", "this is the endpoint of somebody's run")
                return
        await self._app(scope, receive, send)


def answer(app: App, listener: socket.socket) -> None:
    """Answer at a socket until stdin ends."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=_STOP_WITHIN_S,
    )
    server = uvicorn.Server(config)

    def hear() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True

    threading.Thread(target=hear, daemon=True).start()
    server.run(sockets=[listener])


def _between(first: str, second: str, workspace: Workspace) -> tuple[int, int] | None:
    """Return when two runs began; None when that is not known of both."""
    workspace.catch_up()
    sql = "SELECT started_ms FROM runs WHERE id IN (?, ?) AND started_ms IS NOT NULL"
    found = sorted(int(began_ms) for (began_ms,) in workspace.query(sql, (first, second)))
    return (found[0], found[1]) if len(found) == 2 else None  # noqa: PLR2004 - both


if __name__ == "__main__":
    main()
