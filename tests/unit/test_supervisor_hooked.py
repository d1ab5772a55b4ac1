"""Which commands may start without the filter: those that are certain to load the hook first."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from afield.runs.capture.supervisor.hooked import packages_of

HOOK = "/the/hook"
ENVIRON = {"PYTHONPATH": f"{HOOK}:/other", "AFIELD_TRACE": "1", "HOME": "/nowhere"}
VERSION = f"python3.{sys.version_info[1]}"


@pytest.fixture
def venv(tmp_path):
    """A virtual environment with nothing in it, and its Python's path."""
    if not sys.platform.startswith("linux") or not 11 <= sys.version_info[1] <= 14:
        pytest.skip("not run: a CPython of 3.11 to 3.14 on Linux is asked about")
    packages = tmp_path / "lib" / VERSION / "site-packages"
    packages.mkdir(parents=True)
    (tmp_path / "pyvenv.cfg").write_text("include-system-site-packages = false\n")
    (tmp_path / "bin").mkdir()
    real = tmp_path / "real" / VERSION
    real.parent.mkdir()
    real.write_bytes(Path(sys.executable).read_bytes()[:64])
    for name in ("python", "python3"):
        (tmp_path / "bin" / name).symlink_to(real)
    return tmp_path


def ask(venv, *words, program=None, **changed):
    python = str(venv / "bin" / "python")
    return packages_of(program or python, ["python", *words], ENVIRON | changed, HOOK)


@pytest.mark.parametrize(
    "words",
    [
        ("train.py", "-I"),
        ("-u", "-OO", "train.py"),
        ("-W", "ignore", "-Xdev", "train.py"),
        ("-m", "package"),
        ("-c", "pass"),
        ("-",),
        (),
    ],
    ids=" ".join,
)
def test_a_python_that_loads_the_hook_calls_late(venv, words):
    assert ask(venv, *words) == [str(venv / "lib" / VERSION / "site-packages")]


@pytest.mark.parametrize("option", ["-I", "-E", "-S", "-uI", "-V", "--help", "-Wignore::own.Kind"])
def test_one_that_shuts_it_out_or_lets_others_in_first_does_not(venv, option):
    assert ask(venv, option, "train.py") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PYTHONPATH", "/other"),
        ("PYTHONPATH", f"{HOOK}:/a/site-packages"),
        ("AFIELD_TRACE", "0"),
        ("PYTHONHOME", "/x"),
        ("PYTHONWARNINGS", "ignore::own.Kind"),
        ("LD_PRELOAD", "x.so"),
        ("OPENSSL_CONF", "x"),
        ("TZ", ":/x"),
        ("LC_ALL", "/x"),
    ],
)
def test_nor_does_one_with_variables_that_do(venv, name, value):
    assert ask(venv, "train.py", **{name: value}) is None


def test_variables_of_every_day_do_no_harm(venv):
    assert ask(venv, TZ="Europe/Berlin", LANG="de_DE.UTF-8", LD_LIBRARY_PATH="/x") is not None


@pytest.mark.parametrize(
    ("text", "late"),
    [
        ("/some/folder\n", True),
        ("import os; var = 'SETUPTOOLS_USE_DISTUTILS'; x\n", True),
        ("import __editable___own_finder; x\n", True),
        ("import own\n", False),
    ],
)
def test_packages_that_run_code_before_it_are_looked_at(venv, text, late):
    (venv / "lib" / VERSION / "site-packages" / "own.pth").write_text(text)
    assert (ask(venv) is not None) == late


def test_an_environment_that_sees_the_systems_packages_does_not(venv):
    (venv / "pyvenv.cfg").write_text("include-system-site-packages = true\n")
    assert ask(venv) is None


def test_a_script_is_what_its_first_line_says(venv):
    for line, late in (
        (f"#!{venv}/bin/python3", True),
        (f"#!{venv}/bin/python3 -I", False),
        ("#!/usr/bin/env python3", False),
        ("#!/bin/sh", False),
    ):
        script = venv / "script"
        script.write_text(line + "\n")
        assert (ask(venv, program=str(script)) is not None) == late, line


def test_other_programs_do_not(venv):
    for name in ("pypy3", "python3.10", "python2", "python3"):
        (venv / "real" / name).write_bytes((venv / "real" / VERSION).read_bytes())
        assert ask(venv, program=str(venv / "real" / name)) is None
    assert ask(venv, program=os.path.realpath("/bin/sh")) is None
    (venv / "real" / VERSION).write_bytes(b"#!/bin/sh\n")
    assert ask(venv) is None
