"""Two people offline for a week: what truly conflicts is shown to both, with who and when."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture
def two(tmp_path, afield, recorded):
    """Ann and Bob with one record, before they part; Bob's device is confirmed."""
    ann, bob, there = tmp_path / "ann", tmp_path / "bob", str(tmp_path / "there")
    shutil.copytree(recorded, ann)
    (ann / "c.csv").write_text("id\n1\n")
    for words in (("data", "add", str(ann / "c.csv"), "--name", "c"),
                  ("remote", "add", "team", there), ("sync",)):  # fmt: skip
        assert in_(afield, ann, *words).code == 0
    phrase = afield("clone", there, str(bob), "--json").json["phrase"]
    for folder, words in ((bob, ("sync",)), (ann, ("sync",)), (ann, ("join", phrase)),
                          (ann, ("sync",)), (bob, ("sync",))):  # fmt: skip
        assert in_(afield, folder, *words).code == 0
    return ann, bob


def in_(afield, folder, *words):
    command, *rest = words
    return afield(command, *rest, "--workspace", str(folder))


def done(afield, folder, *words):
    found = in_(afield, folder, *words)
    assert found.code == 0, found.err
    return found


def apart(afield, folder, *words):
    found = done(afield, folder, *words, "--json").json["disagreements"]
    return {(one["about"], one["field"]): [side["value"] for side in one["sides"]] for one in found}


def meet(afield, ann, bob):
    """Ann syncs, Bob syncs, Ann syncs; returns what Bob and then Ann are told."""
    done(afield, ann, "sync")
    return done(afield, bob, "sync").err, done(afield, ann, "sync").err


def run_id(afield, folder, name):
    return done(afield, folder, "show", name, "--json").json["id"]


def test_a_tag_that_both_set_is_shown_to_both_until_one_sets_it_again(afield, two):
    ann, bob = two
    done(afield, ann, "tag", "first", "model=tree", "same=1")
    done(afield, bob, "tag", "first", "model=net", "same=1")
    for told in meet(afield, ann, bob):
        assert "changed on both sides: run first" in told
        assert "tag model: net (" in told
        assert "tree (" in told
        assert "tag same" not in told
    run = run_id(afield, ann, "first")
    for folder in two:
        assert apart(afield, folder, "show", "first") == {(run, "tag model"): ["net", "tree"]}
        assert "both sides" in done(afield, folder, "show", "first").out
        assert "changed on both sides" not in done(afield, folder, "sync").err  # told once
    done(afield, ann, "tag", "first", "model=forest")
    meet(afield, ann, bob)
    for folder in two:
        assert apart(afield, folder, "show", "first") == {}


def test_what_one_changes_knowing_the_other_s_is_no_disagreement(afield, two):
    ann, bob = two
    done(afield, ann, "tag", "first", "model=tree")
    meet(afield, ann, bob)
    done(afield, bob, "tag", "first", "model=net")
    for told in meet(afield, ann, bob):
        assert "both sides" not in told
    for folder in two:
        assert apart(afield, folder, "show", "first") == {}


def test_a_card_that_both_edit_shows_both_words(afield, two):
    ann, bob = two
    done(afield, ann, "data", "card", "c", "--set", "residency=eu", "--set", "origin=from Ann")
    done(afield, bob, "data", "card", "c", "--set", "residency=de", "--set", "origin=from Bob")
    for told in meet(afield, ann, bob):
        assert "card residency: de (" in told
    for folder in two:
        found = apart(afield, folder, "data", "card", "c")
        assert found == {
            ("c", "card residency"): ["de", "eu"],
            ("c", "card origin"): ["from Bob", "from Ann"],
        }
        assert "changed on both sides" in done(afield, folder, "data", "card", "c").err


def test_versions_of_one_number_are_told_with_what_they_were_called(afield, two):
    ann, bob = two
    for folder, text in ((ann, "2"), (bob, "3")):
        (folder / "c.csv").write_text(f"id\n{text}\n")
        added = done(afield, folder, "data", "add", str(folder / "c.csv"), "--name", "c", "--json")
        assert added.json["label"] == "c@2"
    for told in meet(afield, ann, bob):
        assert "data c: version: c@3 (" in told
        assert "c@2 (" in told
    for folder in two:
        shown = done(afield, folder, "data", "show", "c", "--json").json
        assert [one["number_then"] for one in shown["versions"]] == [1, 2, 2]
        words = done(afield, folder, "data", "show", "c").out.split()  # names may make lines long
        assert "was c@2 before the sync" in " ".join(words)


def test_a_note_on_a_run_that_the_other_deleted_is_told(afield, two):
    ann, bob = two
    done(afield, ann, "delete", "second")
    done(afield, bob, "note", "second", "keep this one")
    for told in meet(afield, ann, bob):
        assert "deleted: deleted (" in told
        assert "keep this one (" in told
    run = run_id(afield, ann, "second")
    for folder in two:
        assert apart(afield, folder, "show", "second") == {
            (run, "deleted"): ["deleted", "keep this one"]
        }
    done(afield, bob, "restore", "second")
    meet(afield, ann, bob)
    for folder in two:
        assert apart(afield, folder, "show", "second") == {}


def test_one_command_each_after_a_week_and_both_see_one_record(afield, two):
    ann, bob = two
    for folder, who in ((ann, "ann"), (bob, "bob")):
        done(afield, folder, "tag", "third", f"{who}=1")
        done(afield, folder, "note", "third", f"{who} was here")
    meet(afield, ann, bob)
    seen = [done(afield, folder, "show", "third", "--json").json for folder in two]
    for one in seen:
        one.pop("workspace", None)
    assert seen[0]["tags"] == seen[1]["tags"] == {"ann": "1", "bob": "1"}
    assert [note["text"] for note in seen[0]["notes"]] == [
        note["text"] for note in seen[1]["notes"]
    ]
    assert seen[0]["disagreements"] == []
    for folder in two:
        assert "sound" in done(afield, folder, "verify").out


def test_what_comes_to_count_with_a_confirmation_is_told_then(afield, two, tmp_path):
    ann, _ = two
    cleo = tmp_path / "cleo"
    phrase = afield("clone", str(tmp_path / "there"), str(cleo), "--json").json["phrase"]
    done(afield, cleo, "tag", "first", "model=net")
    done(afield, ann, "tag", "first", "model=tree")
    done(afield, cleo, "sync")
    assert "changed on both sides" not in done(afield, ann, "sync").err
    joined = done(afield, ann, "join", phrase)
    assert "changed on both sides: run first" in joined.err
