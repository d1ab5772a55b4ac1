"""Objects through the door of the vault: put, get, open, copy, trees."""

from __future__ import annotations

import io
import os
import random
import threading

import pytest
from blake3 import blake3

from afield.kernel.files import OsFileSystem
from afield.testing.disk import SimulatedDisk
from afield.vault import ObjectDamaged, ObjectMissing, TreeEntry, Vault
from afield.vault.errors import ChunkerSlow, FormatUnknown, HeaderDamaged, NotAFile
from afield.vault.header import Header, encode

ROOT = "/w/packs"
UNKNOWN = "00" * 32


@pytest.fixture
def disk():
    return SimulatedDisk()


@pytest.fixture
def vault(disk):
    return Vault(ROOT, disk)


def stored_bytes(disk) -> int:
    return sum(len(data) for path, data in disk.files().items() if path.endswith(".pack"))


def test_an_object_is_named_by_the_blake3_of_all_its_bytes(vault):
    for size_bytes in (0, 1, 16_384, 16_385, 1_000_000):
        data = random.Random(size_bytes).randbytes(size_bytes)
        assert vault.put(data) == blake3(data).hexdigest()
        assert vault.put_stream(io.BytesIO(data)) == (blake3(data).hexdigest(), size_bytes)


def test_an_object_can_be_read_before_and_after_it_is_flushed(vault, disk):
    object_id = vault.put(b"hello")
    assert vault.get(object_id) == b"hello"
    assert not Vault(ROOT, disk).has(object_id)
    vault.flush()
    assert vault.get(object_id) == b"hello"
    assert Vault(ROOT, disk).get(object_id) == b"hello"


def test_nothing_is_written_when_nothing_was_put(vault, disk):
    vault.flush()
    assert not vault.has(UNKNOWN)
    assert disk.operations == []


def test_what_another_process_flushed_is_found_without_asking(vault, disk):
    assert not vault.has(vault.put(b"mine")[:-1] + "0")
    other = Vault(ROOT, disk)
    object_id = other.put(b"theirs")
    other.flush()
    assert vault.has(object_id)
    assert vault.size(object_id) == 6
    third = Vault(ROOT, disk)
    object_id = third.put(b"later")
    third.flush()
    assert vault.get(object_id) == b"later"
    assert set(vault.objects()) == {blake3(data).hexdigest() for data in (b"theirs", b"later")}


def test_a_missing_object_is_refused_with_its_code(vault):
    for read in (vault.get, vault.size, vault.open, vault.get_tree):
        with pytest.raises(ObjectMissing, match=UNKNOWN) as caught:
            read(UNKNOWN)
        assert caught.value.to_dict()["code"] == "vault.object_missing"
        assert caught.value.to_dict()["object"] == UNKNOWN


def test_a_copy_of_a_missing_object_leaves_no_file(vault, tmp_path):
    with pytest.raises(ObjectMissing):
        vault.copy_to(UNKNOWN, str(tmp_path / "a"))
    assert list(tmp_path.iterdir()) == []


def test_the_same_bytes_are_kept_once(vault, disk):
    data = random.Random(1).randbytes(300_000)
    vault.put(data)
    vault.flush()
    once = stored_bytes(disk)
    for again in (vault, Vault(ROOT, disk)):
        again.put(data)
        again.put_stream(io.BytesIO(data))
        again.flush()
    assert stored_bytes(disk) == once


def test_an_edit_in_a_large_file_costs_a_few_chunks(vault, disk):
    made = random.Random(2)
    data = made.randbytes(4_000_000)
    vault.put(data)
    vault.flush()
    once = stored_bytes(disk)
    edited = data[:1_000_000] + b"inserted" + data[1_000_000:2_500_000] + data[2_500_100:]
    vault.put(edited)
    vault.flush()
    assert stored_bytes(disk) - once < 1_000_000


def test_rows_of_text_are_cut_finer_than_other_files(tmp_path):
    rows = "".join(f"{number},{number * 7 % 1013},{number * number}\n" for number in range(60_000))
    grown = {}
    for suffix in ("csv", "bin"):
        disk = SimulatedDisk()
        vault = Vault(ROOT, disk)
        path = tmp_path / f"table.{suffix}"
        path.write_text(rows)
        vault.put_file(str(path))
        vault.flush()
        before = stored_bytes(disk)
        path.write_text(rows.replace("\n30000,", "\n30000,edited,"))
        vault.put_file(str(path))
        vault.flush()
        grown[suffix] = stored_bytes(disk) - before
    assert grown["csv"] < grown["bin"] / 2


def test_compression_is_kept_only_where_it_saves(vault, disk):
    noise = random.Random(3).randbytes(16_000)
    vault.put(noise)
    vault.flush()
    assert noise in b"".join(disk.files().values())
    before = stored_bytes(disk)
    vault.put(b"again and " * 1_500)
    vault.flush()
    assert stored_bytes(disk) - before < 500


