"""A hub on a bucket that is killed and loses its disk while 16 clients log: what is left of it.

`python -m benchmarks.loss [SECONDS]`. Two workers, runs that end and begin meanwhile, `kill -9` of
all processes, and everything of the workspace gone but its name and key. Bound: every point and
param that was acknowledged is there after the next start, and every byte verifies. The bucket is
the S3 server of the tests, on this machine.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.storage import API, ROOT, bucket, use

CLIENTS, SECONDS = 16, 10.0
STEPS_MAX, PARAM_EVERY = 60, 20
KEPT = {"config.toml", "keys"}


class Client(threading.Thread):
    """Logs to one run after another, and remembers what was acknowledged."""

    def __init__(self, port: int, ending: threading.Event) -> None:
        super().__init__()
        self._to = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._ending = ending
        self.points: dict[str, int] = {}
        self.params: dict[str, int] = {}
        self.took_ms: list[float] = []
        self.fault: Exception | None = None

    def run(self) -> None:
        """Log until the end; what breaks off then was not acknowledged."""
        try:
            while True:
                self._log_one_run()
        except (OSError, http.client.HTTPException, AssertionError) as error:
            self.fault = None if self._ending.is_set() else error

    def _log_one_run(self) -> None:
        run = told(self._to, "POST", "runs/create", {})["run"]["info"]["run_id"]
        self.points[run] = self.params[run] = 0
        for step in range(STEPS_MAX):
            metric = {"key": "m", "value": step, "timestamp": step, "step": step}
            began = time.perf_counter()
            told(self._to, "POST", "runs/log-batch", {"run_id": run, "metrics": [metric]})
            self.took_ms.append((time.perf_counter() - began) * 1e3)
            self.points[run] += 1
            if step % PARAM_EVERY == 0:
                param = {"run_id": run, "key": f"p{step}", "value": "x"}
                told(self._to, "POST", "runs/log-parameter", param)
                self.params[run] += 1
        told(self._to, "POST", "runs/update", {"run_id": run, "status": "FINISHED"})


def told(to: http.client.HTTPConnection, method: str, call: str, body: object) -> dict[str, Any]:
    """Call the protocol."""
    to.request(method, f"{API}/{call}", json.dumps(body) if body is not None else None)
    answer = to.getresponse()
    data = answer.read()
    assert answer.status == http.client.OK, (answer.status, data[:200])
    return json.loads(data or b"{}")


@contextlib.contextmanager
def up(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Yield a server of two workers, and its port."""
    command = [sys.executable, "-m", "afield", "up", "--port", "0", "--workers", "2"]
    environ = {**os.environ, "AFIELD_WORKSPACE": str(folder)}
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        line = next(line for line in server.stderr if "answers at" in line)
        try:
            yield server, int(line.split("127.0.0.1:")[1].split()[0])
        finally:
            server.terminate()
            server.stderr.read()


def kill_all(server: subprocess.Popen[str]) -> None:
    """Kill a server and its workers."""
    tasks = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text(encoding="ascii")
    for pid in [*map(int, tasks.split()), server.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.wait()


def lose(folder: Path) -> None:
    """Remove all of a workspace but what is to be kept apart."""
    for path in (folder / ".afield").iterdir():
        if path.is_dir() and path.name not in KEPT:
            shutil.rmtree(path)
        elif path.name not in KEPT:
            path.unlink()


def lacking(port: int, clients: list[Client]) -> int:
    """Return how many runs lack a point or a param that was acknowledged."""
    to = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    found = 0
    for client in clients:
        for run, points in client.points.items():
            asked = f"metrics/get-history?run_id={run}&metric_key=m&max_results=25000"
            metrics = told(to, "GET", asked, None).get("metrics", []) if points else []
            steps = sorted(metric["step"] for metric in metrics)
            params = told(to, "GET", f"runs/get?run_id={run}", None)["run"]["data"].get("params")
            found += steps[:points] != [*range(points)] or len(params or []) < client.params[run]
    return found


def main(seconds: float = SECONDS) -> int:
    """Log, kill, lose, start again, and count."""
    if not (ROOT / ".cache/moto/done").exists() or sys.platform != "linux":
        print("not run: it needs Linux and the S3 server of the tests: make test makes it")
        return 0
    with tempfile.TemporaryDirectory() as name, bucket() as endpoint:
        folder, ending = Path(name), threading.Event()
        init = [sys.executable, "-m", "afield", "init", folder]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL)
        use(folder, endpoint)
        with up(folder) as (server, port):
            clients = [Client(port, ending) for _ in range(CLIENTS)]
            for client in clients:
                client.start()
            time.sleep(seconds)
            ending.set()
            kill_all(server)
        for client in clients:
            client.join()
        lose(folder)
        began = time.perf_counter()
        use(folder, endpoint)
        restored_s = time.perf_counter() - began
        with up(folder) as (_, port):
            lost = lacking(port, clients)
            verify = [sys.executable, "-m", "afield", "verify"]
            whole = subprocess.run(verify, cwd=folder, check=False).returncode == 0
    faults = [client.fault for client in clients if client.fault is not None]
    took = [each for client in clients for each in client.took_ms]
    runs = sum(len(client.points) for client in clients)
    print(
        f"{len(took)} points of {runs} runs acknowledged, in {statistics.median(took):.0f} ms each"
        f" (median of {CLIENTS} clients); restored in {restored_s:.1f} s; {lost} runs lack any"
    )
    for fault in faults[:1]:
        print(f"a client met {fault!r}")
    return int(bool(lost or faults or not whole))


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:])))
