"""What MLflow's client finds by its entry points: `afield://` as an address of runs and models.

`afield:///a/folder` and `afield://` are workspaces here, served by a process that ends with this
one; `afield://host` is a hub. Loaded by every `import mlflow`: nothing but the standard library
before it is used.
"""

from __future__ import annotations

import atexit
import os
import secrets
import subprocess
import sys
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SCHEME = "afield"
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_STOP_WITHIN_S = 60
_QUIET = ("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
_lock = threading.Lock()
_addresses: dict[str, str] = {}
_processes: list[tuple[int, subprocess.Popen[bytes]]] = []


def tracking_store(store_uri: str, artifact_uri: str | None = None) -> Any:  # noqa: ARG001 - MLflow's words
    """Return MLflow's store of runs for an address."""
    from mlflow.store.tracking.rest_store import RestStore
    from mlflow.utils.credentials import get_default_host_creds

    made: Any = RestStore
    return made(partial(get_default_host_creds, address(store_uri)))


def registry_store(store_uri: str, tracking_uri: str | None = None) -> Any:  # noqa: ARG001 - MLflow's words
    """Return MLflow's store of registered models for an address."""
    from mlflow.store.model_registry.rest_store import RestStore
    from mlflow.utils.credentials import get_default_host_creds

    made: Any = RestStore
    return made(partial(get_default_host_creds, address(store_uri)))


def artifacts(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> Any:
    """Return MLflow's repository of `mlflow-artifacts:`, at an address of ours or another."""
    from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository
    from mlflow.tracking import get_tracking_uri

    uri = tracking_uri or get_tracking_uri()
    if urlsplit(uri).scheme == SCHEME:
        uri = address(uri)
    return MlflowArtifactsRepository(artifact_uri, uri, registry_uri)


def address(uri: str) -> str:
    """Return where the server of an address answers; one of this process's own is begun.

    Raises:
        NotServed: there is no workspace.
    """
    parts = urlsplit(uri)
    if parts.hostname and parts.hostname not in (".", "..", "~"):
        plain = parts.hostname in _HERE
        return f"{'http' if plain else 'https'}://{parts.netloc}"
    folder = f"{parts.netloc}{parts.path}"
    if os.name == "nt" and folder[2:3] == ":":
        folder = folder[1:]  # `/C:/folder`
    whole = str(Path(folder).expanduser().absolute()) if folder else ""
    known = whole or str(Path.cwd())
    with _lock:
        if known not in _addresses:
            _addresses[known] = _begin(whole or None)
        return _addresses[known]


def _begin(folder: str | None) -> str:
    import msgspec

    from afield.hub.private.alone import Told, Wanted
    from afield.hub.private.endpoint import USER
    from afield.hub.private.errors import NotServed

    os.environ.setdefault(*_QUIET)  # it would print addresses that end with this process
    secret = secrets.token_hex(20)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "afield.hub.private.alone"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # a terminal's Ctrl-C is for the script, which ends its runs
    )
    assert process.stdin is not None, "a pipe"
    assert process.stdout is not None, "a pipe"
    _processes.append((os.getpid(), process))
    with suppress(OSError):
        process.stdin.write(msgspec.json.encode(Wanted(folder, secret)) + b"\n")
        process.stdin.flush()
    line = process.stdout.readline()
    told = msgspec.json.decode(line, type=Told) if line else Told(error="it ended at once")
    if not told.port:
        raise NotServed("not served", f"afield://{folder or ''}", told.error, hint=told.hint)
    return f"http://{USER}:{secret}@127.0.0.1:{told.port}"


@atexit.register
def _end() -> None:
    """End the servers; registered before MLflow's own, so that its runs have ended by then."""
    for owner, process in _processes:
        if owner != os.getpid():
            continue
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
