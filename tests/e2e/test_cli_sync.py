"""Two people and a folder: what each of them types, and what each of them sees."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from datetime import datetime

import pytest

from afield import dataset
from afield.journal import Draft
from afield.testing.clock import ManualClock
from afield.vault import TreeEntry
from afield.workspace.errors import BytesElsewhere
from afield.workspace.workspace import Workspace

SCRIPT = 'import random; open("out.bin", "wb").write(random.randbytes(300_000)); print("done")'


@pytest.fixture
def ann(tmp_path, afield, recorded):
    """Ann's copy, with three runs; and the folder where she meets others."""
    shutil.copytree(recorded, tmp_path / "ann")
    assert (
        afield_in(afield, tmp_path / "ann", "remote", "add", "team", str(tmp_path / "there")).code
        == 0
    )
    return tmp_path / "ann"


def afield_in(afield, folder, *words):
    command, *rest = words
    return afield(command, *rest, "--workspace", str(folder))


def names(afield, folder):
    found = afield_in(afield, folder, "runs", "--json")
    assert found.code == 0, found.err
    return sorted(run["name"] for run in found.json["runs"])


def test_a_clone_has_all_and_is_heard_once_it_is_confirmed(afield, ann, tmp_path):
    bob, url = tmp_path / "bob", str(tmp_path / "there")
    assert afield_in(afield, ann, "sync").code == 0
    cloned = afield("clone", url, str(bob), "--json")
    assert cloned.code == 0, cloned.err
    phrase = cloned.json["phrase"]
    assert names(afield, bob) == names(afield, ann) == ["first", "second", "third"]
    assert afield_in(afield, bob, "tag", "first", "seen=bob").code == 0
    assert afield_in(afield, bob, "sync").code == 0
    synced = afield_in(afield, ann, "sync")
    assert synced.code == 0
    assert "is not confirmed" in synced.err
    assert afield_in(afield, ann, "show", "first", "--json").json["tags"] == {}
    waiting = afield_in(afield, ann, "join", "--json").json
    assert [each["device"] for each in waiting["waiting"]] == [cloned.json["device"]]
    assert waiting["confirmed"] is True
    wrong = afield_in(afield, ann, "join", phrase[::-1])
    assert wrong.code == 1
    assert "no device with this phrase" in wrong.err
    joined = afield_in(afield, ann, "join", *phrase.split())
    assert joined.code == 0, joined.err
    assert "counts already" in afield_in(afield, ann, "join", phrase).err
    assert "this device's own phrase" in afield_in(afield, bob, "join", phrase).err
    others = afield_in(afield, ann, "join", "--json").json["devices"]
    assert [each["device"] for each in others] == [cloned.json["device"]]
    assert f"counts: device {cloned.json['device'][:8]}" in afield_in(afield, ann, "join").out
    assert afield_in(afield, ann, "show", "first", "--json").json["tags"] == {"seen": "bob"}
    assert afield_in(afield, ann, "sync", "team").code == 0
    assert afield_in(afield, bob, "sync", "origin").code == 0
    assert afield_in(afield, bob, "join", "--json").json["confirmed"] is True
    for folder in (ann, bob):
        assert "sound" in afield_in(afield, folder, "verify").out
    again = afield_in(afield, ann, "sync", "--json").json
    assert [each["whole"] for each in again["remotes"]] == [True]


def test_a_lost_laptop_is_removed_and_what_it_says_later_is_in_no_answer(afield, ann, tmp_path):
    bob, url = tmp_path / "bob", str(tmp_path / "there")
    afield_in(afield, ann, "sync")
    cloned = afield("clone", url, str(bob), "--json").json
    founder = afield_in(afield, ann, "join", "--json").json["device"]
    assert afield_in(afield, bob, "join", "--remove", founder).code == 12
    afield_in(afield, ann, "sync")
    assert afield_in(afield, ann, "join", *cloned["phrase"].split()).code == 0
    for folder, word in ((bob, "before"), (ann, "")):
        if word:
            afield_in(afield, folder, "tag", "first", f"{word}=bob")
        afield_in(afield, folder, "sync")
    device = cloned["device"]
    assert afield_in(afield, ann, "join", "--remove", "zz").code == 1
    assert afield_in(afield, ann, "join", "--remove", device, "12345").code == 2
    removed = afield_in(afield, ann, "join", "--remove", device[:8], "--json")
    assert removed.code == 0, removed.err
    assert removed.json["device"] == device
    twice = afield_in(afield, ann, "join", "--remove", device[:8])
    assert (twice.code, "is removed already" in twice.err) == (1, True)
    afield_in(afield, bob, "tag", "first", "after=bob")
    for folder in (bob, ann):
        told = afield_in(afield, folder, "sync")
        assert told.code == 0
    assert f"device {device[:8]} was removed; " in told.err
    assert "that it wrote later" in told.err
    (late,) = afield_in(afield, ann, "sync", "--json").json["removed"]
    assert late["device"] == device
    (known,) = afield_in(afield, ann, "join", "--json").json["removed"]
    assert known["entries"] == late["entries"] > 0
    assert "was removed" in afield_in(afield, bob, "sync").err
    assert afield_in(afield, ann, "show", "first", "--json").json["tags"] == {"before": "bob"}
    assert device[:8] in afield_in(afield, ann, "join").out
    assert "was removed" in afield_in(afield, ann, "join", cloned["phrase"]).err
    assert "was removed" in afield_in(afield, bob, "join").out
    assert "sound" in afield_in(afield, ann, "verify").out


