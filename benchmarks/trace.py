"""What the hook inside a run's processes costs: opens, start-up, seeding, entropy.

Each number is the CPU of a child process with the hook against the same child without, taken
in turns in one run; the lowest of some rounds, because other work only ever adds.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable

from afield.runs.capture import entropy, inside

FILES = 100_000
ROUNDS = 5

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


def compare(
    name: str, argv: list[str], *, rounds: int, scale: Callable[[float, float], str]
) -> None:
    plain_s, hooked_s = [], []
    environ = dict(os.environ)
    for _ in range(rounds):
        plain_s.append(cpu_s(argv, environ))
        hooked_s.append(cpu_s(argv, hooked(environ)))
    print(
        f"{name:<36} {min(plain_s):9.4f} {min(hooked_s):9.4f}  {scale(min(plain_s), min(hooked_s))}"
    )


def per(count: int) -> Callable[[float, float], str]:
    return lambda plain, watched: (
        f"{watched / plain:5.2f}x  {(watched - plain) / count * 1e6:+7.2f} us each"
    )


def main() -> None:
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        for number in range(FILES):
            if number < 100:
                os.mkdir(f"{folder}/{number}")
            with open(f"{folder}/{number % 100}/{number}", "w") as stream:
                stream.write("text")
        print(f"{'CPU seconds of a child':<36} {'plain':>9} {'hooked':>9}")
        compare(
            "100,000 files opened once",
            [python, "-c", OPENS, folder],
            rounds=ROUNDS,
            scale=per(FILES),
        )
        compare(
            "one file opened 100,000 times",
            [python, "-c", AGAIN, folder],
            rounds=ROUNDS,
            scale=per(FILES),
        )
        compare(
            "100,000 times random.Random()", [python, "-c", SEEDS], rounds=ROUNDS, scale=per(FILES)
        )
        compare(
            "300,000 times os.urandom(16)",
            [python, "-c", URANDOM],
            rounds=ROUNDS,
            scale=per(300_000),
        )
        compare(
            "2,000,000 times id(), not ours",
            [python, "-c", IDS],
            rounds=ROUNDS,
            scale=per(2_000_000),
        )
        start = (
            "import subprocess, sys\nfor _ in range(40): subprocess.run([sys.executable, '-c', ''])"
        )
        compare("40 interpreters started", [python, "-c", start], rounds=ROUNDS, scale=per(40))


if __name__ == "__main__":
    main()
