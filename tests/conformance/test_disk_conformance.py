"""One suite for every `FileSystem`: the operating system's and the simulated disk."""

from __future__ import annotations

import threading

import pytest

from afield.kernel.errors import Busy
from afield.kernel.files import FileSystem, OsFileSystem
from afield.testing.disk import SimulatedDisk


@pytest.fixture(params=["os", "simulated"])
def place(request, tmp_path) -> tuple[FileSystem, str]:
    if request.param == "os":
        return OsFileSystem(), str(tmp_path / "root")
    return SimulatedDisk(), "/root"


@pytest.fixture
def files(place):
    place[0].make_folder(place[1])
    return place[0]


@pytest.fixture
def root(place):
    return place[1]


def test_appended_bytes_are_read_back(files, root):
    file = files.open_append(f"{root}/a")
    file.write(b"one")
    file.write(b"two")
    assert file.size() == 6
    file.sync()
    file.close()
    assert files.read(f"{root}/a") == b"onetwo"
    assert files.read(f"{root}/a", 2, 2) == b"et"
    assert files.read(f"{root}/a", 4) == b"wo"
    assert files.read(f"{root}/a", 4, 100) == b"wo"
    assert files.read(f"{root}/a", 100, 5) == b""


def test_opening_again_goes_on_at_the_end(files, root):
    for part in (b"one", b"two"):
        file = files.open_append(f"{root}/a")
        file.write(part)
        file.close()
    assert files.read(f"{root}/a") == b"onetwo"


def test_a_cut_file_grows_from_where_it_was_cut(files, root):
    file = files.open_append(f"{root}/a")
    file.write(b"0123456789")
    file.truncate(4)
    file.write(b"x")
    assert file.size() == 5
    file.close()
    assert files.read(f"{root}/a") == b"0123x"


def test_a_new_file_replaces_the_old_one_and_leaves_no_temporary(files, root):
    files.write_new(f"{root}/a", b"old")
    files.write_new(f"{root}/a", b"new")
    assert files.read(f"{root}/a") == b"new"
    assert files.list(root) == ["a"]


def test_reading_what_is_not_there_says_so(files, root):
    with pytest.raises(FileNotFoundError):
        files.read(f"{root}/none")
    with pytest.raises(FileNotFoundError):
        files.write_new(f"{root}/no/folder", b"")
    with pytest.raises(FileNotFoundError):
        files.open_append(f"{root}/no/folder")
    with pytest.raises(FileNotFoundError):
        files.rename(f"{root}/none", f"{root}/other")
    with pytest.raises(FileNotFoundError):
        files.sync_folder(f"{root}/none")
    files.sync_folder(root)


def test_stat_tells_size_and_a_changed_file_from_an_unchanged_one(files, root):
    assert files.stat(f"{root}/a") is None
    files.write_new(f"{root}/a", b"four")
    first = files.stat(f"{root}/a")
    assert first.size_bytes == 4
    assert files.stat(f"{root}/a") == first
    files.write_new(f"{root}/a", b"five")
    assert files.stat(f"{root}/a") != first
    assert files.stat(root) is not None


def test_names_are_listed_sorted_and_a_missing_folder_is_empty(files, root):
    for name in ("b", "a", "c"):
        files.write_new(f"{root}/{name}", b"")
    files.make_folder(f"{root}/d/e")
    assert files.list(root) == ["a", "b", "c", "d"]
    assert files.list(f"{root}/d") == ["e"]
    assert files.list(f"{root}/none") == []


def test_making_a_folder_twice_is_no_fault(files, root):
    files.make_folder(f"{root}/x/y")
    files.write_new(f"{root}/x/y/a", b"1")
    files.make_folder(f"{root}/x/y")
    assert files.read(f"{root}/x/y/a") == b"1"


def test_a_rename_moves_over_what_is_there(files, root):
    files.make_folder(f"{root}/sub")
    files.write_new(f"{root}/a", b"a")
    files.write_new(f"{root}/sub/b", b"b")
    files.rename(f"{root}/a", f"{root}/sub/b")
    assert files.read(f"{root}/sub/b") == b"a"
    assert files.list(root) == ["sub"]


def test_a_rename_to_its_own_name_changes_nothing(files, root):
    files.write_new(f"{root}/a", b"a")
    files.rename(f"{root}/a", f"{root}/a")
    assert files.read(f"{root}/a") == b"a"


def test_removing_is_idempotent(files, root):
    files.write_new(f"{root}/a", b"a")
    files.remove(f"{root}/a")
    files.remove(f"{root}/a")
    assert files.list(root) == []


def test_an_open_file_outlives_its_name(files, root):
    file = files.open_append(f"{root}/a")
    file.write(b"1")
    files.remove(f"{root}/a")
    file.write(b"2")
    assert file.size() == 2
    file.close()
    assert files.stat(f"{root}/a") is None


def test_a_lock_keeps_a_second_holder_out(files, root):
    with (
        files.lock(f"{root}/lock"),
        pytest.raises(Busy, match="still held"),
        files.lock(f"{root}/lock", 0.01),
    ):
        pass
    with files.lock(f"{root}/lock", 0.01):
        pass


def test_a_lock_orders_threads(files, root):
    seen = []

    def work(number):
        for _ in range(20):
            with files.lock(f"{root}/lock"):
                seen.append(number)
                seen.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(seen[at] == seen[at + 1] for at in range(0, len(seen), 2))
    assert len(seen) == 160