def test_the_founders_laptop_is_removed_by_a_colleague_and_both_hear_who_stays(
    afield, ann, tmp_path
):
    bob, url = tmp_path / "bob", str(tmp_path / "there")
    afield_in(afield, ann, "sync")
    cloned = afield("clone", url, str(bob), "--json").json
    afield_in(afield, ann, "sync")
    assert afield_in(afield, ann, "join", *cloned["phrase"].split()).code == 0
    for folder in (ann, bob):
        afield_in(afield, folder, "sync")
    founder = afield_in(afield, bob, "join", "--json").json["founder"]
    assert afield_in(afield, bob, "join", "--remove", founder[:8]).code == 0
    afield_in(afield, ann, "tag", "first", "after=ann")
    for folder in (bob, ann, bob):
        assert afield_in(afield, folder, "sync").code == 0
    assert "this device was removed" in afield_in(afield, ann, "sync").err
    assert not afield_in(afield, bob, "show", "first", "--json").json["tags"]
    refused = afield_in(afield, ann, "join", "--remove", cloned["device"][:8])
    assert refused.code == 12
    assert "sound" in afield_in(afield, bob, "verify").out


def test_a_clock_ten_years_ahead_and_a_copied_device_are_told_to_everybody(afield, ann, tmp_path):
    bob, url = tmp_path / "bob", str(tmp_path / "there")
    afield_in(afield, ann, "sync")
    cloned = afield("clone", url, str(bob), "--json").json
    afield_in(afield, ann, "sync")
    afield_in(afield, ann, "join", *cloned["phrase"].split())
    clock = ManualClock(time.time_ns() + 10 * 365 * 24 * 3600 * 10**9)
    with Workspace.open(bob, clock=clock) as ahead:
        journal = ahead.record.journal
        journal.append_many([Draft("thing.named", "t", {"name": "n"})], durable=True)
        year = datetime.fromtimestamp(clock.now_ns / 1e9).astimezone().year
    copy = tmp_path / "copy"
    shutil.copytree(bob, copy)
    for folder, name in ((bob, "here"), (copy, "there")):
        assert afield_in(afield, folder, "tag", "first", f"{name}=1").code == 0
        assert afield_in(afield, folder, "sync").code == 0
    told = afield_in(afield, ann, "sync")
    assert f"stamped up to {year}-" in told.err
    assert f"device {cloned['device'][:8]} wrote two different entries" in told.err
    again = afield_in(afield, ann, "sync")
    assert "two different" not in again.err, "nothing came of it since"
    said = afield_in(afield, ann, "sync", "--json").json
    assert [len(said[name]) for name in ("ahead", "branches")] == [1, 1]
    tags = afield_in(afield, ann, "show", "first", "--json").json["tags"]
    assert tags == {"here": "1", "there": "1"}, "both sides count"
    assert "both are kept" in afield_in(afield, ann, "verify").out
    assert afield_in(afield, copy, "tag", "first", "there=2").code == 0
    afield_in(afield, copy, "sync")
    assert "two different" in afield_in(afield, ann, "sync").err


