"""Reading commands on a workspace with runs: what people and programs get."""

from __future__ import annotations

import contextlib
import platform
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from afield.cli.catalog import COMMANDS


def names(answer):
    return [run["name"] for run in answer.json["runs"]]


def test_runs_lists_the_newest_first_in_a_table(afield, project):
    answer = afield("runs")
    lines = answer.out.splitlines()
    assert answer.code == 0
    assert lines[0].split()[:4] == ["id", "name", "status", "started"]
    assert [line.split()[1] for line in lines[1:]] == ["third", "second", "first"]
    assert not [line for line in lines if line != line.rstrip()]


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_the_table_of_runs_fits_the_terminal(afield, project, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    answer = afield("runs")
    assert max(map(len, answer.out.splitlines())) <= width
    assert "third" in answer.out


def test_a_wider_terminal_shows_more_columns(afield, project, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    few = afield("runs").out.splitlines()[0].split()
    monkeypatch.setenv("COLUMNS", "160")
    many = afield("runs").out.splitlines()[0].split()
    assert set(few) < set(many)
    assert {"lr", "acc", "val/loss"} <= set(many)


def test_runs_json_has_every_run_and_no_nan_literal(afield, project):
    answer = afield("runs", "--json")
    assert answer.json["schema"] == "afield.runs/1"
    assert names(answer) == ["third", "second", "first"]
    assert answer.json["next"] is None
    second = answer.json["runs"][1]
    assert second["metrics"]["odd"]["last"] == "nan"
    assert second["metrics"]["far"]["last"] == "inf"
    assert second["metrics"]["acc"]["count"] == 5
    assert second["params"] == {"lr": 0.05, "model": "tree"}


def test_runs_come_in_pages_that_say_where_to_go_on(afield, project):
    first = afield("runs", "--json", "--limit", "2")
    assert names(first) == ["third", "second"]
    rest = afield("runs", "--json", "--limit", "2", "--offset", str(first.json["next"]))
    assert names(rest) == ["first"]
    assert rest.json["next"] is None
    assert "--offset 2" in afield("runs", "--limit", "2").err
    assert afield("runs", "--limit", str(10**30)).code == 2
    assert afield("runs", "--offset", str(10**30)).code == 2
    assert names(afield("runs", "--json", "--limit", "1", "--all")) == ["third", "second", "first"]


def test_runs_finds_and_sorts_by_a_query(afield, project):
    query = "params.model = 'tree' and metrics.acc > 0.9 order by metrics.acc asc"
    assert names(afield("runs", "--json", query)) == ["second", "third"]
    assert names(afield("runs", "--json", "params.lr", ">=", "0.1")) == ["first"]


def test_a_query_that_cannot_be_read_points_at_the_place(afield, project):
    answer = afield("runs", "metrics.acc >> 1")
    assert answer.code == 2
    assert re.search(r"metrics\.acc >> 1\n\s+\^", answer.err)


def test_nothing_found_is_said_on_stderr_and_is_no_fault(afield, project):
    answer = afield("runs", "status = 'killed'")
    assert (answer.code, answer.out) == (0, "")
    assert "no run fits" in answer.err


def test_chosen_columns_are_shown_in_their_order(afield, project):
    answer = afield("runs", "--columns", "params.lr,name,metrics.acc.max")
    assert [line.split() for line in answer.out.splitlines()][:2] == [
        ["params.lr", "name", "metrics.acc.max"],
        ["0.025", "third", "0.92"],
    ]


@pytest.mark.parametrize(
    ("column", "meant"),
    [("lr", "`params.lr`"), ("stats", "`status`"), ("wrong", "no such field"), (",", "no columns")],
)
def test_a_column_that_is_no_field_is_a_usage_error_with_a_suggestion(
    afield, project, column, meant
):
    answer = afield("runs", "--columns", column)
    assert answer.code == 2
    assert meant in answer.err
    assert "hint: afield runs --columns" in answer.err


def test_show_tells_params_and_metrics(afield, project):
    answer = afield("show", "second")
    assert answer.code == 0
    assert re.search(r"^params +lr = 0\.05$", answer.out, re.MULTILINE)
    assert re.search(r"acc +0\.91 +min 0\.51 +max 0\.91 +mean 0\.71 +\(5 points\)", answer.out)
    assert re.search(r"odd +nan", answer.out)


def test_the_machine_of_a_run_is_told_by_name_and_unknown_when_it_was_erased(afield, project):
    name = platform.node()
    assert re.search(rf"^machine +{re.escape(name)}$", afield("show", "second").out, re.MULTILINE)
    assert afield("show", "second", "--json").json["host_name"] == name
    assert {run["host"] for run in afield("runs", "--json").json["runs"]} == {name}
    assert len(names(afield("runs", f'host = "{name}" order by host', "--json"))) == 3
    shutil.rmtree(project / ".afield" / "packs")
    assert {run["host"] for run in afield("runs", "--json").json["runs"]} == {None}
    assert names(afield("runs", f'host = "{name}"', "--json")) == []
    assert afield("runs", "--columns", "name,host").code == 0


def test_show_json_has_the_promised_fields(afield, project):
    found = afield("show", "second", "--json").json
    assert found["schema"] == "afield.run/1"
    assert {
        *("id", "name", "project", "experiment", "status", "exit_code", "argv", "started"),
        *("ended", "git", "environment", "inputs", "outputs", "params", "metrics", "tags"),
        *("capture", "reproductions"),
    } <= set(found)
    assert set(found["metrics"]["acc"]) == {"last", "min", "max", "mean", "count"}
    assert set(found["capture"]) == {"layers", "inputs_complete", "warnings", "notes", "beside"}


def test_a_run_is_named_by_id_prefix_or_name(afield, project):
    whole = afield("show", "first", "--json").json["id"]
    for word in (whole, whole[:6], whole[:6].upper(), "first"):
        assert afield("show", word, "--json").json["id"] == whole


def test_the_latest_run_is_the_newest_that_was_started_here(afield, project):
    assert "no such run: `latest~7`" in afield("show", "latest~7").err
    ids = [run["id"] for run in afield("runs", "--json").json["runs"]]
    assert [afield("show", f"latest~{n}", "--json").json["id"] for n in range(len(ids))] == ids
    afield("delete", "latest")
    assert afield("show", "latest", "--json").json["id"] == ids[1]


def test_a_run_that_is_not_there_is_refused_with_a_hint(afield, project):
    answer = afield("show", "nowhere")
    assert answer.code == 1
    assert answer.err == "error: no such run: `nowhere`\nhint: afield runs\n"


def test_with_json_the_fault_is_an_object_on_stdout_too(afield, project):
    answer = afield("--json", "show", "nowhere")
    assert answer.code == 1
    assert answer.json["schema"] == "afield.error/1"
    assert answer.json["exit_code"] == 1
    assert answer.json["error"]["code"] == "runs.not_found"
    assert answer.json["error"]["hint"] == "afield runs"
    assert "error: no such run" in answer.err


def test_log_of_an_ended_run_tells_its_metrics_and_its_end(afield, project):
    answer = afield("log", "third")
    assert "acc 0.92" in answer.out
    assert "third finished" in answer.err
    last = afield("log", "third", "--json").json
    assert last["schema"] == "afield.log/1"
    assert (last["kind"], last["status"]) == ("ended", "finished")


def test_verify_says_that_a_sound_record_is_sound(afield, project):
    answer = afield("verify")
    assert answer.code == 0
    assert answer.out.startswith("sound:")
    assert afield("verify", "--json").json["sound"] is True


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (lambda home: shutil.rmtree(home / "journal"), "log"),
        (lambda home: (home / "keys" / "device.key").unlink(), "key"),
    ],
    ids=["journal gone", "key gone"],
)
def test_verify_names_what_only_shows_across_the_parts(afield, project, harm, named):
    harm(project / ".afield")
    answer = afield("verify")
    assert answer.code == 13
    assert f"damaged: {named}" in answer.out


