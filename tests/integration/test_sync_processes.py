"""Real processes that are killed while they sync."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from afield.workspace.session import init
from afield.workspace.workspace import Workspace

GIVE_UP_S = 240
RATE = "6m"


@pytest.fixture
def ann(tmp_path):
    """A workspace with a run, and 20 MB that do not compress, in three packs."""
    folder = tmp_path / "ann"
    Workspace.init(folder).close()
    with init("p", "e", name="one", workspace=folder) as run:
        run.log({"acc": 1.0}, 0)
    with Workspace.open(folder) as workspace:
        blob = random.Random(1).randbytes(20_000_000)
        ref = workspace.record.vault.put(blob)
        workspace.record.vault.flush()
        workspace.record.journal.append("thing.kept", "t", {}, (ref,), durable=True)
    return folder


def afield(*words, home):
    environ = {**os.environ, "HOME": str(home), "USERPROFILE": str(home)}
    environ.pop("AFIELD_WORKSPACE", None)
    command = [sys.executable, "-m", "afield", *map(str, words)]
    return subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def done(*words, home):
    process = afield(*words, home=home)
    out, err = process.communicate(timeout=GIVE_UP_S)
    assert process.returncode == 0, err
    return out


def kill_once_there(process, folder, count):
    """Kill a process as soon as there are so many packs in a folder, or when it has ended."""
    give_up = time.monotonic() + GIVE_UP_S
    while process.poll() is None and len(packs(folder)) < count:
        assert time.monotonic() < give_up, "it never got there"
        time.sleep(0.01)
    process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    process.communicate()


def packs(folder):
    return {each.name: each.stat().st_ino for each in Path(folder).glob("*.pack")}


def test_sync_and_clone_killed_midway_go_on_where_they_were(ann, tmp_path):
    home, there, bob = tmp_path / "home", tmp_path / "there", tmp_path / "bob"
    home.mkdir()
    done("remote", "add", "team", there, "--workspace", ann, home=home)
    first = afield("sync", "--limit", RATE, "--workspace", ann, home=home)
    kill_once_there(first, there / "packs" / "data", 1)
    before = packs(there / "packs" / "data")
    if len(before) < 3:  # on a machine that is busy enough it came to its end
        assert not list((there / "heads").glob("*")), "a head before its packs"
    done("sync", "--workspace", ann, home=home)
    after = packs(there / "packs" / "data")
    assert before.items() <= after.items(), "what was there was not sent again"
    assert len(after) == 3

    clone = afield("clone", there, bob, "--limit", RATE, home=home)
    kill_once_there(clone, bob / ".afield" / "packs", 2)
    kept = packs(bob / ".afield" / "packs")
    done("clone", there, bob, home=home)
    assert kept.items() <= packs(bob / ".afield" / "packs").items()
    with Workspace.open(bob) as workspace:
        assert [run.name for run in workspace.runs()] == ["one"]
        assert [each for each in workspace.verify() if each.damaged] == []
        assert len(workspace.record.journal.heads()) == 2
    with Workspace.open(ann) as workspace:
        assert [each for each in workspace.verify() if each.damaged] == []


def test_two_syncs_of_one_copy_exclude_each_other(ann, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    done("remote", "add", "team", tmp_path / "there", "--workspace", ann, home=home)
    with Workspace.open(ann) as workspace:
        lock = str(ann / ".afield" / "sync.lock")
        with workspace.record.files.lock(lock):
            other = afield("sync", "--workspace", ann, home=home)
            _, err = other.communicate(timeout=GIVE_UP_S)
    assert other.returncode == 11
    assert "another sync" in err


def test_syncs_beside_a_process_that_records_never_show_an_entry_before_its_bytes(tmp_path):
    home, ann, there = tmp_path / "home", tmp_path / "ann", tmp_path / "there"
    home.mkdir()
    Workspace.init(ann).close()
    done("remote", "add", "team", there, "--workspace", ann, home=home)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(ann)], stdin=subprocess.PIPE, text=True
    )
    for number in range(3):
        done("sync", "--workspace", ann, home=home)
        copy = tmp_path / f"copy{number}"
        done("clone", there, copy, home=home)
        with Workspace.open(copy) as workspace:
            assert [each for each in workspace.verify() if each.damaged] == []
    writer.communicate("stop", timeout=GIVE_UP_S)
    assert writer.returncode == 0
    done("sync", "--workspace", ann, home=home)
    done("sync", "--workspace", copy, home=home)
    with Workspace.open(ann) as one, Workspace.open(copy) as other:
        ours = one.config.device
        assert other.record.journal.heads()[ours].seq >= one.record.journal.heads()[ours].seq - 2
        assert [each for each in other.verify() if each.damaged] == []


WRITER = """
import os, sys, threading
from afield.workspace.workspace import Workspace
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
with Workspace.open(sys.argv[1]) as workspace:
    vault, journal = workspace.record.vault, workspace.record.journal
    number = 0
    while not stop.wait(0.03):
        number += 1
        ref = vault.put(os.urandom(500), meta=number % 2 == 0)
        vault.flush()
        journal.append("thing.kept", f"t{number}", {"number": number}, (ref,))
"""
