"""Calls into libraries are told, and the program notices nothing of it.

Small modules with the names of libraries stand for them here, so that all kinds of calls are there
on every machine; the libraries themselves are in `capture/test_capture_libraries.py`.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

import pytest

from afield.runs.capture import inside, trace
from afield.runs.capture.trace import Fault, Handed, Open, Watched

SOUNDFILE = '''
import warnings


class SoundFile:
    """Words about it."""

    def __init__(self, file, mode="r", *, channels: int = 1):
        """More words."""
        warnings.warn("an old library", FutureWarning, stacklevel=2)
        if channels == 7:
            raise ValueError(f"no {file}")
        self.file = file
'''
POLARS = """
def read_csv(source, *, skip: int = 0):
    if skip < 0:
        raise ValueError("a skip below zero")
    return source, skip


def scan_csv(source):
    return read_csv(source)


class DataFrame:
    def write_csv(self, file=None, *, sep=","):
        return sep
"""
NAMES = {"soundfile.py": SOUNDFILE, "polars.py": POLARS, "other.py": "def read_csv(source): pass"}


@dataclass
class Told:
    out: bytes
    err: bytes
    code: int
    events: list

    def opens(self):
        return [
            (one.mode, os.path.basename(one.path), (one.where or "").rpartition(":")[2])
            for one in self.events
            if isinstance(one, Open)
        ]


@pytest.fixture
def told(runner):
    """Run a script plain and watched; it must say the same. Return what was told."""
    for name, text in NAMES.items():
        (runner.folder / name).write_text(text)

    def run(text, python=None):
        runner.python = python or runner.python
        script = runner.script(text)
        done = []
        for watch in (False, True):
            environ = runner.plan(seed=None, watch=watch)
            if watch:
                libraries = os.path.join(environ["AFIELD_TRACE_FOLDER"], inside.LIBRARIES_FOLDER)
                os.mkdir(libraries)
            done.append(
                subprocess.run(
                    [runner.python, script],
                    env=environ,
                    cwd=runner.folder,
                    capture_output=True,
                    timeout=240,
                    check=False,
                )
            )
        plain, watched = done
        assert (watched.stdout, watched.stderr, watched.returncode) == (
            plain.stdout,
            plain.stderr,
            plain.returncode,
        )
        assert trace.read(environ["AFIELD_TRACE_FOLDER"]).faults == ()
        events = trace.TraceFollower(libraries).poll()
        assert not [one for one in events if isinstance(one, Fault)]
        return Told(watched.stdout, watched.stderr, watched.returncode, events)

    return run


def test_paths_are_told_once_with_the_line_and_whether_they_are_written(told):
    found = told("""
import pathlib, polars, soundfile
for _ in range(3):
    polars.read_csv("a.csv")
polars.read_csv(source=pathlib.Path("b.csv"))
polars.scan_csv(["c.csv", "d.csv"])
soundfile.SoundFile("e.wav")
soundfile.SoundFile("f.wav", mode="w")
soundfile.SoundFile("script.py", "r+")
polars.DataFrame().write_csv("g.csv")
""")
    assert found.opens() == [
        ("read", "a.csv", "4"),
        ("read", "b.csv", "5"),
        ("read", "c.csv", "6"),
        ("read", "d.csv", "6"),
        ("read", "e.wav", "7"),
        ("write", "f.wav", "8"),
        ("update", "script.py", "9"),
        ("write", "g.csv", "10"),
    ]
    assert all(one.new == (one.mode == "write") for one in found.events if isinstance(one, Open))


def test_what_is_no_path_of_a_file_is_not_told(told):
    found = told(r"""
import io, polars
for source in (io.StringIO("x"), b"a,b", None, 3, [], [[1]], "https://example.org/x.csv",
               "s3://bucket/key", ":memory:", "a,b\n1,2", "a\0b", "x" * 5000, ""):
    print(polars.read_csv(source)[1])
polars.DataFrame().write_csv()
polars.read_csv("file:///data/x.csv")
""")
    assert found.opens() == [("read", "x.csv", "7")]


def test_nothing_of_it_is_seen_by_the_program(told):
    """Warnings name the line that called, tracebacks have no line of ours, words are the same."""
    found = told(
        """
import copy, importlib, inspect, pickle, sys, traceback, types
import polars, soundfile
found = soundfile.SoundFile("a.wav")
print(isinstance(found, soundfile.SoundFile), type(found) is soundfile.SoundFile)
print(pickle.loads(pickle.dumps(found)).file, pickle.loads(pickle.dumps(polars.read_csv)))
print(copy.deepcopy(polars.read_csv) is polars.read_csv)
for one in (soundfile.SoundFile, soundfile.SoundFile.__init__, polars.read_csv,
            polars.DataFrame.write_csv):
    print(inspect.signature(one), inspect.getsource(one), one.__doc__, one.__qualname__)
    print(one.__module__, type(one).__name__, getattr(one, "__annotations__", None))
class Mine(soundfile.SoundFile):
    def __init__(self, where):
        super().__init__(where + ".wav")
print(Mine("b").file, Mine.__mro__)
for call in (lambda: soundfile.SoundFile("c.wav", channels=7), lambda: polars.read_csv(),
             lambda: polars.read_csv("d.csv", skip=-1), lambda: polars.scan_csv("d", 1, 2)):
    try:
        call()
    except Exception:
        traceback.print_exc()
