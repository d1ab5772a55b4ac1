"""`afield run` hands the command's exit code on, whatever becomes of the record or the streams."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from afield.workspace.workspace import Workspace

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and shells of POSIX")


@pytest.fixture
def folder(own_home, tmp_path):
    found = tmp_path / "work"
    found.mkdir()
    Workspace.init(found).close()
    return found


def shell(folder, line):
    """Call a line of shell in which `afield` is this project's."""
    return subprocess.run(
        ["sh", "-c", f'afield() {{ "{sys.executable}" -m afield "$@"; }}; {line}'],
        cwd=folder,
        env={**os.environ},
        capture_output=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
    )


def test_a_lost_key_does_not_change_the_exit_code(folder, afield_process):
    shutil.rmtree(folder / ".afield" / "keys")
    done = afield_process("run", "sh", "-c", "echo on; exit 3", cwd=folder)
    assert done.code == 3
    assert done.out == "on\n"
    assert "warning: the record could not be closed" in done.err
    assert afield_process("run", "-q", "true", cwd=folder).code == 0


def test_a_workspace_that_the_run_removed_does_not_change_the_exit_code(folder, afield_process):
    done = afield_process("run", "sh", "-c", "rm -rf .afield; echo on; exit 4", cwd=folder)
    assert done.code == 4
    assert done.out == "on\n"
    assert "afield: " in done.err


def test_a_foreign_key_does_not_change_the_exit_code(folder, tmp_path, afield_process):
    other = tmp_path / "other"
    other.mkdir()
    Workspace.init(other).close()
    shutil.rmtree(folder / ".afield" / "keys")
    shutil.copytree(other / ".afield" / "keys", folder / ".afield" / "keys")
    assert afield_process("run", "sh", "-c", "exit 5", cwd=folder).code == 5


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-"])
def test_a_command_runs_with_closed_streams_as_it_would_without_afield(folder, closed):
    line = f"sh -c 'ls -l /proc/self/fd/1 /proc/self/fd/2 >seen 2>&1; echo x; exit 7' {closed}"
    plain = shell(folder, line)
    (folder / "seen").unlink()
    done = shell(folder, f"afield run {line}")
    assert done.returncode == plain.returncode == 7
    assert done.stdout == plain.stdout
    assert (folder / "seen").exists()


@pytest.mark.parametrize(("closed", "number"), [(">&-", 1), ("2>&-", 2), ("<&-", 0)])
def test_a_stream_that_is_closed_is_closed_for_the_command(folder, closed, number):
    code = f"import os\ntry: os.fstat({number})\nexcept OSError: os._exit(8)"
    assert shell(folder, f"afield run '{sys.executable}' -c '{code}' {closed}").returncode == 8


def test_other_commands_answer_with_closed_streams(folder):
    assert shell(folder, "afield runs >&-").returncode == 0
    assert shell(folder, "afield nosuch 2>&-").returncode == 2


def test_a_process_left_in_the_background_is_said_in_the_closing_paragraph(folder, tmp_path):
    until_let_go = "n=0; while [ ! -e go ] && [ $n -lt 1200 ]; do sleep 0.1; n=$((n + 1)); done"
    words = ["run", "sh", "-c", f"({until_let_go}; echo late) & echo now"]
    with (tmp_path / "err").open("wb") as err:  # a pipe would be held open until the end
        subprocess.run(
            [sys.executable, "-m", "afield", *words],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=err,
            timeout=120,
            check=True,
        )
    (folder / "go").touch()
    told = (tmp_path / "err").read_text()
    assert "left in the background: its later output is not in the record" in told
