"""One suite for every store that a vault can stand on."""

from __future__ import annotations

import os
import random

import pytest

from afield.kernel.files import OsFileSystem
from afield.kernel.ids import ObjectId
from afield.sync.stores.memory import MemoryRemote
from afield.testing.clock import ManualClock
from afield.testing.disk import SimulatedDisk
from afield.vault import Vault
from afield.vault.bucketed import LISTED_AGAIN_S, BucketStore
from afield.vault.errors import StorageUnreachable
from afield.vault.stores import FolderStore, MemoryStore, Store


@pytest.fixture(params=["folder", "simulated folder", "memory", "bucket"])
def store(request, tmp_path) -> Store:
    if request.param == "folder":
        return FolderStore(str(tmp_path / "deep" / "packs"), OsFileSystem())
    if request.param == "simulated folder":
        return FolderStore("/deep/packs", SimulatedDisk())
    if request.param == "bucket":
        return in_bucket(tmp_path, MemoryRemote())
    return MemoryStore()


def in_bucket(folder, far, cache_bytes=1 << 20, now_s=lambda: 0.0) -> BucketStore:
    """Return packs in a bucket with copies in a folder."""
    near = FolderStore(str(folder / "packs"), OsFileSystem())
    return BucketStore(near, far, cache_bytes=cache_bytes, monotonic_s=now_s)


def test_an_empty_store_has_no_names(store):
    assert store.names() == []
    assert store.size("a") is None
    store.settle()


def test_what_is_written_is_read_in_parts(store):
    store.write("a", b"0123456789")
    assert store.read("a") == b"0123456789"
    assert store.read("a", 3, 4) == b"3456"
    assert store.read("a", 8, 40) == b"89"
    assert store.size("a") == 10
    assert store.names() == ["a"]
    store.settle()


def test_a_missing_name_is_said_to_be_missing(store):
    with pytest.raises(FileNotFoundError):
        store.read("a")
    store.write("a", b"")
    store.remove("a")
    store.remove("a")
    with pytest.raises(FileNotFoundError):
        store.read("a")


def test_writing_again_replaces(store):
    store.write("a", b"one")
    store.write("a", b"two")
    assert store.read("a") == b"two"


def test_a_vault_works_the_same_on_every_store(store):
    made = random.Random(1)
    contents = [b"", b"a", made.randbytes(20_000), b"text " * 50_000]
    vault = Vault("", OsFileSystem(), store=store, pack_bytes=30_000)
    ids = [vault.put(data) for data in contents]
    vault.flush()
    other = Vault("", OsFileSystem(), store=store)
    assert [other.get(object_id) for object_id in ids] == contents
    assert list(other.verify(roots=ids)) == []


def test_old_half_written_files_are_swept_and_young_ones_left(tmp_path):
    root = tmp_path / "packs"
    vault = Vault(str(root), OsFileSystem())
    root.mkdir()
    for name, age_s in (("a.pack.tmp-1-2", 3 * 86_400), ("b.pack.tmp-1-3", 60)):
        (root / name).write_bytes(b"half")
        at_s = (root / name).stat().st_mtime - age_s
        os.utime(root / name, (at_s, at_s))
    assert list(vault.verify()) == []
    vault.put(b"x")
    vault.flush()
    left = [path.name for path in root.iterdir() if ".tmp-" in path.name]
    assert left == ["b.pack.tmp-1-3"]
    assert list(vault.verify()) == []


def test_copies_of_packs_stay_within_bounds_and_none_goes_that_is_the_only_one(tmp_path):
    made, far = random.Random(1), MemoryRemote()
    store = in_bucket(tmp_path, far, cache_bytes=250_000)
    vault = Vault("", OsFileSystem(), store=store, pack_bytes=60_000)
    alone = f"{'0' * 64}.pack"
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / alone).write_bytes(bytes(50_000))
    contents = [made.randbytes(40_000) for _ in range(20)]
    ids = [vault.put(data) for data in contents]
    vault.flush()
    here = {path.name: path.stat().st_size for path in (tmp_path / "packs").glob("*.pack")}
    assert alone in here
    assert sum(here.values()) <= 250_000
    assert len([name for name in far.files if name.endswith(".pack")]) == 20
    assert [vault.get(object_id) for object_id in ids] == contents


def test_a_part_of_a_pack_is_read_alone_and_one_that_is_read_often_is_fetched(tmp_path):
    far = Counting()
    first = Vault("", OsFileSystem(), store=in_bucket(tmp_path / "a", far))
    ids = [first.put(random.Random(number).randbytes(15_000)) for number in range(30)]
    first.flush()
    other = Vault("", OsFileSystem(), store=in_bucket(tmp_path / "b", far))
    other.get(ids[0])
    assert far.read_bytes < 90_000  # the pack's end and one of 30 records
    for object_id in ids:
        other.get(object_id)
    assert far.read_bytes < 90_000 + 30_000 + 460_000


def test_what_another_hub_has_written_is_found_and_a_bucket_that_is_away_is_told(tmp_path):
    far, clock = Counting(), ManualClock()

    def now_s():
        return clock.wall_ns() / 1e9

    mine, theirs = (
        Vault("", OsFileSystem(), store=in_bucket(tmp_path / name, far, now_s=now_s))
        for name in "ab"
    )
    assert list(mine.objects()) == []
    found = theirs.put(b"theirs")
    theirs.flush()
    clock.advance(2 * LISTED_AGAIN_S)
    assert mine.get(found) == b"theirs"
    far.away = True
    clock.advance(2 * LISTED_AGAIN_S)
    assert theirs.get(found) == b"theirs"
    with pytest.raises(StorageUnreachable):
        mine.get(ObjectId("0" * 64))
    mine.put(b"kept nowhere")
    with pytest.raises(StorageUnreachable):
        mine.flush()
    far.away = False
    mine.flush()
    clock.advance(2 * LISTED_AGAIN_S)
    assert theirs.get(mine.put(b"kept nowhere")) == b"kept nowhere"


class Counting(MemoryRemote):
    """A bucket that counts what is read of it, and may be away."""

    def __init__(self):
        super().__init__()
        self.read_bytes = 0
        self.away = False

    def list(self, prefix):
        self.answer()
        return super().list(prefix)

    def get(self, name, offset=0, size_bytes=-1):
        self.answer()
        found = super().get(name, offset, size_bytes)
        self.read_bytes += len(found)
        return found

    def put(self, name, data):
        self.answer()
        super().put(name, data)

    def answer(self):
        if self.away:
            raise StorageUnreachable("cannot use the storage")
