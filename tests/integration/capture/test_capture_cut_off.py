"""A run whose recorder is killed, or cannot write its end, still shows what it was made of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from afield.kernel.digest import digest
from afield.kernel.ids import parse_run_id
from afield.runs import manifest as manifests
from afield.runs.capture.console import split
from afield.runs.live_owner import Ending, born, read_ending, reserve_ending, write_ending
from afield.runs.orphans import sweep_orphans
from afield.workspace.store import make_store

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and shells of POSIX")

PATIENCE_S = 120
"""For what takes a moment, on a machine that is busy with other things."""

DRIVER = """
import os, sys
from afield.runs.capture.capture import Request, capture
from afield.workspace.store import make_store
record, _ = make_store(sys.argv[1])
request = Request(argv=tuple(sys.argv[2:]), folder=os.getcwd(), environ=dict(os.environ))
capture(record, request, out=sys.stdout.buffer, err=sys.stderr.buffer)
"""

TRAIN = """
import time
from helper import NAME
rows = open("data.bin").read(), open("ignored/rows").read()
open("model.txt", "w").write("half a model")
print(NAME, *rows, flush=True)
time.sleep(240)
"""


class Cut:
    """A run of TRAIN that goes on, and what the sweep makes of it."""

    def __init__(self, project, environ):
        self.project = project
        self.store = project.parent / "workspace" / ".afield"
        words = [sys.executable, "-c", DRIVER, str(self.store), sys.executable, "train.py"]
        self.recorder = subprocess.Popen(words, cwd=project, env=environ, stdout=subprocess.PIPE)
        give_up = time.monotonic() + PATIENCE_S
        while not any(path.stat().st_size for path in self.store.glob("live/*/console.bin")):
            assert time.monotonic() < give_up, "the run never came to its middle"
            time.sleep(0.01)
        (child,) = self.store.glob("live/*/child")
        self.child = int(child.read_text().split()[0])

    def child_lives(self):
        return born(self.child) is not None

    def kill_recorder(self):
        self.recorder.kill()
        self.recorder.wait()
        self.recorder.stdout.close()

    def kill_child(self):
        os.kill(self.child, signal.SIGKILL)
        give_up = time.monotonic() + PATIENCE_S
        while self.child_lives():
            assert time.monotonic() < give_up
            time.sleep(0.01)

    def sweep(self):
        """Return the runs that were swept, the record, and the entries of the run by kind."""
        record, _ = make_store(str(self.store))
        swept = sweep_orphans(record)
        found = {
            entry.kind: entry
            for batch in record.journal.read()
            for entry in batch.entries
            if entry.about in swept
        }
        record.journal.close()
        return swept, record, found

    def manifest(self):
        (_,), record, found = self.sweep()
        data = record.vault.get(found["run.captured"].refs[0])
        return record, manifests.decode(data)


@pytest.fixture
def cut(project, clean_environ, git):
    (project / "train.py").write_text(TRAIN)
    (project / "helper.py").write_text("NAME = 'tree'\n")
    (project / "data.bin").write_text("1,2,3")
    (project / "ignored").mkdir()
    (project / "ignored" / "rows").write_text("4,5,6")
    (project / ".gitignore").write_text("ignored\n")
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "first")
    environ = clean_environ | {"API_TOKEN": "hunter22-hunter22", "OMP_NUM_THREADS": "2"}
    found = Cut(project, environ)
    yield found
    found.kill_recorder()
    if found.child_lives():
        found.kill_child()


def test_a_run_that_was_killed_with_its_recorder_shows_what_it_was_made_of(cut, project, git):
    cut.kill_recorder()
    cut.kill_child()
    record, found = cut.manifest()
    assert found.argv == (sys.executable, "train.py")
    assert (found.cwd, found.root) == (".", os.path.realpath(project))
    assert found.git.commit == git(project, "rev-parse", "HEAD").strip()
    tree = {entry.path: entry.object for entry in record.vault.get_tree(found.code.tree)}
    assert record.vault.get(tree["helper.py"]) == b"NAME = 'tree'\n"
    assert record.vault.get(tree["ignored/rows"]) == b"4,5,6"
    assert {one.path: one.digest for one in found.inputs} == {
        "data.bin": digest(b"1,2,3"),
        "ignored/rows": digest(b"4,5,6"),
    }
    assert {one.path: one.digest for one in found.outputs} == {"model.txt": digest(b"half a model")}
    assert found.environment.python == sys.version.split()[0]
    assert found.entropy.mode == "replay"
    assert found.entropy.run_seed
    assert found.variables["OMP_NUM_THREADS"] == "2"
    assert found.host.cores
    assert any(one.name == "API_TOKEN" for one in found.redactions)
    assert split(record.vault.get(found.console)) == (b"tree 1,2,3 4,5,6\n", b"")
    assert found.console_bytes == len(b"tree 1,2,3 4,5,6\n")
    assert found.exit_code is None
    assert "it was interrupted" in found.blockers[0]
    assert not found.capture.inputs_complete


def test_a_run_that_was_cut_off_is_interrupted_and_has_no_false_output(cut):
    cut.kill_recorder()
    cut.kill_child()
    (run,), _, found = cut.sweep()
    assert found["run.ended"].body["status"] == "interrupted"
    assert found["run.captured"].about == run == parse_run_id(run)
    assert "run.saved" not in found
    assert cut.sweep()[0] == []


def test_a_run_goes_on_while_its_command_does(cut):
    cut.kill_recorder()
    assert cut.sweep()[0] == []
    cut.kill_child()
    assert len(cut.sweep()[0]) == 1


def test_what_changed_after_a_run_was_cut_off_is_not_taken_for_its_own(cut, project):
    cut.kill_recorder()
    cut.kill_child()
    time.sleep(1.5)
    (project / "ignored" / "rows").write_text("7,8,9")
    (project / "helper.py").write_text("NAME = 'forest'\n")
    (project / "notes.txt").write_text("written by a person, later")
    (project / "model.txt").write_text("another's")
    record, found = cut.manifest()
    rows = {one.path: one for one in found.inputs}["ignored/rows"]
    assert (rows.digest, rows.kept, rows.changed) == (None, False, True)
    assert any("ignored/rows" in line for line in found.blockers)
    tree = {entry.path: entry.object for entry in record.vault.get_tree(found.code.tree)}
    assert "ignored/rows" not in tree
    assert record.vault.get(tree["helper.py"]) == b"NAME = 'tree'\n"
    outputs = {one.path: one for one in found.outputs}
    assert set(outputs) == {"model.txt"}
    assert outputs["model.txt"].digest is None
    assert "last heard of" in outputs["model.txt"].note


def test_a_run_whose_end_could_not_be_written_is_finished_by_the_next_sweep(run, tmp_path):
    packs = tmp_path / "workspace" / ".afield" / "packs"
    run("true")
    aside = packs.rename(packs.with_name("aside"))
    packs.write_text("no pack can be written here")
    done = run("sh", "-c", "echo on; echo out > made.txt; exit 6")
    assert not done.outcome.recorded
    assert b"record is not complete" in done.err
    packs.unlink()
    aside.rename(packs)
    live = tmp_path / "workspace" / ".afield" / "live" / done.outcome.run / "owner.json"
    pid = subprocess.Popen(["true"])
    pid.wait()
    live.write_text(live.read_text().replace(f'"pid":{os.getpid()}', f'"pid":{pid.pid}'))
    record, _ = make_store(str(tmp_path / "workspace" / ".afield"))
    assert sweep_orphans(record) == [done.outcome.run]
    entries = [entry for batch in record.journal.read() for entry in batch.entries]
    (ended,) = [e for e in entries if (e.kind, e.about) == ("run.ended", done.outcome.run)]
    assert (ended.body["status"], ended.body["exit_code"]) == ("failed", 6)
    (captured,) = [e for e in entries if (e.kind, e.about) == ("run.captured", done.outcome.run)]
    found = manifests.decode(record.vault.get(captured.refs[0]))
    assert found.argv == ("sh", "-c", "echo on; echo out > made.txt; exit 6")
    assert [one.path for one in found.outputs] == ["made.txt"]
    assert found.exit_code == 6
    record.journal.close()


def test_the_space_for_an_ending_is_taken_before(tmp_path):
    reserve_ending(str(tmp_path))
    (reserved,) = tmp_path.iterdir()
    before = reserved.stat()
    ending = Ending("killed", None, "SIGKILL", 1_800_000_000_000)
    write_ending(str(tmp_path), ending)
    (written,) = tmp_path.iterdir()
    after = written.stat()
    assert (after.st_ino, after.st_size) == (before.st_ino, before.st_size)
    assert read_ending(str(tmp_path)) == ending
