"""What `afield run` adds to a command: CPU and wall time, as ratios in one run.

    python benchmarks/capture.py                     # all, with this interpreter's packages
    python benchmarks/capture.py --python VENV/bin/python training
    python benchmarks/capture.py --files 100000 files

`training` is a scikit-learn training of about five seconds (the target: at most 0.5 s of CPU
and 5 % of wall time added); `files` opens many small files with no layer deeper than Python (the
target: at most 1.5 times the plain CPU, in the first run of a new workspace, too); `opens` is the
same as people run it, with all layers (the target: at most 1.6 times the wall time, and 1.5 times
the CPU); `asked` is the same where the kernel is asked before each open; `imports` loads five big
packages and does nothing (the target: at most 5 % of wall time added); `start` is the smallest
command; `console` prints 100 MB. The plain command and the recorded one take turns;
medians count, and the worst turn is told. It returns 1 when a bound is missed.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from afield.runs.capture.supervisor.preflight import preflight

FILES_RATIO_MAX = 1.5
OPENS_WALL_RATIO_MAX = 1.6
TRAINING_CPU_S_MAX = 0.5
TRAINING_WALL_RATIO_MAX = 1.05
IMPORTS_WALL_RATIO_MAX = 1.05

TRAINING = """
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
import json
x, y = load_digits(return_X_y=True)
a, b, c, d = train_test_split(x, y, random_state=0)
best = 0.0
for seed in range(18):
    model = RandomForestClassifier(n_estimators=100, n_jobs=1, random_state=seed).fit(a, c)
    best = max(best, model.score(b, d))
with open("metrics.json", "w") as stream:
    json.dump({"accuracy": best}, stream)
"""

IMPORTS = "import matplotlib.pyplot, numpy, pandas, scipy.stats, sklearn.ensemble\n"

FILES = """
import sys
total = 0
for number in range(int(sys.argv[2])):
    with open(f"{sys.argv[1]}/{number:06d}.txt") as stream:
        total += len(stream.read())
print(total)
"""

CASES = ("start", "training", "imports", "files", "opens", "asked", "console")
OPENING = {"files", "opens", "asked"}
OPTIONS = {"files": ("--trace", "python")}

CONSOLE = """
import sys
line = "epoch 17 step 123456 loss=0.123456 accuracy=0.9876 lr=0.001 tokens=1024 eta 00:12\\n" * 100
for _ in range(100_000_000 // len(line)):
    sys.stdout.write(line)
"""


def cost(words, folder):
    """Run a command; return the CPU of all its processes and the wall time, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin_s = time.monotonic()
    with (folder / "out").open("wb") as out:
        subprocess.run(words, cwd=folder / "project", stdout=out, check=True)
    wall_s = time.monotonic() - begin_s
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu_s, wall_s


def measure(name, words, folder, *, turns):
    """Measure a command plain and recorded, in turns; return what falls short of its bounds."""
    afield = [sys.executable, "-m", "afield", "--workspace", str(folder / f"workspace-{name}")]
    subprocess.run([*afield, "init"], stdout=subprocess.DEVNULL, check=True)
    cost(words, folder)  # caches of the system, byte code
    plain, ours = [], []
    for _ in range(turns):
        plain.append(cost(words, folder))
        ours.append(cost([*afield, "run", "-q", *OPTIONS.get(name, ()), "--", *words], folder))
    cpu_s, wall_s = (statistics.median(column) for column in zip(*plain, strict=True))
    our_cpu_s, our_wall_s = (statistics.median(column) for column in zip(*ours, strict=True))
    added_s, ratio, first = our_cpu_s - cpu_s, our_cpu_s / cpu_s, ours[0][0] / cpu_s
    worst = max(one / other for (one, _), (other, _) in zip(ours, plain, strict=True))
    wall = our_wall_s / wall_s
    print(
        f"{name:9} plain {cpu_s:6.2f} s CPU {wall_s:6.2f} s wall | recorded {our_cpu_s:6.2f} s CPU"
        f" {our_wall_s:6.2f} s wall | +{added_s:.2f} s CPU ({ratio:.2f}x; first run {first:.2f}x,"
        f" worst turn {worst:.2f}x), wall {wall:.3f}x",
        flush=True,
    )
    bounds = {
        "files": (
            ("CPU", ratio, FILES_RATIO_MAX, "x"),
            ("CPU of the first run", first, FILES_RATIO_MAX, "x"),
        ),
        "opens": (
            ("wall", wall, OPENS_WALL_RATIO_MAX, "x"),
            ("CPU", ratio, FILES_RATIO_MAX, "x"),
        ),
        "imports": (("wall", wall, IMPORTS_WALL_RATIO_MAX, "x"),),
        "training": (
            ("CPU added", added_s, TRAINING_CPU_S_MAX, " s"),
            ("wall", wall, TRAINING_WALL_RATIO_MAX, "x"),
        ),
    }.get(name, ())
    return [
        f"{name}, {what}: short by {value - most:.2f}{unit}: at most {most}{unit}"
        for what, value, most, unit in bounds
        if value > most
    ]


def prepare(folder, files):
    project = folder / "project"
    project.mkdir()
    scripts = {"training": TRAINING, "files": FILES, "opens": FILES, "console": CONSOLE}
    scripts["imports"] = IMPORTS
    scripts["asked"] = "import ctypes\n" + FILES  # from there on much could be read past Python
    for name, code in scripts.items():
        (project / f"{name}.py").write_text(code)
    (project / "start.py").write_text("print('hello')\n")
    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *words], cwd=project, check=True)
    data = folder / "data"
    data.mkdir()
    for number in range(files):
        (data / f"{number:06d}.txt").write_text(f"a small file, number {number}\n" * 5)
    return data


def default_python():
    """Return a Python with scikit-learn: the corpus's, which `make bench` sets up."""
    corpus = Path(__file__).parents[1] / ".cache" / "corpus" / "venv" / "bin" / "python"
    return str(corpus) if corpus.exists() else sys.executable


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=CASES)
    parser.add_argument("--python", default=default_python(), help="the command's interpreter")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody compiles Afield anew for each run
    missed = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = prepare(folder, options.files if OPENING & {*options.names} else 0)
        for one in options.names:
            if one in {"opens", "asked"} and (why := preflight()) is not None:
                print(f"{one}: not run: {why}")
                continue
            # not resolved: a venv is known by the path of its Python
            words = [os.path.abspath(options.python), f"{one}.py"]  # noqa: PTH100
            if one in OPENING:
                words += [str(data), str(options.files)]
            missed += measure(one, words, folder, turns=options.turns)
    for line in missed:
        print(line)
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
