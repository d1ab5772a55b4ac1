"""What `afield show` tells of randomness and of installed packages that were patched by hand."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """\
import random, secrets, uuid
import numpy as np
import house

print(random.random(), np.random.rand(), secrets.token_hex(4), uuid.uuid1())
house.draw(np.random.default_rng())
house.take()
open("/dev/urandom", "rb").read(2)
"""
HOUSE = "import os\ndef draw(rng): return rng.random()\ndef take(): return os.urandom(4)\n"


@pytest.mark.skipif(os.name == "nt", reason="not run: /dev/urandom is of POSIX")
def test_show_names_each_unseeded_call_with_its_line(afield_process, tmp_path):
    site = tmp_path / "lib" / "site-packages"
    site.mkdir(parents=True)
    (site / "house.py").write_text(HOUSE)
    (tmp_path / "draw.py").write_text(SCRIPT)
    variables = {"PYTHONPATH": str(site), "COLUMNS": "160"}
    assert afield_process("init", cwd=tmp_path).code == 0
    answer = afield_process("run", sys.executable, "draw.py", cwd=tmp_path, **variables)
    assert answer.code == 0, answer.err
    run = afield_process("runs", "--json", cwd=tmp_path).json["runs"][0]["id"]
    shown = afield_process("show", run, "--all", cwd=tmp_path, COLUMNS="160").out
    for line in (
        "random (default generator) at draw.py:5",
        "numpy.random (default generator) at draw.py:5",
        "secrets.token_hex at draw.py:5",
        "uuid.uuid1 (not replayed) at draw.py:5",
        "numpy.random at draw.py:6",
        "os.urandom by house at draw.py:7",
        "/dev/urandom (not replayed) at draw.py:8",
        "takes what no seed brings back: /dev/urandom at draw.py:8",
    ):
        assert line in shown


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("import random\nprint(random.random())", " at <string>:2"),
        ("exec('import random; print(random.random())')", ", at no line that was seen"),
    ],
)
def test_show_blames_no_library_for_what_text_on_the_command_line_draws(
    afield_process, tmp_path, text, where
):
    assert afield_process("init", cwd=tmp_path).code == 0
    answer = afield_process("run", "--name", "text", sys.executable, "-c", text, cwd=tmp_path)
    assert answer.code == 0, answer.err
    shown = " ".join(afield_process("show", "text", cwd=tmp_path).out.split())
    assert f"nobody seeded: random (default generator){where}" in shown


@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
def test_show_and_env_diff_name_files_that_were_patched_by_hand(afield_process, tmp_path):
    venv, project = tmp_path / "venv", tmp_path / "project"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    site = next((venv / "lib").glob("python*/site-packages"))
    info = site / "house-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house\nVersion: 1.0\n")
    (site / "house.py").write_text(HOUSE)
    told = "sha256=frUQtlyHtSfpDUCn4kRYzHjtt0NzsqFuCzfxhjr9ecc"
    (info / "RECORD").write_text(f"house.py,{told},{len(HOUSE)}\nhouse-1.0.dist-info/RECORD,,\n")
    project.mkdir()
    afield_process("init", cwd=project)
    done = afield_process("run", str(venv / "bin/python"), "-c", "import house", cwd=project)
    assert done.code == 0, done.err
    run = afield_process("runs", "--json", cwd=project).json["runs"][0]["id"]
    shown = afield_process("show", run, cwd=project, COLUMNS="160").out
    assert "1 file of house patched by hand: house.py" in shown
    here = {"VIRTUAL_ENV": str(venv), "COLUMNS": "160"}
    same = afield_process("env", "diff", run, "--here", cwd=project, **here)
    assert "nothing differs" in same.out
    (site / "house.py").write_text(HOUSE + "x = 1\n")
    other = afield_process("env", "diff", run, "--here", cwd=project, **here)
    assert "house 1.0: house.py" in other.out
    assert "changed by hand" in other.out
    export = afield_process("env", "export", run, "--as", "requirements", cwd=project)
    assert "was patched by hand, and the patches are not in here: house.py" in export.out
