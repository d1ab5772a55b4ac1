"""Bringing what people have: DVC repositories with their history, and plain folders."""

from __future__ import annotations

import os

import pytest
from dvc_layout import DvcLayout, md5_of


@pytest.fixture
def here(afield, tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    assert afield("init", str(folder)).code == 0
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def repo(tmp_path):
    """Three commits of a folder: as it was first, with a file more, and as it was first again."""
    layout = DvcLayout(tmp_path / "repo")
    first = layout.keep_folder({"a.csv": b"id,x\n1,2\n", "sub/b.bin": b"\0" * 9})
    second = layout.keep_folder({"a.csv": b"id,x\n1,2\n", "sub/b.bin": b"\0" * 9, "c.txt": b"c"})
    layout.track("data/raw", first)
    layout.commit("first\n\nas exported")
    layout.track("data/raw", second)
    layout.commit("a file more")
    layout.track("data/raw", first)
    layout.commit("back")
    return layout


def shown(afield, name):
    found = afield("data", "show", name, "--json")
    assert found.code == 0, found.err
    return found.json


def messages(afield, name):
    return [one["message"] for one in shown(afield, name)["versions"]]


def test_each_content_in_the_history_becomes_a_version_with_who_and_when(afield, here, repo):
    dry = afield("import", "dvc", str(repo.root), "--dry-run", "--json")
    assert dry.code == 0, dry.err
    assert [len(one["new"]) for one in dry.json["datasets"]] == [3]
    assert afield("data", "list", "--json").json["datasets"] == []
    done = afield("import", "dvc", str(repo.root))
    assert done.code == 0, done.err
    assert "data-raw: 3 new versions, now data-raw@3" in done.out
    assert "afield data card data-raw --set origin=" in done.err
    assert messages(afield, "data-raw") == ["first\n\nas exported", "a file more", "back"]
    second = shown(afield, "data-raw@2")
    assert [one["path"] for one in second["contents"]] == ["a.csv", "c.txt", "sub/b.bin"]
    assert second["source"]["commit"] == repo.git("rev-parse", "HEAD~1")
    assert second["source"]["author"] == "Ann B"
    assert second["source"]["mail"] == "ann@example.org"
    assert second["source"]["place"] == "data/raw"
    assert second["source"]["date"].startswith("2023-11-1")
    assert "from" in afield("data", "show", "data-raw").out
    trees = [one["tree"] for one in second["versions"]]
    assert trees[0] == trees[2] != trees[1]
    assert afield("data", "get", "data-raw@2", "--to", str(here / "out")).code == 0
    assert (here / "out" / "c.txt").read_bytes() == b"c"
    again = afield("import", "dvc", str(repo.root), "--json")
    assert [(one["known"], one["added"]) for one in again.json["datasets"]] == [(3, [])]
    assert afield("verify").code == 0


def test_what_dvc_2_wrote_is_read_with_its_line_ends(afield, here, tmp_path):
    layout = DvcLayout(tmp_path / "repo", old=True)
    text = b"a\r\nb\r\n"
    md5 = layout.keep(text, md5=md5_of(text.replace(b"\r\n", b"\n")))
    layout.track("win.txt", md5, "  isexec: true\n")
    out = layout.out(layout.keep(b"m"), "out/m.bin").replace("\n", "\n    ").rstrip(" ")
    lock = f"schema: '2.0'\nstages:\n  prep:\n    cmd: x\n    outs:\n    {out}"
    (layout.root / "dvc.lock").write_text(lock)
    layout.commit("first")
    done = afield("import", "dvc", str(layout.root))
    assert done.code == 0, done.err
    assert afield("data", "get", "win.txt", "--to", str(here / "out")).code == 0
    assert (here / "out" / "win.txt").read_bytes() == text
    assert os.access(here / "out" / "win.txt", os.X_OK)
    assert shown(afield, "out-m.bin")["files"] == 1


def test_what_is_in_no_cache_is_named_and_comes_later_without_becoming_the_newest(
    afield, here, repo
):
    gone = repo.place(md5_of(b"c"))
    kept = gone.read_bytes()
    gone.unlink()
    (repo.root / ".dvc" / "config").write_text("['remote \"far\"']\n    url = s3://far/away\n")
    partly = afield("import", "dvc", str(repo.root))
    assert partly.code == 3
    assert "1 file not in the cache" in partly.err
    assert "s3://far/away" in partly.err
    assert "dvc fetch --all-commits" in partly.err
    assert len(messages(afield, "data-raw")) == 1  # as it was first, twice, is one
    gone.write_bytes(kept)
    late = afield("import", "dvc", str(repo.root), "--json")
    assert late.code == 0, late.err
    first = shown(afield, "data-raw@1")["tree"]
    assert shown(afield, "data-raw")["tree"] == first
    assert shown(afield, "data-raw@2")["tree"] != first
    assert "nothing new" in afield("import", "dvc", str(repo.root)).out


def test_a_late_version_in_the_middle_leaves_the_newest_the_newest(afield, here, tmp_path):
    layout = DvcLayout(tmp_path / "repo")
    keys = [layout.keep(data) for data in (b"one", b"two", b"three")]
    for md5 in keys:
        layout.track("d.bin", md5)
        layout.commit(md5)
    layout.place(keys[1]).rename(layout.root / "aside")
    assert afield("import", "dvc", str(layout.root)).code == 3
    (layout.root / "aside").rename(layout.place(keys[1]))
    assert afield("import", "dvc", str(layout.root)).code == 0
    assert messages(afield, "d.bin") == [keys[0], keys[2], keys[1], keys[2]]
    assert "nothing new" in afield("import", "dvc", str(layout.root)).out


def test_bytes_that_are_others_make_no_version(afield, here, repo):
    repo.place(md5_of(b"c")).write_bytes(b"d")
    partly = afield("import", "dvc", str(repo.root))
    assert partly.code == 3
    assert "the bytes in the cache are others" in partly.err
    trees = {one["tree"] for one in shown(afield, "data-raw")["versions"]}
    assert len(trees) == 1


def test_a_remote_that_is_a_folder_serves_what_the_cache_lacks(afield, here, repo):
    (repo.cache / "files").rename(repo.root / "store")
    store = repo.root / "there" / "files"
    store.parent.mkdir()
    (repo.root / "store").rename(store)
    config = "[core]\n    remote = near\n['remote \"near\"']\n    url = ../there\n"
    (repo.root / ".dvc" / "config").write_text(config)
    done = afield("import", "dvc", str(repo.root))
    assert done.code == 0, done.err
    assert len(messages(afield, "data-raw")) == 3


def test_a_merge_leaves_what_its_branch_has_as_the_newest(afield, here, tmp_path):
    layout = DvcLayout(tmp_path / "repo")
    mine, theirs = layout.keep(b"mine"), layout.keep(b"theirs")
    layout.track("d.bin", layout.keep(b"base"))
    layout.commit("base")
    layout.git("checkout", "-q", "-b", "side")
    layout.track("d.bin", theirs)
    layout.commit("theirs")
    layout.git("checkout", "-q", "main")
    layout.track("d.bin", mine)
    layout.commit("mine")
    layout.git("merge", "-q", "-s", "ours", "-m", "merge", "side")
    done = afield("import", "dvc", str(layout.root / "d.bin.dvc"), "--name", "d")
    assert done.code == 0, done.err
    assert messages(afield, "d") == ["base", "theirs", "mine"]
    older = afield("import", "dvc", str(layout.root), "--rev", "side", "--dry-run", "--json")
    assert [len(one["new"]) for one in older.json["datasets"]] == [2]


def test_hostile_and_odd_files_are_named_and_harm_nothing(afield, here, tmp_path):
    layout = DvcLayout(tmp_path / "repo")
    up = layout.keep(b'[{"md5": "' + layout.keep(b"x").encode() + b'", "relpath": "../x"}]', ".dir")
    layout.track("up", up)
    layout.track("whole", layout.keep(b"fine"))
    (layout.root / "broken.dvc").write_text("outs: [}")
    (layout.root / "bomb.dvc").write_text("a: &a [x,x]\nb: &b [*a,*a]\nouts: *b\n")
    (layout.root / "out.dvc").write_text("outs:\n" + layout.out(layout.keep(b"x"), "../../etc/p"))
    layout.commit("odd")
    done = afield("import", "dvc", str(layout.root))
    assert done.code == 3
    assert "outside of it" in done.err
    assert "broken.dvc" in done.err
    assert [one["name"] for one in afield("data", "list", "--json").json["datasets"]] == ["whole"]


def test_outputs_that_cannot_be_brought_are_named(afield, here, repo):
    outside = repo.out("0" * 32, "../elsewhere/big.bin") + repo.out("0" * 32, "s3://bucket/key")
    (repo.root / "away.dvc").write_text(f"outs:\n{outside}- etag: abc\n  path: clouded\n")
    (repo.root / "later.dvc").write_text("outs:\n- path: not-made-yet\n")
    repo.commit("elsewhere")
    for _ in range(2):
        done = afield("import", "dvc", str(repo.root))
        assert done.code == 3
        assert "../elsewhere/big.bin was passed over: it lies outside of the repository" in done.err
        assert "clouded was passed over: DVC keeps it under no MD5 (away.dvc)" in done.err
        assert "not-made-yet" not in done.err
    told = afield("import", "dvc", str(repo.root), "--json").json
    named = [one["output"] for one in told["passed_over"]]
    assert named == ["../elsewhere/big.bin", "clouded", "s3://bucket/key"]
    assert afield("import", "dvc", str(repo.root / "data")).code == 0


def test_what_is_no_dvc_repository_is_said_with_what_to_do(afield, here, tmp_path):
    plain = tmp_path / "plain"
    plain.mkdir()
    found = afield("import", "dvc", str(plain))
    assert found.code == 1
    assert "no `.dvc` folder" in found.err
    (plain / ".dvc").mkdir()
    found = afield("import", "dvc", str(plain))
    assert found.code == 1
    assert "git" in found.err


def test_folders_side_by_side_become_versions_in_the_order_given(afield, here, tmp_path):
    for place, (name, data) in enumerate({"v1": "a", "v2": "b", "final": "c"}.items()):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.csv").write_text(f"id\n{data}\n")
        os.utime(tmp_path / name / "x.csv", (1_600_000_000 - place,) * 2)
    folders = [str(tmp_path / name) for name in ("v1", "v2", "final")]
    done = afield("import", "folder", *folders, "--name", "data")
    assert done.code == 0, done.err
    assert "--by-time" in done.err  # each is older than the one before
    assert "the data card says nothing of origin" in done.err
    assert messages(afield, "data") == ["v1", "v2", "final"]
    assert shown(afield, "data@3")["source"]["place"] == folders[2]
    again = afield("import", "folder", *folders, "--name", "data", "--json")
    assert (again.json["added"], again.json["known"]) == ([], 3)
    (tmp_path / "final" / "x.csv").write_text("id\nd\n")
    os.utime(tmp_path / "final" / "x.csv", (1_600_000_001,) * 2)
    assert afield("import", "folder", *folders, "--name", "data").code == 0
    assert messages(afield, "data") == ["v1", "v2", "final", "final"]
    dry = afield("import", "folder", *folders, "--name", "data", "--by-time", "--dry-run", "--json")
    assert [one["path"] for one in dry.json["folders"]] == [folders[1], folders[0], folders[2]]
