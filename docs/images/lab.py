"""Makes a workspace of real runs, for pictures and for looking at the page with something in it.

    python docs/images/lab.py FOLDER [--runs 24]

Two people work on one record: versions of data with a card, a sweep, a mistake, changes of code,
repeated runs, notes, tags, a registered model. Everything is recorded by the commands that people
type. `live` starts a run that goes on for a while.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent / "examples" / "sweep"
PYTHON = "python"  # found on PATH: no picture names a folder of this machine
HIDDEN, RATES, DECAYS = (16, 48, 128), (0.003, 0.01, 0.03, 0.1), (1e-4, 1e-2)


class Person:
    """Somebody at a copy of the record.

    Args:
        folder: of the project; holds `.afield` once there is one.
        name: as git and the record know them.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        first = name.partition(" ")[0].lower()
        self.environ = {
            **os.environ,
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "HOME": str(folder.parent / f"home-{first}"),
            "GIT_AUTHOR_NAME": name,
            "GIT_COMMITTER_NAME": name,
            "GIT_AUTHOR_EMAIL": f"{first}@example.org",
            "GIT_COMMITTER_EMAIL": f"{first}@example.org",
            "NO_COLOR": "1",
        }
        for taken in ("AFIELD_WORKSPACE", "AFIELD_RUN"):
            self.environ.pop(taken, None)
        home = Path(self.environ["HOME"])
        home.mkdir(parents=True, exist_ok=True)
        (home / ".gitconfig").write_text(
            f"[user]\n name = {name}\n email = {self.environ['GIT_AUTHOR_EMAIL']}\n"
        )

    def does(self, *words: str, fails: bool = False) -> str:
        """Run a command and return what it printed; `fails` says that it may."""
        done = subprocess.run(
            words, cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False
        )
        if done.returncode and not fails:
            sys.exit(f"{' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def afield(self, *words: str, fails: bool = False) -> str:
        """Run a command of ours."""
        return self.does(PYTHON, "-m", "afield", *words, fails=fails)

    def trains(
        self, name: str, *words: str, fails: bool = False, tags: tuple[str, ...] = ()
    ) -> None:
        """Record a training under a name."""
        asked = [part for tag in tags for part in ("--tag", tag)]
        command = (PYTHON, "train.py", *words)
        self.afield("run", "-q", "--name", name, *asked, "--", *command, fails=fails)


def make(folder: Path, runs: int = 24) -> Path:
    """Make the project and the record; return the project's folder.

    Args:
        folder: made; what was there is removed.
        runs: how many trainings of the sweep.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PROJECT, folder / "digits-lab")
    ada = Person(folder / "digits-lab", "Ada Byron")
    (ada.folder / ".gitignore").write_text("out/\ndigits/\n.afield/\n__pycache__/\n")
    for words in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-q", "-m", "a network")):
        ada.does("git", *words)
    ada.afield("init")
    _data(ada, 1, "as scikit-learn ships them")
    _sweep(ada, runs)
    _data(ada, 2, "without the faintest 2 %")
    _changes(ada)
    _colleague(ada, folder)
    return ada.folder


def live(project: Path, *, epochs: int, pause_s: float) -> subprocess.Popen[bytes]:
    """Start a run that logs an epoch every `pause_s` seconds; the caller ends it."""
    ada = Person(project, "Ada Byron")
    words = [PYTHON, "-m", "afield", "run", "-q", "--name", "long-haul", "--tag", "stage=final"]
    words += ["--", PYTHON, "train.py", "--epochs", str(epochs), "--pause", str(pause_s)]
    silent = subprocess.DEVNULL
    return subprocess.Popen(words, cwd=project, env=ada.environ, stdout=silent, stderr=silent)


def _data(who: Person, version: int, message: str) -> None:
    who.does(PYTHON, "prepare.py", "--version", str(version))
    who.afield("data", "add", "digits", "--name", "digits", "-m", message)
    card = (
        "origin=UCI hand-written digits, as scikit-learn ships them",
        "licence=CC BY 4.0",
        "consent=none needed: no person can be told from 8 by 8 pixels",
        "method=scanned, cut to 8 by 8, split by digit",
        "sensitivity=public",
    )
    for field in card:
        who.afield("data", "card", "digits", "--set", field)


def _sweep(who: Person, runs: int) -> None:
    every = list(itertools.product(HIDDEN, RATES, DECAYS))
    for number, (hidden, rate, decay) in enumerate(every[:: max(1, len(every) // runs)][:runs]):
        words = ("--hidden", str(hidden), "--lr", str(rate), "--l2", str(decay))
        stage = ("stage=sweep", f"hidden={hidden}")
        who.trains(f"sweep-{number:02d}", *words, tags=stage)
    who.trains("too-fast", "--lr", "3", tags=("stage=sweep",), fails=True)


def _changes(who: Person) -> None:
    """Code that is not committed, a repeated run, a registered model."""
    code = (who.folder / "train.py").read_text()
    (who.folder / "train.py").write_text(code.replace("batch_size=64", "batch_size=32"))
    best = ("--hidden", "128", "--lr", "0.01")
    who.trains("small-batches", *best, tags=("stage=candidate",))
    who.trains("small-batches-2", *best, "--seed", "1", tags=("stage=candidate",))
    who.afield("reproduce", "small-batches", fails=True)
    who.afield("note", "small-batches", "Half the batch, same rate: the best so far on 8 and 9.")
    who.afield("model", "register", "small-batches:out/model.joblib", "digits", "--note", "first")
    who.afield("model", "register", "small-batches-2:out/model.joblib", "digits")
    who.afield("model", "alias", "digits@1", "champion")


def _colleague(ada: Person, folder: Path) -> None:
    """Bob takes the record over, runs something, and gives it back."""
    shared = folder / "shared"
    shared.mkdir()
    ada.afield("remote", "add", "team", str(shared))
    ada.afield("sync")
    bob = Person(folder, "Bob Carver")
    bob.afield("clone", str(shared), "digits-bob")
    bob.folder = folder / "digits-bob"
    for name in ("train.py", "prepare.py"):
        shutil.copy(ada.folder / name, bob.folder / name)
    bob.does(PYTHON, "prepare.py", "--version", "3")
    bob.trains("moved-by-one", "--hidden", "128", tags=("stage=candidate",))
    bob.afield("data", "add", "digits", "--name", "digits", "-m", "with copies moved by one pixel")
    bob.afield("note", "moved-by-one", "Twice the data. Slower, and better on 1 and 7.")
    bob.afield("sync")
    ada.afield("sync")
    waiting = bob.afield("join")
    phrase = re.findall(r"\b\d{5}\b", waiting)
    ada.afield("join", *phrase[:6])


def main() -> None:
    """Make the workspace that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=24)
    asked = parser.parse_args()
    sys.stdout.write(f"{make(asked.folder.absolute(), asked.runs)}\n")


if __name__ == "__main__":
    main()
