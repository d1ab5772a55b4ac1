"""Versions counted from entries in any order, names, checkouts of hostile trees, progress."""

from __future__ import annotations

import contextlib
import os
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.datasets import events
from afield.datasets.add import keep
from afield.datasets.checkout import checkout
from afield.datasets.errors import FolderDiffers, NameBad, TreeUnsafe, VersionNotFound
from afield.datasets.fold import ROOM
from afield.datasets.query import resolve, versions
from afield.datasets.reference import Reference, parse
from afield.datasets.walk import link_stays_inside
from afield.journal.entry import Draft, Entry
from afield.kernel.files import OsFileSystem
from afield.projection import Projection
from afield.vault import StatCache, TreeEntry, Vault

DEVICES = ("a" * 32, "b" * 32)


def entry(device, seq, at, draft):
    return Entry(
        device=DEVICES[device],
        seq=seq,
        prev="0" * 64,
        at=at,
        tz="+00:00",
        by="m" * 16,
        kind=draft.kind,
        about=draft.about,
        body=dict(draft.body),
        refs=tuple(draft.refs),
    )


def added(device, seq, at, digit):
    draft = events.added("d", tree=digit * 64, files=1, size_bytes=1)
    return entry(device, seq, at, draft)


ENTRIES = [
    added(0, 1, 100, "1"),
    added(1, 1, 50, "2"),  # by somebody who was offline, and whose clock is behind
    added(1, 2, 100, "3"),  # at the same time as the first
    added(0, 2, 300, "1"),
    entry(0, 3, 301, events.dropped("d", [(DEVICES[1], 1)], gone=True)),
    entry(1, 3, 200, events.dropped("d", [(DEVICES[1], 1)], gone=False)),
    entry(0, 4, 302, events.carded("d", prose={}, labels={"residency": "eu"})),
    entry(1, 4, 303, events.carded("d", prose={}, labels={"residency": "any"})),
]


@given(st.permutations(ENTRIES), st.integers(0, len(ENTRIES)))
def test_versions_have_the_same_numbers_in_whatever_order_entries_come(order, again):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        projection = Projection(f"{folder}/p.db", (ROOM,))
        projection.apply([*order, *order[:again]])
        found = versions(projection, dropped=True)
        labels = projection.query("SELECT field, label FROM dataset_cards")
        projection.close()
    assert [(one.number, one.tree[0], one.dropped) for one in found] == [
        (1, "2", True),
        (2, "1", False),
        (3, "3", False),
        (4, "1", False),
    ]
    assert labels == [("residency", "any")]


def test_a_digest_names_the_newest_version_that_is_this_tree(tmp_path):
    projection = Projection(str(tmp_path / "p.db"), (ROOM,))
    projection.apply(ENTRIES)
    assert resolve(projection, parse("d@1111111")).number == 4
    assert resolve(projection, parse("d@33333333")).number == 3
    for words in ("d@1", "d@9", "d@ffff"):
        with pytest.raises(VersionNotFound):
            resolve(projection, parse(words))
    assert resolve(projection, parse("d@1"), dropped=True).tree == "2" * 64
    projection.close()


def test_entries_of_later_versions_and_nonsense_are_folded_to_what_is_known(tmp_path):
    odd = [
        entry(0, 1, 1, Draft("dataset.added", "d", {"tree": 7}, ())),
        entry(0, 2, 2, Draft("dataset.added", "d", {"tree": "1" * 64, "files": "x"}, ())),
        entry(0, 3, 3, Draft("dataset.dropped", "d", {"versions": [1, ["a"]]}, ())),
        entry(0, 4, 4, Draft("dataset.carded", "d", {"prose": 3, "labels": [1]}, ())),
    ]
    projection = Projection(str(tmp_path / "p.db"), (ROOM,))
    projection.apply(odd)
    assert [(one.files, one.number) for one in versions(projection)] == [(0, 1)]
    projection.close()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("d", Reference("d")),
        ("d@latest", Reference("d", pinned=True)),
        ("d@12", Reference("d", number=12, pinned=True)),
        ("d@1234567", Reference("d", digest="1234567", pinned=True)),
        ("d@9f2c", Reference("d", digest="9f2c", pinned=True)),
    ],
)
def test_words_name_versions(words, expected):
    assert parse(words) == expected


@pytest.mark.parametrize("words", ["", "@1", "a/b", "d@", "d@0", "d@x", "d@abc", ".d", "d" * 101])
def test_words_that_name_nothing_are_refused(words):
    with pytest.raises(NameBad):
        parse(words)


@pytest.mark.parametrize(
    ("path", "target", "stays"),
    [
        ("a/b", "../c", True),
        ("a/b", "c/d", True),
        ("b", "../c", False),
        ("a/b", "../../c", False),
        ("a/b", "c/../../..", False),
        ("a/b", "/etc/passwd", False),
        ("a/b", "c//d", False),
        ("a", "", False),
    ],
)
def test_a_link_stays_inside_of_its_version_or_is_none_of_it(path, target, stays):
    assert link_stays_inside(path, target) is stays


def written(vault, tmp_path, entries, *, folder="out", **more):
    return checkout(
        entries,
        str(tmp_path / folder),
        vault,
        cache=StatCache(str(tmp_path / "cache.bin")),
        progress=lambda _files, _size_bytes: None,
        **more,
    )


@pytest.fixture
def vault(tmp_path):
    return Vault(str(tmp_path / "packs"), OsFileSystem())