def test_bytes_that_stay_away_are_phantoms_and_come_when_asked_for(
    afield, afield_process, tmp_path
):
    ann, bob, url = tmp_path / "ann", tmp_path / "bob", str(tmp_path / "there")
    ann.mkdir()
    (ann / "t.py").write_text(SCRIPT)
    assert afield_process("init", cwd=ann).code == 0
    ran = afield_process("run", "--name", "one", "--", sys.executable, "t.py", cwd=ann)
    assert ran.code == 0, ran.err
    assert afield_in(afield, ann, "remote", "add", "team", url).code == 0
    assert afield_in(afield, ann, "sync").code == 0
    cloned = afield("clone", url, str(bob), "--data", "none")
    assert cloned.code == 0, cloned.err
    assert "left there" in cloned.out
    assert names(afield, bob) == ["one"]
    assert afield_in(afield, bob, "show", "one").code == 0
    verified = afield_in(afield, bob, "verify", "--json")
    assert verified.code == 0
    assert {each["what"] for each in verified.json["findings"]} == {"phantom"}
    run = afield_in(afield, bob, "show", "one", "--json").json["id"]
    logged = afield_in(afield, bob, "log", "one")
    assert logged.code == 14, logged.out
    assert "they were left at remote `origin`" in logged.err
    assert f"hint: afield fetch {run}" in logged.err
    said = afield_in(afield, bob, "bundle", "one", "-o", str(tmp_path / "x.afield"))
    assert f"the console: the bytes are not here (afield fetch {run})" in said.out + said.err
    fetched = afield_in(afield, bob, "fetch", "one", "--json")
    assert fetched.code == 0, fetched.err
    assert fetched.json["whole"] is True
    assert afield_in(afield, bob, "log", "one").code == 0
    assert afield_in(afield, bob, "verify", "--json").json["findings"] == []
    assert "all of it is here" in afield_in(afield, bob, "fetch", "one").out


@pytest.mark.parametrize(
    "text", ["x = [", "[team]\nurl = 3\n", '[team]\nurl = "there"\n', '["../x"]\nurl = "/x"\n']
)
def test_a_file_of_remotes_that_is_not_as_written_sends_nothing_anywhere(afield, ann, text):
    (ann / ".afield" / "remotes.toml").write_text(text)
    for words in (("sync",), ("remote", "list")):
        answer = afield_in(afield, ann, *words)
        assert answer.code == 13, answer.out
        assert "hint" in answer.err


def test_a_path_is_shown_without_detours_unless_a_link_needs_them(afield, ann, tmp_path):
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "away")
    for typed, kept in (("far/../x", "x"), ("link/../x", "link/../x")):
        added = afield_in(afield, ann, "remote", "add", "one", f"{tmp_path}/{typed}", "--json")
        assert added.json["url"] == f"{tmp_path.as_posix()}/{kept}"


def test_a_remote_that_is_away_keeps_nobody_from_the_others(afield, ann, tmp_path):
    assert afield_in(afield, ann, "remote", "add", "a-stick", str(tmp_path / "stick")).code == 0
    assert afield_in(afield, ann, "sync").code == 0
    (tmp_path / "stick").rename(tmp_path / "away")
    assert afield_in(afield, ann, "tag", "first", "later=1").code == 0
    synced = afield_in(afield, ann, "sync", "--json")
    assert synced.code == 3, synced.err
    assert [each["name"] for each in synced.json["remotes"]] == ["team"]
    assert synced.json["remotes"][0]["sent"]["entries"] > 0
    assert [each["name"] for each in synced.json["unreachable"]] == ["a-stick"]
    assert "a-stick" in synced.err
    assert afield_in(afield, ann, "sync", "a-stick").code == 14
    (tmp_path / "there").rename(tmp_path / "gone")
    assert afield_in(afield, ann, "sync").code == 14


def test_a_dry_run_moves_nothing_and_says_what_would(afield, ann, tmp_path):
    hour = (datetime.now().astimezone().hour + 12) % 24
    at = f"{hour:02}:00-{hour:02}:01"  # a dry run waits for no hour
    assert afield_in(afield, ann, "sync", "--dry-run", "--at", at).code == 0
    dry = afield_in(afield, ann, "sync", "--dry-run", "--json")
    assert dry.code == 0, dry.err
    (would,) = dry.json["remotes"]
    assert would["sent"]["entries"] > 3
    assert not [each for each in (tmp_path / "there").rglob("*") if each.is_file()]
    (did,) = afield_in(afield, ann, "sync", "--json").json["remotes"]
    assert did["sent"]["packs"] == would["sent"]["packs"]
    (nothing,) = afield_in(afield, ann, "sync", "--dry-run", "--json").json["remotes"]
    assert nothing["sent"]["packs"] == 0


