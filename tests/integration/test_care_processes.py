"""Real processes that are interrupted or killed in the middle of their work on data."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from afield.datasets import events
from afield.runs.events import deleted
from afield.testing.clock import ManualClock
from afield.workspace.datasets import add, history
from afield.workspace.remotes import add_remote
from afield.workspace.sweep import plan
from afield.workspace.sync import missing, roots_of_run
from afield.workspace.workspace import Workspace

pytestmark = pytest.mark.skipif(os.name == "nt", reason="not run: there are no such signals")

DRIVER = """
import os, signal, sys
from afield.cli.main import main
at, number = int(sys.argv[1]), int(sys.argv[2])
seen = 0
def hook(event, arguments):
    global seen
    if event in {"open", "os.rename", "os.remove", "os.mkdir", "os.listdir", "fcntl.flock"}:
        seen += 1
        if seen == at:
            os.kill(os.getpid(), number)
sys.addaudithook(hook)
sys.exit(main(sys.argv[3:]))
"""
DAY_NS = 24 * 3600 * 10**9


def silent(files, size_bytes):
    pass


@pytest.fixture
def place(tmp_path):
    """A workspace with two versions, one of them dropped, a remote, and data to add."""
    folder = tmp_path / "data"
    folder.mkdir()
    past = ManualClock(time.time_ns() - DAY_NS)
    with Workspace.init(tmp_path / "w", clock=past) as workspace:
        for seed in (1, 2):
            for number in range(5):
                content = random.Random(f"{seed} {number}").randbytes(60_000)
                (folder / f"{number}.bin").write_bytes(content)
            entry = add(workspace, str(folder), "d", progress=silent, profiling=None).version
            if seed == 1:
                dropped = events.dropped("d", [(entry.device, entry.seq)], gone=True)
        workspace.record.journal.append_many([dropped])
        add_remote(workspace, "team", str(tmp_path / "remote"))
    (folder / "5.bin").write_bytes(b"more" * 20_000)
    return tmp_path


def afield(place, *words, at=0, number=0):
    """Run a command in a process of its own; it gets a signal when it opens its `at`-th file."""
    return subprocess.run(
        [sys.executable, "-c", DRIVER, str(at), str(int(number)), *words],
        capture_output=True,
        text=True,
        cwd=place / "w",
        env={**os.environ, "HOME": str(place), "NO_COLOR": "1"},
        timeout=120,
        check=False,
    )


def added(place, workspace):
    last = history(workspace)[-1]
    vault = workspace.record.vault
    found = {one.path: vault.get(one.object) for one in vault.get_tree(last.tree)}
    assert found == {path.name: path.read_bytes() for path in (place / "data").iterdir()}


def got(place, workspace):
    out = {path.name for path in (place / "out").iterdir()}
    assert out == {f"{number}.bin" for number in range(5)}, "no half of a file is left"
    for number in range(5):
        content = random.Random(f"2 {number}").randbytes(60_000)
        assert (place / "out" / f"{number}.bin").read_bytes() == content


def synced(place, workspace):
    shutil.rmtree(place / "copy", ignore_errors=True)
    done = afield(place, "clone", str(place / "remote"), str(place / "copy"))
    assert done.returncode == 0, done.stderr
    with Workspace.open(place / "copy") as copy:
        assert [one.tree for one in history(copy)] == [one.tree for one in history(workspace)]
        assert not [one for one in copy.verify() if one.damaged]


def swept(place, workspace):
    assert not plan(workspace, 0).packs
    assert not workspace.record.vault.sweeping().resting()


def nothing(place, workspace):
    pass


COMMANDS = {
    "add": (["data", "add", "../data", "--name", "d"], added),
    "get": (["data", "get", "d@2", "--to", "../out"], got),
    "sync": (["sync"], synced),
    "sweep": (["sweep", "--grace", "0"], swept),
    "verify": (["verify"], nothing),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_interrupted_and_killed_goes_on_the_next_time(place, name):
    words, check = COMMANDS[name]
    met = []
    for at, number in ((150, signal.SIGINT), (200, signal.SIGKILL), (250, signal.SIGINT),
                       (255, signal.SIGKILL)):  # fmt: skip
        done = afield(place, *words, at=at, number=number)
        assert "Traceback" not in done.stderr
        if number == signal.SIGINT and done.returncode:
            assert (done.returncode, done.stderr.splitlines()[-1]) == (130, "interrupted")
        met.append(done.returncode)
    assert met[:2] == [130, -signal.SIGKILL]
    done = afield(place, *words)
    assert done.returncode == 0, done.stderr
    with Workspace.open(place / "w") as workspace:
        check(place, workspace)
        assert not [one for one in workspace.verify() if one.damaged]


WAITS = """
import pathlib, time
pathlib.Path("out.bin").write_bytes(bytes(range(256)) * 400)
pathlib.Path("../ready").touch()
until = time.monotonic() + 100
while not pathlib.Path("../go").exists() and time.monotonic() < until:
    time.sleep(0.02)
"""


def test_what_a_run_under_way_has_found_of_a_deleted_one_is_not_swept(place):
    project = place / "w"
    (project / "train.py").write_text(WAITS)
    (place / "go").touch()
    assert afield(place, "run", sys.executable, "train.py").returncode == 0
    with Workspace.open(project) as workspace:
        (first,) = workspace.runs()
        workspace.record.journal.append_many([deleted(first.id, gone=True)], durable=True)
    for name in ("go", "ready"):
        (place / name).unlink()
    under_way = subprocess.Popen(
        [sys.executable, "-m", "afield", "run", sys.executable, "train.py"],
        cwd=project,
        env={**os.environ, "HOME": str(place)},
        stderr=subprocess.PIPE,
    )
    try:
        until = time.monotonic() + 100
        while not (place / "ready").exists() and time.monotonic() < until:
            time.sleep(0.02)
        assert afield(place, "sweep", "--grace", "0").returncode == 0
        (place / "go").touch()
        _, said = under_way.communicate(timeout=100)
    finally:
        under_way.kill()
        under_way.wait()
    assert under_way.returncode == 0, said
    with Workspace.open(project) as workspace:
        (second,) = workspace.runs()
        assert second.id != first.id
        assert not missing(workspace, roots_of_run(workspace, second.id))
        code = workspace.manifest(second).code.tree
        (file,) = [one for one in workspace.record.vault.get_tree(code) if one.path == "train.py"]
        assert workspace.record.vault.get(file.object) == WAITS.encode()
        assert not [one for one in workspace.verify() if one.damaged]
