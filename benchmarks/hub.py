"""`afield up` as its users meet it: boot, memory, and requests a second on 10,000 runs.

`python -m benchmarks.hub [--quick] [--postgres]`. Bounds: 0.5 s of CPU until it answers, 180 MB of
one process after the load, 15 ms of its CPU for a page of 50 runs with 20 columns each. A server of
its own on loopback is asked by 16 clients that keep their connections; they take their share of
the machine. What is short of its bound is named at the end, and 1 is returned. With `--postgres`
the tables are in a PostgreSQL of its own, whose CPU is not counted.
"""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from urllib.parse import quote

from afield.testing.postgres import postgres
from afield.workspace.workspace import Workspace
from benchmarks.projection import fill

BOOT_CPU_S_MAX = 0.5
RSS_MB_MAX = 180
PAGE_CPU_MS_MAX = 15
CLIENTS = 16
QUERY = quote("metrics.m0 > 0.5 order by metrics.m0 desc")
PATHS = {
    "/health": "/health",
    "50 runs, newest": "/api/v1/runs?limit=50",
    "50 runs, two columns": "/api/v1/runs?limit=50&column=metrics.m0&column=params.p0",
    "50 runs, by a metric": f"/api/v1/runs?limit=50&query={QUERY}",
    "count, by a metric": f"/api/v1/runs?limit=1&total=true&query={QUERY}",
    "groups by a param": "/api/v1/groups?by=params.p0",
}


def stat(pid: int) -> tuple[float, float]:
    """Return CPU seconds and resident megabytes of a process."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stream:  # noqa: PTH123
        fields = stream.read().rpartition(")")[2].split()
    cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return cpu_s, int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6


ON_POSTGRES = "import sys; from benchmarks.postgres import answer; answer(*sys.argv[1:])"


@contextmanager
def served(folder: str, url: str | None = None):
    """Run a server; yield its process and port once it answers."""
    environ = {name: value for name, value in os.environ.items() if name != "AFIELD_WORKSPACE"}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "afield", "up", "--port", "0", "--workspace", folder]
    if url is not None:
        command = [sys.executable, "-c", ON_POSTGRES, folder, url]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        port = 0
        for line in process.stderr:
            if "export MLFLOW_TRACKING_URI=" in line:
                port = int(line.rpartition(":")[2])
                break
        try:
            yield process, port
        finally:
            process.terminate()
            process.wait()


def ask(port: int, path: str, until: float, taken: list[float]) -> None:
    """Ask for a path again and again, on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    while time.perf_counter() < until:
        start = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        taken.append(time.perf_counter() - start)
    connection.close()


def rate(port: int, path: str, seconds: float) -> tuple[int, float, float, float]:
    """Return how many requests, how many a second, and median and 99th percentile of ms."""
    taken: list[float] = []
    start = time.perf_counter()
    threads = [
        threading.Thread(target=ask, args=(port, path, start + seconds, taken))
        for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took_s = time.perf_counter() - start
    cuts = statistics.quantiles(taken, n=100)
    return len(taken), len(taken) / took_s, cuts[49] * 1000, cuts[98] * 1000


def main(arguments: list[str]) -> int:
    """Measure; return 1 when something is short of its bound."""
    quick = "--quick" in arguments
    runs, seconds, boots = (500, 0.5, 2) if quick else (10_000, 4.0, 7)
    short: list[str] = []
    with ExitStack() as ends:
        folder = ends.enter_context(tempfile.TemporaryDirectory())
        url = ends.enter_context(postgres({})) if "--postgres" in arguments else None
        with Workspace.init(folder) as workspace:
            fill(workspace.record.journal, runs, 10, used=False)
        with Workspace.open(folder, database=url) as workspace:
            workspace.refresh()
        cpu = []
        for _ in range(boots):
            with served(folder, url) as (process, _port):
                cpu.append(stat(process.pid)[0])
        print(f"boot until it answers: {min(cpu):.2f} s of CPU (least of {boots})")
        if min(cpu) > BOOT_CPU_S_MAX:
            short.append(f"boot: {min(cpu):.2f} s of CPU: at most {BOOT_CPU_S_MAX}")
        with served(folder, url) as (process, port):
            ask(port, PATHS["50 runs, newest"], time.perf_counter() + 1, [])
            print(f"memory at rest: {stat(process.pid)[1]:.0f} MB")
            heads = "".join(f"{head:>10}" for head in ("p50 ms", "p99 ms", "CPU ms"))
            print(f"\n{runs:,} runs, {CLIENTS} clients{'requests/s':>22}{heads}")
            for label, path in PATHS.items():
                before = stat(process.pid)[0]
                found = rate(port, path, seconds)
                cpu_ms = (stat(process.pid)[0] - before) / found[0] * 1000
                cells = "".join(f"{one:10.1f}" for one in (*found[2:], cpu_ms))
                print(f"{label:32}{found[1]:14,.0f}{cells}")
                if label == "50 runs, newest" and cpu_ms > PAGE_CPU_MS_MAX:
                    short.append(f"{label}: {cpu_ms:.1f} ms of CPU: at most {PAGE_CPU_MS_MAX}")
            rss_mb = stat(process.pid)[1]
            print(f"\nmemory after it: {rss_mb:.0f} MB")
            if rss_mb > RSS_MB_MAX:
                short.append(f"memory: {rss_mb:.0f} MB: at most {RSS_MB_MAX}")
    for line in short:
        print(f"short: {line}")
    return bool(short)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
