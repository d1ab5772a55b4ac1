"""One process with a fresh server for every test: `/t/<id>/` is the app of `afield up`.

For the suite of MLflow's own tests, which start a server a test. `DELETE /t/<id>/` throws one
away. The process ends when its standard input does. Run as `python namespaces.py FOLDER [PORT]`;
with a port, the app stands at `/` there.
"""

from __future__ import annotations

import re
import shutil
import socket
import sys
import threading
from pathlib import Path

import uvicorn

from afield.hub.app import local_app
from afield.workspace.hosted import Hosted
from afield.workspace.workspace import Workspace

_PATH = re.compile(r"/t/(?P<name>[\w-]+)(?P<rest>/.*)")


class Namespaces:
    """Makes an app for each name that is asked for."""

    def __init__(self, root: Path, *, single: bool) -> None:
        self._root = root
        self._single = single
        self._made: dict[str, tuple[Hosted, object]] = {}

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        name, rest = "single", scope["path"]
        if not self._single:
            found = _PATH.fullmatch(scope["path"])
            if found is None:
                await _answer(send, 404)
                return
            name, rest = found["name"], found["rest"]
            if scope["method"] == "DELETE" and rest == "/":
                self._drop(name)
                await _answer(send, 200)
                return
        scope = {**scope, "path": rest, "raw_path": rest.encode(), "state": {}}
        await self._app(name)(scope, receive, send)

    def _app(self, name: str):
        found = self._made.get(name)
        if found is None:
            folder = self._root / name
            Workspace.init(folder).close()
            hosted = Hosted(folder)
            found = self._made[name] = (hosted, local_app(hosted))
        return found[1]

    def _drop(self, name: str) -> None:
        found = self._made.pop(name, None)
        if found is not None:
            found[0].close()
            shutil.rmtree(self._root / name, ignore_errors=True)


async def _answer(send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def main() -> None:
    """Serve until standard input ends; the port is told on standard output."""
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # no Nagle
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind(("127.0.0.1", port))
    found.listen(128)
    app = Namespaces(Path(sys.argv[1]), single=bool(port))
    config = uvicorn.Config(app, log_level="warning", access_log=False, ws="none")
    server = uvicorn.Server(config)

    def wait() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=wait, daemon=True).start()
    print(found.getsockname()[1], flush=True)
    server.run(sockets=[found])


if __name__ == "__main__":
    main()
