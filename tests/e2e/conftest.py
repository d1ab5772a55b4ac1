"""The door of the command line as tests knock at it, and a workspace with runs in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from afield.cli.main import main
from afield.workspace.session import init
from afield.workspace.workspace import Workspace

HIDDEN = (
    "AFIELD_WORKSPACE",
    "AFIELD_RUN",
    "NO_COLOR",
    "COLUMNS",
    "FORCE_COLOR",
    "AFIELD_TRACEBACK",
)


@dataclass(frozen=True)
class Answer:
    """What one call of the command line came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out, parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    pytest.fail(f"{name} is no JSON")


Door = Callable[..., Answer]


@pytest.fixture
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's home with nothing in it."""
    home = tmp_path_factory.mktemp("home")
    for name in HIDDEN:
        monkeypatch.delenv(name, raising=False)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("TERM", "xterm")
    return home


@pytest.fixture
def afield(capsys: pytest.CaptureFixture[str], own_home: Path) -> Door:
    """Call the command line in this process."""

    def call(*words: str) -> Answer:
        capsys.readouterr()
        code = main(words)
        found = capsys.readouterr()
        return Answer(code, found.out, found.err)

    return call


@pytest.fixture
def afield_process(own_home: Path) -> Door:
    """Call the command line in a process of its own."""

    def call(*words: str, cwd: Path | None = None, **environ: str) -> Answer:
        done = subprocess.run(
            [sys.executable, "-m", "afield", *words],
            cwd=cwd,
            env={**os.environ, **environ},
            capture_output=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=120,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose workspace holds three runs by the Python API; copied by `project`."""
    folder = tmp_path_factory.mktemp("recorded")
    Workspace.init(folder).close()
    for index, (name, lr) in enumerate((("first", 0.1), ("second", 0.05), ("third", 0.025))):
        config = {"lr": lr, "model": "tree" if index else "linear"}
        with init("digits", "sweep", name=name, config=config, workspace=folder) as run:
            for step in range(5):
                run.log({"acc": 0.5 + 0.1 * step + 0.01 * index, "val/loss": 1 / (step + 1)}, step)
            if index == 1:
                run.log({"odd": float("nan"), "far": float("inf")})
    return folder


@pytest.fixture
def project(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of one's own with those three runs; one stands in it."""
    folder = tmp_path / "project"
    shutil.copytree(recorded, folder)
    monkeypatch.chdir(folder)
    yield folder
    monkeypatch.undo()
