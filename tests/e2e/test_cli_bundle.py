"""`afield bundle`: one file, and what a stranger does with it in an empty folder."""

from __future__ import annotations

import sys

import pytest

SCRIPT = """
import json, random
json.dump({"draw": random.random()}, open("result.json", "w"))
print("drawn")
"""


@pytest.fixture
def bundled(afield_process, tmp_path, monkeypatch):
    """A bundle in an empty folder that one stands in; the project and its workspace are gone."""
    folder, empty = tmp_path / "project", tmp_path / "empty"
    folder.mkdir()
    empty.mkdir()
    monkeypatch.chdir(folder)
    (folder / "t.py").write_text(SCRIPT)
    assert afield_process("init").code == 0
    done = afield_process("run", "--name", "one", "--", sys.executable, "t.py")
    assert done.code == 0, done.err
    made = afield_process("bundle", "one", "-o", str(empty / "one.afield"))
    assert made.code == 0, made.err
    assert "repeat it anywhere with: afield reproduce one.afield" in made.out
    folder.rename(tmp_path / "moved away")
    monkeypatch.chdir(empty)
    return empty / "one.afield"


def test_a_stranger_shows_and_repeats_it_without_a_workspace(afield_process, bundled, own_home):
    shown = afield_process("show", "one.afield", "--json")
    assert shown.code == 0, shown.err
    assert shown.json["name"] == "one"
    done = afield_process("reproduce", "one.afield", "--env", "here", "--json")
    assert done.code == 0, done.err
    assert done.json["verdict"] == "identical"
    assert [one.name for one in bundled.parent.iterdir()] == ["one.afield"]
    again = afield_process("show", "./one.afield", "--json").json
    assert [one["verdict"] for one in again["reproductions"]] == ["identical"]


def test_a_damaged_bundle_is_exit_13_and_a_missing_one_is_told(afield_process, bundled):
    data = bytearray(bundled.read_bytes())
    data[len(data) // 2] ^= 1
    bundled.write_bytes(data)
    damaged = afield_process("reproduce", "one.afield")
    assert damaged.code == 13
    assert "cannot open bundle" in damaged.err
    missing = afield_process("reproduce", "two.afield")
    assert missing.code == 1
    assert "no such file" in missing.err
    assert "hint: afield bundle RUN -o NAME.afield" in missing.err


def test_a_bundle_never_replaces_a_file_unasked(afield, project):
    (project / "first.afield").write_text("mine")
    (project / "x.zip").write_text("mine")
    for words in (("bundle", "first"), ("bundle", "first", "-o", "x.zip")):
        answer = afield(*words)
        assert answer.code in {1, 2}
    assert (project / "first.afield").read_text() == "mine"


def test_a_run_of_which_nothing_was_captured_cannot_be_bundled(afield, project):
    answer = afield("bundle", "first")
    assert answer.code == 1
    assert "nothing was captured of it" in answer.err
