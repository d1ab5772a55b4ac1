"""One call that runs a command under the supervisor and gives what was seen of it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from afield.runs.capture.supervisor.events import Event, ExecEvent, FileEvent
from afield.runs.capture.supervisor.preflight import preflight
from afield.runs.capture.supervisor.session import Supervisor

PATIENCE_S = 120


@dataclass
class Watched:
    code: int
    out: bytes
    events: list[Event]
    gaps: list[str]

    def paths(self, *verbs):
        """Return the paths of these verbs, in order."""
        return [
            event.path
            for event in self.events
            if isinstance(event, FileEvent) and event.verb in verbs
        ]

    def files(self, verb):
        return [one for one in self.events if isinstance(one, FileEvent) and one.verb == verb]

    @property
    def programs(self):
        return [Path(one.path).name for one in self.events if isinstance(one, ExecEvent)]


@pytest.fixture
def watched(tmp_path, tmp_path_factory):
    """Return a function that runs a command in `tmp_path`; `during` is called while it runs."""
    reason = preflight()
    if reason is not None:
        pytest.skip(f"not run: {reason}")

    def run(argv, *, during=None, apart=None, **options):
        folder = tmp_path_factory.mktemp("log")
        supervisor = Supervisor(str(folder), apart=apart)
        supervisor.begin()
        options = {"cwd": tmp_path, "stdout": subprocess.PIPE, "close_fds": False, **options}
        try:
            process = supervisor.start(lambda: subprocess.Popen(list(map(str, argv)), **options))
        except OSError:
            supervisor.stop()
            raise
        if during is not None:
            during(supervisor, process)
        out, _ = process.communicate(timeout=PATIENCE_S)
        events = supervisor.poll()
        return Watched(process.returncode, out or b"", events, supervisor.stop())

    return run


@pytest.fixture
def python(watched):
    """Return a function that runs a script of Python's under the supervisor."""

    def run(script, *words, **options):
        return watched([sys.executable, "-I", "-S", "-c", script, *words], **options)

    return run
