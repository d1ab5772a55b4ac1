"""A small workspace, hosted, and MLflow's protocol over it as a client of this machine sees it."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.testclient import TestClient

from afield.hub.app import local_app
from afield.hub.asgi import AsCaller
from afield.members.caller import Caller
from afield.mlflow_rest.app import routes
from afield.runs.served.writer import Served
from afield.workspace.hosted import Hosted
from afield.workspace.workspace import Workspace


class Http:
    """Asks as MLflow's client does; `ok` returns what it is answered, `refused` the code."""

    def __init__(self, client, hosted):
        self.raw = client
        self.hosted = hosted

    def ok(self, method, at, /, prefix="/api/2.0", **asked):
        found = self._ask(method, prefix + at, asked)
        assert found.status_code == 200, found.text
        return found.json()

    def refused(self, method, at, /, prefix="/api/2.0", **asked):
        found = self._ask(method, prefix + at, asked)
        assert 400 <= found.status_code < 500, found.text
        told = found.json()
        assert set(told) == {"error_code", "message"}
        return told["error_code"], told["message"]

    def run(self, **more):
        asked = {"experiment_id": "0", "start_time": 1, **more}
        return self.ok("POST", "/mlflow/runs/create", **asked)["run"]["info"]["run_id"]

    def get(self, run):
        return self.ok("GET", "/mlflow/runs/get", run_id=run)["run"]

    def search(self, text="", **more):
        asked = {"experiment_ids": ["0"], "filter": text, **more}
        return self.ok("POST", "/mlflow/runs/search", **asked).get("runs", [])

    def names(self, text="", **more):
        return [run["info"]["run_name"] for run in self.search(text, **more)]

    def _ask(self, method, path, asked):
        if method == "GET":
            return self.raw.get(path, params=asked)
        return self.raw.request(method, path, json=asked)


@contextmanager
def _http(folder):
    Workspace.init(folder).close()
    with Hosted(folder) as hosted:
        served = Served(hosted.record)
        app = Starlette(routes=routes(hosted, served))
        with TestClient(AsCaller(app, Caller.local(hosted.record.journal.member))) as client:
            yield Http(client, hosted)
        served.settle()


@pytest.fixture
def http(tmp_path):
    """A workspace of the test's own."""
    with _http(tmp_path / "w") as found:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A workspace that the tests of a file share, for those that leave nothing in it."""
    with _http(tmp_path_factory.mktemp("shared") / "w") as found:
        yield found


@pytest.fixture
def url(tmp_path):
    """A server in a thread of this process, on a port of this machine."""
    folder = tmp_path / "w"
    Workspace.init(folder).close()
    with Hosted(folder) as hosted, socket.create_server(("127.0.0.1", 0)) as found:
        config = uvicorn.Config(local_app(hosted), log_level="warning", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [found]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{found.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(120)
            assert not thread.is_alive()
