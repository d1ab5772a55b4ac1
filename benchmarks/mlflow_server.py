"""`afield up` against `mlflow server` on SQLite: log-batch, search, boot and memory, in one run.

MLflow's own server is measured when `.cache/mlflow/venv` has it (`make mlflow-suite` makes that).
Clients are threads with one kept connection each, in this process, the same for both servers.
`python -m benchmarks.mlflow_server [RUNS]` makes that many runs for the search (1,000: to make
more takes minutes with MLflow's server).
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

STOCK = Path(".cache/mlflow/venv/bin/mlflow")
METRICS = 100
SECONDS = 6
CLIENTS = (1, 16)
BOOT_S = 120
API = "/api/2.0/mlflow"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


@contextmanager
def _server(command: list[str], folder: str, port: int):
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while time.perf_counter() - began < BOOT_S:
            try:
                if _ask(_connect(port), "GET", "/health")[0] == 200:
                    break
            except OSError:
                time.sleep(0.01)
        yield process.pid, time.perf_counter() - began
    finally:
        os.killpg(process.pid, 15)
        process.wait(60)


def _connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=120)


def _ask(client, method: str, path: str, body=None):
    data = None if body is None else json.dumps(body)
    client.request(method, path, data, {"Content-Type": "application/json"})
    answer = client.getresponse()
    return answer.status, answer.read()


def _post(client, path: str, body):
    status, answer = _ask(client, "POST", API + path, body)
    assert status == 200, answer
    return json.loads(answer)


def _memory_mb(pid: int) -> float:
    """Return what a process and all below it hold, shared pages shared out, in MB."""
    total = 0
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        waiting += children.get(one, [])
        try:
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        total += int(
            next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1]
        )
    return total / 1024


def _log_batches(port: int, clients: int) -> tuple[float, float]:
    """Return requests a second and the 99th percentile in ms."""
    runs = [
        _post(_connect(port), "/runs/create", {"experiment_id": "0", "start_time": 1})["run"][
            "info"
        ]["run_id"]
        for _ in range(clients)
    ]
    times: list[float] = []
    end = time.perf_counter() + SECONDS

    def work(run: str) -> None:
        client, step = _connect(port), 0
        while time.perf_counter() < end:
            metrics = [
                {"key": f"m{n}", "value": n + step, "timestamp": 1_700_000_000_000, "step": step}
                for n in range(METRICS)
            ]
            body = {"run_id": run, "metrics": metrics}
            began = time.perf_counter()
            _post(client, "/runs/log-batch", body)
            times.append(time.perf_counter() - began)
            step += 1

    threads = [threading.Thread(target=work, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    return len(times) / SECONDS, times[int(len(times) * 0.99)] * 1000


def _search(port: int, runs: int) -> tuple[float, float]:
    """Return how long a search of all runs sorted by a metric takes, in ms: a page, and 1,000."""
    client = _connect(port)
    made = _post(client, "/experiments/create", {"name": "many"})["experiment_id"]
    for number in range(runs):
        body = {"experiment_id": made, "start_time": number, "run_name": f"r{number}"}
        run = _post(client, "/runs/create", body)["run"]["info"]["run_id"]
        metrics = [
            {"key": name, "value": (number * 7919) % 10007, "timestamp": 1, "step": 0}
            for name in ("acc", "loss", "f1")
        ]
        params = [{"key": "lr", "value": str(number % 17)}]
        body = {"run_id": run, "metrics": metrics, "params": params}
        _post(client, "/runs/log-batch", body)
        _post(client, "/runs/update", {"run_id": run, "status": "FINISHED", "end_time": number})
    took = []
    for size in (100, 1000):
        body = {"experiment_ids": [made], "order_by": ["metrics.acc DESC"], "max_results": size}
        best = min(_timed(client, body) for _ in range(3))
        took.append(best * 1000)
    return took[0], took[1]


def _timed(client, body) -> float:
    began = time.perf_counter()
    _post(client, "/runs/search", body)
    return time.perf_counter() - began


def _measure(name: str, command: list[str], folder: str, port: int, runs: int) -> None:
    with _server(command, folder, port) as (pid, boot_s):
        print(f"{name:14} boot {boot_s:6.2f} s   memory {_memory_mb(pid):6.0f} MB", flush=True)
        for clients in CLIENTS:
            rate, p99_ms = _log_batches(port, clients)
            print(f"{name:14} {clients:2} clients {rate:8.0f} log-batch/s   p99 {p99_ms:7.1f} ms")
        page_ms, thousand_ms = _search(port, runs)
        print(
            f"{name:14} search of {runs} runs by a metric: {page_ms:7.1f} ms for 100,"
            f" {thousand_ms:7.1f} ms for 1,000"
        )
        print(f"{name:14} memory afterwards {_memory_mb(pid):6.0f} MB", flush=True)


def main(runs: int) -> None:
    """Measure both."""
    folder = tempfile.mkdtemp()
    try:
        work = Path(folder, "ours")
        work.mkdir()
        subprocess.run([sys.executable, "-m", "afield", "init"], cwd=work, check=True)
        port = _free_port()
        ours = [sys.executable, "-m", "afield", "up", "--port", str(port)]
        _measure("afield up", ours, str(work), port, runs)
        if not STOCK.exists():
            print(f"not run: MLflow's own server, for {STOCK} is not there: make mlflow-suite")
            return
        port = _free_port()
        stock = [str(STOCK.resolve()), "server", "--port", str(port)]
        stock += ["--backend-store-uri", f"sqlite:///{folder}/stock.db"]
        _measure("mlflow server", stock, folder, port, runs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