again = importlib.reload(polars)
print(again is polars, inspect.signature(polars.read_csv))
polars.read_csv("after.csv")
print(sorted(vars(polars)), [name for name in sys.modules if "afield" in name])
print(vars(polars.__loader__).keys() - vars(sys.modules["__main__"].__loader__).keys())
soundfile.SoundFile("e.wav", channels=7)
""".replace("pickle.loads(pickle.dumps(polars.read_csv))", "pickle.dumps(polars.read_csv)")
    )
    assert b"ValueError: no e.wav" in found.err
    assert b"script.py:4: FutureWarning: an old library" in found.err
    names = [name for _, name, _ in found.opens()]
    assert names == ["a.wav", "b.wav", "c.wav", "d.csv", "d", "after.csv", "e.wav"]


def test_faults_of_real_libraries_read_as_without_it(told):
    pytest.importorskip("h5py", reason="not run: h5py is not installed")
    found = told("""
import pickle, traceback
import h5py, pyarrow.csv, pyarrow.fs, pyarrow.parquet
def attempt(call, *args, **options):
    try:
        call(*args, **options)
    except Exception:
        traceback.print_exc()
print(pickle.loads(pickle.dumps(pyarrow.csv.read_csv)) is pyarrow.csv.read_csv)
attempt(h5py.File, "missing.h5")
attempt(h5py.File, "script.py", "q")
attempt(pyarrow.parquet.read_table, "missing.parquet")
attempt(pyarrow.parquet.read_table, "script.py", no_such=1)
attempt(pyarrow.csv.read_csv, "missing.csv")
attempt(pyarrow.OSFile, "missing.bin")
attempt(pyarrow.fs.LocalFileSystem().open_input_file, "missing.bin")
pyarrow.memory_map("missing.bin")
""")
    assert (found.out, found.code) == (b"True\n", 1)
    assert found.err.count(b"Traceback") >= 8


def test_nothing_of_a_library_is_kept_alive_for_it(told):
    found = told("""
import gc, sys, weakref, polars
seen = [weakref.ref(one) for one in (polars.read_csv, polars.DataFrame, polars)]
del sys.modules["polars"], polars
gc.collect()
print([one() for one in seen])
""")
    assert found.out == b"[None, None, None]\n"


@pytest.mark.parametrize(
    "text", ["raise RuntimeError('broken')", "import not_there", "1 +", "raise SystemExit(3)"]
)
def test_an_import_that_fails_fails_as_it_would(told, runner, text):
    (runner.folder / "h5py.py").write_text(text)
    found = told("import h5py")
    assert found.code == (3 if "SystemExit" in text else 1)
    found = told("import importlib; importlib.import_module('h5py')")
    assert found.code


def test_a_module_that_is_not_listed_is_left_alone(told):
    found = told("""
import other, polars
from importlib.util import find_spec
print(hasattr(other.read_csv, "__wrapped__"), vars(other.__loader__).keys())
print(find_spec("h5pyy"), find_spec("other").loader == other.__loader__)
other.read_csv("x.csv")
""")
    assert found.opens() == []
    assert [one.module for one in found.events if isinstance(one, Watched)] == ["polars"]


def test_calls_that_a_library_no_longer_has_are_named(told):
    found = told("import polars; polars.read_csv('a.csv')")
    (one,) = [one for one in found.events if isinstance(one, Watched)]
    assert "read_parquet" in one.missing
    assert "read_csv" not in one.missing
    assert "?read_csv_batched" not in one.missing
    assert one.whole


def test_a_library_that_cannot_be_watched_is_named(told, runner):
    (runner.folder / "netCDF4.py").write_text("")
    found = told("import netCDF4")
    told_of = [(one.module, one.whole) for one in found.events if isinstance(one, Watched)]
    assert told_of == [("netCDF4", False)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="not run: this system has no fork")
def test_forked_and_spawned_children_tell_their_own(told):
    found = told("""
import os, subprocess, sys, polars
polars.read_csv("above.csv")
if os.fork() == 0:
    polars.read_csv("forked.csv")
    os._exit(0)
os.wait()
subprocess.run([sys.executable, "-c", "import polars; polars.read_csv('spawned.csv')"], check=True)
""")
    assert [name for _, name, _ in found.opens()] == ["above.csv", "forked.csv", "spawned.csv"]
    assert len({one.pid for one in found.events if isinstance(one, Open)}) == 3


def test_a_file_that_the_program_replaces_is_told_anew(told):
    found = told("""
import os, polars
polars.read_csv("a.csv")
open("b.csv", "w").close()
os.replace("b.csv", "a.csv")
polars.read_csv("a.csv")
""")
    assert [name for _, name, _ in found.opens()] == ["a.csv", "a.csv"]


def test_paths_that_inner_functions_are_handed_are_told_as_such(told, runner):
    package = runner.folder / "pyarrow"
    package.mkdir()
    (package / "__init__.py").write_text("from pyarrow import lib")
    (package / "lib.py").write_text("""
def encode_file_path(path):
    return path


class OSFile:
    def __init__(self, path, mode="r"):
        encode_file_path(path)
""")
    found = told("import pyarrow.lib\npyarrow.lib.OSFile('a.bin', 'wb')")
    handed = [one for one in found.events if isinstance(one, Handed)]
    assert [(os.path.basename(one.path), one.where[-8:]) for one in handed] == [
        ("a.bin", "lib.py:8")
    ]


def test_other_pythons_tell_the_same_or_say_that_they_do_not(told, other_python):
    found = told(
        "import polars\ntry: polars.read_csv('a.csv', skip=-1)\n"
        "except ValueError:\n    import traceback; traceback.print_exc()\n"
        "polars.DataFrame().write_csv('b.csv', sep=3, wrong=1)",
        other_python,
    )
    if "/3.8." in other_python:  # a wrapper could be seen there: it is only said what was imported
        assert [one.whole for one in found.events if isinstance(one, Watched)] == [False]
        return
    assert found.opens() == [("read", "a.csv", "2"), ("write", "b.csv", "5")]
