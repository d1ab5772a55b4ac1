"""One suite for every store that a vault can stand on."""

from __future__ import annotations

import os
import random

import pytest

from afield.kernel.files import OsFileSystem
from afield.testing.disk import SimulatedDisk
from afield.vault import Vault
from afield.vault.stores import FolderStore, MemoryStore, Store


@pytest.fixture(params=["folder", "simulated folder", "memory"])
def store(request, tmp_path) -> Store:
    if request.param == "folder":
        return FolderStore(str(tmp_path / "deep" / "packs"), OsFileSystem())
    if request.param == "simulated folder":
        return FolderStore("/deep/packs", SimulatedDisk())
    return MemoryStore()


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
