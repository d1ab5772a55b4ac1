"""The command line: `--help` in 120 ms and 140 modules; what `afield run` and `runs` cost.

Each is the best of several processes: other work on the machine only ever adds.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HELP_MS_MAX = 120
MODULES_MAX = 140
RUN_CPU_S_MAX = 0.5
ROUNDS = 9
MODULES = """
import sys
from afield.cli.main import main
sys.stdout = open('/dev/null', 'w')
main(['--help'])
sys.stderr.write(str(len(sys.modules)))
"""


def best(words: list[str], folder: str) -> tuple[float, float]:
    """Return the least wall and CPU seconds of a command, children included."""
    walls, cpus = [], []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        subprocess.run(words, cwd=folder, capture_output=True, check=True)
        walls.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = (before.ru_utime + before.ru_stime, after.ru_utime + after.ru_stime)
        cpus.append(used[1] - used[0])
    return min(walls), min(cpus)


def measure() -> bool:
    """Print the table; return whether every bound holds."""
    afield = [str(Path(sys.executable).with_name("afield"))]
    loaded = subprocess.run([sys.executable, "-c", MODULES], capture_output=True, check=True)
    modules = int(loaded.stderr)
    python = [sys.executable, "-c", "pass"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*afield, "init"], cwd=folder, capture_output=True, check=True)
        bare, bare_cpu = best(python, folder)
        help_, _ = best([*afield, "--help"], folder)
        run, run_cpu = best([*afield, "run", "-q", "--", *python], folder)
        runs, _ = best([*afield, "runs"], folder)
    added = run_cpu - bare_cpu
    print(f"python -c pass          {bare * 1e3:7.1f} ms")
    print(f"afield --help           {help_ * 1e3:7.1f} ms  bound {HELP_MS_MAX}  {modules} modules")
    cost = f"adds {added:.2f} s of CPU, bound {RUN_CPU_S_MAX}"
    print(f"afield run python       {run * 1e3:7.1f} ms  {cost}")
    print(f"afield runs             {runs * 1e3:7.1f} ms")
    return help_ * 1e3 <= HELP_MS_MAX and modules <= MODULES_MAX and added <= RUN_CPU_S_MAX


if __name__ == "__main__":
    sys.exit(0 if measure() else 1)
