"""Processes of one run never share a stream, and a repetition gives each its own again."""

from __future__ import annotations

import venv

import pytest

from afield.runs.capture.trace import Process

TAKE = "import os, random; take = lambda: (random.random(), os.urandom(4).hex())\n"

FORK = (
    TAKE + "import sys\n"
    "print(take(), flush=True)\n"
    "for number in range(4):\n"
    "    if (pid := os.fork()) == 0:\n"
    "        print(number, take(), flush=True)\n"
    "        if number == 2 and os.fork() == 0:\n"
    "            print('grandchild', take(), flush=True); os._exit(0)\n"
    "        if number == 2: os.wait()\n"
    "        os._exit(0)\n"
    "    os.waitpid(pid, 0)\n"
    "print(take())\n"
)

POOL = (
    "import multiprocessing as mp, os, random, sys, numpy\n"
    "def work(queue, number):\n"
    "    queue.put((number, random.random(), os.urandom(4).hex(),\n"
    "               float(numpy.random.default_rng().random())))\n"
    "if __name__ == '__main__':\n"
    "    context = mp.get_context(sys.argv[1])\n"
    "    queue = context.SimpleQueue()\n"
    "    children = [context.Process(target=work, args=(queue, n)) for n in range(4)]\n"
    "    [child.start() for child in children]\n"
    "    found = sorted(queue.get() for _ in children)\n"
    "    [child.join() for child in children]\n"
    "    assert len({f[1] for f in found}) == 4, found\n"
    "    assert len({f[2] for f in found}) == 4, found\n"
    "    assert len({f[3] for f in found}) == 4, found\n"
    "    print(found)\n"
)

EXECUTOR = (
    TAKE + "import concurrent.futures as cf, multiprocessing as mp, sys\n"
    "def work(number): return take()\n"
    "if __name__ == '__main__':\n"
    "    with cf.ProcessPoolExecutor(1, mp_context=mp.get_context(sys.argv[1])) as pool:\n"
    "        found = list(pool.map(work, range(5)))\n"
    "    assert len(set(found)) == 5\n"
    "    print(found)\n"
)

SUBPROCESSES = (
    TAKE + "import subprocess, sys\n"
    "text = 'import os, random; print(random.random(), os.urandom(4).hex())'\n"
    "said = [subprocess.check_output([sys.executable, '-c', text]) for _ in range(3)]\n"
    "said += [subprocess.check_output([sys.executable, '-c', text, str(n)]) for n in range(3)]\n"
    "said.append(subprocess.check_output(f'{sys.executable} -c \"{text}\"', shell=True))\n"
    "assert len(set(said)) == 7, said\n"
    "print(said, take())\n"
)

AT_ONCE = (
    "import subprocess, sys\n"
    "text = 'import os, time; time.sleep(0.1); print(os.urandom(8).hex())'\n"
    "children = [subprocess.Popen([sys.executable, '-c', text], stdout=subprocess.PIPE)\n"
    "            for _ in range(12)]\n"
    "said = [child.communicate()[0] for child in children]\n"
    "assert len(set(said)) == 12\n"
    "print(sorted(said))\n"
)

EXEC = (
    TAKE + "import sys\n"
    "print(sys.argv[1], take(), flush=True)\n"
    "if int(sys.argv[1]): os.execv(sys.executable, [sys.executable, __file__,\n"
    "                              str(int(sys.argv[1]) - 1)])\n"
)


def twice(runner, text, *argv):
    path = runner.script(text)
    first, again = runner.run(path, *argv), runner.run(path, *argv)
    assert first.out
    assert first.out == again.out
    other = runner.run(path, *argv, seed="07" * 32)
    assert other.out != first.out
    return first


def test_forked_children_get_streams_by_their_number(runner):
    lines = twice(runner, FORK).out.splitlines()
    assert len(lines) == 7
    assert len({line[-30:] for line in lines}) == 7


def test_forked_children_share_nothing_where_random_was_there_before_the_hook(runner, tmp_path):
    venv.create(tmp_path / "env", symlinks=True)
    (site,) = (tmp_path / "env").glob("lib/python3*/site-packages")
    (site / "early.pth").write_text("import random\n")
    runner.python = str(tmp_path / "env/bin/python")
    lines = twice(runner, FORK).out.splitlines()
    assert len({line.partition(b"(")[2].partition(b",")[0] for line in lines}) == 7


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_get_streams_by_their_name(runner, method):
    twice(runner, POOL, method)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_pool_of_one_worker_replays(runner, method):
    twice(runner, EXECUTOR, method)


def test_python_children_get_streams_by_their_command_and_order(runner):
    twice(runner, SUBPROCESSES)


def test_equal_children_at_once_never_share_a_stream(runner):
    runner.text(AT_ONCE)


def test_a_process_that_becomes_another_program_goes_on_with_another_stream(runner):
    lines = twice(runner, EXEC, "3").out.splitlines()
    assert len(lines) == 4
    assert len({line[2:] for line in lines}) == 4


def test_a_fork_below_a_thread_replays_and_shares_nothing(runner):
    twice(
        runner,
        TAKE + "import threading\n"
        "def work():\n"
        "    if (pid := os.fork()) == 0:\n"
        "        print(take(), flush=True); os._exit(0)\n"
        "    os.waitpid(pid, 0)\n"
        "    print(os.urandom(4).hex(), flush=True)\n"
        "for _ in range(3):\n"
        "    thread = threading.Thread(target=work); thread.start(); thread.join()\n",
    )


def test_seeded_parents_have_fresh_children_as_ever(runner):
    text = (
        "import random, os\nrandom.seed(1)\nprint(random.random(), flush=True)\n"
        "if os.fork() == 0:\n    print(random.random() != random.Random(1).random(), flush=True)\n"
        "    os._exit(0)\nos.wait()\nprint(random.random())\n"
    )
    path = runner.script(text)
    assert runner.run(path).out == runner.run(path, watch=False).out


def test_every_process_is_on_record(runner):
    ran = runner.text(FORK)
    processes: tuple[Process, ...] = ran.trace.processes
    assert [process.started_by for process in processes] == ["exec"] + ["fork"] * 5
    root = processes[0].pid
    assert sum(process.parent == root for process in processes) == 4


def test_other_pythons_replay_processes_too(runner, other_python):
    runner.python = other_python
    text = POOL.replace(", numpy", "").replace(
        "float(numpy.random.default_rng().random())", "random.Random().random()"
    )
    for method in ("fork", "spawn", "forkserver"):
        twice(runner, text, method)
    twice(runner, SUBPROCESSES)
