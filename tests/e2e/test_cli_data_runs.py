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
    index = tmp_path / ".afield" / "cache" / "dataset-files-2.db"
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


def test_a_run_on_older_data_is_told_so_at_once(afield, recorded_run, tmp_path):
    words = ("run", "--trace", "python", sys.executable, "read.py", "elsewhere/a.csv")
    assert "is newer" not in afield(*words).err
    (recorded_run / "a.csv").write_text("id\nnew\n")
    afield("data", "add", "data", "--name", "letters")
    told = afield(*words)
    assert told.code == 0
    assert "read letters@1, and letters@2 is newer" in told.err


def test_a_folder_that_is_recorded_as_one_is_known_as_a_version_s(afield, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert afield("init").code == 0
    many = tmp_path / "many" / "below"
    many.mkdir(parents=True)
    for number in range(2100):
        (many / f"{number}.txt").write_text(f"{number}")
    assert afield("data", "add", "many", "--name", "many").code == 0
    code = "import os, sys\nfor name in os.listdir(sys.argv[1]):\n"
    (tmp_path / "all.py").write_text(code + "    open(os.path.join(sys.argv[1], name)).read()\n")
    read = (sys.executable, "all.py", str(many))
    assert afield("run", "--trace", "python", "--name", "one", *read).code == 0
    folders = [one for one in afield("show", "one", "--json").json["inputs"] if one["folder"]]
    assert [one["folder"]["by"] for one in folders] == ["content"]
    (found,) = afield("show", "one", "--json").json["data"]
    assert (found["label"], found["files"], found["newer"]) == ("many@1", 2100, False)
    (many / "7.txt").write_text("another")
    told = afield("run", "--trace", "python", "--name", "two", *read)
    assert told.code == 0
    (other,) = afield("show", "two", "--json").json["data"]
    assert other["files"] < 2100


@pytest.mark.parametrize("reads", [True, False])
def test_a_run_that_reads_out_of_the_record_is_not_called_complete(
    afield, tmp_path, monkeypatch, reads
):
    monkeypatch.chdir(tmp_path)
    assert afield("init").code == 0
    (tmp_path / "t.csv").write_text("a\n1\n")
    assert afield("data", "add", "t.csv", "--name", "t").code == 0
    read = "print((afield.dataset('t@1').path() / 't.csv').read_text())" if reads else ""
    script = f"import afield\nrun = afield.init()\nrun.log({{'x': 1}})\nrun.save('t.csv')\n{read}\n"
    (tmp_path / "use.py").write_text(script)
    assert afield("run", "--name", "one", sys.executable, "use.py").code == 0
    warned = str(afield("show", "one", "--json").json["capture"]["warnings"])
    assert ("read out of the record itself" in warned) is reads
