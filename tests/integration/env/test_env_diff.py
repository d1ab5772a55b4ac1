from __future__ import annotations

import os

import pytest


def changes(found):
    return {one["name"]: (one["a"], one["b"]) for one in found}


def test_two_runs_of_other_environments_are_told_apart(afield):
    found = afield("env", "diff", "one", "two", "--json").json
    assert found["schema"] == "afield.env-diff/1"
    assert found["equal"] is False
    assert (found["a"]["name"], found["b"]["name"]) == ("one", "two")
    assert (found["python"], found["platform"]) == (None, None)
    assert changes(found["changed"]) == {"tinystat": ("1.0", "2.0")}
    assert found["files"] == ["sidecar"]
    assert changes(found["only_b"]) == {
        "condaish": (None, "5.0"),
        "forked": (None, "3.0"),
        "lonely": (None, "1.1"),
        "mine": (None, "0.1"),
        "their": (None, "0.2"),
    }
    back = afield("env", "diff", "two", "one", "--json").json
    assert changes(back["changed"]) == {"tinystat": ("2.0", "1.0")}
    assert set(changes(back["only_a"])) == set(changes(found["only_b"]))


def test_people_read_each_difference_on_a_line(afield):
    answer = afield("env", "diff", "one", "two")
    assert (answer.code, answer.err) == (0, "")
    assert "tinystat  1.0 → 2.0" in answer.out
    assert "lonely 1.1: only in the second" in answer.out
    assert "sidecar: other files, same version" in answer.out


@pytest.mark.parametrize(("second", "code"), [("one", 0), ("two", 4)])
def test_the_exit_code_tells_only_when_it_is_asked_to(afield, second, code):
    assert afield("env", "diff", "one", second, "--exit-code").code == code
    assert afield("env", "diff", "one", second).code == 0


def test_a_run_against_the_active_venv_is_equal_until_a_package_changes(afield, made, monkeypatch):
    made.venv("venv-here", "tinystat==1.0", "sidecar==0.3")
    monkeypatch.setenv("VIRTUAL_ENV", str(made.root / "venv-here"))
    found = afield("env", "diff", "one", "--here", "--json").json
    assert found["equal"]
    assert found["b"]["run"] is None
    assert found["b"]["executable"] == made.python("venv-here")
    assert "nothing differs" in afield("env", "diff", "one", "--here").out
    made.install("venv-here", "tinystat==2.0")
    found = afield("env", "diff", "one", "--here", "--json").json
    assert changes(found["changed"]) == {"tinystat": ("1.0", "2.0")}


def test_without_a_venv_it_is_the_python_on_the_path(afield, made, monkeypatch):
    path = os.pathsep.join([str(made.root / "venv-one" / "bin"), made.environ["PATH"]])
    monkeypatch.setenv("PATH", path)
    assert afield("env", "diff", "one", "--here", "--exit-code").code == 0


def test_a_place_without_python_is_refused(afield, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = afield("env", "diff", "one", "--here", "--json")
    assert answer.code == 1
    assert answer.json["error"]["code"] == "replay.no_python_here"


def test_a_venv_that_is_gone_is_said_and_not_passed_over(afield, tmp_path, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "gone"))
    answer = afield("env", "diff", "one", "--here")
    assert answer.code == 1
    assert "the active venv has no Python: `" in answer.err


def test_a_python_that_does_not_answer_is_refused(afield, tmp_path, monkeypatch):
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = afield("env", "diff", "one", "--here")
    assert answer.code == 1
    assert "it does not answer" in answer.err


def test_packages_that_list_no_files_are_said_not_to_be_compared(afield):
    found = afield("env", "diff", "two", "two", "--json").json
    assert found["equal"]
    assert found["unchecked"] == ["condaish"]
    assert "not compared by their files: 1 package" in afield("env", "diff", "two", "two").out


@pytest.mark.parametrize("name", ["shell", "logged"])
def test_a_run_without_an_environment_is_refused(afield, name):
    answer = afield("env", "diff", "one", name)
    assert answer.code == 1
    assert f"no environment: `{name}`" in answer.err


@pytest.mark.parametrize("words", [["one"], ["one", "two", "--here"]])
def test_one_other_side_is_named_and_no_more(afield, words):
    answer = afield("env", "diff", *words)
    assert answer.code == 2
    assert "hint: afield env diff RUN --here" in answer.err
