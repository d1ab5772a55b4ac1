"""`afield data`: versions added, named, fetched, checked, described and dropped."""

from __future__ import annotations

import json
import os
import stat
import time

import pytest

from afield.datasets.query import versions
from afield.workspace.workspace import Workspace


@pytest.fixture
def data(project):
    folder = project / "data"
    (folder / "sub").mkdir(parents=True)
    (folder / "x.csv").write_text("a,b\n1,2\n")
    (folder / "sub" / "run.sh").write_text("#!/bin/sh\n")
    (folder / "sub" / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("sub/run.sh")
    return folder


def add(afield, path, *words, name="customers"):
    answer = afield("data", "add", str(path), "--name", name, "--json", *words)
    assert answer.code == 0, answer.err
    return answer.json


def test_an_added_folder_is_a_version_that_comes_back_byte_for_byte(afield, data, project):
    assert add(afield, data)["label"] == "customers@1"
    got = afield("data", "get", "customers", "--to", str(project / "out"), "--json").json
    assert (got["written"], got["present"]) == (3, 0)
    assert (project / "out" / "x.csv").read_text() == "a,b\n1,2\n"
    assert (project / "out" / "link").readlink() == (data / "link").readlink()
    assert stat.S_IMODE((project / "out" / "sub" / "run.sh").stat().st_mode) & 0o100
    again = afield("data", "get", "customers", "--to", str(project / "out"), "--json").json
    assert (again["written"], again["present"]) == (0, 3)


def test_an_unchanged_folder_makes_no_version_and_a_changed_one_does(afield, data):
    first = add(afield, data, "-m", "as it came")
    assert first["fresh"] is True
    assert add(afield, data)["fresh"] is False
    (data / "x.csv").write_text("a,b\n1,2\n3,4\n")
    second = add(afield, data)
    assert (second["label"], second["before"]) == ("customers@2", "customers@1")
    shown = afield("data", "show", "customers@1", "--json").json
    assert (shown["message"], shown["tree"]) == ("as it came", first["tree"])
    assert [one["version"] for one in shown["versions"]] == [1, 2]


def test_a_version_is_named_by_number_latest_or_the_beginning_of_its_digest(afield, data):
    tree = add(afield, data)["tree"]
    for words in ("customers", "customers@1", "customers@latest", f"customers@{tree[:8]}"):
        assert afield("data", "show", words, "--json").json["tree"] == tree
    for words, code in (("customers@2", 1), ("custmers", 1), ("customers@x", 2), ("-x@1", 2)):
        answer = afield("data", "show", "--json", "--", words)
        assert answer.code == code
        assert answer.json["error"]["hint"]
    assert "did you mean `customers`" in afield("data", "show", "custmers").err


def test_get_writes_over_nothing_unless_it_is_told_to(afield, data, project):
    add(afield, data)
    out = project / "out"
    out.mkdir()
    (out / "x.csv").write_text("mine")
    (out / "other.txt").write_text("stays")
    refused = afield("data", "get", "customers", "--to", str(out))
    assert refused.code == 1
    assert "x.csv" in refused.err
    assert sorted(path.name for path in out.iterdir()) == ["other.txt", "x.csv"]
    no_folder = afield("data", "get", "customers", "--to", str(out / "x.csv"))
    assert no_folder.code == 1
    assert "a folder is needed there" in no_folder.err
    assert afield("data", "get", "customers", "--to", str(out), "--force").code == 0
    assert (out / "x.csv").read_text() == "a,b\n1,2\n"
    assert (out / "other.txt").read_text() == "stays"


def test_check_says_which_version_a_folder_is_and_what_differs(afield, data):
    add(afield, data)
    (data / "x.csv").write_text("a,b\n1,2\n3,4\n")
    add(afield, data)
    found = afield("data", "check", str(data), "--json")
    assert (found.code, found.json["version"]["label"]) == (0, "customers@2")
    (data / "sub" / "run.sh").rename(data / "sub" / "go.sh")
    (data / "new.txt").write_text("new")
    differs = afield("data", "check", str(data), "--version", "customers@1", "--json")
    assert differs.code == 4
    assert (differs.json["changed"], differs.json["added"]) == (["x.csv"], ["link", "new.txt"][1:])
    assert differs.json["renamed"] == [{"before": "sub/run.sh", "after": "sub/go.sh"}]
    assert differs.json["removed"] == ["link"]  # it leads to nothing now


def test_what_cannot_be_kept_is_named_and_is_exit_3(afield, data, project):
    (data / "nowhere").symlink_to("gone")
    os.mkfifo(data / "pipe")
    answer = afield("data", "add", str(data), "--name", "customers", "--json")
    assert answer.code == 3
    assert {one["path"] for one in answer.json["left_out"]} == {"nowhere", "pipe"}
    (data / "self").symlink_to(".")
    (data / "absolute").symlink_to(data / "sub")
    (data / "far").symlink_to(project)
    again = afield("data", "add", str(data), "--name", "customers", "--json").json["left_out"]
    why = {one["path"]: one["why"] for one in again}
    assert "that it stands in" in why["self"]
    assert "make it relative" in why["absolute"]
    assert "stands in" in why["far"]
    (project / "empty").mkdir()
    assert afield("data", "add", str(project / "empty"), "--name", "e").code == 1


@pytest.mark.parametrize("inside", [".", "keys", "keys/device.key"])
def test_a_record_and_its_keys_are_no_data_of_anybody(afield, data, project, inside):
    record = project / ".afield"
    answer = afield("data", "add", str(record / inside), "--name", "mine")
    assert answer.code == 1
    assert "record" in answer.err
    (data / "mine").symlink_to(record / inside)
    kept = afield("data", "add", str(data), "--name", "customers", "--json")
    assert kept.code == 3
    assert kept.json["files"] == 3
    assert [one["path"] for one in kept.json["left_out"]] == ["mine"]


def test_a_link_to_a_file_elsewhere_is_kept_as_that_file(afield, data, project):
    (project / "far.bin").write_bytes(b"far")
    (data / "far").symlink_to(project / "far.bin")
    add(afield, data)
    afield("data", "get", "customers", "--to", str(project / "out"))
    assert not (project / "out" / "far").is_symlink()
    assert (project / "out" / "far").read_bytes() == b"far"


def test_the_card_is_asked_for_filled_in_and_checked(afield, data, project):
    asked = afield("data", "add", str(data), "--name", "customers", "--set", "residency=fr,eu")
    assert asked.code == 0
    assert "says nothing of origin, licence, consent, method, sensitivity" in asked.err
    assert afield("data", "card", "customers", "--check").code == 3
    words = [f"{name}=some words" for name in ("origin", "license", "consent", "method")]
    sets = [part for word in [*words, "sensitivity=personal"] for part in ("--set", word)]
    card = afield("data", "card", "customers", "--check", "--json", *sets)
    assert (card.code, card.json["missing"]) == (0, [])
    assert card.json["fields"]["residency"] == "eu,fr"
    assert afield("data", "card", "customers", "--set", "residency=moon").code == 2
    assert afield("data", "card", "customers", "--set", "colour=red").code == 2
    assert afield("data", "card", "customers", "--set", "method=…").code == 2
    journal = b"".join(
        path.read_bytes() for path in (project / ".afield" / "journal").rglob("*.log")
    )
    assert b"some words" not in journal
    assert b'"residency":"eu,fr"' in journal
    assert afield("data", "card", "customers", "--set", "origin=", "--check").code == 3
    unknown = afield("data", "card", "customers@7", "--set", "origin=here")
    assert unknown.code == 1
    assert "customers@7" in unknown.err
    assert afield("data", "card", "customers@1", "--check").code == 3


def test_a_dropped_version_is_out_of_sight_until_it_is_brought_back(afield, data):
    add(afield, data)
    (data / "x.csv").write_text("other")
    add(afield, data)
    assert afield("data", "drop", "customers@2").code == 0
    assert afield("data", "show", "customers", "--json").json["label"] == "customers@1"
    assert "--undo" in afield("data", "show", "customers@2").err
    (data / "x.csv").write_text("a third")
    assert add(afield, data)["label"] == "customers@3"
    assert afield("data", "drop", "customers").code == 0
    assert afield("data", "list", "--json").json["datasets"] == []
    assert afield("data", "show", "customers").code == 1
    assert afield("data", "drop", "customers", "--undo").code == 0
    rows = afield("data", "list", "--json").json["datasets"]
    assert [(row["label"], row["versions"]) for row in rows] == [("customers@3", 3)]


def test_names_of_files_and_messages_stand_in_no_entry(afield, data, project):
    (data / "anna.karenina.txt").write_text("her file")
    add(afield, data, "-m", "from anna")
    for path in (project / ".afield" / "journal").rglob("*.log"):
        assert b"anna" not in path.read_bytes()


def test_a_damaged_object_is_named_and_never_written(afield, data, project):
    add(afield, data)
    for pack in (project / ".afield" / "packs").glob("*.pack"):
        pack.write_bytes(pack.read_bytes().replace(b"a,b\n1,2\n", b"a,b\n1,9\n"))
    answer = afield("data", "get", "customers", "--to", str(project / "out"), "--json")
    assert answer.code == 13
    assert json.loads(answer.out)["error"]["code"] == "vault.object_damaged"
    assert not (project / "out" / "x.csv").exists()


def test_the_pages_for_people_say_the_same(afield, data):
    assert "no datasets yet" in afield("data", "list").out
    add(afield, data, "-m", "as it came")
    assert "customers@1" in afield("data", "list").out
    page = afield("data", "show", "customers").out
    assert "as it came" in page
    assert "x.csv" in page
    assert "unchanged: customers@1" in afield("data", "add", str(data), "--name", "customers").out
    assert "every byte the same" in afield("data", "check", str(data)).out


def test_a_diff_names_files_and_rows_and_what_became_of_columns(afield, data):
    add(afield, data)
    (data / "x.csv").write_text("a,c\n3,7\n1,2\n")
    (data / "link").unlink()
    (data / "new.txt").write_text("new")
    (data / "sub" / "run.sh").rename(data / "go.sh")
    add(afield, data)
    found = afield("data", "diff", "customers@1", "customers@2", "--key", "a", "--json")
    assert found.code == 0
    files = found.json["files"]
    assert [one["path"] for one in files["added"]] == ["new.txt"]
    assert [one["path"] for one in files["removed"]] == ["link"]
    assert files["renamed"] == [{"before": "sub/run.sh", "after": "go.sh"}]
    (table,) = found.json["tables"]
    assert table["by"] == "key"
    assert (table["rows"]["added"], table["rows"]["same"]) == (1, 1)
    columns = {one["name"]: one for one in table["columns"]}
    assert (columns["b"]["after"], columns["c"]["before"]) == (None, None)
    assert columns["a"]["after"]["max"] == 3
    page = afield("data", "diff", "customers@1", "customers@2")
    assert "x.csv  1 → 2 rows, by position" in page.out
    words = ("data", "diff", "customers@1", "customers@2", "--exit-code")
    assert afield(*words).code == 4
    assert afield("data", "diff", "customers", "customers@2", "--exit-code").code == 0
    refused = afield(*words, "--key", "nothing")
    assert refused.code == 1
    assert "there are a, b, c" in refused.err


def test_columns_of_long_types_are_drawn_a_line_each(afield, data):
    pa = pytest.importorskip("pyarrow", reason="not run: no pyarrow")
    from pyarrow import feather

    at = pa.array([1, 2], pa.timestamp("ns", "Europe/Berlin"))
    nested = [{"x": 1, "l": [1]}, {"x": 2, "l": []}]
    for n in (1, 2):
        table = pa.table({"id": [n, 2 * n], "at": at, "nested": nested})
        feather.write_feather(table, data / "t.arrow")
        add(afield, data)
    page = afield("data", "show", "customers").out
    assert "nested  struct " in page
    assert "1970-01-01 01:00:0…" in page
    difference = afield("data", "diff", "customers@1", "customers@2").out
    (line,) = [line for line in difference.splitlines() if line.startswith("id ")]
    assert line.split() == [
        "id",
        "2",
        "int64",
        "0",
        "2",
        "1",
        "→",
        "2",
        "1",
        "→",
        "2",
        "2",
        "→",
        "4",
    ]


def test_a_version_keeps_what_its_tables_hold(afield, data):
    for part in range(3):
        rows = "".join(f"{part * 100 + n},w{n % 7}\n" for n in range(100))
        (data / f"part-{part}.csv").write_text("id,word\n" + rows)
    (data / "broken.parquet").write_bytes(b"no table")
    add(afield, data)
    profile = afield("data", "show", "customers", "--json").json["profile"]
    (parts, other) = profile["tables"]
    assert (parts["files"], parts["rows"], other["path"]) == (3, 300, "x.csv")
    columns = {one["name"]: one for one in parts["columns"]}
    assert (columns["id"]["min"], columns["id"]["max"], columns["id"]["distinct"]) == (0, 299, 300)
    assert columns["word"]["distinct"] == 7
    assert [one["path"] for one in profile["skipped"]] == ["broken.parquet"]
    page = afield("data", "show", "customers").out
    assert "part-0.csv and 2 more: 300 rows, 2 columns" in page
    afield("data", "add", str(data), "--name", "bare", "--no-profile")
    assert afield("data", "show", "bare", "--json").json["profile"] is None


def test_an_unchanged_table_is_profiled_once(afield, data, project):
    add(afield, data)
    (data / "new.txt").write_text("new")
    add(afield, data)
    with Workspace.open(project) as workspace:
        workspace.refresh()
        first, second = versions(workspace.projection, "customers")
        parts = [
            {one.path: one.object for one in workspace.record.vault.get_tree(found.profile)}
            for found in (first, second)
        ]
    assert parts[0] == parts[1]
    assert len(parts[0]) == 2


def test_a_damaged_table_is_damaged_and_not_merely_odd(afield, data, project):
    add(afield, data)
    (data / "x.csv").write_text("a,b\n1,2\n7,8\n")
    add(afield, data)
    for pack in (project / ".afield" / "packs").glob("*.pack"):
        pack.write_bytes(pack.read_bytes().replace(b"a,b\n1,2\n7,8\n", b"a,b\n1,2\n7,9\n"))
    answer = afield("data", "diff", "customers@1", "customers@2", "--json")
    assert answer.code == 13
    assert answer.json["error"]["code"] == "vault.object_damaged"


def test_a_version_whose_bytes_are_not_here_is_shown_all_the_same(afield, data, project):
    tree = add(afield, data, "-m", "as it came")["tree"]
    for name in (project / ".afield" / "packs").iterdir():
        name.unlink()
    shown = afield("data", "show", "customers", "--json")
    assert (shown.code, shown.json["tree"], shown.json["here"]) == (0, tree, False)
    assert (shown.json["contents"], shown.json["message"], shown.json["profile"]) == (
        [],
        None,
        None,
    )
    assert "not on this machine" in afield("data", "show", "customers").out
    assert afield("data", "list", "--json").json["datasets"][0]["files"] == 3
    assert afield("data", "get", "customers", "--to", str(project / "out")).code == 13
    newest_ns = max(one.lstat().st_ctime_ns for one in data.rglob("*"))
    while time.time_ns() - newest_ns < 100_000_000:  # only then is a look at a file remembered
        time.sleep(0.01)
    assert afield("data", "check", str(data)).code == 0
    assert add(afield, data)["fresh"] is False
    assert afield("data", "get", "customers", "--to", str(project / "out")).code == 0


def test_a_table_that_differs_only_in_how_numbers_are_written_is_told_so(afield, project):
    table = project / "t.csv"
    for last in "01":
        table.write_text(f"id,x\n1,{'9' * 30}{last}\n2,1.5\n")
        assert afield("data", "add", str(table), "--name", "t").code == 0
    told = afield("data", "diff", "t@1", "t@2", "--key", "id")
    assert told.code == 0
    assert "2 same" in told.out
    assert "but every value reads the same" in told.out
    table.write_text("id,x\n1,2.5\n2,1.5\n")
    assert afield("data", "add", str(table), "--name", "t").code == 0
    assert "reads the same" not in afield("data", "diff", "t@2", "t@3", "--key", "id").out
