"""Makes the golden workspace of this format anew: `python tests/golden/make.py FOLDER`.

Run by hand only, when a new format begins: what was made stays, for later versions to open. It is
made by the command line alone, in FOLDER, whose path and whose Python's path stand in the record:
take neutral ones (a container with `/home/ann`, say).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

FORMAT = 1
HERE = Path(__file__).parent
ARCHIVE = HERE / f"format-{FORMAT}.zip"
EXPECTED = HERE / f"format-{FORMAT}.json"
NOT_KEPT = (
    "cache",
    "projection.db",
    "lock",
    "live.lock",
    "sync.lock",
    "remotes.toml",
    "packs.using",
)
TRAIN = """\
import csv, sys
import afield

rate = float(sys.argv[1])
rows = list(csv.DictReader(open("table.csv")))
loss = 1.0
for step in range(40):
    loss *= 1 - rate
    afield.log({"loss": loss, "rows": len(rows)}, step=step)
open("model.txt", "w").write(f"{loss:.12f}")
print("loss", loss)
"""
BY_HAND = """\
import afield

run = afield.init("golden", "by hand", name="third", config={"depth": 3, "wide": True})
for step in range(5):
    run.log({"acc": step / 4, "odd": float("nan") if step == 2 else float(step)}, step=step)
run.summary["best"] = 1.0
run.finish()
"""
READING: dict[str, tuple[str, ...]] = {
    "runs": ("runs",),
    "runs deleted": ("runs", "--deleted"),
    "query": ("runs", "metrics.loss < 0.5 order by metrics.loss"),
    "show first": ("show", "first"),
    "show second": ("show", "second"),
    "show third": ("show", "third"),
    "show failed": ("show", "failed"),
    "show of Bob": ("show", "of Bob"),
    "compare": ("compare", "first", "second"),
    "data list": ("data", "list"),
    "data show": ("data", "show", "table"),
    "data show 1": ("data", "show", "table@1"),
    "data diff": ("data", "diff", "table@1", "table@2", "--key", "id"),
    "data card": ("data", "card", "table"),
    "devices": ("join",),
}
"""What every later version must still answer alike; it may answer more."""


class Person:
    """Somebody at the command line, in a folder of their own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / name.lower()
        self.folder.mkdir()
        home = folder / f"home-{name.lower()}"
        home.mkdir()
        (home / ".gitconfig").write_text(f"[user]\n\tname = {name}\n\temail = {name}@example.org\n")
        keep = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
        self.environ = {**keep, "HOME": str(home)}

    def says(self, *words: str, codes: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "afield", *words],
            cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode in codes, (words, done.returncode, done.stderr)
        return done.stdout

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return name


def table(rows: int, changed: int = 0) -> str:
    lines = [f"{number},{number * 7 % 11},n{number % 5}" for number in range(rows)]
    lines[:changed] = [f"{number},99,changed" for number in range(changed)]
    return "id,value,name\n" + "\n".join(lines) + "\n"


def ann_alone(ann: Person) -> None:
    """Runs of every kind, and two versions with a card."""
    ann.says("init")
    ann.write("train.py", TRAIN)
    ann.write("by_hand.py", BY_HAND)
    ann.write("fail.py", "raise ValueError('as it should be')\n")
    ann.write("table.csv", table(60))
    ann.says("data", "add", "table.csv", "--name", "table", "-m", "the first")
    python = Path(sys.executable).name
    for name, rate in (("first", "0.1"), ("second", "0.2")):
        ann.says("run", "--name", name, "--project", "golden", "--param", f"rate={rate}", python,
                 "train.py", rate)  # fmt: skip
    ann.says("run", "--name", "failed", python, "fail.py", codes=(1,))
    subprocess.run([sys.executable, "by_hand.py"], cwd=ann.folder, env=ann.environ, check=True)
    ann.write("table.csv", table(64, changed=3))
    ann.says("data", "add", "table.csv", "--name", "table", "-m", "the second")
    ann.says("data", "card", "table", "--set", "origin=made by a script",
             "--set", "sensitivity=public")  # fmt: skip
    ann.says("tag", "first", "model=tree", "keep=yes")
    ann.says("note", "first", "a note of Ann")
    ann.says("run", "--name", "gone", python, "-c", "print(1)")
    ann.says("delete", "gone")


def others(ann: Person, bob: Person, cleo: Person, there: str) -> None:
    """A colleague who counts and disagrees, one who waits, and bytes that are elsewhere."""
    ann.says("remote", "add", "team", there)
    ann.says("sync")
    for person in (bob, cleo):
        person.says("clone", there, ".")
    phrase = json.loads(bob.says("join", "--json"))["phrase"]
    bob.says("sync")
    ann.says("sync")
    ann.says("join", *phrase.split())
    ann.says("sync")
    bob.says("sync")
    ann.says("tag", "second", "verdict=keep")
    bob.says("tag", "second", "verdict=drop")
    bob.says("run", "--name", "of Bob", Path(sys.executable).name, "-c", "print('Bob')")
    bob.write("blob.bin", "".join(f"{number:08x}" for number in range(9000)))
    bob.says("data", "add", "blob.bin", "--name", "blob")
    cleo.says("note", "first", "of somebody whom nobody has confirmed")
    for person in (bob, cleo):
        person.says("sync")
    ann.says("sync", "--data", "none")
    ann.says("bundle", "first", "-o", "run.afield")
    ann.says("bundle", "--since", "start", "--data", "none", "-o", "record.afield")


def pack(ann: Person) -> None:
    with zipfile.ZipFile(ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((ann.folder / ".afield").rglob("*")):
            inside = path.relative_to(ann.folder / ".afield")
            if path.is_file() and not inside.parts[0].startswith(NOT_KEPT):
                archive.write(path, f".afield/{inside.as_posix()}")
        for name in ("run.afield", "record.afield"):
            archive.write(ann.folder / name, name)


def answers(ann: Person) -> dict[str, Any]:
    found = {
        name: json.loads(ann.says(*words, "--json").replace(str(ann.folder), "<here>"))
        for name, words in READING.items()
    }
    found["findings"] = json.loads(ann.says("verify", "--json"))["findings"]
    found["show run.afield"] = json.loads(ann.says("show", "run.afield", "--json"))
    return found


def main(folder: Path) -> None:
    folder.mkdir(parents=True)
    ann, bob, cleo = (Person(folder, name) for name in ("Ann", "Bob", "Cleo"))
    ann_alone(ann)
    others(ann, bob, cleo, str(folder / "there"))
    pack(ann)
    shutil.rmtree(ann.folder)
    ann.folder = folder / "opened"  # elsewhere: what stands in the record is told apart from that
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(ann.folder)
    text = json.dumps(answers(ann), indent=1, ensure_ascii=False, sort_keys=True)
    EXPECTED.write_text(text + "\n", encoding="utf-8")
    print(f"{ARCHIVE}: {ARCHIVE.stat().st_size:,} bytes")  # noqa: T201 - run by hand


if __name__ == "__main__":
    main(Path(sys.argv[1]))
