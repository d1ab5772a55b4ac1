"""Pipelines, scripts, modules, workers with ranks, compiled programs and R: recorded, repeated."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import textwrap

import pytest

from afield.runs.capture.supervisor.preflight import preflight
from afield.workspace.workspace import Workspace

pytestmark = pytest.mark.skipif(os.name == "nt", reason="not run: shells and programs of POSIX")

FILES = {
    "rows.txt": "1\n2\n3\n",
    "double.py": """
        import random
        for line in open("rows.txt"):
            print(float(line) * 2 + random.random())
    """,
    "total.py": """
        import sys
        total = sum(float(line) for line in sys.stdin)
        open("total.txt", "w").write(str(total))
        print("total", total)
    """,
    "train.sh": """
        #!/bin/sh
        set -e
        grep -v 2 rows.txt >kept.txt
        python double.py | python total.py
        sort -r kept.txt >sorted.txt
    """,
    "pkg/__init__.py": "",
    "pkg/mod.py": """
        import random
        import sys
        open("drawn.txt", "w").write(open("rows.txt").read() + str(random.random()))
        print(sys.argv[1:])
    """,
    "launch.py": """
        import os, subprocess, sys
        size = int(sys.argv[1])
        ranks = list(range(size))
        if os.environ.get("TURNED"):  # they may start in any order
            ranks.reverse()
        workers = []
        for rank in ranks:
            names = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size)}
            line = [sys.executable, "worker.py"]
            workers.append(subprocess.Popen(line, env={**os.environ, **names}))
            workers[-1].wait()
        sys.exit(max(worker.wait() for worker in workers))
    """,
    "worker.py": """
        import os, random
        rank = os.environ["RANK"]
        text = f"{rank} of {os.environ['WORLD_SIZE']}: {random.random()}"
        open(f"part-{rank}.txt", "w").write(text)
    """,
    "sum.c": """
        #include <stdio.h>
        int main(void) {
            double x, sum = 0;
            FILE *rows = fopen("rows.txt", "r"), *out = fopen("c.txt", "w");
            while (fscanf(rows, "%lf", &x) == 1) sum += x;
            fprintf(out, "%g\\n", sum);
            return fclose(out) ? 1 : 0;
        }
    """,
    "fit.R": """
        rows <- read.table("rows.txt")
        write.table(sum(rows$V1), "r.txt")
    """,
}


@pytest.fixture
def folder(own_home, tmp_path, monkeypatch):
    found = tmp_path / "work"
    for name, text in FILES.items():
        path = found / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    (found / "train.sh").chmod(0o755)
    Workspace.init(found).close()
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"])  # noqa: PTH120
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "RANK", "TURNED"):
        monkeypatch.delenv(name, raising=False)
    return found


@pytest.fixture
def repeated(folder, afield_process):
    """Record a command, repeat it, and return its manifest and the report."""

    def call(*words, **then):
        done = afield_process("run", "--json", *words, cwd=folder)
        assert done.code == 0, done.err
        run = json.loads(done.err.splitlines()[-1])["run"]
        with Workspace.open(folder) as workspace:
            manifest = workspace.manifest(run)
        report = json.loads(
            afield_process("reproduce", "--env", "here", "--json", run, cwd=folder, **then).out
        )
        return manifest, report

    return call


def names(files):
    return {one.path for one in files}


def fates(report):
    return {one["path"]: one["verdict"] for one in report["outputs"]}


def test_a_pipeline_of_two_pythons_is_one_run(repeated):
    manifest, report = repeated("--", "sh", "-c", "python double.py | python total.py")
    assert names(manifest.inputs) == {"rows.txt"}
    assert names(manifest.outputs) == {"total.txt"}
    assert report["verdict"] == "identical", report
    assert fates(report) == {"total.txt": "identical bytes"}


def test_a_shell_script_with_pythons_and_tools_is_recorded_and_repeated(repeated):
    manifest, report = repeated("./train.sh")
    assert "rows.txt" in names(manifest.inputs)
    assert names(manifest.outputs) == {"kept.txt", "sorted.txt", "total.txt"}
    assert set(fates(report).values()) == {"identical bytes"}
    assert report["verdict"] == "identical", report


def test_a_module_is_recorded_and_repeated(repeated):
    manifest, report = repeated("python", "-m", "pkg.mod", "x")
    assert manifest.environment is not None
    assert names(manifest.outputs) == {"drawn.txt"}
    assert report["verdict"] == "identical", report


def test_workers_with_ranks_draw_the_same_in_whatever_order_they_start(folder, repeated):
    manifest, report = repeated("python", "launch.py", "3", TURNED="1")
    parts = {f"part-{rank}.txt" for rank in range(3)}
    assert parts <= names(manifest.outputs)
    assert len({(folder / part).read_text().rpartition(" ")[2] for part in parts}) == 3
    assert {part: fates(report)[part] for part in parts} == dict.fromkeys(parts, "identical bytes")


def test_torchrun_is_recorded_and_repeated(repeated):
    if importlib.util.find_spec("torch") is None or shutil.which("torchrun") is None:
        pytest.skip("not run: torch is not installed")
    manifest, report = repeated("torchrun", "--nproc-per-node", "2", "worker.py")
    assert {"part-0.txt", "part-1.txt"} <= names(manifest.outputs)
    assert set(fates(report).values()) == {"identical bytes"}


@pytest.mark.skipif(shutil.which("cc") is None, reason="not run: there is no C compiler here")
def test_a_compiled_program_is_recorded_and_repeated(folder, repeated):
    subprocess.run(["cc", "-o", "sum", "sum.c"], cwd=folder, check=True)
    manifest, report = repeated("./sum")
    assert names(manifest.outputs) == {"c.txt"}
    assert fates(report) == {"c.txt": "identical bytes"}
    if preflight() is None:  # what no Python opened is seen by the kernel only
        assert names(manifest.inputs) == {"rows.txt", "sum"}
        assert report["verdict"] == "identical", report


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="not run: R is not installed")
def test_a_script_of_r_is_recorded_and_repeated(repeated):
    manifest, report = repeated("Rscript", "fit.R")
    assert "r.txt" in names(manifest.outputs)
    assert fates(report) == {"r.txt": "identical bytes"}
    if preflight() is None:
        assert report["verdict"] == "identical", report