def alter_tables(home):
    with contextlib.closing(sqlite3.connect(home / "projection.db")) as tables:
        tables.execute("UPDATE runs SET status = 'failed'")
        tables.commit()


def test_altered_tables_are_folded_anew_by_verify(afield, project):
    before = afield("runs", "--json").json
    alter_tables(project / ".afield")
    assert afield("runs", "--json").json != before
    assert afield("verify").code == 13
    assert afield("verify").code == 0
    assert afield("runs", "--json").json == before


def test_reading_says_that_damage_is_left_out(afield, project):
    (log,) = (project / ".afield" / "journal").glob("*/*.log")
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    log.write_bytes(data)
    (project / ".afield" / "projection.db").unlink()
    answer = afield("runs")
    assert "is in no answer" in answer.err
    assert "afield verify" in answer.err


def test_a_damaged_index_is_written_again_on_request(afield, project):
    afield("note", "third", "a note makes a pack")
    (index, *_) = (project / ".afield" / "packs").glob("*.idx")
    index.write_bytes(b"nonsense")
    assert afield("verify").code == 13
    assert afield("verify", "--reindex").code == 0
    assert afield("verify").code == 0


def test_an_index_that_is_gone_is_named_and_nothing_is_lost(afield, project):
    afield("note", "third", "a note makes a pack")
    for index in (project / ".afield" / "packs").glob("*.idx"):
        index.unlink()
    answer = afield("verify", "--json")
    assert answer.code == 0, "what can be made again from the pack is no damage"
    missing = [each for each in answer.json["findings"] if each["what"] == "index"]
    assert missing
    assert all("the pack's own lines serve" in each["why"] for each in missing)
    assert not any(each["damaged"] for each in answer.json["findings"])
    assert "a note makes a pack" in afield("show", "third").out


