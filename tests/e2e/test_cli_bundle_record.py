"""What is new in the record, in one file for a stick or mail: written, carried, taken in."""

from __future__ import annotations

import shutil
import zipfile

import pytest

from afield.workspace.workspace import Workspace


@pytest.fixture
def ann(tmp_path, recorded):
    shutil.copytree(recorded, tmp_path / "ann")
    return tmp_path / "ann"


@pytest.fixture
def two(ann, tmp_path, afield):
    """Ann and Bob with the same record, Bob's device confirmed; Ann's first bundle lies there."""
    first = str(tmp_path / "first.afield")
    assert in_(afield, ann, "bundle", "--since", "start", "-o", first).code == 0
    cloned = afield("clone", first, str(tmp_path / "bob"), "--json")
    assert cloned.code == 0, cloned.err
    bob = tmp_path / "bob"
    back = str(tmp_path / "back.afield")
    assert in_(afield, bob, "bundle", "--since", first, "-o", back).code == 0
    waiting = in_(afield, ann, "sync", back)
    assert waiting.code == 0, waiting.err
    assert "is not confirmed" in waiting.err
    assert in_(afield, ann, "join", cloned.json["phrase"]).code == 0
    return ann, bob


def in_(afield, folder, *words):
    command, *rest = words
    return afield(command, *rest, "--workspace", str(folder))


def ann_of(folder):
    with Workspace.open(folder) as workspace:
        return workspace.config.device


def tags(afield, folder, run="first"):
    return in_(afield, folder, "show", run, "--json").json["tags"]


def names(afield, folder):
    return sorted(run["name"] for run in in_(afield, folder, "runs", "--json").json["runs"])


def test_a_copy_begins_from_a_file_and_has_all(afield, two):
    ann, bob = two
    assert names(afield, bob) == names(afield, ann) == ["first", "second", "third"]
    for folder in two:
        assert in_(afield, folder, "verify", "--json").json["findings"] == []
    assert in_(afield, bob, "remote", "list", "--json").json["remotes"] == []


def test_what_is_new_travels_and_no_more_and_twice_is_harmless(afield, two, tmp_path):
    ann, bob = two
    assert in_(afield, ann, "tag", "first", "seen=ann").code == 0
    (ann / "data.bin").write_bytes(bytes(range(256)) * 400)
    assert in_(afield, ann, "data", "add", str(ann / "data.bin"), "--name", "d").code == 0
    file = str(tmp_path / "new.afield")
    made = in_(afield, ann, "bundle", "--since", "last", "-o", file, "--json")
    assert made.code == 0, made.err
    assert made.json["size_bytes"] == (tmp_path / "new.afield").stat().st_size
    assert made.json["since"] == "the last bundle"
    with zipfile.ZipFile(file) as archive:
        chunks = [one for one in archive.namelist() if one.startswith("journal/")]
    assert chunks
    assert not [one for one in chunks if "/000000000001-" in one and ann_of(ann) in one]
    taken = in_(afield, bob, "sync", file, "--json")
    assert taken.code == 0, taken.err
    assert 0 < taken.json["file"]["received"]["entries"] <= made.json["entries"]
    assert tags(afield, bob) == {"seen": "ann"}
    assert in_(afield, bob, "data", "get", "d", "--to", str(tmp_path / "out")).code == 0
    again = in_(afield, bob, "sync", file, "--json")
    assert again.code == 0
    assert again.json["file"]["received"] == {"entries": 0, "packs": 0, "bytes": 0}
    assert in_(afield, bob, "verify", "--json").json["findings"] == []
    none = in_(afield, ann, "bundle", "--since", "last", "-o", str(tmp_path / "none.afield"))
    assert none.code == 1
    assert "nothing is new" in none.err
    assert not (tmp_path / "none.afield").exists()


def test_what_misses_what_went_before_says_what_to_ask_for(afield, two, tmp_path):
    ann, bob = two
    lost, late = str(tmp_path / "lost.afield"), str(tmp_path / "late.afield")
    assert in_(afield, ann, "tag", "first", "a=1").code == 0
    assert in_(afield, ann, "bundle", "--since", "last", "-o", lost).code == 0
    assert in_(afield, ann, "tag", "first", "b=2").code == 0
    assert in_(afield, ann, "bundle", "--since", "last", "-o", late).code == 0
    gap = in_(afield, bob, "sync", late)
    assert gap.code == 3
    assert "needs what went before" in gap.err
    assert "afield bundle --since 20" in gap.err
    assert tags(afield, bob) == {}
    (need,) = in_(afield, bob, "sync", late, "--json").json["needs"]
    assert need["device"] == ann_of(ann)
    assert in_(afield, bob, "sync", lost).code == 0
    assert in_(afield, bob, "sync", late).code == 0
    assert tags(afield, bob) == {"a": "1", "b": "2"}


def test_what_is_asked_for_by_a_day_a_run_or_an_earlier_file_fills_the_gap(afield, two, tmp_path):
    ann, bob = two
    for place, word in enumerate(("today", "first", str(tmp_path / "first.afield"), "1h")):
        assert in_(afield, ann, "tag", "first", f"t{place}=1").code == 0
        file = str(tmp_path / f"{place}.afield")
        made = in_(afield, ann, "bundle", "--since", word, "-o", file)
        assert made.code == 0, made.err
        assert in_(afield, bob, "sync", file).code == 0
        assert f"t{place}" in tags(afield, bob)
    odd = in_(afield, ann, "bundle", "--since", "the flood", "-o", str(tmp_path / "x.afield"))
    assert odd.code == 2
    assert "earlier bundle" in odd.err


