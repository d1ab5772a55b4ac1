"""Where only parents may read a process's memory, a thread of `afield` itself looks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import afield
from afield.runs.capture.supervisor.preflight import preflight

POOL = """
import os, subprocess, sys, threading
def read(n):
    os.close(os.open(f'{n}.txt', os.O_RDONLY))
threads = [threading.Thread(target=read, args=(n,)) for n in range(40)]
for one in threads: one.start()
for one in threads: one.join()
subprocess.run(['cat', '40.txt'], check=True)
raise SystemExit(3)
"""


def test_a_thread_sees_what_a_process_would(python, tmp_path):
    paths = {str(tmp_path / f"{number}.txt") for number in range(41)}
    for path in paths:
        Path(path).write_text("x")
    done = python(POOL, apart=False)
    assert (done.code, done.out, done.gaps) == (3, b"x", [])
    assert {path for path in done.paths("read") if str(tmp_path) in path} == paths
    assert "cat" in done.programs


def test_a_program_that_is_not_there_is_told_as_ever(watched):
    with pytest.raises(FileNotFoundError):
        watched(["/no/such/program"], apart=False)


def test_what_is_left_behind_goes_on(watched, tmp_path):
    os.mkfifo(tmp_path / "go")
    script = "(read line < go; cat /etc/passwd > left; mv left done) > /dev/null & exit 4"
    done = watched(["sh", "-c", script], apart=False)
    assert (done.code, done.gaps) == (4, [])
    (tmp_path / "go").write_text("go\n")
    while not (tmp_path / "done").exists():
        time.sleep(0.01)


def test_a_run_goes_on_when_who_looked_is_killed(tmp_path):
    if preflight() is not None:
        pytest.skip(f"not run: {preflight()}")
    os.mkfifo(tmp_path / "go")
    script = f"""
import subprocess, sys
sys.path[:0] = {[str(Path(afield.__file__).parents[1]), *sys.path]!r}
from afield.runs.capture.supervisor.session import Supervisor
one = Supervisor({str(tmp_path)!r}, apart=False)
one.begin()
words = ["sh", "-c", "echo on; read line < go; cat /etc/passwd > left; mv left done"]
one.start(lambda: subprocess.Popen(words, cwd={str(tmp_path)!r})).wait()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as who:
        assert who.stdout.readline() == b"on\n"
        os.kill(who.pid, signal.SIGKILL)
        who.wait()
        (tmp_path / "go").write_text("go\n")
        while not (tmp_path / "done").exists():
            time.sleep(0.01)
    assert (tmp_path / "done").read_bytes() == Path("/etc/passwd").read_bytes()
