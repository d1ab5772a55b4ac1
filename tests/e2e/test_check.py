"""`afield reproduce --check N`: which results are stable where the run was recorded."""

from __future__ import annotations

import sys

import pytest

SCRIPT = """
import json, sys, time
json.dump({"a": 1}, open("stable.json", "w"))
if "odd" in sys.argv:
    open("odd.txt", "w").write(str(time.time_ns()))
print("done")
"""


@pytest.fixture
def record(afield_process, tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "t.py").write_text(SCRIPT)
    assert afield_process("init").code == 0

    def run(*words):
        done = afield_process("run", "--name", "one", "--", sys.executable, "t.py", *words)
        assert done.code == 0, done.err

    return run


def test_what_varies_by_itself_is_learnt_and_named_as_the_cause(afield_process, record):
    record("odd")
    answer = afield_process("reproduce", "one", "--env", "here", "--check", "2", "--json")
    assert answer.code == 4, answer.err
    assert answer.json["schema"] == "afield.stability/1"
    parts = {one["name"] or one["part"]: one for one in answer.json["parts"]}
    odd = parts.pop("odd.txt")
    assert (odd["stable"], odd["differed"], odd["of"]) == (False, 2, 2)
    assert set(parts) == {"exit", "console", "stable.json"}
    assert all(one["stable"] and one["of"] == 2 for one in parts.values())
    later = afield_process("reproduce", "one", "--env", "here", "--json").json
    assert (later["verdict"], later["cause"]["kind"]) == ("diverged", "unstable")
    assert "odd.txt varied in 2 of 2" in later["cause"]["detail"]
    shown = afield_process("show", "one")
    assert "3 of 4 results stable in 3 repetitions; varied: odd.txt" in shown.out


def test_a_stable_run_is_told_to_be_one(afield_process, record):
    record()
    answer = afield_process("reproduce", "one", "--env", "here", "--check", "2")
    assert answer.code == 0, answer.err
    assert "all 3 results stable in 2 repetitions" in answer.out


def test_a_check_does_one_thing(afield, project):
    answer = afield("reproduce", "first", "--check", "2", "--bisect")
    assert answer.code == 2
    assert "`--bisect`" in answer.err
