"""Calls that run a command under the supervisor, or a Python that calls for it; what was seen."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from afield.runs.capture import entropy, inside, trace
from afield.runs.capture.supervisor import late
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


@dataclass
class Done:
    code: int
    events: list[Event]
    gaps: list[str]
    state: int
    trace: trace.Trace

    @property
    def asked(self):
        """The names of files of the run's folder that the kernel asked about being read."""
        return {Path(e.path).name for e in self.events if isinstance(e, FileEvent)}

    @property
    def told(self):
        return {Path(event.path).name for event in self.trace.opens}


@pytest.fixture
def run(tmp_path, tmp_path_factory):
    """Return a function that runs a script in a hooked Python which calls for its filter."""
    if (reason := preflight()) is not None:
        pytest.skip(f"not run: {reason}")
    (tmp_path / "plain.txt").write_text("plain")
    (tmp_path / "deep.bin").write_bytes(b"deep\n")

    def start(
        text, *options, during=None, apart=None, python=sys.executable, packages=None, **changed
    ):
        folder = tmp_path_factory.mktemp("log")
        supervisor = Supervisor(str(folder), apart=apart)
        packages = [sysconfig.get_path("purelib")] if packages is None else packages
        if not supervisor.begin(packages=packages):
            supervisor.stop()
            pytest.skip("not run: the kernel gives no filter to all threads of a process")
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "AFIELD"))}
        plan = entropy.plan(seed=True, run_seed="5eed" * 16, hash_seed="1")
        environ = plain | inside.environ(str(folder), plain, entropy=plan, trace=True) | changed
        text = "open('plain.txt').read()\n" + text
        words = [str(python), *options, "-c", text]
        process = subprocess.Popen(
            words, cwd=tmp_path, env=environ, stdin=-1, stdout=-1, stderr=-1, close_fds=False
        )
        try:
            if during is not None:
                during(supervisor, process)
            _, err = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
            process.communicate()
            events = supervisor.poll()
            state = late.said(str(folder), process.pid).state
            gaps = supervisor.stop(process.pid)
        assert process.returncode == 0, err.decode()
        return Done(process.returncode, events, gaps, state, trace.read(str(folder)))

    return start


@pytest.fixture(params=["3.12", "3.13", "3.14"])
def other_python(request, tmp_path_factory):
    found = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{request.param}.*/bin/python3"))
    if not found:
        pytest.skip(f"not run: no Python {request.param} under ~/.pyenv/versions")
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([found[-1], "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python", [str(folder / "lib" / f"python{request.param}/site-packages")]