def test_metadata_stands_in_packs_of_its_own(vault, disk):
    vault.put(b"data")
    vault.put(b"prose", meta=True)
    vault.flush()
    packs = [data for path, data in disk.files().items() if path.endswith(".pack")]
    assert sorted((b"data" in pack, b"prose" in pack) for pack in packs) == [
        (False, True),
        (True, False),
    ]


def test_metadata_never_reaches_the_disk_before_the_data_that_it_names(disk):
    vault = Vault(ROOT, disk, pack_bytes=10_000)
    data = vault.put(b"named by the tree")
    tree = vault.put_tree([TreeEntry("a", 0o644, 17, data)])
    for number in range(30):
        vault.put(random.Random(number).randbytes(900), meta=True)
    other = Vault(ROOT, disk)
    assert other.has(tree)
    assert other.has(data)


def test_packs_keep_to_their_size(disk):
    vault = Vault(ROOT, disk, pack_bytes=50_000)
    made = random.Random(4)
    for _ in range(40):
        vault.put(made.randbytes(9_000))
    vault.flush()
    sizes = [len(data) for path, data in disk.files().items() if path.endswith(".pack")]
    assert len(sizes) == 8
    assert max(sizes) < 51_000


def test_a_file_is_read_chunk_by_chunk_from_any_place(vault):
    data = random.Random(5).randbytes(2_000_000)
    object_id = vault.put(data)
    with vault.open(object_id) as file:
        for at in (0, 1_999_999, 700_000, 16_384, 1_234_567):
            assert file.seek(at) == at
            assert file.read(5_000) == data[at : at + 5_000]
        file.seek(-10, io.SEEK_END)
        assert file.tell() == len(data) - 10
        assert file.read() == data[-10:]
        assert file.read() == b""
        file.seek(len(data) + 5)
        assert file.read(1) == b""
        with pytest.raises(ValueError, match="negative"):
            file.seek(-1)


class Repeating(io.RawIOBase):
    """The same random block again and again."""

    def __init__(self, block: bytes, size_bytes: int) -> None:
        super().__init__()
        self.block = block
        self.at = 0
        self.size_bytes = size_bytes

    def readable(self):
        return True

    def readinto(self, buffer):
        start = self.at % len(self.block)
        part = self.block[start : start + min(len(buffer), self.size_bytes - self.at)]
        buffer[: len(part)] = part
        self.at += len(part)
        return len(part)


def test_a_file_of_more_chunks_than_a_recipe_holds_is_a_recipe_of_recipes(vault, tmp_path):
    size_bytes = 110_000_000
    block = random.Random(8).randbytes(1_000_000)
    object_id, seen = vault.put_stream(Repeating(block, size_bytes), rows=True)
    assert seen == size_bytes == vault.size(object_id)
    vault.flush()
    assert any(60_000_000 < vault.size(one) < size_bytes for one in set(vault.objects()))
    with vault.open(object_id) as file:
        for at in (109_999_990, 90_500_000, 1_000, 70_000_000):
            file.seek(at)
            assert file.read(10) == (block + block)[at % len(block) :][:10]
    assert vault.copy_to(object_id, str(tmp_path / "big")) == size_bytes


