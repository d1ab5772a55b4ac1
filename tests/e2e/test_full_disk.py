"""A disk that is full while a command runs: the command does not notice, the record is true.

The workspace lies in a file system of 8 MB that only the test's own processes see. Guards: leave
what could not be begun in `LiveSeries.__init__` open, and the first test fails.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import textwrap

import pytest

SCRIPT = """
    import os, sys
    import afield

    run = afield.init()
    for step in range(3000):
        run.log({"a": step, "b": step * 2})
    open("out.txt", "w").write("x" * 50_000)
    print("files open:", len(os.listdir("/proc/self/fd")))
    print("y" * 30_000)
    sys.exit(3)
"""
STEPS = """
    set -u
    mount -t tmpfs -o size=8m none "$DISK" || exit 77
    afield() { "$PYTHON" -m afield "$@"; }
    afield init "$AFIELD_WORKSPACE" >/dev/null 2>&1 || exit 78
    free_kib=$(df -k --output=avail "$DISK" | tail -1)
    head -c $(((free_kib - LEFT_KIB) * 1024)) /dev/zero > "$DISK/ballast"
    afield run --name one --no-seed "$PYTHON" script.py > out 2> err < /dev/null
    echo $? > code
    afield runs --json > full.json 2>> err
    rm "$DISK/ballast"
    afield runs --json > freed.json 2>> err
    afield show one --json > shown.json 2>> err
    afield verify > verified 2>&1
    echo $? > verify_code
    ls "$DISK/.afield/live" > left
"""


@functools.cache
def private_mounts():
    """Tell why no file system can be mounted here; None when it can."""
    if not sys.platform.startswith("linux") or shutil.which("unshare") is None:
        return "no `unshare` here"
    tried = "mount -t tmpfs -o size=64k none /mnt"
    done = subprocess.run(["unshare", "-m", "sh", "-c", tried], capture_output=True, check=False)
    return "file systems cannot be mounted here" if done.returncode else None


@pytest.fixture(params=[0, 20, 100], ids=lambda left: f"{left} KiB left")
def ran(request, tmp_path):
    """What came of a recorded command on a disk with so much room."""
    if why := private_mounts():
        pytest.skip(f"not run: {why}")
    disk, project = tmp_path / "disk", tmp_path / "project"
    disk.mkdir()
    project.mkdir()
    (project / "script.py").write_text(textwrap.dedent(SCRIPT))
    environment = {
        **os.environ, "AFIELD_WORKSPACE": str(disk), "DISK": str(disk), "HOME": str(tmp_path),
        "LEFT_KIB": str(request.param), "PYTHON": sys.executable,
    }  # fmt: skip
    done = subprocess.run(
        ["unshare", "-m", "bash", "-c", textwrap.dedent(STEPS)],
        cwd=project, env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return request.param, project


def test_a_full_disk_changes_nothing_for_the_command_and_the_record_ends_truly(ran):
    left_kib, folder = ran
    told = (folder / "err").read_text()
    assert (folder / "code").read_text().strip() == "3", told
    first, second = (folder / "out").read_text().splitlines()
    assert second == "y" * 30_000
    assert int(first.removeprefix("files open:")) < 100, "it leaves files open in the command"
    assert "No space left" in told
    assert "Traceback" not in told
    assert (folder / "verify_code").read_text().strip() == "0", (folder / "verified").read_text()
    runs = json.loads((folder / "freed.json").read_text())["runs"]
    if left_kib == 0:
        assert runs == []
        assert "is not recorded" in told
        return
    (run,) = runs
    assert (run["status"], run["exit_code"]) == ("failed", 3)
    assert (folder / "left").read_text() == ""
    shown = json.loads((folder / "shown.json").read_text())
    warnings = shown["capture"]["warnings"]
    assert (
        "not everything that the run logged could be recorded: No space left on device" in warnings
    )
    assert "console not kept: No space left on device" in warnings
    assert shown["argv"][1:] == ["script.py"]
    assert "out.txt" in {one["path"] for one in shown["outputs"]}
