"""MLflow's own servers, one a test: each is a fork of this process, which has imported MLflow once.

For the comparison with ours. A line of JSON on standard input asks for one (`{"env": {…}}`, the
variables it is to see); its port and process id are told on standard output. `{"end": PID}` ends
it. The app is the one `mlflow server` runs, on SQLite, artifacts through the proxy. All end when
standard input does. Run as `python stock_servers.py FOLDER`, with MLflow's interpreter.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import sys
from pathlib import Path

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

import uvicorn
from mlflow.server import (
    ARTIFACT_ROOT_ENV_VAR,
    ARTIFACTS_DESTINATION_ENV_VAR,
    BACKEND_STORE_URI_ENV_VAR,
    SERVE_ARTIFACTS_ENV_VAR,
)
from mlflow.server.fastapi_app import app
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore


def main(root: Path) -> None:
    """Answer what is asked for until standard input ends."""
    template = root / "template.sqlite"
    SqlAlchemyStore(f"sqlite:///{template}", "mlflow-artifacts:/").engine.dispose()
    running: set[int] = set()
    for number, line in enumerate(iter(sys.stdin.readline, "")):
        asked = json.loads(line)
        if "end" in asked:
            _end(asked["end"])
            running.discard(asked["end"])
            continue
        folder = root / str(number)
        folder.mkdir()
        shutil.copyfile(template, folder / "stock.sqlite")
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(("127.0.0.1", asked.get("port") or 0))
        found.listen(128)
        port = found.getsockname()[1]
        child = os.fork()
        if not child:
            _serve(folder, found, asked["env"])
        found.close()
        running.add(child)
        print(port, child, flush=True)
    for child in running:
        _end(child)


def _serve(folder: Path, listener: socket.socket, environ: dict[str, str]) -> None:
    os.environ.update(environ)
    os.environ[BACKEND_STORE_URI_ENV_VAR] = f"sqlite:///{folder / 'stock.sqlite'}"
    os.environ.setdefault(ARTIFACT_ROOT_ENV_VAR, "mlflow-artifacts:/")
    os.environ.setdefault(ARTIFACTS_DESTINATION_ENV_VAR, str(folder / "artifacts"))
    os.environ[SERVE_ARTIFACTS_ENV_VAR] = "true"
    with Path(os.devnull).open("r+b", buffering=0) as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
    config = uvicorn.Config(app, log_level="warning", access_log=False, ws="none")
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        os._exit(0)


def _end(child: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
