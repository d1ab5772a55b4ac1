"""Memory has a bound whatever the size of a tree or file: what a file takes is measured.

The small form compares two trees, so that whatever is held for each file shows. `make big` sets
`AFIELD_BIG` and measures 200,000 files, a sparse file of 4 GB and a table of 400 MB, looked into
and compared row by row, against the bound itself.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="not run: only Linux tells a peak of its own"
)
PATIENCE_S = 3600
BIG = bool(os.environ.get("AFIELD_BIG"))
PEAK_BYTES_MAX = 300_000_000
FEW, MANY, VERY_MANY = 500, 7_000, 200_000
FILE_BYTES_MAX = 1_300
"""What one more file may take while it is worked on; in packs that are filled, mostly."""
CODE = (
    "import sys; from pathlib import Path; from afield.cli.main import main; "
    "code = main(sys.argv[1:]); "
    # Not getrusage: its peak is that of the process that forked this one, too.
    "print(Path('/proc/self/status').read_text()); sys.exit(code)"
)


class Person:
    """Somebody with a workspace, a remote and another copy of it, all in one folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir()
        self("here", "init")
        self("here", "remote", "add", "r", str(home / "remote"))

    def __call__(self, place: str, *words: str) -> int:
        """Run a command; return the most memory that it had, in bytes."""
        folder = self.home / place
        folder.mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-c", CODE, *words],
            env={**os.environ, "AFIELD_WORKSPACE": str(folder), "HOME": str(self.home)},
            cwd=self.home,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found = re.search(r"VmHWM:\s+(\d+) kB", done.stdout)
        assert found is not None, done.stdout
        return int(found[1]) * 1024

    def work(self, data: Path) -> dict[str, int]:
        """Add, push, pull, write and check a tree; return the peak of each."""
        copy, out = str(self.home / "copy"), str(self.home / "out")
        return {
            # Not looked into: the library for tables takes more than anything that is measured.
            "add": self("here", "data", "add", str(data), "--name", "d", "--no-profile"),
            "add again": self("here", "data", "add", str(data), "--name", "d", "--no-profile"),
            "push": self("here", "sync", "r", "--data", "all"),
            "pull": self("here", "clone", str(self.home / "remote"), copy),
            "get": self("copy", "data", "get", "d", "--to", out),
            "get again": self("copy", "data", "get", "d", "--to", out),
            "verify": self("copy", "verify", "--full"),
        }


def make_tree(folder: Path, files: int) -> Path:
    for number in range(files):
        if number % 1000 == 0:
            (folder / f"part-{number // 1000:04}").mkdir(parents=True)
        path = folder / f"part-{number // 1000:04}" / f"sample-of-the-camera-{number:07}.csv"
        path.write_bytes(b"a,b\n%d,%s\n" % (number, os.urandom(40).hex().encode()))
    return folder


def make_sparse(folder: Path, size_bytes: int) -> Path:
    folder.mkdir()
    with (folder / "sparse.bin").open("wb") as stream:
        stream.truncate(size_bytes)
    return folder


def test_what_each_further_file_takes_is_little(tmp_path):
    few = Person(tmp_path / "few").work(make_tree(tmp_path / "1", FEW))
    many = Person(tmp_path / "many").work(make_tree(tmp_path / "2", MANY))
    each = {name: (many[name] - few[name]) / (MANY - FEW) for name in few}
    assert each == {name: pytest.approx(0, abs=FILE_BYTES_MAX) for name in few}


@pytest.mark.skipif(not BIG, reason="not run: `make big` does")
def test_200000_files_stay_within_200_mb(tmp_path):
    peaks = Person(tmp_path / "home").work(make_tree(tmp_path / "data", VERY_MANY))
    sys.stdout.write(f"{ {name: peak >> 20 for name, peak in peaks.items()} } MiB\n")
    assert max(peaks.values()) < PEAK_BYTES_MAX * 2 // 3, peaks


@pytest.mark.skipif(not BIG, reason="not run: `make big` does")
def test_a_sparse_file_of_4_gb_stays_within_the_bound(tmp_path):
    peaks = Person(tmp_path / "home").work(make_sparse(tmp_path / "data", 4 << 30))
    sys.stdout.write(f"{ {name: peak >> 20 for name, peak in peaks.items()} } MiB\n")
    assert max(peaks.values()) < PEAK_BYTES_MAX, peaks


def make_table(path: Path, rows: int, changed: int) -> Path:
    path.parent.mkdir(exist_ok=True)
    made = random.Random(1)
    with path.open("w") as stream:
        stream.write("id,x,y,word\n")
        for number in range(rows):
            x, y = made.random(), made.random()
            word = f"{made.getrandbits(48):012x}" if number % 1000 != changed else "changed"
            stream.write(f"{number},{x:.15f},{y:.15f},{word}\n")
    return path.parent


@pytest.mark.skipif(not BIG, reason="not run: `make big` does")
def test_a_table_of_400_mb_is_looked_into_and_compared_within_the_bound(tmp_path):
    person, peaks = Person(tmp_path / "home"), {}
    for changed in (1, 2):
        data = make_table(tmp_path / "data" / "t.csv", 7_500_000, changed)
        peaks[f"add {changed}"] = person("here", "data", "add", str(data), "--name", "d")
    assert (data / "t.csv").stat().st_size > 380_000_000
    peaks["diff"] = person("here", "data", "diff", "d@1", "d@2")
    peaks["diff by key"] = person("here", "data", "diff", "d@1", "d@2", "--key", "id")
    sys.stdout.write(f"{ {name: peak >> 20 for name, peak in peaks.items()} } MiB\n")
    assert max(peaks.values()) < PEAK_BYTES_MAX, peaks
