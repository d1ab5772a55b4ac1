"""What versions of data cost: adding, adding again, pushing, pulling; by CPU of child processes.

Every row stands against its peer, measured in the same run: `cp`, `b3sum`, `cp -r`, a stat walk,
and DVC where it is installed (`DVC=path` of its command, else `dvc`). Both sides are the least of
a few rounds: other work on the machine only ever adds. `--place DIR` says where; a disk in memory
keeps what else the machine writes out of it.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

FILES = 10_000
LARGE_BYTES = 500_000_000
CSV_ROWS = 3_000_000
CSV_BLOCK = 100_000
ROUNDS = 3
WORDS = ("alpha", "beta", "camera", "night", "day", "rain", "snow", "road", "left", "right", "up")
AFIELD = [str(Path(sys.executable).with_name("afield"))]
DIGESTS = """
import os, sys
from blake3 import blake3
for base, _, found in os.walk(sys.argv[1]):
    for name in found:
        with open(f"{base}/{name}", "rb", buffering=0) as stream:
            print(blake3(stream.read()).hexdigest(), name)
"""


@dataclass
class Table:
    """The rows that were measured, and whether each is within its bound."""

    good: bool = True
    rows: list[str] = field(default_factory=list)

    def say(self, what: str, value: float, bound: float, detail: str, unit: str = "x") -> None:
        """Print a row and remember whether it is good."""
        missed = "" if value <= bound else "   MISSED"
        print(f"{what:34} {value:6.2f}{unit}  bound {bound:g}{unit}   {detail}{missed}", flush=True)
        self.good = self.good and value <= bound


class Place:
    """A folder for one round: the data, a workspace and its remote, and copies of both.

    Args:
        folder: made anew.
    """

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self.workspace = folder / "w"
        self.workspace.mkdir()
        self.remote = folder / "remote"
        self.environ = {
            **os.environ,
            "HOME": str(folder),
            "AFIELD_WORKSPACE": str(self.workspace),
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(folder / "site"),
            "PYTHONPYCACHEPREFIX": str(folder.parent / "compiled"),  # as an installed program
        }
        self.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        self.afield("init")
        self.afield("remote", "add", "r", str(self.remote))

    def run(self, *words: str, cwd: Path | None = None, **environ: str) -> float:
        """Run a command; return its CPU seconds, children included."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            words,
            cwd=cwd or self.folder,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            sys.exit(f"{' '.join(words)[:200]}: {done.stderr[-500:]}")
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    def afield(self, *words: str, **environ: str) -> float:
        """Run our command."""
        return self.run(*AFIELD, *words, **environ)

    def add(self, data: Path) -> float:
        """Add what is at a path as a version."""
        return self.afield("data", "add", str(data), "--name", "d")

    def push(self) -> float:
        """Give it to the remote."""
        return self.afield("sync", "r", "--data", "all")

    def pull(self, to: Path) -> float:
        """Make an empty copy, fill it from the remote, and write the newest version."""
        copy = self.folder / "clone"
        spent = self.afield("clone", str(self.remote), str(copy))
        words = ("data", "get", "d", "--to", str(to))
        return spent + self.afield(*words, AFIELD_WORKSPACE=str(copy))