def test_a_mount_point_without_its_disk_is_not_taken_for_an_empty_remote(afield, ann, tmp_path):
    assert afield_in(afield, ann, "sync").code == 0
    (tmp_path / "there").rename(tmp_path / "unplugged")
    (tmp_path / "there").mkdir()
    gone = afield_in(afield, ann, "sync")
    assert gone.code == 14
    assert "is it mounted?" in gone.err
    assert not list((tmp_path / "there").iterdir())
    (tmp_path / "there").rmdir()
    (tmp_path / "unplugged").rename(tmp_path / "there")
    assert afield_in(afield, ann, "sync").code == 0


def test_another_workspace_s_remote_is_refused(afield, ann, tmp_path):
    assert afield_in(afield, ann, "sync").code == 0
    assert afield("init", str(tmp_path / "other")).code == 0
    url = str(tmp_path / "there")
    assert afield_in(afield, tmp_path / "other", "remote", "add", "team", url).code == 0
    refused = afield_in(afield, tmp_path / "other", "sync")
    assert refused.code == 1
    assert "holds the record of workspace" in refused.err
    assert afield("clone", url, str(tmp_path / "other")).code == 1


def test_a_remote_that_rots_is_named_and_mended_from_what_is_whole_here(afield, ann, tmp_path):
    assert afield_in(afield, ann, "sync").code == 0
    assert afield_in(afield, ann, "remote", "check", "team").code == 0
    files = [each for each in (tmp_path / "there").rglob("*") if each.is_file()]
    packs = [each for each in files if each.suffix == ".pack"]
    chunk = next(each for each in files if "journal" in each.parts)
    packs[0].write_bytes(b"\0" * packs[0].stat().st_size)
    chunk.write_bytes(b"no chunk")
    found = afield_in(afield, ann, "remote", "check", "team", "--json")
    assert found.code == 13
    assert {each["what"] for each in found.json["findings"]} == {"pack", "chunk"}
    assert afield_in(afield, ann, "remote", "check", "team", "--mend").code == 0
    assert "sound" in afield_in(afield, ann, "remote", "check", "team").out


def test_remotes_are_listed_and_forgotten(afield, ann, tmp_path):
    listed = afield_in(afield, ann, "remote", "list", "--json").json["remotes"]
    assert [(each["name"], each["synced"]) for each in listed] == [("team", False)]
    assert afield_in(afield, ann, "remote", "remove", "team").code == 0
    assert "no remotes yet" in afield_in(afield, ann, "remote", "list").out
    assert afield_in(afield, ann, "remote", "remove", "team").code == 1
    assert afield_in(afield, ann, "sync").code == 1
    assert (tmp_path / "there").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("sync", "--limit", "fast"), "not a rate"),
        (("sync", "--at", "25:00-26:00"), "not a time of day"),
        (("remote", "add", "Bad Name", "x"), "not a name"),
        (("remote", "add", "far", "gopher://x"), "not an address"),
        (("remote", "add", "far", "s3:///x"), "not an address"),
        (("remote", "add", "far", "s3://Bad Bucket!/x"), "not an address"),
        (("sync", "--limit", "1e400k"), "not a rate"),
        (("sync", "--at", ""), "not a time of day"),
        (("sync", "--data", "some"), "is not one of"),
        (("clone", "http://x", "y"), "not an address"),
        (("remote", "add", "far", "x", "--label", "Europe!"), "not a label"),
    ],
)
def test_words_that_mean_nothing_are_refused(afield, ann, words, why):
    refused = afield_in(afield, ann, *words)
    assert refused.code == 2
    assert why in refused.err


def test_a_run_whose_input_must_stay_elsewhere_is_not_called_whole_by_fetch_or_reproduce(
    afield, afield_process, tmp_path
):
    ann, bob, url = tmp_path / "ann", tmp_path / "bob", str(tmp_path / "there")
    ann.mkdir()
    (ann / "rows.csv").write_text("1,2\n" * 9)
    (ann / "t.py").write_text("print(len(open('rows.csv').read()))")
    assert afield_process("init", cwd=ann).code == 0
    ran = afield_process("run", "--name", "one", "--", sys.executable, "t.py", cwd=ann)
    assert ran.code == 0, ran.err
    for words in (("data", "add", str(ann / "rows.csv"), "--name", "d"),
                  ("data", "card", "d", "--set", "residency=eu"),
                  ("remote", "add", "team", url), ("sync",)):  # fmt: skip
        assert afield_in(afield, ann, *words).code in {0, 3}
    assert afield("clone", url, str(bob)).code == 0
    run = afield_in(afield, bob, "show", "one", "--json").json["id"]
    again = afield_process(
        "reproduce", "one", "--env", "here", "--json", "--workspace", str(bob), cwd=bob
    )
    assert again.code == 3, again.err
    report = json.loads(again.out)
    said = f"rows.csv (36 bytes): the bytes are not here (afield fetch {run})"
    assert report["cause"] == {**report["cause"], "kind": "input", "detail": said}
    fetched = afield_in(afield, bob, "fetch", "one")
    assert fetched.code == 3
    assert "1 of them kept away by residency" in fetched.err


