"""A run and the versions of data that it read."""

from __future__ import annotations

import shutil
import subprocess
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


@pytest.fixture
def letters(afield, tmp_path, monkeypatch):
    """A workspace with a version of three tables."""
    monkeypatch.chdir(tmp_path)
    assert afield("init").code == 0
    data = tmp_path / "data"
    data.mkdir()
    for number, name in enumerate("abc"):
        (data / f"{name}.csv").write_text(f"id,x\n{name},{number}\n")
    assert afield("data", "add", "data", "--name", "letters").code == 0
    shutil.rmtree(data)
    return tmp_path


PARTS = {
    "path": "print((afield.dataset('letters@1').path() / 'a.csv').read_text())",
    "file": "print(afield.dataset('letters@latest').path('a.csv').read_text())",
    "open": "print(afield.dataset('letters').open('a.csv').read())",
    "table": "print(afield.dataset('letters').to_arrow('a.csv').num_rows)",
    "fsspec": "import fsspec\nprint(fsspec.open('afield://letters/a.csv').open().read())",
    "looked up": "print(afield.dataset('letters').version)",
}
"""Programs by what they do: whether they read one file, all, or none stands in the test."""


def test_a_run_names_the_versions_that_it_took_out_of_the_record(afield, letters):
    lines = ["import afield", *PARTS.values(), "if os.fork() == 0:", "    again()", "os.wait()"]
    again = "def again():\n    afield.dataset('letters').open('b.csv').read()\n    os._exit(0)"
    (letters / "use.py").write_text("\n".join(["import os", again, *lines]))
    assert afield("run", "--name", "one", sys.executable, "use.py").code == 0
    told = afield("show", "one", "--json").json
    (read,) = told["datasets"]
    assert (read["label"], read["whole"], read["where"]) == ("letters@1", True, "use.py:6")
    assert read["asked"] == ["letters@1", "letters@latest", "letters"]
    assert told["capture"]["warnings"] == []
    (found,) = told["data"]
    assert (found["label"], found["files"], found["newer"]) == ("letters@1", 3, False)
    shown = afield("show", "one").out
    assert "letters@1: 3 files (asked for as letters@latest, letters)" in shown
    assert "0 files and 1 version of data" in shown


@pytest.mark.parametrize("how", ["file", "open", "table", "fsspec", "looked up"])
def test_of_a_version_the_files_that_were_opened_are_named(afield, letters, how):
    (letters / "use.py").write_text(f"import afield\n{PARTS[how]}\n")
    words = ("run", "--trace", "python", "--name", "one", sys.executable, "use.py")
    assert afield(*words).code == 0
    (read,) = afield("show", "one", "--json").json["datasets"]
    assert not read["whole"]
    assert [file["path"] for file in read["files"]] == ([] if how == "looked up" else ["a.csv"])


def test_a_version_is_read_again_as_it_was_though_a_newer_one_is_there(afield, letters):
    code = "import afield\nfound = afield.dataset('letters@latest')\n"
    code += "print(found.label, found.files, found.open('b.csv').read())\n"
    (letters / "use.py").write_text(code)
    assert afield("run", "--name", "one", sys.executable, "use.py").code == 0
    (letters / "b.csv").write_text("id,x\nb,7\n")
    assert afield("data", "add", "b.csv", "--name", "letters").code == 0
    (read,) = afield("show", "one", "--json").json["data"]
    assert (read["newest"], read["newer"], read["same_in_newest"]) == (2, True, False)
    done = afield("reproduce", "one", "--env", "here", "--json")
    assert done.json["verdict"] == "identical"
    again = afield("show", done.json["new_run"], "--json").json
    assert [one["label"] for one in again["data"]] == ["letters@1"]
    assert afield("run", "--name", "two", sys.executable, "use.py").code == 0
    compared = afield("compare", "one", "two", "--json").json
    assert compared["cause"]["kind"] == "input"
    (change,) = compared["datasets"]
    assert (change["a"][:9], change["b"][:9]) == ("letters@1", "letters@2")


GOT = """
import subprocess, sys
words = [sys.executable, "-m", "afield", "data", "get", "letters@latest", "--to", "got"]
subprocess.run(words, check=True)
print(open("got/b.csv").read())
"""
"""A program that has the command write files of a version."""


