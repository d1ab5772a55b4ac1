"""verify, repair and du as a person meets them: words, exit codes, JSON, every kind of place."""

from __future__ import annotations

import json
import random
import shutil

import pytest

from afield.kernel.files import OsFileSystem
from afield.workspace.workspace import Workspace

BIG = random.Random(4).randbytes(400_000)


@pytest.fixture
def workspace(afield, tmp_path):
    """A workspace with a dataset, whose files still lie beside it."""
    folder = tmp_path / "project"
    data = tmp_path / "elsewhere" / "customers"
    data.mkdir(parents=True)
    (data / "big.bin").write_bytes(BIG)
    (data / "rows.csv").write_bytes(b"a,b\n1,2\n" * 20_000)
    assert afield("init", str(folder)).code == 0
    assert (
        afield("data", "add", str(data), "--name", "customers", "--workspace", str(folder)).code
        == 0
    )
    return folder


def ask(afield, folder, *words):
    return afield(*words, "--workspace", str(folder))


def data_packs(folder):
    """Return the packs of files, the largest last."""
    return sorted(
        (folder / ".afield" / "packs").glob("*.pack"), key=lambda path: path.stat().st_size
    )


def flip(path, at=None):
    found = bytearray(path.read_bytes())
    found[len(found) // 2 if at is None else at] ^= 1
    path.write_bytes(bytes(found))


def test_a_sound_workspace_is_checked_as_deep_as_is_asked_for(afield, workspace):
    packs = len(data_packs(workspace))
    full = ask(afield, workspace, "verify", "--json").json
    assert (full["extent"], full["sound"], full["packs_read"]) == ("full", True, packs)
    quick = ask(afield, workspace, "verify", "--quick", "--json").json
    assert (quick["sound"], quick["packs_read"], quick["read_bytes"]) == (True, 0, 0)
    one = ask(afield, workspace, "verify", "--sample", "1%", "--seed", "3", "--json").json
    two = ask(afield, workspace, "verify", "--sample", "1%", "--seed", "3", "--json").json
    assert one["read_bytes"] == two["read_bytes"] > 0
    assert "every byte checked" in ask(afield, workspace, "verify").out


def test_samples_one_after_the_other_read_everything(afield, workspace):
    left = []
    for _ in range(len(data_packs(workspace))):
        found = ask(afield, workspace, "verify", "--sample", "0.1%", "--json").json
        left.append(found["coverage"]["size_bytes"] - found["coverage"]["read_bytes"])
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    assert found["coverage"]["samples_left"] == 0


@pytest.mark.parametrize(
    "words", [("--quick", "--full"), ("--sample", "0"), ("--sample", "x"), ("--seed", "1")]
)
def test_words_that_mean_nothing_are_a_usage_fault(afield, workspace, words):
    assert ask(afield, workspace, "verify", *words).code == 2


def test_damage_is_mended_from_a_remote_and_told(afield, workspace, tmp_path):
    ask(afield, workspace, "remote", "add", "team", str(tmp_path / "there"))
    assert ask(afield, workspace, "sync").code == 0
    flip(data_packs(workspace)[-1])
    damaged = ask(afield, workspace, "verify")
    assert damaged.code == 13
    assert "hint: afield repair" in damaged.err
    would = ask(afield, workspace, "repair", "--dry-run")
    assert (would.code, "would mend: pack" in would.out) == (13, True)
    assert not (workspace / ".afield" / "quarantine").exists()
    mended = ask(afield, workspace, "repair", "--json")
    assert mended.code == 0, mended.err
    (change,) = mended.json["changes"]
    assert (change["what"], change["how"], change["from"]) == ("pack", "replaced", "team")
    assert ask(afield, workspace, "verify").code == 0
    assert "sound" in ask(afield, workspace, "repair").out


def test_what_no_place_has_is_lost_named_and_found_again_in_the_files(afield, workspace, tmp_path):
    flip(data_packs(workspace)[-1])
    repaired = ask(afield, workspace, "repair")
    assert repaired.code == 3, repaired.err
    assert "lost: " in repaired.out
    verified = ask(afield, workspace, "verify", "--json")
    assert (verified.code, verified.json["sound"]) == (3, True)
    assert {each["what"] for each in verified.json["findings"]} == {"lost"}
    (missing,) = verified.json["affected"]
    assert (missing["label"], missing["paths"]) == ("customers@1", ["big.bin"])
    assert "customers@1: big.bin" in repaired.out
    assert ask(afield, workspace, "data", "list").code == 0
    back = ask(afield, workspace, "repair", "--from", str(tmp_path / "elsewhere"), "--json")
    assert back.code == 0, back.out
    assert back.json["objects"] == 1
    assert ask(afield, workspace, "verify").code == 0
    out = tmp_path / "out"
    assert ask(afield, workspace, "data", "get", "customers", "--to", str(out)).code == 0
    assert (out / "big.bin").read_bytes() == BIG


@pytest.mark.parametrize("how", ["copy", "bundle"])
def test_another_copy_or_a_bundle_gives_back_what_is_lost(afield, workspace, tmp_path, how):
    place = tmp_path / "copy"
    if how == "copy":
        shutil.copytree(workspace, place)
    else:
        place = tmp_path / "all.afield"
        made = ask(afield, workspace, "bundle", "--since", "start", "-o", str(place))
        assert made.code == 0, made.err
    for pack in data_packs(workspace)[-2:]:
        flip(pack)
    data_packs(workspace)[0].unlink()
    repaired = ask(afield, workspace, "repair", "--from", str(place), "--json")
    assert repaired.code == 0, repaired.out
    assert repaired.json["lost"] == []
    assert ask(afield, workspace, "verify", "--json").json["findings"] == []


def test_a_place_that_is_none_is_a_usage_fault(afield, workspace):
    assert ask(afield, workspace, "repair", "--from", "/no/such/place").code == 2


def test_a_remote_that_is_away_is_named_and_the_rest_is_done(afield, workspace, tmp_path):
    ask(afield, workspace, "remote", "add", "team", str(tmp_path / "there"))
    assert ask(afield, workspace, "sync").code == 0
    shutil.rmtree(tmp_path / "there")
    flip(data_packs(workspace)[-1])
    found = ask(afield, workspace, "repair", "--json")
    assert found.code == 3
    assert len(found.json["lost"]) == 1
    assert not (tmp_path / "there").exists(), "nothing is begun anew where a remote was"


def test_a_journal_without_a_copy_stays_damaged_and_says_so(afield, workspace):
    (log,) = (workspace / ".afield" / "journal").glob("*/*.log")
    flip(log, at=700)
    repaired = ask(afield, workspace, "repair")
    assert repaired.code == 13
    assert "damage remains" in repaired.err


def test_du_tells_what_a_dataset_holds_alone_and_what_versions_share(afield, workspace, tmp_path):
    (tmp_path / "elsewhere" / "customers" / "new").write_bytes(b"x" * 90)
    source = str(tmp_path / "elsewhere" / "customers")
    for name in ("customers", "copy"):
        assert ask(afield, workspace, "data", "add", source, "--name", name).code == 0
    found = ask(afield, workspace, "du", "--json").json
    uses = {(use["kind"], use["label"]): use for use in found["uses"]}
    mine = uses["dataset", "customers"]
    assert mine["stored_bytes"] > 400_000 > mine["exclusive_bytes"]
    assert mine["apparent_bytes"] > 2 * len(BIG)
    assert mine["shared_bytes"] == mine["stored_bytes"] - mine["exclusive_bytes"]
    assert found["deduplication"] > 1.5
    assert found["folders"]["packs"] >= found["stored_bytes"]
    total = sum(use["exclusive_bytes"] for use in found["uses"])
    assert total <= found["stored_bytes"]
    text = ask(afield, workspace, "du").out
    assert "dataset customers" in text
    assert max(map(len, text.splitlines())) <= 80


def test_du_promises_no_more_of_a_sweep_than_it_does(afield, workspace):
    with Workspace.open(workspace) as opened:
        opened.record.vault.put(b"of work that is under way, or was cut short")
        opened.record.vault.flush()
    assert "belong to nothing: afield sweep, once they are" in ask(afield, workspace, "du").out
    assert "no longer needed" not in ask(afield, workspace, "du").out
    assert "nothing to sweep" in ask(afield, workspace, "sweep").out
    assert ask(afield, workspace, "data", "drop", "customers@1").code == 0
    assert "no longer needed: afield sweep" in ask(afield, workspace, "du").out
    assert "nothing to sweep" not in ask(afield, workspace, "sweep", "--dry-run").out


@pytest.mark.parametrize("by", ["run", "dataset", "kind", "project"])
def test_du_counts_the_same_whatever_the_rows_are(afield, workspace, by):
    found = ask(afield, workspace, "du", "--by", by, "--json").json
    assert sum(use["exclusive_bytes"] for use in found["uses"]) <= found["stored_bytes"]
    assert {use["kind"] for use in found["uses"]} <= {by, "kind", "nobody"}


def test_repairs_are_in_the_record(afield, workspace, tmp_path):
    flip(data_packs(workspace)[-1])
    assert ask(afield, workspace, "repair").code == 3
    logs = (workspace / ".afield" / "journal").glob("*/*.log")
    entries = [json.loads(line[33:]) for log in logs for line in log.read_bytes().splitlines()]
    (entry,) = [entry for entry in entries if entry["kind"] == "record.repaired"]
    assert (entry["body"]["pack"], entry["body"]["lost"]) == (1, 1)


def test_a_repair_waits_for_no_sweep_and_says_so(afield, workspace):
    with OsFileSystem().lock(str(workspace / ".afield" / "sweep.lock")):
        flip(data_packs(workspace)[-1])
        assert ask(afield, workspace, "repair", "--dry-run").code == 13
        answer = ask(afield, workspace, "repair")
        assert (answer.code, "under way" in answer.err) == (11, True)
