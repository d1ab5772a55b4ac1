"""`afield sweep` as people use it: drop or delete, sweep, think again."""

from __future__ import annotations

import random
import sys

import pytest

from afield.workspace.workspace import Workspace

CONTENT = random.Random(1).randbytes(300_000)


@pytest.fixture
def place(afield, tmp_path):
    """A workspace with two versions, the first of which is large and dropped."""
    folder, data = tmp_path / "project", tmp_path / "data"
    data.mkdir()
    for content in (CONTENT, b"small"):
        (data / "a.bin").write_bytes(content)
        words = ("data", "add", str(data), "--name", "d", "--workspace", str(folder))
        assert afield("init", str(folder)).code == 0
        assert afield(*words).code == 0
    assert afield("data", "drop", "d@1", "--workspace", str(folder)).code == 0
    return folder


def ask(afield, place, *words):
    return afield(*words, "--workspace", str(place))


def recorded(afield, afield_process, place):
    words = ("run", "--workspace", str(place), sys.executable, "-c", "print('hello out there')")
    assert afield_process(*words).code == 0
    return ask(afield, place, "runs", "--json").json["runs"][0]["id"]


def packs_bytes(place):
    return sum(each.stat().st_size for each in (place / ".afield" / "packs").iterdir())


def test_it_says_what_goes_and_whose_it_was_before_anything_does(afield, place):
    before = packs_bytes(place)
    dry = ask(afield, place, "sweep", "--dry-run")
    assert "dropped version d@1" in dry.out
    assert "nothing was touched" in dry.out
    assert packs_bytes(place) == before
    done = ask(afield, place, "sweep")
    assert "dropped version d@1" in done.out
    assert "undo with: afield sweep --undo" in done.out
    assert "nothing to sweep" in ask(afield, place, "sweep").out


def test_what_rests_is_missed_by_nobody_and_comes_back_when_it_is_asked_for(afield, place):
    ask(afield, place, "sweep")
    assert ask(afield, place, "verify").code == 0
    assert ask(afield, place, "repair", "--dry-run").code == 0
    assert ask(afield, place, "data", "drop", "d@1", "--undo").code == 0
    target = str(place / "out")
    assert ask(afield, place, "data", "get", "d@1", "--to", target).code == 0
    assert (place / "out" / "a.bin").read_bytes() == CONTENT
    assert "nothing rests" in ask(afield, place, "sweep", "--undo").out


def test_undo_brings_back_what_was_put_away(afield, place):
    ask(afield, place, "sweep")
    assert ask(afield, place, "sweep", "--undo").out.startswith("back: ")
    with Workspace.open(place) as workspace:
        assert not [one for one in workspace.verify() if one.damaged]
    assert "dropped version d@1" in ask(afield, place, "sweep", "--dry-run").out


def test_without_a_grace_the_space_is_free_at_once_and_verify_is_content(afield, place):
    before = packs_bytes(place)
    found = ask(afield, place, "sweep", "--grace", "0", "--json").json
    assert found["schema"] == "afield.sweep/1"
    assert [owner["label"] for owner in found["owners"]] == ["d@1"]
    assert found["freed"]["bytes"] > 300_000
    assert packs_bytes(place) < before - 300_000
    assert ask(afield, place, "verify").code == 0


def test_a_deleted_run_is_whole_again_after_a_restore(afield, afield_process, place):
    run = recorded(afield, afield_process, place)
    assert ask(afield, place, "delete", run).code == 0
    swept = ask(afield, place, "sweep", "--json").json
    assert any(owner["kind"] == "run" for owner in swept["owners"])
    back = ask(afield, place, "restore", run)
    assert (back.code, back.err) == (0, "")
    assert "hello out there" in ask(afield, place, "log", run, "--console").out


def test_a_restore_says_when_bytes_are_gone_for_good(afield, afield_process, place):
    run = recorded(afield, afield_process, place)
    ask(afield, place, "delete", run)
    ask(afield, place, "sweep", "--grace", "0")
    back = ask(afield, place, "restore", run)
    assert back.code == 0
    assert "were swept or are elsewhere" in back.err


def test_a_time_that_is_none_is_refused(afield, place):
    done = ask(afield, place, "sweep", "--grace", "soon")
    assert done.code == 2
    assert "hint: afield sweep --grace 14d" in done.err


def add(afield, place, folder, content):
    data = folder / "more"
    data.mkdir(exist_ok=True)
    (data / "b.bin").write_bytes(content)
    assert ask(afield, place, "data", "add", str(data), "--name", "more").code == 0


def test_what_a_device_needs_that_waits_to_be_confirmed_stays(afield, place, tmp_path):
    remote, copy = str(tmp_path / "remote"), tmp_path / "copy"
    ask(afield, place, "remote", "add", "team", remote)
    assert ask(afield, place, "sync").code == 0
    phrase = afield("clone", remote, str(copy), "--json").json["phrase"]
    content = random.Random(5).randbytes(200_000)
    add(afield, copy, tmp_path, content)
    assert ask(afield, copy, "sync").code == 0
    assert ask(afield, place, "sync").code == 0
    ask(afield, place, "sweep", "--grace", "0")
    assert ask(afield, place, "remote", "remove", "team").code == 0
    assert ask(afield, place, "join", *phrase.split()).code == 0
    assert ask(afield, place, "data", "get", "more", "--to", str(tmp_path / "out")).code == 0
    assert (tmp_path / "out" / "b.bin").read_bytes() == content


def test_a_copy_without_the_bytes_can_be_swept_and_filled_later(afield, place, tmp_path):
    remote, copy = str(tmp_path / "remote"), tmp_path / "copy"
    add(afield, place, tmp_path, random.Random(6).randbytes(200_000))
    ask(afield, place, "remote", "add", "team", remote)
    assert ask(afield, place, "sync").code == 0
    assert afield("clone", remote, str(copy), "--data", "none").code == 0
    assert ask(afield, copy, "sweep", "--grace", "0").code == 0
    assert ask(afield, copy, "sync").code == 0
    assert ask(afield, copy, "data", "get", "more", "--to", str(tmp_path / "out")).code == 0
    assert ask(afield, copy, "verify").code == 0
