"""`afield reproduce --bisect`: on a machine that computes otherwise, is it the machine?"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("numpy", reason="not run: numpy is not installed")

SCRIPT = """
import sys
import numpy as np
a = np.random.default_rng(0).random((300, 300))
if "odd" in sys.argv:
    import time
    a[0, 0] = time.time()
np.save("x.npy", np.linalg.inv(a @ a.T + np.eye(300) * 1e-3))
"""
CORES = ("Nehalem", "Sandybridge", "Haswell")


@pytest.fixture
def other_core(tmp_path, monkeypatch):
    """The name of a CPU core that gives another result than this machine's own."""
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    folder = tmp_path / "try"
    folder.mkdir()
    (folder / "t.py").write_text(SCRIPT)

    def result(core):
        environ = {**os.environ, "OPENBLAS_CORETYPE": core} if core else dict(os.environ)
        words = [sys.executable, "t.py"]
        subprocess.run(words, cwd=folder, env=environ, check=True, timeout=120)
        return (folder / "x.npy").read_bytes()

    own = result(None)
    for core in CORES:
        if result(core) != own:
            return core
    pytest.skip("not run: numpy's OpenBLAS has no other kernels for this CPU")


@pytest.fixture
def recorded(afield_process, tmp_path, monkeypatch, other_core):
    """Records the script on this machine's own core, and makes the shell one of another."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "t.py").write_text(SCRIPT)
    assert afield_process("init").code == 0

    def record(*words):
        done = afield_process("run", "--name", "one", "--", sys.executable, "t.py", *words)
        assert done.code == 0, done.err
        monkeypatch.setenv("OPENBLAS_CORETYPE", other_core)

    return record


def reproduced(afield_process):
    words = ("reproduce", "one", "--env", "here", "--bisect", "--tolerance", "1e-16", "--json")
    answer = afield_process(*words)
    assert answer.code == 4, answer.err
    return answer.json


def test_a_difference_that_other_kernels_make_is_explained_by_them(
    afield_process, recorded, other_core
):
    recorded()
    told = reproduced(afield_process)
    assert (told["verdict"], told["cause"]["kind"]) == ("diverged", "machine")
    assert other_core in told["cause"]["detail"]
    found = told["bisection"]
    assert (found["explains"], found["verdict"]) == (True, "identical")
    assert any(other_core in line for line in found["pinned"])
    shown = afield_process("show", "one", "--json").json["reproductions"]
    assert {one["verdict"] for one in shown} == {"diverged", "identical"}


def test_a_difference_that_other_kernels_do_not_make_is_not_put_on_them(afield_process, recorded):
    recorded("odd")
    found = reproduced(afield_process)["bisection"]
    assert (found["explains"], found["verdict"]) == (False, "diverged")
