"""Whoever of the supervisor's processes dies, the run goes on unchanged, and the record is told."""

from __future__ import annotations

import os
import signal

DIED = "the supervisor died: nothing was seen from then on"

STEADY = """
import os, sys
for n in range(int(sys.argv[1])):
    os.close(os.open(f'{n % 50}.txt', os.O_RDONLY))
    if n == 100:
        print('on', flush=True); sys.stdin.readline()
print('done')
"""


def killing(choose):
    """Return what kills one of the supervisor's processes amid a run."""

    def during(supervisor, process):
        assert process.stdout.readline() == b"on\n"
        for pid in choose(supervisor):
            os.kill(pid, signal.SIGKILL)
        process.stdin.write(b"\n")
        process.stdin.flush()

    return during


def run(python, tmp_path, choose, opens=3000):
    for number in range(50):
        (tmp_path / f"{number}.txt").touch()
    return python(STEADY, str(opens), during=killing(choose), stdin=-1)


def test_a_run_goes_on_when_the_server_is_killed(python, tmp_path):
    done = run(python, tmp_path, lambda one: [one.server])
    assert (done.code, done.out, done.gaps) == (0, b"done\n", [DIED])
    assert len([path for path in done.paths("read") if str(tmp_path) in path]) == 50


def test_a_run_goes_on_when_only_the_guard_is_killed_and_all_is_seen(python, tmp_path):
    done = run(python, tmp_path, lambda one: [one.guard])
    assert (done.code, done.out, done.gaps) == (0, b"done\n", [])


def test_a_run_goes_on_when_both_are_killed(python, tmp_path):
    done = run(python, tmp_path, lambda one: [one.guard, one.server])
    assert (done.code, done.out, done.gaps) == (0, b"done\n", [DIED])


def test_a_question_that_was_asked_when_the_server_died_is_answered(python, tmp_path):
    """The server is killed again and again while threads ask as fast as they can."""
    script = """
import os, sys, threading
def ask():
    for _ in range(2000): os.close(os.open('f', os.O_RDONLY))
threads = [threading.Thread(target=ask) for _ in range(4)]
for one in threads: one.start()
print('on', flush=True)
for one in threads: one.join()
"""
    (tmp_path / "f").touch()

    def during(supervisor, process):
        assert process.stdout.readline() == b"on\n"
        os.kill(supervisor.server, signal.SIGKILL)

    for _ in range(3):
        done = python(script, during=during)
        assert (done.code, done.gaps) == (0, [DIED])