def test_data_of_a_place_goes_to_remotes_of_that_place_only(afield, ann, tmp_path):
    rows = tmp_path / "people.csv"
    secret = "\n".join(f"{n},{n * n},ann{n}@example.org" for n in range(3000))
    rows.write_text(secret)
    assert afield_in(afield, ann, "data", "add", str(rows), "--name", "people").code == 0
    card = afield_in(afield, ann, "data", "card", "people", "--set", "residency=eu")
    assert card.code in {0, 3}, card.err
    home = str(tmp_path / "home")
    assert afield_in(afield, ann, "remote", "add", "berlin", home, "--label", "eu").code == 0
    assert afield_in(afield, ann, "sync").code == 0
    bob, eve = tmp_path / "bob", tmp_path / "eve"
    assert afield("clone", home, str(bob)).code == 0
    assert afield("clone", str(tmp_path / "there"), str(eve)).code == 0
    got = afield_in(afield, bob, "data", "get", "people@1", "--to", str(tmp_path / "got"))
    assert got.code == 0, got.err
    refused = afield_in(afield, eve, "data", "get", "people@1", "--to", str(tmp_path / "no"))
    assert refused.code != 0
    assert names(afield, eve) == names(afield, ann)
    elsewhere = b"".join(each.read_bytes() for each in (eve / ".afield" / "packs").iterdir())
    ours = afield_in(afield, ann, "data", "show", "people", "--json").json
    for content in ours["contents"]:
        assert bytes.fromhex(content["digest"]) not in elsewhere


def test_what_a_residency_keeps_away_is_no_damage_in_other_copies(afield, ann, tmp_path):
    rows = tmp_path / "people.csv"
    rows.write_text("\n".join(f"{n},{n * n},ann{n}@example.org" for n in range(3000)))
    assert afield_in(afield, ann, "data", "add", str(rows), "--name", "people").code == 0
    card = afield_in(afield, ann, "data", "card", "people", "--set", "residency=eu")
    assert card.code in {0, 3}, card.err
    with Workspace.open(ann) as workspace:  # as a run keeps the folder it stands in
        vault = workspace.record.vault
        file, size_bytes = vault.put_file(str(rows))
        tree = vault.put_tree([TreeEntry("in/people.csv", 0o644, size_bytes, file)])
        listed = vault.put(b'{"of a package": "%s"}' % (b"ab" * 32), meta=True)
        vault.flush()
        draft = Draft(kind="x.kept", about="x", body={}, refs=(tree, listed))
        workspace.record.journal.append_many([draft], durable=True)
    assert afield_in(afield, ann, "sync").code == 0
    bundle, bob, cleo = str(tmp_path / "b.afield"), tmp_path / "bob", tmp_path / "cleo"
    assert afield_in(afield, ann, "bundle", "--since", "start", "-o", bundle).code == 0
    assert afield("clone", str(tmp_path / "there"), str(bob)).code == 0
    assert afield("clone", bundle, str(cleo)).code == 0
    for folder in (bob, cleo):
        for depth in ("--quick", "--full"):
            seen = afield_in(afield, folder, "verify", depth)
            assert seen.code == 0, seen.out
            assert "note: 3 objects not here, kept away by residency" in seen.out
        repaired = afield_in(afield, folder, "repair", "--json")
        assert repaired.code == 0, repaired.err
        assert repaired.json["lost"] == []
        assert afield_in(afield, folder, "sweep").code == 0
        got = afield_in(afield, folder, "data", "get", "people", "--to", str(tmp_path / "no"))
        assert got.code == 14
        assert "they must stay in eu" in got.err
        assert "--label eu" in got.err
    for pack in (ann / ".afield" / "packs").iterdir():
        pack.unlink()
    assert afield_in(afield, ann, "verify").code == 13  # who added it must have it