def test_a_version_that_a_run_had_the_command_write_is_on_its_record(afield, letters):
    (letters / "use.py").write_text(GOT)
    assert afield("run", "--name", "one", sys.executable, "use.py").code == 0
    told = afield("show", "one", "--json").json
    (read,) = told["datasets"]
    assert (read["label"], read["whole"], read["asked"]) == ("letters@1", True, ["letters@latest"])
    assert told["capture"]["warnings"] == []
    (letters / "b.csv").write_text("id,x\nb,7\n")
    assert afield("data", "add", "b.csv", "--name", "letters").code == 0
    shutil.rmtree(letters / "got")
    done = afield("reproduce", "one", "--env", "here", "--json")
    assert done.json["verdict"] == "identical"


@pytest.mark.parametrize("whole", [True, False])
def test_a_bundle_carries_what_was_read_of_versions(
    afield_process, afield, letters, monkeypatch, whole
):
    code = PARTS["path" if whole else "open"]
    (letters / "use.py").write_text(f"import afield\n{code}\n" + (GOT if whole else ""))
    assert afield("run", "--name", "one", sys.executable, "use.py").code == 0
    bundle, empty = letters / "one.afield", letters / "empty"
    assert afield("bundle", "one", "-o", str(bundle)).code == 0
    (letters / ".afield").rename(letters / "gone")
    empty.mkdir()
    monkeypatch.chdir(empty)
    done = afield_process("reproduce", str(bundle), "--env", "here", "--json")
    assert done.code == 0, done.err
    assert done.json["verdict"] == "identical"
    (read,) = afield_process("show", str(bundle), "--json").json["data"]
    assert (read["label"], read["files"]) == ("letters@1", 3 if whole else 1)


@pytest.mark.parametrize("reads", [True, False])
def test_a_run_that_reads_past_versions_out_of_the_record_is_not_called_complete(
    afield, letters, reads
):
    (letters / "t.csv").write_text("a\n1\n")
    past = "vault = afield.open('.').record.vault\nprint(vault.get(sorted(vault.objects())[0]))"
    code = f"import afield\nrun = afield.init()\nrun.save('t.csv')\n{past if reads else ''}\n"
    (letters / "use.py").write_text(code)
    assert afield("run", "--name", "one", sys.executable, "use.py").code == 0
    warned = str(afield("show", "one", "--json").json["capture"]["warnings"])
    assert ("not by the name of a version" in warned) is reads


def test_a_bundle_leaves_out_data_that_must_stay_in_a_place(afield, letters):
    (letters / "use.py").write_text(f"import afield\n{PARTS['path']}\n")
    assert afield("run", "--name", "one", sys.executable, "use.py").code == 0
    assert afield("data", "card", "letters", "--set", "residency=eu").code == 0
    left = afield("bundle", "one", "-o", "one.afield", "--json").json
    kept = afield("bundle", "one", "-o", "two.afield", "--label", "eu", "--json").json
    assert "letters@1 must stay in a place" in left["absent"][0]
    assert kept["absent"] == []
    assert kept["objects"] == left["objects"] + 4
    shown = afield("show", "one.afield", "--json").json
    assert [one["label"] for one in shown["data"]] == ["letters@1"]


def test_a_script_that_records_itself_names_the_versions_that_it_took(afield, letters):
    code = (
        "import afield\nrun = afield.init(name='alone')\nfound = afield.dataset('letters@latest')\n"
    )
    code += "run.log({'rows': found.to_arrow('b.csv').num_rows})\nraise SystemExit(3)\n"
    (letters / "alone.py").write_text(code)
    done = subprocess.run([sys.executable, "alone.py"], check=False, capture_output=True)
    assert done.returncode == 3, done.stderr
    told = afield("show", "alone", "--json").json
    (read,) = told["datasets"]
    assert (read["asked"], [one["path"] for one in read["files"]]) == (
        ["letters@latest"],
        ["b.csv"],
    )
    assert [(one["label"], one["files"]) for one in told["data"]] == [("letters@1", 1)]
    assert "letters@1: 1 file" in afield("show", "alone").out
    assert afield("verify").code == 0
