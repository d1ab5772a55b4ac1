"""Start-up: `import afield`, its modules, and the first run in a new workspace.

Bounds: the import in 60 ms and 140 modules, with none of the heavy libraries; import and `init`
in a new workspace in 100 ms. Each is the best of several fresh interpreters: other work on the
machine only ever adds.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

IMPORT_MS_MAX = 60
START_MS_MAX = 100
MODULES_MAX = 140
ROUNDS = 9
HEAVY = "pyarrow numpy fastapi starlette rich psycopg uv ray".split()  # noqa: SIM905 - reads better

IMPORT = """
import time; start = time.perf_counter()
import afield
took = time.perf_counter() - start
import sys; print(took * 1e3, len(sys.modules), sum(name in sys.modules for name in {heavy}))
"""
START = """
import time; start = time.perf_counter(); cpu = time.process_time()
import afield
run = afield.init(project="p", name="r", config={{"lr": 0.1}}, workspace={folder!r})
print((time.perf_counter() - start) * 1e3, (time.process_time() - cpu) * 1e3)
"""


def ask(code: str) -> list[float]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def measure() -> bool:
    import_ms, modules, heavy = min(ask(IMPORT.format(heavy=HEAVY)) for _ in range(ROUNDS))
    starts, later = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            starts.append(ask(START.format(folder=folder)))
            later.append(ask(START.format(folder=folder)))
    (start_ms, start_cpu_ms), (later_ms, later_cpu_ms) = min(starts), min(later)
    print(f"import afield                  {import_ms:>12.1f} ms, {modules:.0f} modules")
    print(f"import and init, new workspace {start_ms:>12.1f} ms  ({start_cpu_ms:.1f} of CPU)")
    print(f"import and init, later run     {later_ms:>12.1f} ms  ({later_cpu_ms:.1f} of CPU)")
    return (
        import_ms <= IMPORT_MS_MAX
        and modules <= MODULES_MAX
        and not heavy
        and start_ms <= START_MS_MAX
    )


if __name__ == "__main__":
    sys.exit(not measure())
