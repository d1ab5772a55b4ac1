"""`afield up` against `mlflow server`: log-batch, search, boot and memory, in one run.

MLflow's own server is measured when `.cache/mlflow/venv` has it (`make mlflow-suite` makes that),
or where `--stock` says. Clients are threads with one kept connection each, in this process, alike
for both servers. `python -m benchmarks.mlflow_server [RUNS] [--postgres] [--stock PATH]` makes that
many runs for the search (10,000); MLflow's are put into its tables by its own models, for over HTTP
they take an hour. On SQLite as it stands; with `--postgres` both have a database of one PostgreSQL.
Boot is the median of three. At the end stand the ratios, what is short of its bound is named, and 1
is returned.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from afield.testing.postgres import postgres
from benchmarks.hub import ON_POSTGRES
from benchmarks.postgres import SETTINGS

STOCK = ".cache/mlflow/venv/bin/mlflow"
METRICS = 100
SECONDS = 6
CLIENTS = (1, 16)
BOOT_S = 120
BOOTS = 3
API = "/api/2.0/mlflow"
TIMES = {"log-batch": 20, "search": 50, "boot": 10, "memory": 3}
"""How many times better than MLflow's server on SQLite; half of it on PostgreSQL."""

FILL = """
import sys
from sqlalchemy import create_engine, insert
from mlflow.store.tracking.dbmodels.models import (
    SqlLatestMetric, SqlMetric, SqlParam, SqlRun, SqlTag
)
address, experiment, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rows = {SqlRun: [], SqlMetric: [], SqlLatestMetric: [], SqlParam: [], SqlTag: []}
for number in range(runs):
    run = f"{number:032x}"
    rows[SqlRun].append(dict(
        run_uuid=run, name=f"r{number}", status="FINISHED", start_time=number, end_time=number,
        lifecycle_stage="active", experiment_id=experiment, artifact_uri="mlflow-artifacts:/" + run,
        source_type="UNKNOWN", source_name="", entry_point_name="", user_id="", source_version="",
    ))
    rows[SqlTag].append(dict(run_uuid=run, key="mlflow.runName", value=f"r{number}"))
    rows[SqlParam].append(dict(run_uuid=run, key="lr", value=str(number % 17)))
    for key in ("acc", "loss", "f1"):
        point = dict(
            run_uuid=run, key=key, value=float((number * 7919) % 10007), timestamp=1, step=0,
            is_nan=False,
        )
        rows[SqlMetric].append(point)
        rows[SqlLatestMetric].append(point)
with create_engine(address).begin() as connection:
    for table, found in rows.items():
        connection.execute(insert(table), found)
"""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


@contextmanager
def _server(command: list[str], folder: str, port: int):
    dropped = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "AFIELD_WORKSPACE")
    environ = {name: value for name, value in os.environ.items() if name not in dropped}
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
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
        else:
            raise TimeoutError(f"{command[0]} did not answer within {BOOT_S} s")
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


def _experiment(port: int) -> str:
    return _post(_connect(port), "/experiments/create", {"name": "many"})["experiment_id"]


def _fill(port: int, runs: int) -> str:
    """Make the runs over HTTP; return their experiment."""
    client, made = _connect(port), _experiment(port)
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
    return made


def _search(port: int, made: str) -> tuple[float, float]:
    """Return how long a search of all runs sorted by a metric takes, in ms: a page, and 1,000."""
    client, took = _connect(port), []
    for size in (100, 1000):
        body = {"experiment_ids": [made], "order_by": ["metrics.acc DESC"], "max_results": size}
        took.append(statistics.median(_timed(client, body) for _ in range(5)) * 1000)
    return took[0], took[1]


def _timed(client, body) -> float:
    began = time.perf_counter()
    _post(client, "/runs/search", body)
    return time.perf_counter() - began


def _measure(name: str, command: list[str], folder: str, port: int, fill) -> dict[str, float]:
    """Measure one server; `fill` makes the runs of the search and returns their experiment."""
    boots = []
    for _ in range(BOOTS - 1):
        with _server(command, folder, port) as (_, boot_s):
            boots.append(boot_s)
    found = {}
    with _server(command, folder, port) as (pid, boot_s):
        found["boot, s"] = statistics.median([*boots, boot_s])
        found["memory at rest, MB"] = _memory_mb(pid)
        for clients in CLIENTS:
            rate, p99_ms = _log_batches(port, clients)
            found[f"log-batch/s, {clients} clients"] = rate
            found[f"log-batch p99, ms, {clients} clients"] = p99_ms
        made = fill(port)
        found["search, ms, 100 of them"], found["search, ms, 1,000 of them"] = _search(port, made)
        found["memory afterwards, MB"] = _memory_mb(pid)
    for what, value in found.items():
        print(f"{name:14} {what:32} {value:9.2f}", flush=True)
    return found


def _compare(ours: dict[str, float], stock: dict[str, float], part: float) -> list[str]:
    """Print how many times better ours are; return what is short of its bound."""
    short = []
    for what, value in ours.items():
        more = "/s" in what
        times = value / stock[what] if more else stock[what] / value
        bound = next((n * part for key, n in TIMES.items() if what.startswith(key)), 1)
        if "p99" in what:
            bound = 1
        print(f"{what:32} {times:9.1f}x of {bound:g}x")
        if times < bound:
            short.append(f"{what}: {times:.1f}x: at least {bound:g}x")
    return short


def _databases(url: str | None, folder: str) -> tuple[str | None, str]:
    """Return the addresses of ours and of MLflow's."""
    if url is None:
        return None, f"sqlite:///{folder}/stock.db"
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE mlflow")
    theirs = url.replace("@/afield?", "@/mlflow?")
    return url, theirs.replace("postgresql:", "postgresql+psycopg2:")


def main(arguments: list[str]) -> int:
    """Measure both; return 1 when something is short of its bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="?", type=int, default=10_000)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--stock", type=Path, default=Path(STOCK), help="MLflow's program")
    asked = parser.parse_args(arguments)
    with ExitStack() as ends:
        folder = ends.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        url = ends.enter_context(postgres(SETTINGS)) if asked.postgres else None
        mine, theirs = _databases(url, folder)
        work = Path(folder, "ours")
        work.mkdir()
        subprocess.run([sys.executable, "-m", "afield", "init"], cwd=work, check=True)
        port = _free_port()
        command, place = [sys.executable, "-m", "afield", "up", "--port", str(port)], str(work)
        if mine is not None:
            command, place = [sys.executable, "-c", ON_POSTGRES, str(work), mine, str(port)], "."
        ours = _measure("afield up", command, place, port, lambda at: _fill(at, asked.runs))
        if not asked.stock.exists():
            print(f"not run: MLflow's own server: {asked.stock} is not there: make mlflow-suite")
            return 0
        port = _free_port()
        program = asked.stock.resolve()
        command = [str(program), "server", "--port", str(port), "--backend-store-uri", theirs]

        def fill(at: int) -> str:
            made = _experiment(at)
            python = program.with_name("python")
            subprocess.run([python, "-c", FILL, theirs, made, str(asked.runs)], check=True)
            return made

        stock = _measure("mlflow server", command, folder, port, fill)
    short = _compare(ours, stock, 0.5 if asked.postgres else 1)
    for line in short:
        print(f"short: {line}")
    return bool(short)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
