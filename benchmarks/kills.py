"""Clients log while their server is killed: is every acknowledged point there, and none twice?

`python -m benchmarks.kills [--postgres] [CLIENTS SECONDS]`, 64 clients for 60 s as it stands, and
`make kills`. The server is killed with SIGKILL after a third and two thirds of the time and started
again. A client tries again until it is answered. 1 is returned when a point is missing or doubled.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import multiprocessing
import sys
import tempfile
import threading
import time
from multiprocessing.connection import Connection

from afield.hub.serve import Setup, listen, serve
from afield.testing.postgres import postgres
from afield.workspace.workspace import Workspace

CLIENTS, SECONDS, KILLS = 64, 60, 2
KEYS = ("loss", "acc")
API = "/api/2.0/mlflow"
GIVE_UP_S = 300
PAUSE_S = 0.05


def work(folder: str, url: str | None, port: int, pipe: Connection) -> None:
    """Be the server; say once which port it has."""
    with listen("127.0.0.1", port) as listener:
        setup = Setup(folder, database=url)
        serve(setup, listener, when_ready=lambda: pipe.send(listener.getsockname()[1]))


class Server:
    """A server that is killed and started again on the same port."""

    def __init__(self, folder: str, url: str | None) -> None:
        self._place = folder, url
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start it, and return once it answers."""
        ours, theirs = multiprocessing.Pipe()
        spawned = multiprocessing.get_context("spawn")
        self._process = spawned.Process(target=work, args=(*self._place, self.port, theirs))
        self._process.start()
        self.port = ours.recv()

    def kill(self) -> None:
        """Kill it as a loss of power to the process would."""
        self._process.kill()
        self._process.join()

    def stop(self) -> None:
        """Ask it to end."""
        self._process.terminate()
        self._process.join()


class Client:
    """One client with a kept connection: logs until the end, and remembers what was answered."""

    def __init__(self, server: Server, number: int) -> None:
        self._server = server
        self._number = number
        self._kept: http.client.HTTPConnection | None = None
        self.run = ""
        self.acknowledged = 0
        self.again = 0

    def log_until(self, end: float) -> None:
        """Log one step after the other, each until it is answered."""
        body = {"experiment_id": "0", "start_time": 1, "run_name": f"client {self._number}"}
        self.run = self._post("/runs/create", body)["run"]["info"]["run_id"]
        while time.monotonic() < end:
            step = self.acknowledged
            points = [{"key": k, "value": step, "timestamp": step, "step": step} for k in KEYS]
            self._post("/runs/log-batch", {"run_id": self.run, "metrics": points})
            self.acknowledged += 1
        self._post("/runs/update", {"run_id": self.run, "status": "FINISHED", "end_time": 9})
        if self._kept is not None:
            self._kept.close()

    def _post(self, path: str, body: object) -> dict:
        give_up = time.monotonic() + GIVE_UP_S
        while time.monotonic() < give_up:
            if self._kept is None:
                self._kept = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=120)
            try:
                headers = {"Content-Type": "application/json"}
                self._kept.request("POST", API + path, json.dumps(body), headers)
                answer = self._kept.getresponse()
                found = answer.read()
                assert answer.status == 200, found
                return json.loads(found)
            except (OSError, http.client.HTTPException):
                self._kept.close()
                self._kept = None
                self.again += 1
                time.sleep(PAUSE_S)
        raise TimeoutError("nobody answers")


def check(folder: str, url: str | None, clients: list[Client]) -> list[str]:
    """Return what is missing or there twice."""
    wrong = []
    with Workspace.open(folder, database=url) as workspace:
        found = {view.id: view for view in workspace.runs(limit=None)}
        wanted = {client.run for client in clients}
        if set(found) != wanted:
            wrong.append(f"{len(found)} runs: {len(wanted)} were made")
        for client in clients:
            for key in KEYS:
                steps = workspace.points(found[client.run], key).step.tolist()
                if steps != list(range(client.acknowledged)):
                    more = f"{len(steps)} points, {len(set(steps))} steps"
                    wrong.append(f"{client.run} {key}: {more}: {client.acknowledged} acknowledged")
            if found[client.run].status != "finished":
                wrong.append(f"{client.run} is {found[client.run].status}")
    return wrong


def main(arguments: list[str]) -> int:
    """Run it; return 1 when something is wrong."""
    numbers = [int(each) for each in arguments if each.isdecimal()]
    count, seconds = numbers or (CLIENTS, SECONDS)
    with contextlib.ExitStack() as ends:
        folder = ends.enter_context(tempfile.TemporaryDirectory())
        url = ends.enter_context(postgres()) if "--postgres" in arguments else None
        Workspace.init(folder).close()
        server = Server(folder, url)
        clients = [Client(server, number) for number in range(count)]
        start = time.monotonic()
        threads = [
            threading.Thread(target=client.log_until, args=(start + seconds,)) for client in clients
        ]
        for thread in threads:
            thread.start()
        for number in range(1, KILLS + 1):
            time.sleep(max(0.0, start + seconds * number / (KILLS + 1) - time.monotonic()))
            server.kill()
            server.start()
        for thread in threads:
            thread.join()
        took_s = time.monotonic() - start
        server.stop()
        wrong = check(folder, url, clients)
    points = sum(client.acknowledged for client in clients) * len(KEYS)
    again = sum(client.again for client in clients)
    where = "PostgreSQL" if "--postgres" in arguments else "SQLite"
    print(
        f"{where}: {count} clients, {took_s:.0f} s, {KILLS} kills: {points:,} points acknowledged,"
        f" {again:,} requests tried again, {len(wrong)} series or runs wrong"
    )
    for line in wrong[:20]:
        print(f"short: {line}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
