"""A pytest plugin for MLflow's own tests: wherever they start a server, they get one of ours.

Loaded by `-p afield_suite`, in an environment that has MLflow and not Afield. `AFIELD_PYTHON` is
the interpreter that has; without it they get one of MLflow's own, to compare. What is replaced:
`ServerThread`, `_init_server`, the tracking URI of all tests, and the store of the tests of the
SQL store, which become tests of the REST store.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import pytest
import requests

_HERE = Path(__file__).parent
_SQL_TESTS = (
    "tests.store.tracking.sqlalchemy_store.",
    "tests.store.tracking.conftest",
    "tests.store.model_registry.test_sqlalchemy_store",
)
_OF_TESTS = ("MLFLOW_TRACKING", "MLFLOW_REGISTRY", "MLFLOW_EXPERIMENT", "MLFLOW_RUN")
"""Settings of a test's client, which a server of its own would not see."""
_servers: list[Server | Stock] = []
_open: list[str] = []


class Server:
    """A process of ours."""

    def __init__(self, port: int | None = None) -> None:
        self.folder = tempfile.mkdtemp(prefix="afield-suite-")
        args = [os.environ["AFIELD_PYTHON"], str(_HERE / "namespaces.py"), self.folder]
        with Path(self.folder, "log").open("w") as log:
            self.process = subprocess.Popen(
                [*args, *([str(port)] if port else [])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={k: v for k, v in os.environ.items() if not k.startswith("MLFLOW")},
            )
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        log = Path(self.folder, "log").read_text()
        kept = os.environ.get("AFIELD_SUITE_LOG")
        if kept and log:
            with Path(kept).open("a") as out:
                out.write(log)
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Stock:
    """A process that forks servers of MLflow's own."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="mlflow-suite-")
        self._process = subprocess.Popen(
            [sys.executable, str(_HERE / "stock_servers.py"), self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @contextlib.contextmanager
    def namespace(self, port: int | None = None, environ: dict[str, str] | None = None):
        """Give the address of a fresh one; `environ` is what it sees beside a test's settings."""
        seen = {k: v for k, v in os.environ.items() if not k.startswith(_OF_TESTS)}
        port, child = self._ask({"port": port, "env": {**seen, **(environ or {})}}).split()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            self._say({"end": int(child)})

    def _say(self, what) -> None:
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def _ask(self, what) -> str:
        self._say(what)
        return self._process.stdout.readline()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)


def _server() -> Server | Stock:
    if not _servers:
        _servers.append(Server() if "AFIELD_PYTHON" in os.environ else Stock())
    return _servers[0]


@contextlib.contextmanager
def namespace():
    """Give a server of its own, until the test ends; one that is open already for the test."""
    if _open:
        yield _open[-1]
        return
    if isinstance(_server(), Stock):
        with _server().namespace() as url:
            yield url
        return
    url = f"{_server().url}/t/{uuid.uuid4().hex[:12]}"
    try:
        yield url
    finally:
        with contextlib.suppress(requests.RequestException):
            requests.delete(url + "/", timeout=30)


def pytest_unconfigure(config):
    for server in _servers:
        server.close()
    _servers.clear()


def pytest_collection_modifyitems(session, config, items):
    _replace_servers()
    items[:] = [item for item in items if "workspace-enabled" not in item.nodeid]  # none here


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef, request):
    """Put ours in the place of a fixture's function, just before it is called."""
    module = getattr(fixturedef.func, "__module__", "")
    if fixturedef.argname == "tracking_uri_mock" and module.startswith("tests."):
        fixturedef.func = _tracking_uri_mock
    elif fixturedef.argname == "store" and module.startswith(_SQL_TESTS):
        fixturedef.func = _registry_store if "model_registry" in module else _tracking_store


def _tracking_uri_mock(request, db_uri=None):
    from mlflow.tracking._tracking_service.utils import _use_tracking_uri

    if "notrackingurimock" in request.keywords:
        yield None
        return
    with namespace() as url, _use_tracking_uri(url):
        _open.append(url)
        try:
            yield url
        finally:
            _open.remove(url)


def _tracking_store(**_):
    from mlflow.store.tracking.rest_store import RestStore
    from mlflow.utils.rest_utils import MlflowHostCreds

    class Store(RestStore):
        """Takes None where the SQL store does."""

        def create_run(self, experiment_id, user_id, start_time, tags, run_name):
            return super().create_run(experiment_id, user_id, start_time, tags or [], run_name)

        def create_experiment(self, name, artifact_location=None, tags=None):
            return super().create_experiment(name, artifact_location, tags or [])

    with namespace() as url:
        yield Store(lambda: MlflowHostCreds(url))


def _registry_store(**_):
    from mlflow.store.model_registry.rest_store import RestStore
    from mlflow.utils.rest_utils import MlflowHostCreds

    with namespace() as url:
        yield RestStore(lambda: MlflowHostCreds(url))


class _ServerThread:
    """Stands for the thread in which a test would run MLflow's server."""

    def __init__(self, *_) -> None:
        self._given = namespace()

    def __enter__(self) -> str:
        import mlflow

        url = self._given.__enter__()
        mlflow.set_tracking_uri(url)  # as a server in this process does to its store
        return url

    def __exit__(self, *_) -> None:
        self._given.__exit__(None, None, None)


@contextlib.contextmanager
def _init_server(*_, extra_env=None, **__):
    server = _server()
    given = server.namespace(environ=extra_env) if isinstance(server, Stock) else namespace()
    with given as url:
        yield url


def _replace_servers() -> None:
    """Put ours in the place of every name by which a test module starts a server."""
    with contextlib.suppress(ImportError):
        importlib.import_module("tests.tracking.integration_test_utils")
    ours = {
        "ServerThread": _ServerThread,
        "_init_server": _init_server,
        "_launch_server": _launch_server,
    }
    for name, module in list(sys.modules.items()):
        if name.startswith("tests."):
            for known, other in ours.items():
                if hasattr(module, known):
                    setattr(module, known, other)


@contextlib.contextmanager
def _launch_server(host, port, backend, root, destination):
    if isinstance(_server(), Stock):
        environ = {
            "_MLFLOW_SERVER_ARTIFACT_ROOT": root,
            "_MLFLOW_SERVER_ARTIFACT_DESTINATION": destination,
        }
        with _server().namespace(port, environ):
            yield
        return
    server = Server(port)
    try:
        yield server.process
    finally:
        server.close()


@pytest.fixture(autouse=True)
def _few_retries(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
