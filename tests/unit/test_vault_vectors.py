"""The vectors beside `docs/format/objects.md` hold for this implementation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from blake3 import blake3

from afield.testing.disk import SimulatedDisk
from afield.vault import TreeEntry, Vault, header, layout, tree
from afield.vault.chunking import cut
from afield.vault.errors import Corrupt

VECTORS = json.loads(
    (Path(__file__).parents[2] / "docs/format/vectors/objects.json").read_text("utf-8")
)
NOISE = blake3(b"afield objects").digest(length=1_000_000)


@pytest.fixture
def disk():
    disk = SimulatedDisk()
    disk.make_folder("/p")
    pack = VECTORS["pack"]
    disk.write_new("/p/format", VECTORS["header"]["line"].encode())
    disk.write_new(f"/p/{pack['name']}.pack", bytes.fromhex(pack["bytes"]))
    return disk


def test_the_header_is_written_as_documented():
    line = VECTORS["header"]["line"].encode()
    assert header.encode(header.Header()) == line
    assert header.decode(line) == header.Header()


def test_a_pack_is_named_by_its_bytes_and_gives_its_objects(disk):
    pack = VECTORS["pack"]
    assert blake3(bytes.fromhex(pack["bytes"])).hexdigest() == pack["name"]
    vault = Vault("/p", disk)
    for one in pack["objects"]:
        content = bytes.fromhex(one["content"])
        assert blake3(content).hexdigest() == one["id"]
        assert vault.get(one["id"]) == content
        assert vault.size(one["id"]) == len(content)
    assert [found.what for found in vault.verify()] == ["index"]


def test_a_recipe_is_written_and_read_as_documented():
    vector = VECTORS["recipe"]
    whole = b"hello, afield\n" * 3000 + b"the end\n"
    assert blake3(whole).hexdigest() == vector["id"]
    parts = [(bytes.fromhex(digest), size) for digest, size in vector["parts"]]
    assert [len(whole), whole[: parts[0][1]]] == [vector["size_bytes"], whole[:-8]]
    payload = bytes.fromhex(vector["payload"])
    assert layout.recipe(bytes.fromhex(vector["id"]), parts) == payload
    assert layout.read_recipe(bytes.fromhex(vector["id"]), payload) == parts
    with pytest.raises(Corrupt):
        layout.read_recipe(bytes.fromhex(vector["id"]), payload[:-1] + b"\0")


def test_the_index_is_rebuilt_to_the_same_bytes(disk):
    Vault("/p", disk).reindex()
    assert disk.read(f"/p/{VECTORS['index']['name']}").hex() == VECTORS["index"]["bytes"]


def test_a_tree_is_written_and_read_as_documented():
    vector = VECTORS["tree"]
    entries = [
        TreeEntry(one["path"], int(one["mode"], 8), one["size_bytes"], one["object"])
        for one in vector["entries"]
    ]
    assert tree.encode(entries).hex() == vector["bytes"]
    assert list(tree.decode(bytes.fromhex(vector["bytes"]))) == entries
    assert blake3(bytes.fromhex(vector["bytes"])).hexdigest() == vector["id"]


def test_data_and_rows_are_cut_where_documented():
    assert [len(chunk) for chunk in cut(NOISE, rows=False)] == VECTORS["chunks"]["data"]
    assert [len(chunk) for chunk in cut(NOISE[:200_000], rows=True)] == VECTORS["chunks"]["rows"]


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["why"])
def test_what_must_be_refused_is_refused(vector):
    data = bytes.fromhex(vector["bytes"])
    name = bytes.fromhex(vector.get("id", ""))
    read = {
        "record": lambda: layout.read_record(data),
        "recipe": lambda: layout.read_recipe(name, data),
        "pack": lambda: layout.read_pack_index(data),
        "index": lambda: layout.read_index_file(name, data),
        "tree": lambda: tree.decode(data),
    }[vector["kind"]]
    with pytest.raises(Corrupt):
        read()
