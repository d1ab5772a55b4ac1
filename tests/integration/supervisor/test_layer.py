"""The supervisor as a layer of `afield run`: what the record says with it, and without."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from afield.runs.capture.capture import Request, capture
from afield.runs.capture.supervisor.preflight import preflight
from afield.workspace.store import make_store

BY_C = """
import ctypes
libc = ctypes.CDLL(None)
assert libc.open(b"deep.bin", 0) > 2
open("plain.csv").read()
"""


@pytest.fixture
def project(tmp_path):
    if (reason := preflight()) is not None:
        pytest.skip(f"not run: {reason}")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "deep.bin").write_bytes(b"\0deep")
    (folder / "plain.csv").write_text("plain")
    (folder / "by_c.py").write_text(BY_C)
    return folder


@pytest.fixture
def run(tmp_path, project):
    """Capture a command in the project; return its manifest and its exit code."""
    stores = []

    def call(*argv, code=0, environ=None, **options):
        record, _ = make_store(str(tmp_path / "workspace" / ".afield"))
        stores.append(record)
        own = {name: value for name, value in os.environ.items() if not name.startswith("AFIELD_")}
        words = tuple(sys.executable if word == "python" else str(word) for word in argv)
        request = Request(argv=words, folder=str(project), environ=own | (environ or {}), **options)
        err = io.BytesIO()
        outcome = capture(record, request, out=io.BytesIO(), err=err)
        assert outcome.exit_code == code, err.getvalue()
        return outcome.manifest

    yield call
    for record in stores:
        record.journal.close()


def inputs(manifest):
    return {one.path: one.seen_by for one in manifest.inputs}


def test_what_is_read_past_python_is_an_input_and_the_record_is_complete(run):
    found = run("python", "by_c.py")
    assert inputs(found) == {"deep.bin": "kernel", "plain.csv": "python+kernel"}
    assert found.capture.inputs_complete
    assert found.capture.layers == ("tree", "python", "kernel")
    assert (found.capture.warnings, found.capture.notes) == ((), ())
    assert {one.path: one.where for one in found.inputs}["plain.csv"] == "by_c.py:5"


def test_programs_that_are_not_python_are_seen_whole(run):
    found = run("sh", "-c", "sort plain.csv deep.bin > sorted.txt; mv sorted.txt done.txt")
    assert inputs(found) == {"plain.csv": "kernel", "deep.bin": "kernel"}
    assert {one.path: one.seen_by for one in found.outputs} == {"done.txt": "kernel"}
    assert found.capture.inputs_complete
    assert found.blockers == ()


@pytest.mark.parametrize("trace", ["python", "off"])
def test_it_is_off_where_less_is_asked_for(run, trace):
    found = run("sh", "-c", "grep NoNewPrivs: /proc/self/status > rights.txt", trace=trace)
    assert "kernel" not in found.capture.layers
    assert not found.capture.inputs_complete


def test_inputs_that_are_emptied_by_the_run_are_not_shown_with_what_came_after(run, project):
    found = run("sh", "-c", "sort plain.csv > other; mv other plain.csv")
    (one,) = found.inputs
    assert (one.path, one.changed) == ("plain.csv", True)
    assert one.size_bytes == len("plain")


def test_a_supervisor_that_dies_leaves_a_record_that_says_so(run, project):
    """The command finds its supervisor, kills it, and goes on."""
    (project / "kill.py").write_text("""
import ctypes, os, signal
open("plain.csv").read()
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        words = open(f"/proc/{pid}/cmdline", "rb").read().split(b"\\0")
        parent = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
        above = int(open(f"/proc/{parent}/stat").read().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        continue
    if any(b"supervisor.stand" in word for word in words) and above == os.getppid():
        os.kill(int(pid), signal.SIGKILL)
        print("killed")
assert ctypes.CDLL(None).open(b"deep.bin", 0) > 2
raise SystemExit(5)
""")
    found = run("python", "kill.py", code=5)
    assert "plain.csv" in inputs(found)
    assert "deep.bin" not in inputs(found)
    assert not found.capture.inputs_complete
    assert any("the supervisor died" in text for text in found.capture.warnings)


def test_a_run_within_a_run_is_recorded_and_says_that_it_saw_less(run, tmp_path, project):
    inner = f"""
import io, os, sys
sys.path[:0] = {sys.path!r}
from afield.runs.capture.capture import Request, capture
from afield.workspace.store import make_store
record, _ = make_store({str(tmp_path / "inner" / ".afield")!r})
done = capture(record, Request(argv=("cat", "plain.csv"), folder=os.getcwd(),
    environ=dict(os.environ)), out=io.BytesIO(), err=io.BytesIO())
record.journal.close()
told = done.manifest.capture
assert not told.inputs_complete
assert any("another supervisor" in text for text in told.warnings), told.warnings
"""
    (project / "outer.py").write_text(inner)
    found = run("python", "outer.py")
    assert "kernel" in inputs(found)["plain.csv"]
    assert found.capture.inputs_complete


def test_many_files_of_a_folder_are_told_as_one(run, project):
    data = project / "data"
    data.mkdir()
    for number in range(2500):
        (data / f"{number}.txt").touch()
    (project / ".gitignore").write_text("data\n")
    found = run("sh", "-c", "cat data/*.txt")
    assert "data/" in inputs(found)
    assert found.capture.inputs_complete


def test_no_process_of_the_supervisor_outlives_the_run(run):
    before = _children()
    run("sh", "-c", "cat plain.csv")
    assert _children() == before
    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"afield-start", "afield-hold"}


def _children():
    """Return the living processes that this one started."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == os.getpid() and state != "Z":
            found.add(path.parent.name)
    return found


def test_a_command_that_is_interrupted_ends_as_ever(run):
    found = run("python", "-c", "import os; os.kill(os.getpid(), 2)", code=128 + signal.SIGINT)
    assert found.signal in ("SIGINT", None)
    assert found.capture.inputs_complete


def test_the_rights_of_another_user_are_told_to_be_out_of_reach(run, project):
    if os.getuid() != 0:
        pytest.skip("not run: only root makes programs with another's rights at will")
    program = project / "rights"
    program.write_bytes(Path("/bin/true").read_bytes())
    program.chmod(0o4755)
    found = run("./rights")
    assert any("--trace python" in text for text in found.capture.warnings)