def size(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def least(work: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Return the least of each of the figures over a few rounds."""
    rounds = [work() for _ in range(ROUNDS)]
    return {name: min(one[name] for one in rounds) for name in rounds[0]}


def b3sum(place: Place, data: Path) -> float:
    """Return what digesting every file costs: b3sum's CPU, or that of a loop of blake3."""
    if shutil.which("b3sum"):
        words = 'find "$0" -type f -print0 | xargs -0 b3sum --num-threads 1 > /dev/null'
        return place.run("sh", "-c", words, str(data))
    loop = place.run(sys.executable, "-c", DIGESTS, str(data))
    return loop - place.run(sys.executable, "-c", "import os, sys, blake3")


def stat_walk(place: Place, data: Path) -> float:
    """Return what looking at every file costs."""
    words = 'find "$0" -type f -printf "%p %s %T@\\n" | sort > /dev/null'
    return place.run("sh", "-c", words, str(data))


def make_small(folder: Path) -> None:
    """Write 10,000 files of 1 to 50 KB in 100 folders, half of them text, half noise."""
    made = np.random.default_rng(1)
    words = np.array([f'{{"k":"{made.integers(1 << 30):x}","v":' for _ in range(50)])
    for number in range(FILES):
        path = folder / f"d{number % 100:02}" / f"f{number:05}.{'bin' if number % 2 else 'json'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        size_bytes = int(made.integers(1_000, 50_000))
        data = made.bytes(size_bytes)
        if number % 2 == 0:
            some = words[made.integers(0, 50, size_bytes // 20)]
            values = made.integers(0, 10**6, len(some))
            text = ",\n".join(f"{a}{b}}}" for a, b in zip(some, values, strict=True))
            data = text.encode()[:size_bytes]
        path.write_bytes(data)


def dvc_unchanged(place: Place, data: Path) -> float | None:
    """Return what DVC takes to see that nothing has changed; None without it."""
    dvc = shutil.which(os.environ.get("DVC", "dvc"))
    if dvc is None or shutil.which("git") is None:
        return None
    folder = place.folder / "dvc"
    folder.mkdir()
    shutil.copytree(data, folder / "data", copy_function=shutil.copy2)
    place.run("git", "init", "-q", cwd=folder)
    place.run(dvc, "init", "-q", cwd=folder)
    place.run(dvc, "add", "-q", "data", cwd=folder)
    place.run(dvc, "status", "-q", cwd=folder)
    return min(place.run(dvc, "status", "-q", cwd=folder) for _ in range(ROUNDS))


def small(folder: Path, table: Table) -> None:
    """Measure 10,000 small files."""
    data = folder / "data"
    make_small(data)

    def once() -> dict[str, float]:
        place = Place(folder / "round")
        copied = place.run("cp", "-r", str(data), str(place.folder / "cp"))
        found = {"cp": copied, "b3sum": b3sum(place, data), "add": place.add(data)}
        found["walk"] = stat_walk(place, data)
        found["again"] = min(place.add(data) for _ in range(2))
        found["push"] = place.push()
        found["pull"] = place.pull(place.folder / "out")
        place.run("diff", "-r", str(data), str(place.folder / "out"))
        return found

    found = least(once)
    floor = found["cp"] + found["b3sum"]
    cp = f"{found['cp']:.2f} s"
    print(f"{FILES} files, {size(data) / 1e6:.0f} MB")
    detail = f"{found['add']:.2f} s against {floor:.2f} s of cp + b3sum"
    table.say("add", found["add"] / floor, 2.5, detail)
    detail = f"{found['again']:.2f} s against {found['walk']:.2f} s of a stat walk"
    table.say("add again, nothing changed", found["again"] / found["walk"], 10, detail)
    dvc_s = dvc_unchanged(Place(folder / "round"), data)
    if dvc_s is not None:
        detail = f"{found['again']:.2f} s against {dvc_s:.2f} s of dvc status"
        table.say("the same, against DVC", found["again"] / dvc_s, 0.5, detail)
    detail = f"{found['push']:.2f} s against {cp} of cp -r"
    table.say("push", found["push"] / found["cp"], 1.5, detail)
    detail = f"{found['pull']:.2f} s against {cp} of cp -r"
    table.say("pull into an empty copy", found["pull"] / found["cp"], 4, detail)


def large(folder: Path, table: Table) -> None:
    """Measure one incompressible file."""
    data = folder / "data"
    data.mkdir()
    made = np.random.default_rng(2)
    with (data / "large.bin").open("wb") as file:
        for _ in range(LARGE_BYTES // 10_000_000):
            file.write(made.bytes(10_000_000))

    def once() -> dict[str, float]:
        place = Place(folder / "round")
        copied = place.run("cp", "-r", str(data), str(place.folder / "cp"))
        return {"floor": copied + b3sum(place, data), "add": place.add(data)}

    found = least(once)
    detail = f"{found['add']:.2f} s against {found['floor']:.2f} s of cp + b3sum"
    label = f"add {LARGE_BYTES / 1e6:.0f} MB of noise"
    table.say(label, found["add"] / found["floor"], 3, detail)


def rows(made: np.random.Generator, count: int, start: int) -> bytes:
    """Return rows of a table such as a log has."""
    words = np.array(WORDS)
    times = np.cumsum(made.integers(1, 900, count)) + 1_700_000_000_000
    columns = (
        np.arange(start, start + count),
        times,
        made.zipf(1.3, count) % 100_000,
        np.round(made.normal(0, 1, count), 6),
        np.round(made.normal(50, 20, count), 3),
        np.round(made.random(count), 7),
        words[made.integers(0, len(WORDS), count)],
        *(words[one] for one in made.integers(0, len(WORDS), (3, count))),
    )
    lines = map(",".join, zip(*(column.astype(str) for column in columns), strict=True))
    return ("\n".join(lines) + "\n").encode()


def make_csv(path: Path) -> None:
    """Write 3,000,000 rows, 250 MB."""
    made = np.random.default_rng(3)
    with path.open("wb") as file:
        file.write(b"id,ts,user,x,y,z,label,a,b,c\n")
        for start in range(0, CSV_ROWS, CSV_BLOCK):
            file.write(rows(made, CSV_BLOCK, start))


def edit_csv(path: Path) -> None:
    """Replace 1 % of the rows in the middle, and insert as many in front."""
    made = np.random.default_rng(4)
    head, *lines = path.read_bytes().splitlines(keepends=True)
    part, middle = len(lines) // 100, len(lines) // 2
    lines[middle : middle + part] = [rows(made, part, 10**9)]
    path.write_bytes(b"".join([head, rows(made, part, 2 * 10**9), *lines]))


def table_of_rows(folder: Path, table: Table) -> None:
    """Measure what a second version of a CSV stores and pushes."""
    data = folder / "data"
    data.mkdir()
    make_csv(data / "table.csv")
    place = Place(folder / "round")
    place.add(data)
    place.push()
    stored, pushed = size(place.workspace), size(place.remote)
    edit_csv(data / "table.csv")
    whole = size(data)
    place.add(data)
    place.push()
    new, sent = size(place.workspace) - stored, size(place.remote) - pushed
    print(f"a CSV of {whole / 1e6:.0f} MB, 1 % of its rows replaced and 1 % inserted in front")
    table.say("new bytes stored", 100 * new / whole, 2, f"{new / 1e6:.2f} MB", "%")
    table.say("new bytes pushed", 100 * sent / whole, 2, f"{sent / 1e6:.2f} MB", "%")


def main(arguments: list[str]) -> int:
    """Measure everything, or what is asked for; return 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", help="a folder with room for 4 GB")
    parser.add_argument("only", nargs="*", help="small, large, csv")
    asked = parser.parse_args(arguments)
    table = Table()
    for name, work in (("small", small), ("large", large), ("csv", table_of_rows)):
        if not asked.only or name in asked.only:
            with tempfile.TemporaryDirectory(dir=asked.place) as made:
                work(Path(made).resolve(), table)
    return not table.good


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
