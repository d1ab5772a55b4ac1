"""Runs scripts in real child processes, plain and with the hook, in any Python that is here."""

from __future__ import annotations

import glob
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from afield.runs.capture import entropy, inside, trace

SEED = "5eed" * 16
OTHER_SEED = "0dd5" * 16
TIMEOUT_S = 240


@dataclass
class Ran:
    """A child that ended: what it said, how, and what the hook wrote."""

    out: bytes
    err: bytes
    code: int
    folder: str

    @property
    def trace(self) -> trace.Trace:
        return trace.read(self.folder)


@dataclass
class Runner:
    """Starts children of one Python in one folder."""

    folder: Path
    python: str = sys.executable
    runs: int = 0
    extra: dict[str, str] = field(default_factory=dict)

    def script(self, text: str, name: str = "script.py") -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def plan(self, *, seed: str | None, watch: bool) -> dict[str, str]:
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "AFIELD"))}
        environ |= {"PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8"} | self.extra
        if not watch:
            return environ
        self.runs += 1
        traces = self.folder / f"trace-{self.runs}"
        traces.mkdir()
        plan = entropy.plan(seed=seed is not None, run_seed=seed, hash_seed="1")
        return environ | inside.environ(str(traces), environ, entropy=plan, trace=True)

    def run(
        self,
        *argv: str,
        seed: str | None = SEED,
        watch: bool = True,
        cwd: str | None = None,
        check: bool = True,
    ) -> Ran:
        environ = self.plan(seed=seed, watch=watch)
        done = subprocess.run(
            [self.python, *argv],
            env=environ,
            cwd=cwd or self.folder,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        ran = Ran(done.stdout, done.stderr, done.returncode, environ.get("AFIELD_TRACE_FOLDER", ""))
        if check:
            assert ran.code == 0, ran.err.decode()
            if watch and ran.trace.active:
                assert ran.trace.faults == ()
        return ran

    def text(self, text: str, **options: object) -> Ran:
        return self.run(self.script(text), **options)  # type: ignore[arg-type]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def _other_pythons() -> list[str]:
    found = glob.glob(os.path.expanduser("~/.pyenv/versions/3.*/bin/python"))
    return sorted(path for path in found if _version(path) != sys.version_info[:2])


def _version(path: str) -> tuple[int, ...]:
    return tuple(int(part) for part in Path(path).parents[1].name.split(".")[:2])


@pytest.fixture(params=[(3, 8), (3, 12), (3, 13), (3, 14)], ids=lambda v: f"3.{v[1]}")
def other_python(request: pytest.FixtureRequest) -> str:
    """Another Python, when this machine has it under ~/.pyenv."""
    for path in _other_pythons():
        if _version(path) == request.param:
            return path
    pytest.skip(f"not run: no Python {request.param} under ~/.pyenv/versions")


@pytest.fixture
def same_twice(runner: Runner) -> Callable[[str], bytes]:
    """Runs a script twice with one seed and once with another; returns what it said."""

    def run(text: str) -> bytes:
        first, again = runner.text(text), runner.text(text)
        other = runner.text(text, seed=OTHER_SEED)
        assert first.out == again.out
        assert first.out != other.out
        assert first.out.strip()
        return first.out

    return run
