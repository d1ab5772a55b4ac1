"""Three people of the demo of a day: each with a folder, a zone and a copy of the record.

Every call is a process of its own, as if on their machine at that time. They share nothing but
the folder at which they sync.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from afield.cli.demo_stage import HIDDEN, DemoFailed
from afield.cli.example import example_folder
from afield.cli.session import Session

_TAIL_LINES = 12


class Person:
    """One of them.

    Args:
        session: of the demo.
        place: the folder that holds all three.
        name: what they are called.
        zone: where they are.
    """

    def __init__(self, session: Session, place: Path, name: str, zone: str) -> None:
        self._session = session
        self.name = name
        self.zone = ZoneInfo(zone)
        self.folder = place / name.lower() / "iris"
        self.folder.parent.mkdir(parents=True)
        home = place / "homes" / name.lower()
        (home / "git").mkdir(parents=True)
        (home / "git" / "config").write_text(f"[user]\n\tname = {name}\n", encoding="utf-8")
        self._at_ms = 0
        environ = {key: text for key, text in session.environ.items() if key not in HIDDEN}
        scripts = Path(sys.executable).parent
        environ["PATH"] = os.pathsep.join([str(scripts), environ.get("PATH", os.defpath)])
        self._environ = {**environ, "TZ": zone, "HOME": str(home), "XDG_CONFIG_HOME": str(home)}

    def bring_project(self) -> None:
        """Copy the example into the folder."""
        shutil.copytree(
            example_folder("iris"),
            self.folder,
            ignore=shutil.ignore_patterns(".afield", "__pycache__"),
            dirs_exist_ok=True,
        )

    def comes(self, at: datetime, text: str) -> None:
        """Turn the clock to a time of theirs, and say what is to happen."""
        local = at.replace(tzinfo=self.zone)
        self._at_ms = int(local.timestamp() * 1000)
        head = f"{local:%A %H:%M}, {self.zone.key.partition('/')[2].replace('_', ' ')}. {text}"
        self._write(click.style(f"\n{head}", bold=True))

    def types(self, *words: str, expected: int = 0) -> str:
        """Run an `afield` command where people see it; return what it wrote to stdout.

        Raises:
            DemoFailed: it exits otherwise than expected.
        """
        line = " ".join(f'"{one}"' if " " in one else one for one in words)
        self._write(click.style(f"{self.name.lower()}$ afield {line}", fg="cyan"))
        done = self._call(words)
        for told in (done.stdout, done.stderr):
            if told.strip():
                self._write(told.rstrip("\n"))
        if done.returncode != expected:
            why = f"exit code {done.returncode} instead of {expected}"
            raise DemoFailed("the demo failed", f"{self.name}: afield {line}", why)
        return done.stdout

    def quietly(self, *words: str) -> Any:
        """Run an `afield` command that nobody needs to see; return its JSON.

        Raises:
            DemoFailed: it fails.
        """
        done = self._call([*words, "--json"])
        if done.returncode:
            tail = "\n".join(done.stderr.strip().splitlines()[-_TAIL_LINES:])
            raise DemoFailed("the demo failed", f"{self.name}: afield {' '.join(words)}", tail)
        return json.loads(done.stdout)

    def _call(self, words: Any) -> subprocess.CompletedProcess[str]:
        self._at_ms += 20_000  # a person types no faster
        folder = self.folder if self.folder.is_dir() else self.folder.parent
        return subprocess.run(
            [sys.executable, "-m", "afield.cli.rehearsal", str(self._at_ms), *words],
            cwd=folder,
            env=self._environ,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )

    def _write(self, text: str) -> None:
        click.echo(text, err=self._session.json, color=self._session.color)
