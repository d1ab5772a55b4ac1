"""A server for one other process, which has no server: MLflow's client with an `afield://` address.

Told on stdin what to serve, it tells its port on stdout, and ends with its stdin: when the process
that began it is done, or gone.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from pathlib import Path

import msgspec
from starlette.applications import Starlette

from afield.hub.guard import LOOPBACK, Guard
from afield.hub.private.server import Private, answer
from afield.kernel.errors import AfieldError
from afield.members.caller import Caller
from afield.mlflow_rest.app import routes
from afield.runs.secrets import known_values
from afield.runs.served.writer import Served
from afield.workspace.hosted import Hosted
from afield.workspace.workspace import Workspace

_READERS = 2
_BACKLOG = 128


class Wanted(msgspec.Struct, frozen=True):
    """What is served.

    Attributes:
        workspace: the folder that holds it; None: the one that is meant in the current folder.
        secret: what a request must know.
    """

    workspace: str | None
    secret: str


class Told(msgspec.Struct, frozen=True):
    """Where it is served, or why it is not."""

    port: int = 0
    error: str = ""
    hint: str | None = None


def main() -> None:
    """Answer until stdin ends."""
    wanted = msgspec.json.decode(sys.stdin.buffer.readline(), type=Wanted)
    with contextlib.ExitStack() as ends:
        try:
            hosted = ends.enter_context(Hosted(_folder(wanted.workspace), readers=_READERS))
            listener = ends.enter_context(_listener())
        except (AfieldError, OSError) as error:
            why = error.message if isinstance(error, AfieldError) else str(error)
            _tell(Told(error=why, hint=getattr(error, "hint", None)))
            return
        known = {**known_values(os.environ), "the endpoint's password": wanted.secret.encode()}
        served = Served(msgspec.structs.replace(hosted.record, secrets=lambda: known))
        ends.callback(served.settle)
        app = Starlette(routes=routes(hosted, served))
        _tell(Told(listener.getsockname()[1]))
        caller = Caller.local(hosted.record.journal.member)
        answer(Guard(Private(app, wanted.secret, caller), LOOPBACK), listener)


def _folder(workspace: str | None) -> str:
    if workspace is not None:
        return workspace
    with Workspace.find(Path.cwd(), env=os.environ, home=Path.home()) as found:
        return str(found.path)


def _listener() -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # no Nagle
    found.bind(("127.0.0.1", 0))
    found.listen(_BACKLOG)
    return found


def _tell(told: Told) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
