"""`afield run analysis.ipynb`: executed, recorded, compared by its cells, and repeated."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

from afield.kernel.ids import ObjectId
from afield.workspace.workspace import Workspace

HERE = os.path.dirname(sys.executable)  # noqa: PTH120 - goes into a variable
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="not run: the tests speak to shells of POSIX"),
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("nbclient", "ipykernel")),
        reason="not run: nbclient and ipykernel are not installed",
    ),
]

CELLS = (
    "import random, sys\nprint('drawn', random.random())\nprint('aside', file=sys.stderr)",
    "rows = open('rows.txt').read().split()\nlen(rows)",
    "import warnings\nwarnings.warn('careful')\nopen('sum.txt', 'w').write(str(len(rows) * 2))",
    "from PIL import Image\nImage.new('RGB', (8, 8), (int(255 * random.random()), 0, 0))",
    "import afield\nafield.log({'rows': len(rows)})",
)


def write_notebook(path: Path, *cells: str, kernel: str = "python3") -> bytes:
    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    code = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    plain = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": spec},
        "cells": [
            {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "# Title"},
            *({**code, "id": f"c{n}", "source": source} for n, source in enumerate(cells)),
        ],
    }
    path.write_text(json.dumps(plain), "utf-8")
    return path.read_bytes()


@pytest.fixture
def folder(own_home, tmp_path, monkeypatch):
    """A project whose notebook stands in a folder of its own; its Python is on the PATH."""
    found = tmp_path / "work"
    found.mkdir()
    Workspace.init(found).close()
    (found / "nb").mkdir()
    (found / "nb" / "rows.txt").write_text("1\n2\n3\n")
    monkeypatch.setenv("PATH", HERE + os.pathsep + os.environ["PATH"])
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "JUPYTER_PATH", "IPYTHONDIR"):
        monkeypatch.delenv(name, raising=False)
    return found


@pytest.fixture
def run(folder, afield_process):
    def call(*words):
        done = afield_process("run", "--json", *words, cwd=folder)
        return done, json.loads(done.err.splitlines()[-1]).get("run")

    return call


def manifest_of(folder, run):
    with Workspace.open(folder) as workspace:
        manifest = workspace.manifest(run)
        kept = {
            one.path: workspace.record.vault.get(ObjectId(one.digest)) for one in manifest.outputs
        }
        text = workspace.record.vault.get(ObjectId(manifest.notebook.text)).decode()
    return manifest, kept, text


def test_a_notebook_is_recorded_compared_and_repeated(folder, run, afield_process):
    path = folder / "nb" / "analysis.ipynb"
    before = write_notebook(path, *CELLS)
    done, first = run("--name", "one", "nb/analysis.ipynb")
    assert done.code == 0
    assert done.out.startswith("drawn 0.")
    assert "aside\n" in done.err
    manifest, kept, text = manifest_of(folder, first)

    assert path.read_bytes() == before
    left = sorted(one.name for one in (folder / "nb").iterdir())
    assert left == ["analysis.ipynb", "rows.txt", "sum.txt"]
    assert manifest.argv == ("nb/analysis.ipynb",)
    assert [(one.path, one.where) for one in manifest.inputs if "rows" in one.path] == [
        ("nb/rows.txt", "nb/analysis.ipynb[2]:1")
    ]
    assert {one.path: one.where for one in manifest.outputs} == {
        "nb/analysis.executed.ipynb": None,
        "nb/sum.txt": "nb/analysis.ipynb[3]:3",
    }
    executed = json.loads(kept["nb/analysis.executed.ipynb"])
    assert executed["cells"][2]["outputs"][0]["data"]["text/plain"] == ["3"]
    assert "image/png" in executed["cells"][4]["outputs"][0]["data"]
    assert text.startswith("# %% [markdown]\n# # Title\n\n# %%\nimport random")
    assert "ipykernel" in {one.name for one in manifest.environment.distributions}
    assert "nbclient" not in "".join(manifest.capture.warnings)
    assert not manifest.network
    assert not [text for text in manifest.capture.warnings if "shuts the hook out" in text]
    drawn = "random (default generator)"
    assert [one[1] for one in manifest.entropy.calls if one[0] == drawn] == [
        "nb/analysis.ipynb[1]:2", "nb/analysis.ipynb[4]:2"
    ]  # fmt: skip

    done = afield_process("reproduce", "--env", "here", "--json", "one", cwd=folder)
    report = json.loads(done.out)
    assert report["verdict"] == "identical", json.dumps(report, indent=1)
    assert {one["path"] for one in report["outputs"]} == {
        "nb/analysis.executed.ipynb",
        "nb/sum.txt",
    }

    write_notebook(path, *CELLS[:1], CELLS[1].replace("len(rows)", "rows[:2]"), *CELLS[2:])
    done, _ = run("--name", "two", "--executed", "kept.ipynb", "nb/analysis.ipynb")
    assert done.code == 0
    left = json.loads((folder / "kept.ipynb").read_bytes())
    assert left["cells"][2]["outputs"][0]["data"]["text/plain"] == ["['1', '2']"]
    found = json.loads(afield_process("compare", "--json", "one", "two", cwd=folder).out)
    assert found["cause"]["kind"] == "code"
    lines = found["code"]["diff"]
    assert "-len(rows)" in lines
    assert "+rows[:2]" in lines
    assert not any('"cell_type"' in line for line in lines)
    (judged,) = (one for one in found["outputs"] if "executed" in one["path"])
    assert "cell 1, stdout: line 1: drawn" in judged["detail"]


def test_a_cell_that_fails_ends_the_run_and_is_named(folder, run):
    write_notebook(
        folder / "bad.ipynb", "print('on')", "def f(x):\n    return 1 / x\nf(0)", "'never'"
    )
    done, found = run("bad.ipynb")
    assert done.code == 1
    assert "ZeroDivisionError: division by zero" in done.err
    manifest, kept, _ = manifest_of(folder, found)
    assert manifest.exit_code == 1
    assert manifest.notebook.failed_cell == 2
    cells = json.loads(kept["bad.executed.ipynb"])["cells"]
    assert cells[2]["outputs"][0]["ename"] == "ZeroDivisionError"
    assert cells[3]["outputs"] == []
    with Workspace.open(folder) as workspace:
        (view,) = workspace.runs('exception = "ZeroDivisionError"')
    assert view.status == "failed"


def test_a_kernel_that_dies_is_told_with_its_cell_and_secrets_are_not_kept(folder, run):
    token = "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345"
    lines = f"key = '{token}'\nprint(key)", "import os\nos._exit(3)"
    write_notebook(folder / "dies.ipynb", *lines)
    done, found = run("dies.ipynb")
    assert done.code == 1
    assert "cell 2: the kernel died" in done.err
    assert token in done.out
    manifest, kept, text = manifest_of(folder, found)
    assert manifest.notebook.failed_cell == 2
    assert token.encode() not in kept["dies.executed.ipynb"]
    assert b"redacted:github-token" in kept["dies.executed.ipynb"]
    assert "redacted:github-token" in text


def test_ctrl_c_reaches_the_cell_and_the_run_is_killed_by_it(folder):
    cell = "import time\nopen('begun', 'w').close()\ntime.sleep(600)"
    write_notebook(folder / "slow.ipynb", cell)
    process = subprocess.Popen(
        [sys.executable, "-m", "afield", "run", "slow.ipynb"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        give_up = time.monotonic() + 100
        while not (folder / "begun").exists():
            assert time.monotonic() < give_up
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, said = process.communicate(timeout=100)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    assert process.returncode == 130
    assert b"KeyboardInterrupt" in said
    with Workspace.open(folder) as workspace:
        (view,) = workspace.runs()
        assert (view.status, view.signal) == ("killed", "SIGINT")
        assert workspace.manifest(view.id).notebook.failed_cell == 1


def test_a_python_without_ipykernel_is_named_with_what_helps(folder, tmp_path, afield_process):
    venv.create(tmp_path / "bare", symlinks=True, with_pip=False)
    python = tmp_path / "bare" / "bin" / "python"
    write_notebook(folder / "a.ipynb", "1")
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    done = afield_process("run", "a.ipynb", cwd=folder, PATH=path)
    assert done.code == 126
    assert f"`ipykernel`, which executes its cells, is not installed in {python}" in done.err
    assert f"hint: {python} -m pip install ipykernel" in done.err
    with Workspace.open(folder) as workspace:
        assert workspace.runs() == []


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        (["none.ipynb"], (127, "no such file")),
        (["a.ipynb", "x"], (2, "a notebook takes no arguments: `x`")),
        (
            ["--executed", "nb/../a.ipynb", "a.ipynb"],
            (2, "--executed would overwrite the notebook"),
        ),
        (["--executed", "b.ipynb", "true"], (2, "--executed is for notebooks")),
        (["old.ipynb"], (126, "it is no notebook of format 4")),
        (["other.ipynb"], (126, "there is no kernel `julia-1.10` here")),
    ],
)
def test_what_cannot_be_executed_is_refused_before_anything_runs(
    folder, afield, monkeypatch, words, ends
):
    monkeypatch.chdir(folder)
    write_notebook(folder / "a.ipynb", "1")
    (folder / "old.ipynb").write_text('{"nbformat": 3, "worksheets": []}')
    about = {"kernelspec": {"name": "julia-1.10", "language": "julia"}}
    plain = {"nbformat": 4, "nbformat_minor": 5, "metadata": about, "cells": []}
    (folder / "other.ipynb").write_text(json.dumps(plain))
    answer = afield("run", *words)
    assert answer.code == ends[0]
    assert ends[1] in answer.err


def test_a_run_whose_recorder_is_killed_still_shows_the_cells(folder):
    cell = "import time\nopen('begun', 'w').close()\ntime.sleep(600)"
    write_notebook(folder / "slow.ipynb", cell)
    process = subprocess.Popen(
        [sys.executable, "-m", "afield", "run", "slow.ipynb"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        give_up = time.monotonic() + 100
        while not (folder / "begun").exists():
            assert time.monotonic() < give_up
            time.sleep(0.05)
        (child,) = (folder / ".afield" / "live").glob("*/child")
        client = int(child.read_text().split()[0])
    finally:
        process.kill()
        process.wait()
    os.kill(client, signal.SIGTERM)  # the kernel goes with it
    give_up = time.monotonic() + 100
    while True:
        with Workspace.open(folder) as workspace:
            (view,) = workspace.runs()
            if view.status != "running":
                manifest = workspace.manifest(view.id)
                text = workspace.record.vault.get(ObjectId(manifest.notebook.text)).decode()
                break
        assert time.monotonic() < give_up
        time.sleep(0.1)
    assert view.status == "interrupted"
    assert text.endswith(cell + "\n")
    assert "slow.executed.ipynb" not in {one.path for one in manifest.outputs}


def test_a_kernel_ends_in_its_own_time(folder, run):
    """It has work of its own at the end, and now and then waits ten seconds for its streams."""
    write_notebook(
        folder / "nb" / "slow.ipynb",
        "import atexit, random, time\ndrawn = random.random()",
        "def late():\n    time.sleep(3)\n    open('late.txt', 'w').write('done')",
        "atexit.register(late)",
    )
    done, made = run("nb/slow.ipynb")
    assert done.code == 0
    manifest, _, _ = manifest_of(folder, made)
    assert (folder / "nb" / "late.txt").read_text() == "done"
    assert "nb/late.txt" in {one.path for one in manifest.outputs}
    assert [one[1] for one in manifest.entropy.calls] == ["nb/slow.ipynb[1]:2"]
