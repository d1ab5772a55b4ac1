"""What `afield run`'s engine adds to a command: CPU and wall time, as ratios in one run.

    python benchmarks/capture.py                     # all, with this interpreter's packages
    python benchmarks/capture.py --python VENV/bin/python training
    python benchmarks/capture.py --files 100000 files

`training` is a scikit-learn training of about five seconds (the target: at most 0.5 s of CPU
and 5 % of wall time added); `files` opens many small files (the target: at most 1.5 times the
plain CPU); `start` is the smallest command; `console` prints 100 MB. The plain command and the
recorded one take turns; the least of each counts.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DRIVER = """
import os, sys
from afield.runs.capture.capture import Request, capture
from afield.workspace.store import make_store
record, _ = make_store(sys.argv[1])
request = Request(argv=tuple(sys.argv[2:]), folder=os.getcwd(), environ=dict(os.environ))
done = capture(record, request, out=sys.stdout.buffer, err=sys.stderr.buffer)
record.journal.close()
print(len(done.manifest.inputs), "inputs", *done.faults, file=sys.stderr)
sys.exit(done.exit_code)
"""

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

FILES = """
import sys
total = 0
for number in range(int(sys.argv[2])):
    with open(f"{sys.argv[1]}/{number:06d}.txt") as stream:
        total += len(stream.read())
print(total)
"""

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
    recorded = [sys.executable, "-c", DRIVER, str(folder / "workspace" / ".afield"), *words]
    cost(words, folder)  # caches of the system, byte code
    plain, ours = [], []
    for _ in range(turns):
        plain.append(cost(words, folder))
        ours.append(cost(recorded, folder))
    cpu_s, wall_s = (min(column) for column in zip(*plain, strict=True))
    our_cpu_s, our_wall_s = (min(column) for column in zip(*ours, strict=True))
    first_s = ours[0][0]
    print(
        f"{name:9} plain {cpu_s:6.2f} s CPU {wall_s:6.2f} s wall | recorded {our_cpu_s:6.2f} s CPU"
        f" {our_wall_s:6.2f} s wall | +{our_cpu_s - cpu_s:.2f} s CPU ({our_cpu_s / cpu_s:.2f}x;"
        f" first run {first_s / cpu_s:.2f}x), wall {our_wall_s / wall_s:.3f}x",
        flush=True,
    )


def prepare(folder, files):
    project = folder / "project"
    project.mkdir()
    for name, code in (("training", TRAINING), ("files", FILES), ("console", CONSOLE)):
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
    parser.add_argument("names", nargs="*", default=["start", "training", "files", "console"])
    parser.add_argument("--python", default=default_python(), help="the command's interpreter")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = prepare(folder, options.files if "files" in options.names else 0)
        for one in options.names:
            # not resolved: a venv is known by the path of its Python
            words = [os.path.abspath(options.python), f"{one}.py"]  # noqa: PTH100
            if one == "files":
                words += [str(data), str(options.files)]
            measure(one, words, folder, turns=options.turns)


if __name__ == "__main__":
    main()
