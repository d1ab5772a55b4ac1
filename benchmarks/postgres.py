"""A hub's tables in PostgreSQL at scale: pages of runs, and the memory of a worker.

`python -m benchmarks.postgres [RUNS]`, 1,000,000 as it stands. Bounds: 200 ms for any page of 50
runs, whatever it is filtered and sorted by; 400 MB of the worker. The runs are real entries of a
real journal, 3 a run with 3 params and 3 metrics, folded as a hub folds them. What is short of its
bound is named at the end, and 1 is returned. Counts and groups of all runs are told without one.
"""

from __future__ import annotations

import http.client
import multiprocessing
import statistics
import sys
import tempfile
import time
from urllib.parse import urlencode

from afield.hub.serve import Setup, listen, serve
from afield.testing.postgres import postgres
from afield.workspace.workspace import Workspace
from benchmarks.hub import stat
from benchmarks.projection import fill

RUNS = 1_000_000
PAGE_MS_MAX = 200
RSS_MB_MAX = 400
TIMES = 7
SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "4GB"}
PAGES = (
    "",
    "order by started",
    "order by name",
    "order by name desc",
    "order by status",
    "order by duration desc",
    "order by ended",
    "order by user",
    "order by metrics.m0",
    "order by metrics.m0 desc, metrics.m1",
    "order by params.p1",
    "order by params.p0 desc",
    "metrics.m0 > 0.5",
    "metrics.m0 > 0.5 order by metrics.m0 desc",
    "metrics.m0 > 0.99 order by metrics.m1",
    "metrics.m0 > 0.9 and params.p0 = 'tree' order by metrics.m1 desc",
    "metrics.m0 > 0.9999",
    "metrics.m0 > 2",
    "params.p0 = 'svm'",
    "params.p0 = 'svm' and metrics.m2 < 0.001 order by params.p1",
    "params.p0 = 'none'",
    "name = 'run-777'",
    "name like 'run-77%' order by duration desc",
    "name ilike '%9999%'",
    "status = 'failed'",
    "project = 'p' and status = 'finished' order by ended desc",
    "tags.stage = 'try'",
    "not metrics.m0 > 0.001",
)
TOTALS = ("", "metrics.m0 > 0.5", "params.p0 = 'svm'")


def work(folder: str, url: str, pipe) -> None:
    """Be the worker; say which port it answers on."""
    with listen("127.0.0.1", 0) as listener:
        setup = Setup(folder, database=url)
        serve(setup, listener, when_ready=lambda: pipe.send(listener.getsockname()[1]))


def answer(folder: str, url: str, port: str = "0") -> None:
    """Be a server of its own, which says its port as `afield up` does."""
    with listen("127.0.0.1", int(port)) as listener:
        told = f"export MLFLOW_TRACKING_URI=http://127.0.0.1:{listener.getsockname()[1]}"
        setup = Setup(folder, database=url)
        serve(setup, listener, when_ready=lambda: print(told, file=sys.stderr, flush=True))


def ask_ms(client: http.client.HTTPConnection, path: str) -> float:
    """Return how long an answer takes, in ms."""
    start = time.perf_counter()
    client.request("GET", path)
    answer = client.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return (time.perf_counter() - start) * 1000


def measure(client: http.client.HTTPConnection, short: list[str]) -> None:
    """Print how long pages, totals and groups take."""
    columns = [("column", each) for each in ("metrics.m0", "metrics.m1", "params.p0", "params.p1")]
    print(f"\n{'a page of 50 runs, 4 columns':72}{'first ms':>9}{'ms':>8}{'page 20':>8}")
    for query in PAGES:
        ask = urlencode([("limit", 50), ("query", query), *columns])
        first = ask_ms(client, f"/api/v1/runs?{ask}")
        usual = statistics.median(ask_ms(client, f"/api/v1/runs?{ask}") for _ in range(TIMES))
        deep = ask_ms(client, f"/api/v1/runs?{ask}&offset=950")
        print(f"{query or '(newest)':72}{first:9.0f}{usual:8.0f}{deep:8.0f}", flush=True)
        if usual > PAGE_MS_MAX:
            short.append(f"{query}: {usual:.0f} ms: at most {PAGE_MS_MAX}")
    for query in TOTALS:
        ask = urlencode([("limit", 1), ("total", "true"), ("query", query)])
        took = statistics.median(ask_ms(client, f"/api/v1/runs?{ask}") for _ in range(3))
        print(f"{'count: ' + query:72}{'':9}{took:8.0f}")
    took = statistics.median(ask_ms(client, "/api/v1/groups?by=params.p0") for _ in range(3))
    print(f"{'groups by params.p0':72}{'':9}{took:8.0f}")


def main(arguments: list[str]) -> int:
    """Measure; return 1 when something is short of its bound."""
    runs = int(next((each for each in arguments if each.isdecimal()), RUNS))
    short: list[str] = []
    with tempfile.TemporaryDirectory() as folder, postgres(SETTINGS) as url:
        start = time.perf_counter()
        with Workspace.init(folder) as workspace:
            fill(workspace.record.journal, runs, 3, used=False)
        print(f"{runs:,} runs written in {time.perf_counter() - start:.0f} s", flush=True)
        start = time.perf_counter()
        with Workspace.open(folder, database=url) as workspace:
            entries = workspace.refresh()
        took = time.perf_counter() - start
        print(f"{entries:,} entries folded in {took:.0f} s: {entries / took:,.0f}/s", flush=True)
        ours, theirs = multiprocessing.Pipe()
        worker = multiprocessing.get_context("spawn").Process(
            target=work, args=(folder, url, theirs)
        )
        worker.start()
        client = http.client.HTTPConnection("127.0.0.1", ours.recv())
        measure(client, short)
        rss_mb = stat(worker.pid)[1]
        print(f"\nthe worker's memory: {rss_mb:.0f} MB")
        if rss_mb > RSS_MB_MAX:
            short.append(f"memory: {rss_mb:.0f} MB: at most {RSS_MB_MAX}")
        worker.terminate()
        worker.join()
    for line in short:
        print(f"short: {line}")
    return bool(short)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