def test_data_of_somebody_who_waits_is_not_carried_out_of_its_place(afield, ann, tmp_path):
    home, bob = str(tmp_path / "home"), tmp_path / "bob"
    assert afield_in(afield, ann, "remote", "add", "berlin", home, "--label", "eu").code == 0
    assert afield_in(afield, ann, "sync").code == 0
    assert afield("clone", home, str(bob)).code == 0
    rows = tmp_path / "people.csv"
    rows.write_text("\n".join(f"{n},{n * n},bob{n}@example.org" for n in range(3000)))
    assert afield_in(afield, bob, "remote", "add", "origin", home, "--label", "eu").code == 0
    assert afield_in(afield, bob, "data", "add", str(rows), "--name", "people").code == 0
    card = afield_in(afield, bob, "data", "card", "people", "--set", "residency=eu")
    assert card.code in {0, 3}, card.err
    assert afield_in(afield, bob, "sync").code == 0
    contents = afield_in(afield, bob, "data", "show", "people", "--json").json["contents"]
    assert afield_in(afield, ann, "sync", "berlin").code == 0
    assert afield_in(afield, ann, "sync", "team").code == 0
    there = b"".join(each.read_bytes() for each in (tmp_path / "there").rglob("*.pack"))
    in_place = b"".join(each.read_bytes() for each in (tmp_path / "home").rglob("*.pack"))
    for content in contents:
        assert bytes.fromhex(content["digest"]) in in_place
        assert bytes.fromhex(content["digest"]) not in there


def test_every_message_of_json_is_one_document(afield, ann):
    for words in (("sync",), ("join",), ("remote", "list"), ("remote", "check", "team")):
        found = afield_in(afield, ann, *words, "--json")
        assert found.code == 0, found.err
        assert re.fullmatch(r"afield\.[a-z-]+/1", json.loads(found.out)["schema"])


def test_a_version_of_data_left_at_a_remote_says_so_and_comes_when_asked_for(afield, tmp_path):
    ann, bob, url = tmp_path / "ann", tmp_path / "bob", str(tmp_path / "there")
    (ann / "data").mkdir(parents=True)
    (ann / "data" / "t.csv").write_text("a\n1\n")
    assert afield("init", str(ann)).code == 0
    assert afield_in(afield, ann, "data", "add", str(ann / "data"), "--name", "d").code == 0
    assert afield_in(afield, ann, "remote", "add", "team", url).code == 0
    assert afield_in(afield, ann, "sync").code == 0
    assert afield("clone", url, str(bob), "--data", "none").code == 0
    got = ("data", "get", "d@1", "--to", str(tmp_path / "out"))
    refused = afield_in(afield, bob, *got)
    assert refused.code == 14
    assert "remote `origin`" in refused.err
    assert "hint: afield fetch d@1" in refused.err
    with pytest.raises(BytesElsewhere):
        dataset("d", workspace=bob).path("t.csv")
    unknown = afield_in(afield, bob, "fetch", "e")
    assert (unknown.code, "neither a run nor a dataset" in unknown.err) == (1, True)
    assert afield_in(afield, bob, "fetch", "d@2").code == 1
    fetched = afield_in(afield, bob, "fetch", "d", "--json")
    assert (fetched.code, fetched.json["dataset"], fetched.json["whole"]) == (0, "d@1", True)
    assert "d@1: all of it is here" in afield_in(afield, bob, "fetch", "d@1").out
    assert afield_in(afield, bob, *got).code == 0
    assert (tmp_path / "out" / "t.csv").read_text() == "a\n1\n"


def test_a_sync_says_which_data_the_remote_did_not_get(afield, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert afield("init").code == 0
    (tmp_path / "d.csv").write_text("id\n1\n")
    words = ("data", "add", "d.csv", "--name", "people", "--set", "residency=eu")
    assert afield(*words).code == 0
    assert afield("remote", "add", "team", "there").code == 0
    done = afield("sync")
    assert "no bytes of people, which must stay in eu; team has no label" in done.err
    changed = afield("remote", "add", "team", "there", "--label", "eu")
    assert f"it was: {tmp_path}/there\n" in changed.out
    (told,) = afield("sync", "--json").json["remotes"]
    assert told["stays"] == []
    afield("remote", "add", "team", "there", "--label", "us")
    done = afield("sync", "--json")
    assert done.json["remotes"][0]["stays"] == [{"dataset": "people", "places": ["eu"]}]
    assert "team lies in us" in afield("sync").err
