"""Commands that add facts to a run or to the settings."""

from __future__ import annotations

import io
import sys

import pytest


def show(afield, run):
    return afield("show", run, "--json").json


def test_a_note_is_kept_and_shown(afield, project):
    assert afield("note", "first", "overfits,", "try less").code == 0
    assert afield("note", "first", "second thought").code == 0
    notes = [note["text"] for note in show(afield, "first")["notes"]]
    assert notes == ["overfits, try less", "second thought"]
    assert "second thought" in afield("show", "first").out


def test_a_note_is_read_from_stdin(afield, project, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("two\nlines\n"))
    assert afield("note", "first", "-").code == 0
    assert show(afield, "first")["notes"][0]["text"] == "two\nlines"


def test_an_empty_note_is_refused(afield, project):
    answer = afield("note", "first", "  ")
    assert answer.code == 2
    assert "hint: afield note first" in answer.err


def test_tags_are_set_changed_and_removed(afield, project):
    answer = afield("tag", "first", "stage=try", "best", "odd=a=b")
    assert answer.code == 0
    assert "stage=try" in answer.out
    assert show(afield, "first")["tags"] == {"stage": "try", "best": "true", "odd": "a=b"}
    assert afield("tag", "first", "stage=done", "--remove", "best", "-r", "odd").code == 0
    assert show(afield, "first")["tags"] == {"stage": "done"}
    assert len(afield("runs", "--json", "tags.stage = 'done'").json["runs"]) == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--name", " "], 2, "the name is empty"),
        (["--remove", "nope"], 1, "cannot remove the tag: `nope`: the run has no such tag"),
    ],
)
def test_a_tag_command_that_would_do_nothing_is_refused(afield, project, words, code, said):
    answer = afield("tag", "first", "kept=no", *words)
    assert (answer.code, said in answer.err) == (code, True)
    assert show(afield, "first")["tags"].get("kept") is None


def test_secrets_in_notes_tags_and_names_are_replaced(afield, project, monkeypatch):
    token = "ghp_" + "a1B2" * 9
    monkeypatch.setenv("MY_PASSWORD", "purelettersonly")
    for words in (
        ("note", "first", f"my {token}, purelettersonly"),
        ("tag", "first", f"x={token}", "y=purelettersonly", f"{token}=1", "api_key=letmeinplease"),
        ("tag", "first", "--name", f"n {token} purelettersonly"),
    ):
        answer = afield(*words)
        assert answer.code == 0
        assert "what looks like a secret was replaced" in answer.err
    shown = show(afield, "n redacted:github-token redacted:MY_PASSWORD")
    assert shown["notes"][0]["text"] == "my redacted:github-token, redacted:MY_PASSWORD"
    assert (
        shown["tags"].items() >= {"y": "redacted:MY_PASSWORD", "api_key": "redacted:name"}.items()
    )
    for path in project.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        for secret in (token, "purelettersonly", "letmeinplease"):
            assert secret.encode() not in data


def test_a_tag_without_a_key_is_a_usage_error(afield, project):
    answer = afield("tag", "first", "=x")
    assert answer.code == 2
    assert "hint: afield tag RUN stage=candidate" in answer.err


def test_a_run_can_be_given_another_name(afield, project):
    assert afield("tag", "first", "--name", "baseline").code == 0
    assert show(afield, "baseline")["name"] == "baseline"


def test_deleted_runs_are_out_of_sight_until_restored(afield, project):
    answer = afield("delete", "first", "second")
    assert answer.code == 0
    assert "undo with: afield restore" in answer.out
    assert [run["name"] for run in afield("runs", "--json").json["runs"]] == ["third"]
    shown = afield("runs", "--json", "--deleted").json["runs"]
    assert {run["name"]: run["deleted"] for run in shown} == {
        "third": False,
        "second": True,
        "first": True,
    }
    assert "deleted" in afield("runs", "--deleted").out
    assert afield("restore", "first").code == 0
    assert [run["name"] for run in afield("runs", "--json").json["runs"]] == ["third", "first"]


def test_delete_does_nothing_when_one_of_the_runs_is_not_there(afield, project):
    assert afield("delete", "first", "nowhere").code == 1
    assert len(afield("runs", "--json").json["runs"]) == 3


def test_settings_of_the_workspace_win_over_those_of_the_person(afield, project):
    assert afield("config", "run.trace", "python", "--person").code == 0
    assert afield("config", "--json").json["settings"]["run.trace"] == {
        "value": "python",
        "from": "person",
    }
    assert afield("config", "run.trace", "off").code == 0
    found = afield("config", "run.trace", "--json").json["settings"]
    assert found == {"run.trace": {"value": "off", "from": "workspace"}}
    assert afield("config", "--unset", "run.trace").code == 0
    assert afield("config", "--unset", "run.trace", "--person").code == 0
    found = afield("config", "--json").json["settings"]["run.trace"]
    assert found == {"value": "auto", "from": "default"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run.trce", "off"], "did you mean `run.trace`?"),
        (["run.trace", "loud"], "one of auto, python, off"),
        (["run.keep_mb", "many"], "not a number"),
        (["run.keep_mb", "-1"], "not negative"),
        (["reproduce.tolerance", "nan"], "finite"),
        (["run.seed", "perhaps"], "true or false"),
        (["--unset"], "--unset takes the name"),
    ],
)
def test_a_setting_that_does_not_fit_is_a_usage_error(afield, project, words, said):
    answer = afield("config", "--", *words) if words[-1] == "-1" else afield("config", *words)
    assert answer.code == 2
    assert said in answer.err


def test_a_settings_file_that_is_no_toml_is_named(afield, project):
    (project / ".afield" / "settings.toml").write_text("= what")
    answer = afield("config")
    assert answer.code == 1
    assert "settings.toml" in answer.err
    assert "cause:" in answer.err


def test_init_makes_a_workspace_that_git_does_not_see(afield, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = afield("init", "--json")
    assert answer.code == 0
    assert answer.json["path"] == str(tmp_path / ".afield")
    assert (tmp_path / ".afield" / ".gitignore").read_text() == "*\n"
    assert answer.json["made"] is True
    assert afield("init", "--json").json["made"] is False
    assert afield("init", "sub/folder").code == 0
    assert (tmp_path / "sub" / "folder" / ".afield").is_dir()


def test_a_workspace_that_is_not_there_is_exit_10(afield, tmp_path):
    answer = afield("runs", "--workspace", str(tmp_path))
    assert answer.code == 10
    assert "no workspace" in answer.err
    assert f"hint: afield init {tmp_path}\n" in answer.err


def test_without_a_workspace_the_default_one_is_used(afield, tmp_path, monkeypatch, own_home):
    monkeypatch.chdir(tmp_path)
    answer = afield("runs")
    assert answer.code == 0
    assert "no runs yet" in answer.err
    assert not (tmp_path / ".afield").exists()
    assert list(own_home.rglob(".afield"))


def test_the_environment_names_the_workspace_and_the_option_wins(
    afield, project, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AFIELD_WORKSPACE", str(project))
    assert len(afield("runs", "--json").json["runs"]) == 3
    assert afield("init", str(tmp_path / "other")).code == 0
    answer = afield("--workspace", str(tmp_path / "other"), "runs", "--json")
    assert answer.json["runs"] == []