def test_how_far_a_large_file_is_is_told_while_it_is_kept_and_written(vault, tmp_path):
    data = random.Random(1).randbytes(9 << 20)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "large.bin").write_bytes(data)
    (tmp_path / "in" / "small.bin").write_bytes(b"small")
    told = []
    tell = lambda files, size_bytes: told.append((files, size_bytes))  # noqa: E731
    cache = StatCache(str(tmp_path / "cache.bin"))
    kept = keep(str(tmp_path / "in"), vault, cache, tell)
    for _ in range(2):  # kept, then written
        assert sum(files for files, _ in told) == 2
        assert sum(size_bytes for _, size_bytes in told) == len(data) + 5
        assert len([1 for files, size_bytes in told if not files and size_bytes]) >= 7
        if (tmp_path / "out").exists():
            break
        told.clear()
        entries = vault.get_tree(kept.tree)
        checkout(entries, str(tmp_path / "out"), vault, cache=cache, progress=tell)
    assert (tmp_path / "out" / "large.bin").read_bytes() == data


def test_a_tree_that_would_write_through_a_link_or_outside_is_refused(vault, tmp_path):
    text = vault.put(b"text")
    for target in (b"/tmp", b"../..", b"x/../../.."):
        out = TreeEntry("s", 0o120000, len(target), vault.put(target))
        with pytest.raises(TreeUnsafe):
            written(vault, tmp_path, [out])
        assert not os.path.lexists(tmp_path / "out" / "s")
    through = [TreeEntry("s", 0o120000, 1, vault.put(b"t")), TreeEntry("s/f", 0o644, 4, text)]
    with pytest.raises(TreeUnsafe, match="as a file and as a folder"):
        written(vault, tmp_path, through)


def test_a_folder_of_the_person_that_is_a_link_is_not_written_through(vault, tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "far")
    entry = TreeEntry("sub/f", 0o644, 4, vault.put(b"text"))
    with pytest.raises(FolderDiffers):
        written(vault, tmp_path, [entry], force=True)
    assert not list((tmp_path / "far").iterdir())


def test_what_a_killed_checkout_left_half_written_is_swept(vault, tmp_path):
    entry = TreeEntry("f", 0o644, 4, vault.put(b"text"))
    (tmp_path / "out").mkdir()
    dead = random.Random(1).randrange(2**30, 2**31)  # no process has a number so large
    (tmp_path / "out" / f"f.tmp-{dead}-1").write_text("te")
    (tmp_path / "out" / f"f.tmp-{os.getpid()}-1").write_text("alive")
    (tmp_path / "out" / f"mine.tmp-{dead}-1").write_text("mine")
    written(vault, tmp_path, [entry])
    names = sorted(one.name for one in (tmp_path / "out").iterdir())
    assert names == ["f", f"f.tmp-{os.getpid()}-1", f"mine.tmp-{dead}-1"]


DEAD = 2**30 + 7  # no process has a number so large


def two_files(vault):
    return [TreeEntry(name, 0o644, 4, vault.put(name.encode() * 4)) for name in "fg"]


def test_a_folder_is_not_there_before_all_of_it_is(vault, tmp_path):
    seen = []
    cache = StatCache(str(tmp_path / "cache.bin"))
    look = lambda _files, _size_bytes: seen.append((tmp_path / "out").exists())  # noqa: E731
    checkout(two_files(vault), str(tmp_path / "out"), vault, cache=cache, progress=look)
    assert seen
    assert not any(seen)
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["f", "g"]


def test_a_killed_filling_is_carried_on_and_those_of_others_are_left(vault, tmp_path):
    stale, alive = (tmp_path / f".out.afield-{pid}-1" for pid in (DEAD, os.getpid()))
    for folder in (stale, alive):
        folder.mkdir()
        (folder / "f").write_text("ffff")
        (folder / "g").write_text("g")
    kept = (stale / "f").stat().st_ino
    done = written(vault, tmp_path, two_files(vault))
    assert (done.present, done.written) == (1, 1)
    assert (tmp_path / "out" / "f").stat().st_ino == kept
    assert (tmp_path / "out" / "g").read_text() == "gggg"
    assert (alive / "g").read_text() == "g"
    assert not stale.exists()


def test_what_a_killed_filling_of_another_version_left_is_in_nobodys_folder(vault, tmp_path):
    stale = tmp_path / f".out.afield-{DEAD}-1"
    stale.mkdir()
    (stale / "other").write_text("o")
    written(vault, tmp_path, two_files(vault))
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["f", "g"]
    assert not stale.exists()


@pytest.mark.parametrize("theirs", ["gggg", "mine"])
def test_a_folder_that_somebody_makes_meanwhile_is_written_into_as_any_other(
    vault, tmp_path, theirs
):
    entries, out = two_files(vault), tmp_path / "out"
    cache = StatCache(str(tmp_path / "cache.bin"))

    def meanwhile(_files, _size_bytes):
        out.mkdir(exist_ok=True)
        (out / "g").write_text(theirs)

    meant = contextlib.nullcontext() if theirs == "gggg" else pytest.raises(FolderDiffers)
    with meant:
        checkout(entries, str(out), vault, cache=cache, progress=meanwhile)
    assert (out / "g").read_text() == theirs
    assert (out / "f").exists() == (theirs == "gggg")
    assert not list(tmp_path.glob(".out*"))
