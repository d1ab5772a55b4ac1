"""What the hook inside a run's processes costs: opens, start-up, seeding, entropy.

Each number is the CPU of a child process with the hook against the same child without, taken
in turns in one run; the lowest of some rounds, because other work only ever adds. It returns 1
when opening files or starting an interpreter costs more than its bound.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile

from afield.runs.capture import entropy, inside

FILES = 100_000
ROUNDS = 5
OPEN_US_MAX = 1.5
"""Of a file that is opened for the first time, and again; the whole of capture may add 4.5."""
START_MS_MAX = 6.0

OPENS = """
import os, sys
folder = sys.argv[1]
for number in range(100_000):
    with open(f"{folder}/{number % 100}/{number}") as stream:
        stream.read()
"""
AGAIN = """
import os, sys
path = sys.argv[1] + "/0/0"
for number in range(100_000):
    with open(path) as stream:
        stream.read()
"""
SEEDS = """
import random
for number in range(100_000):
    random.Random()
"""
URANDOM = """
import os
for number in range(300_000):
    os.urandom(16)
"""
IDS = """
numbers = list(range(1000))
for number in range(2_000):
    for item in numbers:
        id(item)
"""


def cpu_s(argv: list[str], environ: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, env=environ, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def hooked(environ: dict[str, str]) -> dict[str, str]:
    folder = tempfile.mkdtemp(dir=os.environ["TMPDIR"])
    return environ | inside.environ(folder, environ, entropy=entropy.plan(seed=True), trace=True)


def compare(name: str, argv: list[str], *, count: int, rounds: int = ROUNDS) -> float:
    """Print what `count` times of something cost, plain and hooked; return what each adds, us."""
    plain_s, hooked_s = [], []
    environ = dict(os.environ)
    for _ in range(rounds):
        plain_s.append(cpu_s(argv, environ))
        hooked_s.append(cpu_s(argv, hooked(environ)))
    plain, watched = min(plain_s), min(hooked_s)
    each_us = (watched - plain) / count * 1e6
    print(
        f"{name:<36} {plain:9.4f} {watched:9.4f}  {watched / plain:5.2f}x {each_us:+10.2f} us each",
        flush=True,
    )
    return each_us


def opens(python: str, folder: str) -> dict[str, float]:
    """Measure opens; return what each adds, in us."""
    for number in range(FILES):
        if number < 100:
            os.mkdir(f"{folder}/{number}")
        with open(f"{folder}/{number % 100}/{number}", "w") as stream:
            stream.write("text")
    cases = {"100,000 files opened once": OPENS, "one file opened 100,000 times": AGAIN}
    return {
        name: compare(name, [python, "-c", code, folder], count=FILES)
        for name, code in cases.items()
    }


def main() -> int:
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        print(f"{'CPU seconds of a child':<36} {'plain':>9} {'hooked':>9}")
        found = opens(python, folder)
        compare("100,000 times random.Random()", [python, "-c", SEEDS], count=100_000)
        compare("300,000 times os.urandom(16)", [python, "-c", URANDOM], count=300_000)
        compare("2,000,000 times id(), not ours", [python, "-c", IDS], count=2_000_000)
        start = (
            "import subprocess, sys\nfor _ in range(40): subprocess.run([sys.executable, '-c', ''])"
        )
        name = "40 interpreters started"
        started_us = compare(name, [python, "-c", start], count=40)
    bounds = dict.fromkeys(found, OPEN_US_MAX) | {name: START_MS_MAX * 1e3}
    missed = [
        f"{what}: short by {each_us - bounds[what]:.2f} us: at most {bounds[what]:g} us each"
        for what, each_us in (found | {name: started_us}).items()
        if each_us > bounds[what]
    ]
    for line in missed:
        print(line)
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
