"""A run and the versions of data that it read."""

from __future__ import annotations

import sys

import pytest

SCRIPT = "import sys\nfor path in sys.argv[1:]:\n    open(path).read()\n"


@pytest.fixture
def recorded_run(afield, tmp_path, monkeypatch):
    """A folder with data of one version, and a run that reads some of it from elsewhere."""
    monkeypatch.chdir(tmp_path)
    assert afield("init").code == 0
    data = tmp_path / "data"
    data.mkdir()
    for name in "abc":
        (data / f"{name}.csv").write_text(f"id\n{name}\n" * 5)
    assert afield("data", "add", "data", "--name", "letters").code == 0
    assert afield("data", "get", "letters", "--to", "elsewhere").code == 0
    (tmp_path / "read.py").write_text(SCRIPT)
    words = (sys.executable, "read.py", "elsewhere/a.csv", "elsewhere/b.csv")
    assert afield("run", "--trace", "python", "--name", "reader", *words).code == 0
    return data


def shown(afield):
    return afield("show", "reader", "--json").json["data"]


def test_a_run_names_the_version_that_it_read_wherever_its_files_lay(afield, recorded_run):
    (found,) = shown(afield)
    assert (found["label"], found["files"], found["newer"]) == ("letters@1", 2, False)
    assert "letters@1: 2 files" in afield("show", "reader").out


def test_a_run_says_when_its_data_has_a_newer_version(afield, recorded_run, tmp_path):
    (recorded_run / "c.csv").write_text("id\nnew\n")
    afield("data", "add", "data", "--name", "letters")
    (found,) = shown(afield)
    assert (found["version"], found["newest"], found["same_in_newest"]) == (1, 2, True)
    assert "letters@2 is newer, these files are the same in it" in afield("show", "reader").out
    (recorded_run / "a.csv").write_text("id\nnew\n")
    afield("data", "add", "data", "--name", "letters")
    (found,) = shown(afield)
    assert (found["version"], found["newest"], found["same_in_newest"]) == (1, 3, False)
    index = tmp_path / ".afield" / "cache" / "dataset-files.db"
    assert index.stat().st_size
    index.write_bytes(b"no database" * 100)
    assert shown(afield) == [found]
    assert shown(afield) == [found]


def test_data_that_is_added_after_the_run_is_named_as_well(afield, recorded_run):
    afield("data", "add", "elsewhere/b.csv", "--name", "late")
    assert [(one["label"], one["files"]) for one in shown(afield)] == [
        ("late@1", 1),
        ("letters@1", 2),
    ]