def test_a_real_file_comes_back_with_its_size(vault, tmp_path):
    for number, size_bytes in enumerate((0, 5, 20_000, 5_000_000)):
        data = random.Random(number).randbytes(size_bytes)
        path = tmp_path / f"söme file {number}"
        path.write_bytes(data)
        object_id, seen = vault.put_file(str(path))
        assert (object_id, seen) == (blake3(data).hexdigest(), size_bytes)
        assert vault.put_file(str(path)) == (object_id, size_bytes)
        target = tmp_path / f"copy {number}"
        assert vault.copy_to(object_id, str(target)) == size_bytes
        assert target.read_bytes() == data


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_what_is_no_regular_file_is_refused(vault, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotAFile, match="regular"):
        vault.put_file(str(tmp_path / "pipe"))
    with pytest.raises((NotAFile, IsADirectoryError)):
        vault.put_file(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        vault.put_file(str(tmp_path / "none"))


def test_a_tree_keeps_names_modes_and_sizes_sorted(vault):
    empty = vault.put(b"")
    entries = [
        TreeEntry("src/ä b.py", 0o755, 0, empty),
        TreeEntry("link", 0o120000, 0, empty),
        TreeEntry("line\nbreak", 0o644, 0, empty),
        TreeEntry(os.fsdecode(b"not utf-8 \xff"), 0o644, 12, empty),
    ]
    tree = vault.put_tree(entries)
    assert set(vault.get_tree(tree)) == set(entries)
    assert vault.put_tree(reversed(entries)) == tree
    assert vault.get_tree(tree)[0].path == "line\nbreak"


@pytest.mark.parametrize("path", ["", "/abs", "a//b", "../up", "a/../b", "a/", ".", "a\0b"])
def test_a_tree_refuses_paths_that_lead_elsewhere(vault, path):
    with pytest.raises(ValueError, match="not an entry"):
        vault.put_tree([TreeEntry(path, 0o644, 0, vault.put(b""))])


def test_a_tree_refuses_a_name_that_stands_twice(vault):
    entry = TreeEntry("a", 0o644, 0, vault.put(b""))
    with pytest.raises(ValueError, match="not an entry"):
        vault.put_tree([entry, entry])


@pytest.mark.parametrize(
    "text",
    [
        b"no tree",
        b"afield.tree/1\n644 0 %s a" % (b"0" * 64),
        b"afield.tree/1\n644 0 %s ../a\0" % (b"0" * 64),
        b"afield.tree/1\n777 0 %s a\0" % (b"0" * 64),
        b"afield.tree/1\n644 0 %s b\x00644 0 %s a\0" % (b"0" * 64, b"0" * 64),
    ],
)
def test_what_is_no_tree_is_not_taken_for_one(vault, text):
    with pytest.raises(ObjectDamaged):
        vault.get_tree(vault.put(text))


def test_verify_names_what_roots_and_their_trees_miss(vault):
    tree = vault.put_tree([TreeEntry("gone.txt", 0o644, 3, UNKNOWN)])
    vault.flush()
    found = list(vault.verify(roots=[tree, "11" * 32]))
    assert {(one.what, one.name) for one in found} == {
        ("reference", UNKNOWN),
        ("reference", "11" * 32),
    }
    assert all(one.damaged for one in found)
    assert any("gone.txt" in one.why for one in found)


def test_verify_mentions_files_that_are_not_its_own(vault, disk):
    vault.put(b"x")
    vault.flush()
    disk.write_new(f"{ROOT}/notes.txt", b"?")
    assert [(one.what, one.name, one.damaged) for one in vault.verify()] == [
        ("file", "notes.txt", False)
    ]


def test_a_later_format_or_feature_is_refused_politely(disk):
    for header in (Header(version=2), Header(required=("sealed",))):
        disk.make_folder(ROOT)
        disk.write_new(f"{ROOT}/format", encode(header))
        with pytest.raises(FormatUnknown, match="later afield") as caught:
            Vault(ROOT, disk).put(b"x")
        assert caught.value.code == "vault.format_unknown"
        assert "upgrade" in (caught.value.hint or "")
        with pytest.raises(FormatUnknown):
            Vault(ROOT, disk).has(UNKNOWN)


def test_an_optional_feature_that_is_unknown_is_passed_over(disk):
    disk.make_folder(ROOT)
    disk.write_new(f"{ROOT}/format", encode(Header(optional=("faster",))))
    vault = Vault(ROOT, disk)
    object_id = vault.put(b"x")
    vault.flush()
    assert Vault(ROOT, disk).get(object_id) == b"x"


def test_a_header_that_cannot_be_read_is_damage(disk):
    disk.make_folder(ROOT)
    disk.write_new(f"{ROOT}/format", b"{}")
    with pytest.raises(HeaderDamaged):
        Vault(ROOT, disk).has(UNKNOWN)


def test_threads_may_put_at_once(disk):
    vault = Vault(ROOT, disk, pack_bytes=40_000)
    made = random.Random(6)
    contents = [made.randbytes(made.randint(0, 30_000)) for _ in range(60)]
    ids: list[list[str]] = [[] for _ in range(6)]

    def work(number):
        for data in contents[number % 2 :]:
            ids[number].append(vault.put(data))
            if len(ids[number]) % 20 == 0:
                vault.flush()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    vault.flush()
    other = Vault(ROOT, disk)
    assert [other.get(object_id) for object_id in ids[0]] == contents
    assert list(other.verify()) == []
    assert len(list(other.objects())) == len(set(other.objects()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_can_put_while_another_thread_holds_the_vault(tmp_path):
    vault = Vault(str(tmp_path / "packs"), OsFileSystem())
    stop = threading.Event()

    def work():
        number = 0
        while not stop.is_set():
            number += 1
            vault.put(b"%d" % number * 500)
            stop.wait(0.0002)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for number in range(10):
            child = os.fork()
            if child == 0:
                vault.put(b"child %d" % number)
                vault.flush()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        thread.join()
    assert all(vault.has(blake3(b"child %d" % number).hexdigest()) for number in range(10))


def test_only_the_compiled_chunker_is_accepted():
    from pyfastcdc.py import FastCDC as Slow

    from afield.vault.chunking import is_native, require_native

    assert not is_native(Slow)
    with pytest.raises(ChunkerSlow, match="pure-Python") as caught:
        require_native(Slow)
    assert caught.value.hint
