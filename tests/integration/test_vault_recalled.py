"""The list of packs that one process keeps for the next: never the source of an answer."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afield.kernel.files import OsFileSystem
from afield.vault import ObjectMissing, Vault
from afield.vault.limits import FRESH_PACKS_MIN

PACKS = FRESH_PACKS_MIN + 1


class Counting(OsFileSystem):
    """Files that tell how many indexes of packs were read."""

    def __init__(self):
        self.indexes = 0

    def read(self, path, offset=0, size_bytes=-1):
        self.indexes += path.endswith(".idx")
        return super().read(path, offset, size_bytes)


def opened(folder):
    files = Counting()
    return Vault(f"{folder}/packs", files, recalled=f"{folder}/cache/packs"), files


def filled(folder, packs=PACKS, seed=1):
    """Return what is in a new vault of so many packs, which has been read once."""
    vault, _ = opened(folder)
    rng = random.Random(seed)
    content = {}
    for _ in range(packs):
        for _ in range(3):
            data = rng.randbytes(rng.randrange(20, 200))
            content[vault.put(data)] = data
        vault.flush()
    opened(folder)[0].refresh()
    return content


def test_the_next_process_reads_no_index_and_finds_everything(tmp_path):
    content = filled(tmp_path)
    vault, files = opened(tmp_path)
    vault.refresh()
    assert files.indexes == 0
    assert {name: vault.get(name) for name in content} == content
    assert files.indexes == PACKS  # of each pack once, when something of it was asked for
    with pytest.raises(ObjectMissing):
        vault.get("0" * 64)


def test_what_came_since_is_read_from_its_index(tmp_path):
    content = filled(tmp_path)
    writer, _ = opened(tmp_path)
    late = writer.put(b"after the list was kept")
    writer.flush()
    vault, files = opened(tmp_path)
    vault.refresh()
    assert files.indexes == 1
    assert vault.get(late) == b"after the list was kept"
    assert all(vault.get(name) == data for name, data in content.items())


def test_a_pack_that_is_gone_is_gone_and_one_that_comes_back_is_back(tmp_path):
    content = filled(tmp_path)
    pack = next(path for path in (tmp_path / "packs").glob("*.pack"))
    held = {name for name in content if bytes.fromhex(name) in pack.read_bytes()}
    for suffix in (".pack", ".idx"):
        pack.with_suffix(suffix).rename(tmp_path / f"away{suffix}")
    without, _ = opened(tmp_path)
    assert held
    assert {name for name in content if not without.has(name)} == held
    for suffix in (".pack", ".idx"):
        (tmp_path / f"away{suffix}").rename(pack.with_suffix(suffix))
    without.refresh()
    assert all(without.get(name) == content[name] for name in held)
    assert all(opened(tmp_path)[0].has(name) for name in content)


def test_a_pack_whose_index_was_damaged_is_looked_into_each_time(tmp_path):
    """What a damaged pack gave up is not all that it has: repaired, it is read anew."""
    content = filled(tmp_path, packs=FRESH_PACKS_MIN // 2)
    pack = next(path for path in (tmp_path / "packs").glob("*.pack"))
    index, whole = pack.with_suffix(".idx"), pack.read_bytes()
    good = index.read_bytes()
    index.write_bytes(good[:-1])
    pack.write_bytes(whole[: len(whole) // 2])
    writer, _ = opened(tmp_path)
    for number in range(FRESH_PACKS_MIN):
        writer.put(b"%d" % number)
        writer.flush()
    assert not all(opened(tmp_path)[0].has(name) for name in content)
    assert (tmp_path / "cache" / "packs").exists()
    pack.write_bytes(whole)
    index.write_bytes(good)
    mended, _ = opened(tmp_path)
    assert all(mended.get(name) == data for name, data in content.items())


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0), st.sampled_from(["flip", "cut", "grow", "empty", "folder"]))
def test_a_damaged_list_is_not_used(kept, where, how):
    folder, content = kept
    path = folder / "cache" / "packs"
    data = bytearray((folder / "list").read_bytes())
    if how == "flip":
        data[where % len(data)] ^= 1 << where % 8
    elif how == "cut":
        del data[where % len(data) :]
    elif how == "grow":
        data += bytes(1 + where % 100)
    elif how == "empty":
        data.clear()
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    if how == "folder":
        path.unlink()
        path.mkdir()
    try:
        vault, files = opened(folder)
        assert all(vault.has(name) for name in content)
        assert files.indexes >= PACKS
    finally:
        if how == "folder":
            path.rmdir()


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    content = filled(folder)
    (folder / "list").write_bytes((folder / "cache" / "packs").read_bytes())
    return folder, content


def test_a_list_that_cannot_be_written_stops_nobody(tmp_path):
    (tmp_path / "cache").write_text("in the way", encoding="utf-8")
    content = filled(tmp_path)
    vault, files = opened(tmp_path)
    assert all(vault.has(name) for name in content)
    assert files.indexes >= PACKS


def test_indexes_that_are_made_again_are_read_again(tmp_path):
    content = filled(tmp_path)
    vault, _ = opened(tmp_path)
    vault.reindex()
    assert not (tmp_path / "cache" / "packs").exists()
    assert all(vault.has(name) for name in content)


def test_a_workspace_keeps_the_list_in_its_cache(tmp_path, monkeypatch):
    from afield.workspace.store import make_store

    monkeypatch.chdir(tmp_path)
    record, _ = make_store(os.fspath(tmp_path / ".afield"))
    for number in range(PACKS):
        record.vault.put(b"%d" % number)
        record.vault.flush()
    again, _ = make_store(os.fspath(tmp_path / ".afield"))
    again.vault.refresh()
    assert Path(tmp_path, ".afield", "cache", "packs").stat().st_size > PACKS * 32
