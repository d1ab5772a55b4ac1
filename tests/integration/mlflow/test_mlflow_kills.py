"""A server that is killed while clients log: what was acknowledged is there, and nothing twice."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from afield.workspace.workspace import Workspace

_SERVER = """
import socket, sys
import uvicorn
from afield.hub.app import local_app
from afield.workspace.hosted import Hosted
found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
found.bind(("127.0.0.1", int(sys.argv[2])))
found.listen(128)
with Hosted(sys.argv[1], database=sys.argv[3] or None) as hosted:
    print("up", flush=True)
    config = uvicorn.Config(local_app(hosted), log_level="critical", ws="none", access_log=False)
    uvicorn.Server(config).run(sockets=[found])
"""
_API = "/api/2.0/mlflow"
_CLIENTS, _POINTS = 4, 60
_GIVE_UP_S = 120


def _start(folder, port, database):
    command = [sys.executable, "-c", _SERVER, str(folder), str(port), database or ""]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    return process


def _kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def _post(port, path, body):
    """Send a request until it is answered, as a client that tries again does."""
    end = time.monotonic() + _GIVE_UP_S
    while True:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=_GIVE_UP_S)
        try:
            headers = {"Content-Type": "application/json"}
            client.request("POST", _API + path, json.dumps(body), headers)
            answer = client.getresponse()
            assert answer.status == 200, answer.read()
            return json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            assert time.monotonic() < end, "nobody answers"
            time.sleep(0.02)
        finally:
            client.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request):
    """Return where the server's tables are."""
    return request.getfixturevalue("postgres_url") if request.param == "postgres" else None


def test_what_was_acknowledged_outlives_kills_of_the_server_and_nothing_is_there_twice(
    tmp_path, database
):
    folder = tmp_path / "w"
    Workspace.init(folder).close()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = _start(folder, port, database)
    acknowledged = threading.Semaphore(0)
    runs = {}

    def work(number):
        made = {"experiment_id": "0", "start_time": 1, "run_name": f"client {number}"}
        run = _post(port, "/runs/create", made)["run"]["info"]["run_id"]
        runs[number] = run
        for step in range(_POINTS):
            metrics = [
                {"key": key, "value": step, "timestamp": step, "step": step} for key in ("a", "b")
            ]
            _post(port, "/runs/log-batch", {"run_id": run, "metrics": metrics})
            acknowledged.release()
        _post(port, "/runs/update", {"run_id": run, "status": "FINISHED", "end_time": 9})

    clients = [threading.Thread(target=work, args=(number,)) for number in range(_CLIENTS)]
    for client in clients:
        client.start()
    for _ in range(2):
        for _ in range(_POINTS):
            assert acknowledged.acquire(timeout=_GIVE_UP_S)
        _kill(process)
        process = _start(folder, port, database)
    for client in clients:
        client.join()
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(_GIVE_UP_S) in (0, -signal.SIGTERM)
    process.stdout.close()
    with Workspace.open(folder, database=database) as workspace:
        found = workspace.runs(limit=None)
        assert sorted(view.id for view in found) == sorted(runs.values())
        for view in found:
            assert view.status == "finished"
            for key in ("a", "b"):
                assert workspace.points(view, key).step.tolist() == list(range(_POINTS))
