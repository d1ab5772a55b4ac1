"""What the demo does: makes the project, runs the commands that it shows, checks the outcome."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from afield.cli.example import example_folder
from afield.cli.progress import Progress
from afield.cli.session import Session
from afield.cli.tools import uv_path
from afield.kernel.errors import Refused, Unreachable

GIT = ("-c", "user.name=demo", "-c", "user.email=demo@localhost", "-c", "commit.gpgsign=false")
HIDDEN = (
    *("AFIELD_WORKSPACE", "AFIELD_RUN", "AFIELD_PROJECT", "AFIELD_EXPERIMENT"),
    *("PYTHONPATH", "PYTHONHOME", "PYTHONHASHSEED"),
)
"""Variables of the person's shell that would make the demo something else than it is."""
TAIL_LINES = 12


class DemoFailed(Refused):
    """The demo came out otherwise than it must."""

    code = "cli.demo_failed"


class InstallFailed(Unreachable):
    """The example's packages could not be installed."""

    code = "cli.install_failed"


class ToolMissing(Refused):
    """A program that the demo needs is not there."""

    code = "cli.tool_missing"


class Stage:
    """The demo's folder and the commands in it."""

    def __init__(self, session: Session, folder: Path) -> None:
        self._session = session
        self.folder = folder
        self._acts = 0
        scripts = folder / ".venv" / ("Scripts" if os.name == "nt" else "bin")
        environ = {key: text for key, text in session.environ.items() if key not in HIDDEN}
        environ["PATH"] = os.pathsep.join([str(scripts), environ.get("PATH", os.defpath)])
        environ["VIRTUAL_ENV"] = str(folder / ".venv")
        self._environ = environ
        if shutil.which("git") is None:
            raise ToolMissing("the demo needs git", hint="install git; then: afield demo")
        uv = uv_path(session.environ)
        if uv is None:
            raise ToolMissing("the demo needs uv", hint="pip install uv; then: afield demo")
        self._uv = uv

    def title(self, text: str) -> None:
        """Open an act."""
        self._acts += 1
        head = click.style(f"{self._acts}. {text}", bold=True)
        self._write(f"\n{head}" if self._acts > 1 else head)

    def say(self, line: str) -> None:
        """Show a command as a person would type it."""
        self._write(click.style(line, fg="cyan"))

    def _write(self, text: str) -> None:
        click.echo(text, err=self._session.json, color=self._session.color)

    def make_project(self) -> None:
        """Copy the example."""
        ignore = shutil.ignore_patterns(".venv", "out", "__pycache__", ".afield")
        shutil.copytree(example_folder("digits"), self.folder, ignore=ignore)

    def commit(self) -> None:
        """Make the project a git repository with one commit."""
        for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "digits"]):
            self._quiet(["git", *GIT, *words])

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file, as a person does between two commits."""
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        if old not in text:
            raise DemoFailed("the example has changed", path, f"`{old}` is not in it")
        file.write_text(text.replace(old, new), encoding="utf-8")

    def install(self) -> None:
        """Make the project's own environment."""
        self.say("$ uv venv && uv pip install -r requirements.txt")
        with Progress(self._session) as progress:
            progress.step("making a virtual environment")
            self._quiet([self._uv, "venv", "--quiet", "--python", sys.executable, ".venv"])
            progress.step("installing scikit-learn and matplotlib into it")
            self._install("-r", "requirements.txt")

    def install_other(self, requirement: str) -> None:
        """Put another version of a package into the environment."""
        self.say(f"$ uv pip install {requirement}")
        with Progress(self._session) as progress:
            progress.step(f"installing {requirement}")
            self._install(requirement)

    def _install(self, *words: str) -> None:
        from afield.replay.pip_settings import uv_arguments, uv_variables

        home = Path.home()
        settings = uv_arguments(self._environ, home, [sys.prefix])
        environ = {**self._environ, **uv_variables(self._environ, home)}
        as_pip = ["--index-strategy", "unsafe-best-match"]  # the best version of all indexes
        line = [self._uv, "pip", "install", "--quiet", *as_pip, *settings, *words]
        done = self._call(line, environ)
        if done.returncode:
            raise InstallFailed(
                "cannot install the example's packages",
                " ".join(words),
                _tail(done.stderr),
                hint="check the network or your pip settings; then: afield demo",
            )

    def afield(self, *words: str, expected: int = 0, shown: bool = True) -> None:
        """Run an `afield` command where people see it.

        Raises:
            DemoFailed: it exits otherwise than expected.
        """
        if shown:
            self.say(f"$ afield {' '.join(words)}")
        line = [sys.executable, "-m", "afield", *words]
        if shown:
            out = sys.stderr if self._session.json else None  # stdout is for the JSON, then
            code = subprocess.run(
                line, cwd=self.folder, env=self._environ, stdout=out, check=False
            ).returncode
        else:
            code = self._call(line, self._environ).returncode
        if code != expected:
            raise DemoFailed(
                "the demo failed",
                f"afield {' '.join(words)}",
                f"exit code {code} instead of {expected}",
                hint="afield doctor",
            )

    def newest_run(self) -> str:
        """Return the id of the run just recorded."""
        found = self._answer("runs", "--limit", "1")
        return str(found["runs"][0]["id"])

    def expect_verdict(self, run: str, verdict: str, *, cause: str | None = None) -> None:
        """Check what the newest reproduction of a run came to.

        Raises:
            DemoFailed: it came to something else.
        """
        last = self._answer("show", run)["reproductions"][-1]
        if last["verdict"] != verdict or (cause is not None and last["cause"] != cause):
            got = f"{last['verdict']} ({last['cause']}) instead of {verdict} ({cause})"
            raise DemoFailed("the demo failed", run[:8], got, hint=f"afield show {last['run']}")

    def _answer(self, *words: str) -> dict[str, Any]:
        line = [sys.executable, "-m", "afield", *words, "--json"]
        done = self._call(line, self._environ)
        if done.returncode:
            raise DemoFailed("the demo failed", " ".join(words), _tail(done.stderr))
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def _quiet(self, line: list[str]) -> None:
        done = self._call(line, self._environ)
        if done.returncode:
            raise DemoFailed("the demo failed", " ".join(line[-3:]), _tail(done.stderr))

    def _call(self, line: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            line,
            cwd=self.folder,
            env=environ,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-TAIL_LINES:])
