"""A run under the supervisor is the run that it would be: ends, streams, signals, descriptors."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import afield
from afield.runs.capture.supervisor.preflight import preflight
from afield.runs.capture.supervisor.session import Supervisor

LOOK = """
import os, signal, sys
print(sorted(os.listdir('/proc/self/fd')), os.getppid() == int(sys.argv[1]))
print(os.getpgid(0) == os.getpgid(os.getppid()), os.getsid(0) == os.getsid(os.getppid()))
print(sorted(os.environ.items()), os.getcwd(), os.umask(0))
print(signal.pthread_sigmask(signal.SIG_BLOCK, ()), [signal.getsignal(n) for n in (2, 13, 15)])
print(os.sched_getaffinity(0), os.nice(0))
"""


def test_the_command_finds_what_it_would_find(python, tmp_path):
    words = [sys.executable, "-I", "-S", "-c", LOOK, str(os.getpid())]
    plain = subprocess.run(
        words, cwd=tmp_path, stdout=subprocess.PIPE, close_fds=False, check=False, timeout=120
    )
    done = python(LOOK, str(os.getpid()))
    assert done.out == plain.stdout
    assert b"True" in done.out


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_the_exit_code_is_the_commands_own(watched, code):
    assert watched(["sh", "-c", f"exit {code}"]).code == code


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT", "SIGSEGV"])
def test_a_command_that_dies_of_a_signal_dies_of_it(watched, name):
    assert watched(["sh", "-c", f"kill -{name[3:]} $$"]).code == -getattr(signal, name)


def test_a_program_that_is_not_there_is_told_as_ever(watched):
    with pytest.raises(FileNotFoundError):
        watched(["/no/such/program"])


def test_signals_reach_handlers_while_files_are_opened(python):
    script = """
import os, signal, threading
hits = 0
def hit(number, frame):
    global hits
    hits += 1
signal.signal(signal.SIGUSR1, hit)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
signal.signal(signal.SIGALRM, hit)
for _ in range(3000):
    os.close(os.open('/etc/passwd', os.O_RDONLY))
signal.setitimer(signal.ITIMER_REAL, 0)
os.kill(os.getpid(), signal.SIGUSR1)
assert hits > 0
"""
    done = python(script)
    assert (done.code, done.gaps) == (0, [])


def test_processes_that_are_killed_while_they_ask_leave_the_others_alone(python):
    script = """
import os, signal, time
for n in range(40):
    child = os.fork()
    if child == 0:
        while True: os.close(os.open('/etc/passwd', os.O_RDONLY))
    time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
open('/etc/passwd').close()
"""
    done = python(script)
    assert (done.code, done.gaps) == (0, [])


def test_a_run_that_is_stopped_and_continued_goes_on(python):
    script = """
import os, signal
child = os.fork()
if child == 0:
    for _ in range(2000): os.close(os.open('/etc/passwd', os.O_RDONLY))
    os._exit(7)
os.kill(child, signal.SIGSTOP); os.waitpid(child, os.WUNTRACED)
os.kill(child, signal.SIGCONT)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""
    assert python(script).code == 0


def test_who_asks_to_die_with_its_parent_lives_while_that_lives(python):
    script = """
import ctypes, os
assert ctypes.CDLL(None).prctl(1, 9, 0, 0, 0) == 0
for _ in range(200): os.close(os.open('/etc/passwd', os.O_RDONLY))
"""
    assert python(script).code == 0


def test_what_is_left_behind_goes_on_when_nobody_looks_any_more(watched, tmp_path):
    os.mkfifo(tmp_path / "go")
    script = "(read line < go; cat /etc/passwd > left; mv left done) > /dev/null & exit 4"
    done = watched(["sh", "-c", script])
    assert (done.code, done.gaps) == (4, [])
    (tmp_path / "go").write_text("go\n")
    while not (tmp_path / "done").exists():
        time.sleep(0.01)
    assert (tmp_path / "done").read_bytes()


def test_a_run_within_a_run_is_told_why_it_is_not_watched(python):
    script = "from afield.runs.capture.supervisor.preflight import preflight; print(preflight())"
    folder = str(Path(afield.__file__).parents[1])
    done = python(f"import sys; sys.path[:0] = {[folder, *sys.path]!r}\n{script}")
    assert b"another supervisor already listens" in done.out


def test_nobody_needs_rights_to_be_watched(tmp_path):
    words = [sys.executable]
    if os.getuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("not run: no setpriv here, and root has all rights")
        words = [setpriv, "--bounding-set=-all", "--inh-caps=-all", *words]
    script = """
import subprocess, sys
sys.path[:0] = eval(sys.argv[1])
from afield.runs.capture.supervisor.session import Supervisor
from afield.runs.capture.supervisor.preflight import preflight
print([line for line in open("/proc/self/status") if line.startswith("CapEff")], preflight())
one = Supervisor(sys.argv[2])
one.begin()
code = one.start(lambda: subprocess.Popen(["sh", "-c", "cat in.txt > out.txt"])).wait()
paths = [event.path for event in one.poll() if hasattr(event, "path")]
print(code, one.stop(), sys.argv[2] + "/in.txt" in paths)
"""
    (tmp_path / "in.txt").write_text("x")
    source = str(Path(afield.__file__).parents[1])
    done = subprocess.run(
        [*words, "-c", script, repr([source, *sys.path]), str(tmp_path)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        check=False,
        timeout=120,
    )
    rights, seen = done.stdout.decode().splitlines()
    if not rights.endswith("None"):
        pytest.skip(f"not run: {rights}")
    assert "0000000000000000" in rights
    assert seen == "0 [] True"


def test_a_supervisor_that_was_never_used_goes_away(tmp_path):
    if preflight() is not None:
        pytest.skip(f"not run: {preflight()}")
    one = Supervisor(str(tmp_path))
    one.begin()
    assert one.stop() == ["the supervisor was not there"]