def test_a_secret_whose_name_is_no_variables_is_taken_from_the_nearest(
    afield, project, monkeypatch
):
    asked = afield("reproduce", "third", "--secret", "argument-5")
    assert asked.code == 2
    assert "export argument_5=" in asked.err
    monkeypatch.setenv("argument_5", "hunter2hunter2")
    assert "argument_5" not in afield("reproduce", "third", "--secret", "argument-5").err


@pytest.mark.parametrize("text", ["run.trace = 5", "[run]\ntrace = 5", "'run.trcae' = 'auto'"])
def test_a_setting_that_does_not_fit_is_refused_aloud(afield, project, text):
    (project / ".afield" / "settings.toml").write_text(text)
    answer = afield("config")
    assert answer.code in (1, 2)
    assert "run.tr" in answer.err


def test_verify_names_damage_and_exits_13(afield, project):
    log = next(path for path in (project / ".afield" / "journal").rglob("*.log"))
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    log.write_bytes(data)
    answer = afield("verify")
    assert answer.code == 13
    assert "damaged:" in answer.out
    assert "error: the record is damaged" in answer.err
    assert afield("verify", "--json").code == 13


def test_reading_survives_the_loss_of_the_tables(afield, project):
    before = afield("runs", "--json").json
    for path in (project / ".afield").glob("projection.db*"):
        path.unlink()
    assert afield("runs", "--json").json == before


def fields_of(document):
    for name, value in document.items():
        if name not in {"params", "metrics", "tags"}:
            yield name
            if isinstance(value, dict):
                yield from fields_of(value)


def test_the_documents_have_no_field_that_the_docs_do_not_name(afield, project):
    page = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
    words = set(re.findall(r"[a-z_]+", page))
    for document in (
        afield("show", "second", "--json").json,
        afield("runs", "--json").json["runs"][0],
        afield("compare", "first", "second", "--json").json,
        afield("verify", "--json").json,
        afield("doctor", "--json").json["checks"][0],
        afield("--json", "show", "nowhere").json,
    ):
        assert set(fields_of(document)) <= words


def test_the_page_of_the_command_line_names_every_command_and_exit_code():
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert re.search(rf"`{name}|^afield {name} ", page, re.MULTILINE), name
    for code in (0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 70, 130):
        assert f"| {code} |" in page


def test_a_workspace_whose_configuration_is_broken_is_exit_13(afield, project):
    (project / ".afield" / "config.toml").write_text("= broken")
    answer = afield("runs")
    assert answer.code == 13
    assert "config.toml" in answer.err


def test_a_broken_projection_is_made_anew(afield, project):
    before = afield("runs", "--json").json
    (project / ".afield" / "projection.db").write_bytes(b"no database" * 1000)
    assert afield("runs", "--json").json == before


def test_a_metric_may_have_a_tolerance_of_its_own(afield, project):
    def verdicts(*words):
        answer = afield("compare", "first", "second", "--json", *words)
        assert answer.code == 0, answer.err
        return {one["name"]: one["verdict"] for one in answer.json["metrics"]}

    strict, loose = verdicts(), verdicts("--tolerance", "acc=1.0")
    assert strict["acc"] == "diverged"
    assert loose == {**strict, "acc": "within tolerance"}


def test_a_tolerance_for_a_metric_that_is_not_there_is_refused(afield, project):
    answer = afield("compare", "first", "second", "--tolerance", "accc=0.1")
    assert answer.code == 2
    assert "cannot set a tolerance: `accc`: the run has no such metric" in answer.err
    assert "--tolerance acc=0.1" in answer.err


def test_a_query_that_cannot_be_read_comes_with_one_that_can(afield, project):
    answer = afield("runs", "metrics.acc >")
    assert answer.code == 2
    hint = next(line for line in answer.err.splitlines() if line.startswith("hint: afield runs "))
    assert afield("runs", hint.removeprefix("hint: afield runs ").strip("'")).code == 0
