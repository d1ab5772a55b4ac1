"""Adds and gets that are killed or interrupted half-way, as processes of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

FILES = 24
FILE_BYTES = 1_500_000
PATIENCE_S = 120


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number:02}.bin").write_bytes(os.urandom(FILE_BYTES))
    return folder


def start(tmp_path, *words):
    environ = {name: text for name, text in os.environ.items() if name != "NO_COLOR"}
    environ |= {"AFIELD_WORKSPACE": str(tmp_path), "HOME": str(tmp_path)}
    return subprocess.Popen(
        [sys.executable, "-m", "afield", "data", *words, "--json"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
    )


def finish(process):
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    return json.loads(out)


def stop_once(process, seen, sent):
    """Send a signal as soon as there is something to see; return the exit code."""
    give_up = time.monotonic() + PATIENCE_S
    while process.poll() is None and not seen() and time.monotonic() < give_up:
        time.sleep(0.001)  # between two looks; nothing rests on how long it takes
    if process.poll() is None:
        process.send_signal(sent)
    process.communicate(timeout=PATIENCE_S)
    return process.returncode


def packs(tmp_path):
    return set((tmp_path / ".afield" / "packs").glob("*.pack"))


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_an_add_that_is_cut_short_makes_no_version_and_loses_no_pack(sent, data, tmp_path):
    adding = start(tmp_path, "add", str(data), "--name", "d")
    code = stop_once(adding, lambda: len(packs(tmp_path)) >= 2, sent)
    if code == 0:
        pytest.skip("not run: the add was over before it could be stopped")
    assert code == (-signal.SIGKILL if sent == signal.SIGKILL else 130)
    before = packs(tmp_path)
    assert len(before) >= 2
    assert finish(start(tmp_path, "list"))["datasets"] == []
    assert finish(start(tmp_path, "add", str(data), "--name", "d"))["label"] == "d@1"
    assert before <= packs(tmp_path)
    kept_bytes = sum(pack.stat().st_size for pack in packs(tmp_path))
    assert kept_bytes < FILES * FILE_BYTES * 1.05
    got = finish(start(tmp_path, "get", "d", "--to", str(tmp_path / "out")))
    assert got["written"] == FILES


def test_a_get_that_is_killed_leaves_no_half_file_and_the_next_one_carries_on(data, tmp_path):
    finish(start(tmp_path, "add", str(data), "--name", "d"))
    out = tmp_path / "out"

    def some():
        return out.is_dir() and sum(one.suffix == ".bin" for one in out.iterdir()) >= 2

    code = stop_once(start(tmp_path, "get", "d", "--to", str(out)), some, signal.SIGKILL)
    if code == 0:
        pytest.skip("not run: the get was over before it could be stopped")
    for file in out.glob("*.bin"):
        assert file.read_bytes() == (data / file.name).read_bytes()
    got = finish(start(tmp_path, "get", "d", "--to", str(out)))
    assert got["present"] >= 2
    assert got["present"] + got["written"] == FILES
    assert sorted(one.name for one in out.iterdir()) == sorted(one.name for one in data.iterdir())
    assert finish(start(tmp_path, "check", str(out)))["equal"]


def test_two_adds_at_once_are_two_versions_that_are_whole(data, tmp_path):
    finish(start(tmp_path, "add", str(data / "00.bin"), "--name", "first"))
    both = [start(tmp_path, "add", str(data), "--name", "d") for _ in range(2)]
    labels = {finish(one)["label"] for one in both}
    assert labels <= {"d@1", "d@2"}
    got = finish(start(tmp_path, "get", "d", "--to", str(tmp_path / "out")))
    assert got["written"] == FILES


@pytest.mark.skipif(sys.platform != "linux", reason="not run: only Linux tells a peak of its own")
def test_a_large_sparse_file_is_added_in_bounded_memory(tmp_path):
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / "sparse.bin").open("wb") as stream:
        stream.truncate(1 << 29)
    code = (
        "import sys; from pathlib import Path; from afield.cli.main import main; "
        "code = main(sys.argv[1:]); "
        # Not getrusage: its peak is that of the process that forked this one, too.
        "print(Path('/proc/self/status').read_text()); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "data", "add", str(tmp_path / "data"), "--name", "s"],
        env={**os.environ, "AFIELD_WORKSPACE": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=PATIENCE_S,
    )
    peak_kib = int(re.search(r"VmHWM:\s+(\d+) kB", done.stdout)[1])
    assert 10 << 10 < peak_kib < 300 << 10
