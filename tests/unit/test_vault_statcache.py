"""The stat cache: an unchanged file is known, a changed or racy one never."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from afield.kernel.ids import ObjectId
from afield.testing.clock import ManualClock
from afield.vault import StatCache

ID = ObjectId("ab" * 32)


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "file"
    found.write_bytes(b"four")
    return str(found)


@pytest.fixture
def cache_path(tmp_path):
    return str(tmp_path / "stat.cache")


def clock_after(path, seconds):
    clock = ManualClock(Path(path).stat().st_ctime_ns)
    clock.advance(seconds)
    return clock


def learn(cache, path, object_id=ID):
    found = Path(path).stat()
    assert cache.lookup(path, found) is None
    cache.remember(path, found, object_id)


def test_an_unchanged_file_is_known_also_by_the_next_process(path, cache_path):
    cache = StatCache(cache_path, clock_after(path, 60))
    learn(cache, path)
    assert cache.lookup(path, Path(path).stat()) == ID
    cache.save()
    assert StatCache(cache_path).lookup(path, Path(path).stat()) == ID


def test_a_changed_file_is_not_known(path, cache_path):
    cache = StatCache(cache_path, clock_after(path, 60))
    learn(cache, path)
    old = Path(path).stat()
    with Path(path).open("r+b") as file:
        file.write(b"five")
    os.utime(path, ns=(old.st_mtime_ns, old.st_mtime_ns))  # same size, same mtime
    assert cache.lookup(path, Path(path).stat()) is None
    os.utime(path, ns=(0, 0))
    assert cache.lookup(path, Path(path).stat()) is None


def test_a_file_that_changed_just_before_it_was_read_is_not_remembered(path, cache_path):
    cache = StatCache(cache_path, clock_after(path, 0.01))
    learn(cache, path)
    assert cache.lookup(path, Path(path).stat()) is None


def test_a_clock_behind_the_file_remembers_nothing(path, cache_path):
    cache = StatCache(cache_path, clock_after(path, -3600))
    learn(cache, path)
    assert cache.lookup(path, Path(path).stat()) is None


def test_the_time_that_counts_is_when_the_file_was_looked_at_not_when_it_was_digested(
    path, cache_path
):
    clock = clock_after(path, 0.01)
    cache = StatCache(cache_path, clock)
    found = Path(path).stat()
    assert cache.lookup(path, found) is None
    clock.advance(60)
    cache.remember(path, found, ID)
    assert cache.lookup(path, found) is None


@pytest.mark.parametrize("spoil", [b"", b"AFSC0002", b"not a cache", None])
def test_a_spoilt_cache_is_an_empty_one(path, cache_path, spoil):
    cache = StatCache(cache_path, clock_after(path, 60))
    learn(cache, path)
    cache.save()
    with Path(cache_path).open("r+b") as file:
        data = file.read()
        file.seek(0)
        file.truncate()
        file.write(data[:-1] + bytes([data[-1] ^ 1]) if spoil is None else spoil)
    assert StatCache(cache_path).lookup(path, Path(path).stat()) is None


def test_saving_keeps_what_this_process_did_not_look_at(path, cache_path, tmp_path):
    cache = StatCache(cache_path, clock_after(path, 60))
    learn(cache, path)
    cache.save()
    StatCache(cache_path).save()
    assert StatCache(cache_path).lookup(path, Path(path).stat()) == ID
    assert not [name for name in tmp_path.iterdir() if ".tmp-" in name.name]


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_a_name_that_is_no_utf_8_is_a_name_like_any_other(path, cache_path, tmp_path):
    odd = tmp_path / os.fsdecode(b"odd \xff")
    odd.write_bytes(b"x")
    cache = StatCache(cache_path, clock_after(path, 60))
    learn(cache, str(odd))
    learn(cache, path)
    cache.save()
    assert StatCache(cache_path).lookup(str(odd), odd.stat()) == ID
    assert StatCache(cache_path).lookup(path, Path(path).stat()) == ID
