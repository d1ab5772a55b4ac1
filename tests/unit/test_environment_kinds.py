"""Environments of conda and pyenv, from made-up trees: what is listed, found, and said."""

from __future__ import annotations

import sys

import msgspec
import pytest

from afield.replay.environment_diff import Change, diff_environments
from afield.replay.interpreters import find_interpreter
from afield.runs.capture.conda import read_conda
from afield.runs.capture.distributions import DistributionCache
from afield.runs.capture.environment import Python, read_environment
from afield.runs.manifest import CondaPackage


@pytest.fixture
def conda(tmp_path):
    """An environment of conda with numpy, a BLAS and a compiler's library."""
    prefix = tmp_path / "miniconda" / "envs" / "ml"
    (prefix / "conda-meta").mkdir(parents=True)
    for name in ("numpy-2.1.0-py311_0", "libblas-3.9.0-25_openblas", "libgcc-ng-14.1-h7_1"):
        (prefix / "conda-meta" / f"{name}.json").write_text("{}")
    (prefix / "conda-meta" / "history").write_text("")
    site = prefix / "lib" / "python3.11" / "site-packages"
    info = site / "numpy-2.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 2.1.0\n")
    (info / "INSTALLER").write_text("conda")
    (info / "RECORD").write_text("numpy/__init__.py,,\n")
    return prefix


def read(prefix):
    site = prefix / "lib" / "python3.11" / "site-packages"
    python = Python(
        str(prefix / "bin/python"), "3.11.7", "cpython", str(prefix), str(prefix), (str(site),)
    )
    return read_environment(python, cache=DistributionCache(None))


def test_packages_of_conda_that_are_not_of_python_are_listed(conda):
    found = read(conda)
    assert [(one.name, one.origin) for one in found.distributions] == [("numpy", "unknown")]
    assert found.conda == (
        CondaPackage(name="libblas", version="3.9.0", build="25_openblas"),
        CondaPackage(name="libgcc-ng", version="14.1", build="h7_1"),
    )
    assert read_conda(str(conda / "lib"), ()) == ()


def test_another_build_of_a_library_of_conda_is_another_environment(conda):
    before = read(conda)
    blas = conda / "conda-meta" / "libblas-3.9.0-25_openblas.json"
    blas.rename(blas.with_name("libblas-3.9.0-25_mkl.json"))
    after = read(conda)
    assert before.identity != after.identity
    assert diff_environments(before, after).changed == (
        Change("conda libblas", "3.9.0 25_openblas", "3.9.0 25_mkl"),
    )
    plain = msgspec.structs.replace(before, conda=())
    assert [one.name for one in diff_environments(before, plain).only_a] == [
        "conda libblas",
        "conda libgcc-ng",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="not run: pyenv is of POSIX")
def test_a_python_of_pyenv_is_found_the_very_version_first(tmp_path):
    environ = {"PYENV_ROOT": str(tmp_path), "HOME": "/nowhere"}
    for version in ("3.90.1", "3.90.2"):
        program = tmp_path / "versions" / version / "bin" / "python"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\necho \'["{version}", "CPython", "/p"]\'\n')
        program.chmod(0o755)

    def found(version):
        one = find_interpreter(version, "cpython", recorded=(), uv="/no/uv", environ=environ)
        return one and one.version

    assert found("3.90.1") == "3.90.1"
    assert found("3.90.7") == "3.90.2"
    assert found("3.91.0") is None
