"""A server that stops while clients log: nothing of it is lost, and the next start goes on."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import sys
import threading
import time
from contextlib import closing

import pytest
from serving import WAIT_S, served

from afield.hub.serve import END_WITHIN_S
from afield.workspace.workspace import Workspace

API = "/api/2.0/mlflow"
CLIENTS, WORKERS, POINTS_MIN = 8, 3, 20
pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="not run: Windows has no SIGTERM that can be handled"
)


def post(link, path, body):
    link.request("POST", API + path, json.dumps(body), {"content-type": "application/json"})
    answer = link.getresponse()
    data = answer.read()
    assert answer.status == 200, data
    return json.loads(data)


def batch(run, step):
    point = {"key": "loss", "value": step / 7, "timestamp": step, "step": step}
    return {"run_id": run, "metrics": [point]}


def opened(port):
    return closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S))


def begin(port, body):
    """Send the head of a request, and nothing else until the server has asked for the rest."""
    found = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
    head = f"POST {API}/runs/log-batch HTTP/1.1\r\nhost: 127.0.0.1\r\nexpect: 100-continue\r\n"
    more = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    found.sendall((head + more).encode())
    assert found.recv(1024).startswith(b"HTTP/1.1 100 ")
    return found


def create(port):
    """Begin a run for each client, and end the first, which is logged to all the same."""
    with opened(port) as link:
        for number in range(CLIENTS):
            made = {"experiment_id": "0", "start_time": 1, "run_name": f"client {number}"}
            run = post(link, "/runs/create", made)["run"]["info"]["run_id"]
            if not number:
                post(link, "/runs/update", finished(run))
            yield run


def finished(run):
    return {"run_id": run, "status": "FINISHED", "end_time": 9}


def look(folder, logged):
    """See that all that was acknowledged is there, and nothing twice; return states by run."""
    with Workspace.open(folder) as workspace:
        workspace.refresh()
        for run, steps in logged.items():
            found = workspace.points(workspace.run(run), "loss").step.tolist()
            assert set(steps) <= set(found)
            assert len(set(found)) == len(found)
        return {run: workspace.run(run).status for run in logged}


def log(port, run, steps, enough):
    """Log until the server ends the one connection, which it does behind an answer."""
    with opened(port) as link:
        for step in itertools.count():
            try:
                post(link, "/runs/log-batch", batch(run, step))
            except (OSError, http.client.HTTPException):
                return
            steps.append(step)
            if step == POINTS_MIN:
                enough.release()


def test_points_of_clients_outlive_a_stop_of_several_workers_and_their_runs_go_on(tmp_path):
    folder = tmp_path / "w"
    Workspace.init(folder).close()
    enough = threading.Semaphore(0)
    with served("up", "--port", "0", "--workers", WORKERS, folder=folder) as server:
        port = server.wait().port
        logged = {run: [] for run in create(port)}  # by run: the steps that were acknowledged
        ended, *others = logged
        clients = [
            threading.Thread(target=log, args=(port, run, logged[run], enough))
            for run in (ended, *logged)  # that one by two: several workers open it
        ]
        for client in clients:
            client.start()
        for _ in clients:
            assert enough.acquire(timeout=WAIT_S)
        body = json.dumps(batch(others[0], 1_000_000)).encode()
        with begin(port, body) as slow:
            began_s = time.monotonic()
            server.process.terminate()
            for client in clients:
                client.join(WAIT_S)
            slow.sendall(body)
            assert slow.recv(1024).startswith(b"HTTP/1.1 200 ")
        logged[others[0]].append(1_000_000)
        assert server.end() == 0
        assert time.monotonic() - began_s < END_WITHIN_S
        assert "Traceback" not in "".join(server.lines)
    assert not (folder / ".afield" / "live" / ended).exists()  # sealed
    assert look(folder, logged) == {ended: "finished", **dict.fromkeys(others, "running")}
    with served("up", "--port", "0", folder=folder) as server, opened(server.wait().port) as link:
        for run, steps in logged.items():
            post(link, "/runs/log-batch", batch(run, 2_000_000))
            steps.append(2_000_000)
            post(link, "/runs/update", finished(run))
    assert set(look(folder, logged).values()) == {"finished"}
