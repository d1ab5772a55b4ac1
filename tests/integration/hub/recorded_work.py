"""A workspace of recorded commands: one run makes a table, two read it; a dataset of two versions.

Made once in a process, since each command takes a while; tests work on copies.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

MAKE = """\
with open("table.csv", "w") as stream:
    stream.write("x,y\\n" + "".join(f"{n},{n * n}\\n" for n in range(20)))
"""
TRAIN = """\
import sys
rows = open("table.csv").read().splitlines()[1:]
total = sum(int(row.split(",")[1]) for row in rows)
print("total", total)
open("model.txt", "w").write(f"{total} {sys.argv[1]}")
"""


@cache
def _template():
    folder = Path(tempfile.mkdtemp(prefix="afield-recorded-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    afield(folder, "init")
    (folder / "make.py").write_text(MAKE, encoding="utf-8")
    (folder / "train.py").write_text(TRAIN, encoding="utf-8")
    afield(folder, "run", "--name", "maker", sys.executable, "make.py")
    afield(folder, "data", "add", "table.csv", "--name", "table")
    afield(folder, "run", "--name", "trained", sys.executable, "train.py", "a")
    (folder / "train.py").write_text(TRAIN.replace("total", "sum_of"), encoding="utf-8")
    afield(folder, "run", "--name", "trained-again", sys.executable, "train.py", "b")
    afield(folder, "note", "trained", "looks promising, see the plateau")
    return folder


def recorded(folder):
    """Copy the workspace to a folder that is not there yet; return it."""
    shutil.copytree(_template(), folder)
    return folder


def afield(folder, *words):
    """Run a command of ours in a folder."""
    names = {"AFIELD_WORKSPACE", "AFIELD_RUN"}
    done = subprocess.run(
        [sys.executable, "-m", "afield", *words],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in names},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
