"""What `afield run` loads before its command starts: the command waits for all of it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

MODULES_MAX = 275
"""A few more than there are; the library of another Python may load some more."""

LATER = (
    *("afield.cli.group", "afield.runs.capture.environment", "afield.runs.capture.inputs"),
    *("afield.journal.verify", "afield.vault.check", "afield.vault.mend", "afield.vault.sweep"),
    *("afield.projection", "afield.workspace.workspace", "click", "cryptography", "csv", "hashlib"),
    *("glob", "json", "logging", "pathlib", "pty", "shlex", "shutil", "sqlite3", "tomllib"),
    *("urllib.parse", "zipfile"),
)
"""What only other commands need, or the end of a run."""

NEVER = ("dataclasses", "inspect", "typing_extensions")
NEVER += ("ast",) if sys.version_info < (3, 14) else ()  # there msgspec reads annotations by it
"""What no part of a run needs: it would be loaded beside the command and take its processor."""

SCRIPT = """
import sys

def look(event, about):
    if event == "subprocess.Popen" and about[1] == ["./told.sh", "word"]:
        with open("loaded.json", "w") as stream:
            stream.write(repr(sorted(sys.modules)).replace("'", '"'))

sys.addaudithook(look)
from afield.cli.main import main
sys.exit(main(["run", "--quiet", "./told.sh", "word"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="not run: scripts of a shell start no command")
def test_a_command_starts_before_what_only_the_end_needs_is_loaded(afield, project):
    script = project / "told.sh"
    script.write_text("#!/bin/sh\nexit 3\n")
    script.chmod(0o755)
    assert afield("init").code == 0
    for _ in range(2):  # the first run of a workspace makes keys and caches
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=project,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 3, done.stderr
    loaded = json.loads((project / "loaded.json").read_text())
    assert [name for name in (*LATER, *NEVER) if name in loaded] == []
    assert len(loaded) <= MODULES_MAX


BESIDE = """
import sys
from afield.kernel.lean import load_msgspec

load_msgspec()
import afield.runs.capture.environment, afield.runs.capture.inputs, afield.runs.capture.outputs
import afield.runs.capture.patches, afield.runs.series.seal
print(*sorted(sys.modules))
"""


def test_what_is_loaded_beside_a_command_brings_no_compiler_and_no_inspector():
    done = subprocess.run(
        [sys.executable, "-I", "-c", BESIDE], capture_output=True, check=True, encoding="utf-8"
    )
    loaded = done.stdout.split()
    assert "msgspec" in loaded
    assert [
        name for name in (*NEVER, "csv", "hashlib", "pathlib", "zipfile") if name in loaded
    ] == []


WATCHED = """
import sys, threading
from afield.runs.capture.ahead import load_to_watch

load_to_watch()
for thread in threading.enumerate():
    if thread is not threading.current_thread():
        thread.join()
from afield.runs.capture.layers.kernel import KERNEL
from afield.runs.capture.layers.layer import Site
from afield.runs.capture.entropy import SeedPlan

before = set(sys.modules)
seeds, here = SeedPlan(None, None), sys.argv[1]
site = Site(trace="auto", folder=here, root=here, workspace=here, seeds=seeds, mark_ns=None)
if KERNEL.available(site) is None:
    KERNEL.watch(site)
print(*sorted(name for name in sys.modules.keys() - before if "supervisor" in name))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="not run: the kernel's layer is Linux's")
def test_what_watches_is_loaded_while_git_is_asked(tmp_path):
    loaded = subprocess.run(
        [sys.executable, "-c", WATCHED, str(tmp_path)],
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert loaded.stdout.split() == []


LARGE = """
import sys
from afield.runs.capture.ahead import Ahead
from afield.runs.capture.trace_events import Interpreter

ahead = Ahead(sys.argv[1] + "/caches", vault=None, known={})
python = dict.fromkeys(("executable", "version", "implementation", "prefix", "base_prefix"), "-")
ahead.tell([Interpreter(**python, path=(sys.argv[1],), argv=(), at_ns=0, pid=1)])
ahead.look()
print("pyfastcdc" in sys.modules)
"""


@pytest.mark.parametrize(("packages", "cuts"), [(3, "False"), (150, "True")])
def test_what_cuts_long_manifests_is_loaded_beside_the_command(tmp_path, packages, cuts):
    for number in range(packages):
        folder = tmp_path / f"p{number}-1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Name: p{number}\nVersion: 1\n")
    done = subprocess.run(
        [sys.executable, "-c", LARGE, str(tmp_path)],
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert done.stdout.split() == [cuts]


def test_msgspec_reads_the_same_types_without_what_it_looks_for():
    hints = subprocess.run(
        [sys.executable, "-I", "-c", HINTS], capture_output=True, check=True, encoding="utf-8"
    )
    assert hints.stdout.split() == ["True", "3", "ok"]


HINTS = """
import sys
from typing import Annotated, NotRequired, TypedDict
from afield.kernel.lean import load_msgspec

load_msgspec()
import msgspec

class Told(TypedDict):
    count: Annotated[int, msgspec.Meta(ge=1)]
    why: NotRequired[str]

try:
    msgspec.json.decode(b'{"count": 0}', type=Told)
except msgspec.ValidationError:
    print(True)
print(msgspec.json.decode(b'{"count": 3}', type=Told)["count"])
print("ok" if "typing_extensions" not in sys.modules else "?")  # whoever wants it finds it
"""