def test_a_remote_as_the_beginning_needs_no_state_here(afield, two, tmp_path):
    ann, bob = two
    there = str(tmp_path / "there")
    for folder in (ann, bob):
        assert in_(afield, folder, "remote", "add", "team", there).code == 0
        assert in_(afield, folder, "sync").code == 0
    assert in_(afield, ann, "tag", "first", "far=1").code == 0
    file = str(tmp_path / "r.afield")
    made = in_(afield, ann, "bundle", "--since", "team", "-o", file, "--json")
    assert made.json["entries"] <= 4, made.json
    assert in_(afield, bob, "sync", file).code == 0
    assert tags(afield, bob) == {"far": "1"}


def test_bytes_that_stay_with_the_sender_are_phantoms(afield, two, tmp_path):
    ann, bob = two
    (ann / "data.bin").write_bytes(bytes(range(256)) * 400)
    assert in_(afield, ann, "data", "add", str(ann / "data.bin"), "--name", "d").code == 0
    file = str(tmp_path / "lean.afield")
    made = in_(afield, ann, "bundle", "--since", "last", "--data", "none", "-o", file)
    assert made.code == 0, made.err
    assert "not in it" in made.out
    assert in_(afield, bob, "sync", file).code == 0
    assert in_(afield, bob, "data", "show", "d").code == 0
    verified = in_(afield, bob, "verify", "--json")
    assert verified.code == 0, verified.out
    assert {each["what"] for each in verified.json["findings"]} == {"phantom"}
    assert "ask for one with `--data all`" in verified.json["findings"][0]["why"]
    assert (
        in_(afield, ann, "bundle", "--since", "start", "-o", str(tmp_path / "all.afield")).code == 0
    )
    assert in_(afield, bob, "sync", str(tmp_path / "all.afield")).code == 0
    assert in_(afield, bob, "verify", "--json").json["findings"] == []


def test_data_that_must_stay_in_a_place_goes_into_files_of_that_place_only(afield, two, tmp_path):
    ann, bob = two
    (ann / "data.bin").write_bytes(b"only in the EU" * 5000)
    word = "residency=eu"
    added = in_(afield, ann, "data", "add", str(ann / "data.bin"), "--name", "d", "--set", word)
    assert added.code == 0
    plain, eu = str(tmp_path / "plain.afield"), str(tmp_path / "eu.afield")
    assert in_(afield, ann, "bundle", "--since", "last", "-o", plain).code == 0
    made = in_(afield, ann, "bundle", "--since", "start", "--label", "eu", "-o", eu)
    assert made.code == 0, made.err
    assert in_(afield, bob, "sync", plain).code == 0
    assert in_(afield, bob, "data", "get", "d", "--to", str(tmp_path / "out")).code != 0
    assert in_(afield, bob, "sync", eu).code == 0
    assert in_(afield, bob, "data", "get", "d", "--to", str(tmp_path / "out")).code == 0


def test_a_file_that_was_changed_or_cut_is_named_and_nothing_of_it_is_served(afield, two, tmp_path):
    ann, bob = two
    assert in_(afield, ann, "tag", "first", "a=1").code == 0
    file = tmp_path / "new.afield"
    assert in_(afield, ann, "bundle", "--since", "last", "-o", str(file)).code == 0
    whole = file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        log = f"journal/{ann_of(ann)}/"
        member = next(one for one in archive.infolist() if one.filename.startswith(log))
    start = member.header_offset + 30 + len(member.filename)
    for part in (0.25, 0.5, 0.75):
        at = start + int(member.file_size * part)
        bad = bytearray(whole)
        bad[at : at + 16] = bytes(each ^ 0xFF for each in bad[at : at + 16])
        file.write_bytes(bad)
        found = in_(afield, bob, "sync", str(file))
        assert found.code in (3, 13), found
        assert tags(afield, bob) == {}
    file.write_bytes(whole[: len(whole) // 2])
    cut = in_(afield, bob, "sync", str(file))
    assert cut.code == 13
    assert "copy it again" in cut.err
    file.write_bytes(whole)
    assert in_(afield, bob, "sync", str(file)).code == 0
    assert tags(afield, bob) == {"a": "1"}


def test_files_of_another_kind_are_refused_with_what_to_do(afield, two, tmp_path):
    ann, _ = two
    shown = in_(afield, ann, "show", str(tmp_path / "first.afield"))
    assert shown.code == 1
    assert "afield sync" in shown.err
    other = tmp_path / "other"
    assert afield("init", str(other)).code == 0
    foreign = in_(afield, other, "sync", str(tmp_path / "first.afield"))
    assert foreign.code == 1
    assert in_(afield, ann, "sync", str(tmp_path / "nothing.afield")).code == 14
    assert in_(afield, ann, "bundle").code == 2
    assert in_(afield, ann, "bundle", "first", "--since", "last").code == 2
