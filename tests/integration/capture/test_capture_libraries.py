"""Layer 3: what libraries read and write past Python is seen with its line, without the kernel."""

from __future__ import annotations

import subprocess
import sys

import pytest
from io_libraries import IO_LIBRARIES, is_here, packages, preparation, script

from afield.runs.capture.layers.imports import IMPORTS
from afield.runs.capture.supervisor.preflight import preflight

LIBRARIES_MIN = 25
"""Ways of reading and writing that the tests' own environment has; all are tried where more are."""


@pytest.mark.parametrize("package", packages())
def test_what_a_library_reads_and_writes_is_seen_with_its_line(
    run, project, clean_environ, package
):
    known = [one for one in IO_LIBRARIES if one.package == package and not one.kernel_only]
    entries = [one for one in known if is_here(one)]
    if not entries:
        pytest.skip(f"not run: {package} is not installed")
    made = script(entries)
    (project / "prepare.py").write_text(preparation(entries))
    (project / "use.py").write_text(made.text)
    subprocess.run(
        [sys.executable, "-W", "ignore", "prepare.py"], cwd=project, env=clean_environ, check=True
    )
    done = run("python", "-W", "ignore", "use.py", trace="python")
    assert done.outcome.exit_code == 0, done.err.decode()
    inputs = {path: one.where for path, one in done.inputs.items() if path.startswith("in-")}
    assert inputs == {path: f"use.py:{line}" for path, line in made.reads.items()}
    outputs = {path: one.where for path, one in done.outputs.items() if path.startswith("out-")}
    assert outputs == {path: f"use.py:{line}" for path, line in made.writes.items()}
    assert not done.manifest.capture.inputs_complete
    unseen = [one for one in done.manifest.capture.notes if " program" not in one]
    assert unseen == (["not seen: what duckdb read past Python"] if package == "duckdb" else [])
    if any(one.past_python for one in entries):
        assert done.manifest.capture.layers == ("tree", "python", "imports")
        assert any("imports" in one.seen_by for one in done.inputs.values())


@pytest.mark.parametrize("from_the_start", [True, False], ids=["always", "late"])
def test_the_kernel_sees_whole_what_every_library_here_reads_and_writes(
    run, project, clean_environ, from_the_start
):
    if (reason := preflight()) is not None:
        pytest.skip(f"not run: {reason}")
    entries = [one for one in IO_LIBRARIES if is_here(one)]
    assert len(entries) >= LIBRARIES_MIN
    made = script(entries)
    (project / "prepare.py").write_text(preparation(entries))
    (project / "use.py").write_text(made.text)
    subprocess.run(
        [sys.executable, "-W", "ignore", "prepare.py"], cwd=project, env=clean_environ, check=True
    )
    words = ["python", "-W", "ignore", "use.py"]
    if from_the_start:  # what is no Python itself is asked about from its first exec on
        words = ["sh", "-c", f"{sys.executable} -W ignore use.py"]
    done = run(*words, trace="auto")
    assert done.outcome.exit_code == 0, done.err.decode()
    read = {path: one.seen_by for path, one in done.inputs.items() if path.startswith("in-")}
    assert set(read) == set(made.reads)
    assert {path for path, by in read.items() if "kernel" not in by} == (
        set() if from_the_start else {"in-0.txt"}  # by `open`, before any library was loaded
    )
    written = {path: one.seen_by for path, one in done.outputs.items() if path.startswith("out-")}
    assert set(written) == set(made.writes)
    assert {path for path, by in written.items() if "kernel" not in by} == (
        set() if from_the_start else {"out-0.txt"}
    )
    assert done.manifest.capture.inputs_complete, done.manifest.capture.warnings


POLARS = """
def {name}(source=None, file=None, path=None):
    return source


class {kind}:
    def {method}(self, file=None):
        open(file, "w").close()
"""


@pytest.fixture
def library(project):
    """A module with the name of a library, and of its calls two."""
    text = POLARS.format(name="read_csv", kind="DataFrame", method="write_csv")
    (project / "polars.py").write_text(text)
    return project


def test_a_folder_and_a_pattern_are_every_file_in_them(run, library):
    for name in ("set/a.csv", "set/year=1/b.csv", "set/.hidden", "many/1.csv", "many/2.csv"):
        (library / name).parent.mkdir(parents=True, exist_ok=True)
        (library / name).write_text(name)
    (library / "use.py").write_text(
        "import polars\npolars.read_csv('set')\npolars.read_csv('many/*.csv')\n"
    )
    done = run("python", "use.py", trace="python")
    assert {path: one.where for path, one in done.inputs.items()} == {
        "set/a.csv": "use.py:2",
        "set/year=1/b.csv": "use.py:2",
        "many/1.csv": "use.py:3",
        "many/2.csv": "use.py:3",
    }
    assert {one.seen_by for one in done.inputs.values()} == {"imports"}
    assert all(one.kept for one in done.inputs.values())


def test_a_library_that_is_another_than_is_known_is_only_a_warning(run, library):
    (library / "use.py").write_text("import polars\npolars.read_csv('use.csv')\nprint(7)")
    (library / "use.csv").write_text("7")
    done = run("python", "use.py", trace="python")
    assert (done.outcome.exit_code, done.out, done.err) == (0, b"7\n", b"")
    (told,) = done.manifest.capture.warnings
    assert told.startswith("the installed polars is another than is known: what its read_parquet, ")
    assert "use.csv" in done.inputs


def test_libraries_that_cannot_be_watched_are_named_in_the_record(run, project):
    (project / "netCDF4.py").write_text("")
    done = run("python", "-c", "import netCDF4", trace="python")
    assert done.manifest.capture.notes == ("not seen: what netCDF4 read past Python",)
    assert not done.manifest.capture.inputs_complete


def test_it_is_not_at_work_where_the_kernel_tells_all():
    assert not IMPORTS.wanted("auto", ("tree", "python", "kernel"))
    assert IMPORTS.wanted("auto", ("tree", "python"))
    assert not IMPORTS.wanted("off", ("tree",))


def test_a_run_without_such_libraries_does_not_name_the_layer(run, project):
    done = run("python", "-c", "import json", trace="python")
    assert done.manifest.capture.layers == ("tree", "python")


def test_a_file_that_is_written_through_a_class_that_cannot_be_wrapped_is_no_input(run, project):
    pytest.importorskip("pyarrow", reason="not run: pyarrow is not installed")
    (project / "old.bin").write_text("as it was")
    (project / "in.bin").write_text("data")
    (project / "use.py").write_text(
        "import pyarrow\npyarrow.OSFile('in.bin').close()\npyarrow.OSFile('old.bin', 'w').close()\n"
    )
    done = run("python", "use.py", trace="python")
    assert {path: one.where for path, one in done.inputs.items()} == {"in.bin": "use.py:2"}
    assert {path: one.where for path, one in done.outputs.items()} == {"old.bin": "use.py:3"}
    assert done.manifest.capture.notes == ()
