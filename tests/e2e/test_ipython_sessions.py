"""`%load_ext afield`: the cells that a person executes are the code of a run."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from afield.kernel.ids import ObjectId
from afield.runs.manifest import EARLIER
from afield.workspace.workspace import Workspace

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("IPython") is None, reason="not run: IPython is not installed"
)

SHELL = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in json.load(sys.stdin):
    shell.run_cell(cell, store_history=True)
"""


@pytest.fixture
def folder(own_home, tmp_path):
    found = tmp_path / "work"
    found.mkdir()
    (found / "near.py").write_text("x = 1\n")
    Workspace.init(found).close()
    return found


def execute(folder: Path, *cells: str) -> str:
    """Execute cells in an IPython of its own; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", SHELL],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        input=json.dumps(cells),
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=120,
    )
    return done.stdout + done.stderr


def runs_of(folder: Path):
    """Return the runs, oldest first, each with its manifest and its cells as they are kept."""
    found = []
    with Workspace.open(folder) as workspace:
        vault = workspace.record.vault
        for view in reversed(workspace.runs()):
            manifest = workspace.manifest(view.id)
            assert view.metrics is not None  # loaded while the workspace is open
            cells = None
            if manifest is not None:
                tree = {
                    one.path: one.object for one in vault.get_tree(ObjectId(manifest.code.tree))
                }
                assert "near.py" in tree
                plain = json.loads(vault.get(tree[manifest.notebook.path]))
                cells = [("".join(one["source"]), one["metadata"]) for one in plain["cells"]]
            found.append((view, manifest, cells))
    return found


def sources(cells):
    return [source for source, _ in cells]


def test_the_cells_in_their_order_are_the_code_and_metrics_join(folder):
    said = execute(
        folder,
        "a = 1",
        "%load_ext afield",
        "import afield\nafield.log({'acc': a / 2})",
        "1 / 0",
        "%time afield.log({'acc': 0.75})",
    )
    assert "ZeroDivisionError" in said
    ((view, manifest, cells),) = runs_of(folder)
    assert (view.status, view.kind) == ("finished", "python")
    assert (view.metrics["acc"].count, view.metrics["acc"].last) == (2, 0.75)
    assert sources(cells) == [
        "a = 1",
        "%load_ext afield",
        "import afield\nafield.log({'acc': a / 2})",
        "1 / 0",
        "%time afield.log({'acc': 0.75})",
    ]
    assert [about.get("afield", {}).get("before") for _, about in cells[:3]] == [True, True, None]
    assert cells[3][1]["tags"] == ["raises-exception"]
    assert manifest.notebook.by_hand
    assert "IPython" in {one.name for one in manifest.environment.distributions} or (
        "ipython" in {one.name.lower() for one in manifest.environment.distributions}
    )
    assert any("executed by hand" in line for line in manifest.blockers)
    assert [line.partition(";")[0] for line in manifest.blockers if line.startswith(EARLIER)] == [
        f"{EARLIER}: In [1]"
    ]


def test_start_and_stop_bound_a_run_and_name_it(folder):
    said = execute(
        folder,
        "%load_ext afield",
        "%afield start first",
        "a = 1",
        "%afield status",
        "%afield stop",
        "b = 2",
        "%afield",
        "%afield start second",
        "c = 3",
    )
    assert "afield: run first (" in said
    assert "afield: ended first (" in said
    assert "afield: no run: %afield start [NAME] | stop | status" in said
    (first, _, ours), (second, _, theirs) = runs_of(folder)
    assert (first.name, second.name) == ("first", "second")
    own = [source for source, about in ours if "afield" not in about]
    assert own == ["%afield start first", "a = 1", "%afield status", "%afield stop"]
    assert sources(theirs)[-2:] == ["%afield start second", "c = 3"]
    assert "b = 2" in sources(theirs)  # executed before, and its value is still there


def test_a_run_that_a_cell_begins_by_itself_takes_the_cells_over(folder):
    execute(
        folder,
        "%load_ext afield",
        "import afield\nrun = afield.init('digits', name='mine')",
        "a = 1",
        "afield.finish()",
        "b = 2",
    )
    ((view, _, cells),) = runs_of(folder)
    assert (view.name, view.project) == ("mine", "digits")
    assert sources(cells)[1:] == [
        "import afield\nrun = afield.init('digits', name='mine')",
        "a = 1",
        "afield.finish()",
    ]


def test_a_process_that_is_killed_leaves_its_cells(folder):
    last = "import os, signal\nos.kill(os.getpid(), 9 if os.name == 'posix' else signal.SIGTERM)"
    execute(folder, "%load_ext afield", "import afield\nafield.log({'x': 1})", last)
    ((view, _, cells),) = runs_of(folder)
    assert view.status == "interrupted"
    assert sources(cells)[1:] == ["import afield\nafield.log({'x': 1})", last]
    assert view.metrics["x"].last == 1


def test_secrets_typed_into_cells_are_not_kept(folder):
    token = "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345"
    execute(folder, "%load_ext afield", f"key = '{token}'")
    ((_, manifest, cells),) = runs_of(folder)
    assert sources(cells)[1:] == ["key = 'redacted:github-token'"]
    told = "session.ipynb holds a secret that is not kept (github-token)"
    assert told in manifest.blockers
    for path in (folder / ".afield").rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes()


def test_after_unloading_nothing_is_listened_to(folder):
    execute(folder, "%load_ext afield", "a = 1", "%unload_ext afield", "b = 2")
    ((view, _, cells),) = runs_of(folder)
    assert view.status == "finished"
    assert sources(cells)[1:] == ["a = 1", "%unload_ext afield"]


def test_what_cannot_be_recorded_stops_no_cell(folder):
    (folder / ".afield" / "config.toml").write_text("broken = [")
    said = execute(folder, "%load_ext afield", "print('on', 1 + 1)", "print('and', 2 + 2)")
    assert "on 2" in said
    assert "and 4" in said


def test_what_earlier_cells_logged_is_named_as_the_cause_of_a_difference(folder, afield_process):
    if any(importlib.util.find_spec(name) is None for name in ("nbclient", "ipykernel")):
        pytest.skip("not run: nbclient and ipykernel are not installed")
    execute(
        folder,
        "import afield\nwith afield.init(name='a'): afield.log({'x': 1})",
        "%load_ext afield",
        "%afield start b",
        "afield.log({'x': 2})",
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = afield_process("reproduce", "--env", "here", "--json", "b", cwd=folder, PATH=path)
    report = json.loads(done.out)
    assert report["cause"]["detail"].startswith(f"{EARLIER}: In [1]"), report


def test_cells_executed_by_hand_are_repeated_as_a_notebook(folder, afield_process):
    if any(importlib.util.find_spec(name) is None for name in ("nbclient", "ipykernel")):
        pytest.skip("not run: nbclient and ipykernel are not installed")
    cells = (
        "import afield, near",
        "for n in range(3):\n    afield.log({'x': near.x + n})",
        "1 / 0",
    )
    execute(folder, "%load_ext afield", *cells)
    ((view, _, _),) = runs_of(folder)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = afield_process("reproduce", "--env", "here", "--json", view.id, cwd=folder, PATH=path)
    report = json.loads(done.out)
    assert [one["verdict"] for one in report["metrics"]] == ["identical bytes"], done.err
    assert report["exit"]["verdict"] == "identical"
    assert report["verdict"] == "incomplete"  # what the cells put out was not kept
