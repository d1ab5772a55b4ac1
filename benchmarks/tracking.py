"""Logging: one scalar against a raw `os.write`, sustained, in memory and on disk; eight processes.

Bounds: the median call of `Run.log` with one scalar at most 2x an `os.write` of 40 bytes in the
same process; 250,000 scalars/s with the run's end; 40 MB for the whole process; 12 bytes a point
once the run has ended (10 random metrics a step); eight processes at once into one workspace at
400,000 points/s in total, nothing lost.
"""

from __future__ import annotations

import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RATIO_MAX = 2.0
SCALARS_PER_S_MIN = 250_000
MEMORY_MB_MAX = 40
POINT_BYTES_MAX = 12
PROCESSES = 8
PROCESSES_POINTS_PER_S_MIN = 400_000
CALLS = 50_000
STEPS = 20_000
METRICS = [f"m{number}" for number in range(10)]


def median_ns(act) -> float:
    now = time.perf_counter_ns
    found = []
    for _ in range(CALLS):
        start = now()
        act()
        found.append(now() - start)
    return statistics.median(found)


def call(folder: str) -> None:
    """Print the medians of a raw write and of one call, in ns, taken in turn."""
    import afield

    fd = os.open(f"{folder}/raw", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    run = afield.init(workspace=folder)
    data, values = b"x" * 40, {"loss": 0.5}
    rounds = []
    for _ in range(5):
        raw = median_ns(lambda: os.write(fd, data))
        rounds.append((median_ns(lambda: run.log(values, step=1)) / raw, raw))
    run.finish()
    print(*min(rounds))


def sustained(folder: str) -> None:
    """Print scalars/s with the run's end, and the process's peak memory in MB."""
    import afield

    random.seed(7)
    run = afield.init(workspace=folder, name="sustained")
    rows = [{name: random.random() for name in METRICS} for _ in range(2_000)]
    start, took = time.perf_counter(), 0.0
    for step in range(STEPS):
        if step and step % 2_000 == 0:  # new numbers, so that nothing repeats
            took += time.perf_counter() - start
            rows = [{name: random.random() for name in METRICS} for _ in range(2_000)]
            start = time.perf_counter()
        for name, value in rows[step % 2_000].items():
            run.log({name: value}, step=step)
    run.finish()
    took += time.perf_counter() - start
    assert run.faults == 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(STEPS * len(METRICS) / took, peak / (1024 if sys.platform == "linux" else 1 << 20))


def one_of_many(folder: str, number: str) -> None:
    """Wait for the start, log, and print when logging began and the run had ended."""
    import afield

    run = afield.init(workspace=folder, name=f"run{number}")
    Path(folder, f"ready{number}").touch()
    while not Path(folder, "go").exists():
        time.sleep(0.001)
    start = time.time()
    for step in range(5_000):
        for name in METRICS:
            run.log({name: step * 0.5}, step=step)
    run.finish()
    assert run.faults == 0
    print(start, time.time())


def ask(*words: str) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.tracking", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def many(folder: str) -> tuple[float, bool]:
    """Return points/s of all processes together, and whether every point is read back."""
    import afield

    command = [sys.executable, "-m", "benchmarks.tracking", "many", folder]
    running = [
        subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, text=True)
        for number in range(PROCESSES)
    ]
    while sum(1 for _ in Path(folder).glob("ready*")) < PROCESSES:
        time.sleep(0.01)
    Path(folder, "go").touch()
    spans = [tuple(map(float, process.communicate()[0].split())) for process in running]
    took = max(end for _, end in spans) - min(start for start, _ in spans)
    expected = [step * 0.5 for step in range(5_000)]
    with afield.open(folder) as workspace:
        whole = all(
            workspace.series(view, name)["value"].to_pylist() == expected
            for view in workspace.runs()
            for name in METRICS
        )
        whole = whole and len(workspace.runs()) == PROCESSES
    return PROCESSES * 5_000 * len(METRICS) / took, whole


def size_bytes(folder: str) -> int:
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


def measure(folder: str) -> bool:
    def place(name: str) -> str:
        Path(folder, name).mkdir()
        return f"{folder}/{name}"

    ratio, raw_ns = ask("call", place("call"))
    per_s, memory_mb = max(ask("sustained", place(f"sustained{turn}")) for turn in range(3))
    point_bytes = size_bytes(f"{folder}/sustained0") / (STEPS * len(METRICS))
    together, whole = max(many(place(f"many{turn}")) for turn in range(2))
    print(
        f"one scalar, median             {ratio:>12.2f}   x os.write of 40 bytes ({raw_ns:.0f} ns)"
    )
    print(f"one scalar a call, with end    {per_s:>12,.0f}   scalars/s")
    print(f"memory of the whole process    {memory_mb:>12.1f}   MB")
    print(f"on disk after the end          {point_bytes:>12.2f}   bytes a point")
    print(
        f"{PROCESSES} processes, one workspace     {together:>12,.0f}   points/s, all read: {whole}"
    )
    return (
        ratio <= RATIO_MAX
        and per_s >= SCALARS_PER_S_MIN
        and memory_mb <= MEMORY_MB_MAX
        and point_bytes <= POINT_BYTES_MAX
        and together >= PROCESSES_POINTS_PER_S_MIN
        and whole
    )


if __name__ == "__main__":
    parts = {"call": call, "sustained": sustained, "many": one_of_many}
    if len(sys.argv) > 1:
        parts[sys.argv[1]](*sys.argv[2:])
        sys.exit()
    with tempfile.TemporaryDirectory() as found:
        sys.exit(not measure(found))
