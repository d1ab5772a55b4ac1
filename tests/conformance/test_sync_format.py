"""The format of remotes as docs/format/sync.md tells it, read with our code and by hand."""

from __future__ import annotations

import base64
import json
import zipfile
from pathlib import Path

import pytest
import zstandard
from blake3 import blake3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from afield.journal import DeviceKey, seals
from afield.journal.places import branch_name, branch_start, device_of_log, is_branch
from afield.members.phrase import safety_phrase
from afield.sync import layout
from afield.sync.chunk import decode_chunk, encode_chunk
from afield.sync.stores.archive import ArchiveRemote, ArchiveWriter
from afield.sync.stores.memory import MemoryRemote
from afield.sync.stores.sliced import Sliced
from afield.vault.layout import entries_of
from afield.vault.packs import index_block_of, without

PATH = Path(__file__).parents[2] / "docs" / "format" / "vectors" / "sync.json"
VECTORS = json.loads(PATH.read_text(encoding="utf-8"))
KEY = DeviceKey.from_private_bytes((1).to_bytes(32, "big"))


def test_the_format_file_is_read_and_written_as_specified():
    found = layout.decode_format(VECTORS["format"].encode(), "vectors")
    assert json.loads(VECTORS["format"])["format"] == "afield.remote"
    assert layout.founder_of(found) == KEY.device
    assert layout.encode_format(found).decode() == VECTORS["format"]


@pytest.mark.parametrize("vector", VECTORS["heads"])
def test_a_head_is_signed_over_its_own_bytes(vector):
    data = vector["bytes"].encode()
    head = layout.decode_head(data, KEY.device, vector["workspace"])
    assert layout.head_name(head.device) == vector["name"]
    assert layout.encode_head(head, KEY) == data
    signature, _, body = data[:-1].partition(b" ")
    told = json.loads(body)
    assert list(told) == ["v", "workspace", "device", "public_key", "tips", "bad", "lacks"]
    public = bytes.fromhex(told["public_key"])
    assert blake3(public).hexdigest()[:32] == told["device"]
    Ed25519PublicKey.from_public_bytes(public).verify(
        bytes.fromhex(signature.decode()), b"afield head 1\n" + body
    )


@pytest.mark.parametrize("vector", VECTORS["chunks"], ids=lambda vector: vector["entries"])
def test_a_chunk_is_lines_as_they_stand_in_the_log(vector):
    data = bytes.fromhex(vector["bytes_hex"])
    piece = layout.piece_of(KEY.device, vector["name"])
    lines = decode_chunk(piece, data)
    assert [lines[0].entry.seq, lines[-1].entry.seq] == vector["entries"]
    assert lines[-1].entry.kind == seals.KIND
    assert encode_chunk(KEY.public, lines)[0] == piece
    top, *rest = zstandard.decompress(data).splitlines(keepends=True)
    assert set(json.loads(top)) == {"v", "device", "public_key", "opens"}
    assert rest == [each.line for each in lines]
    first, last, before, end = vector["name"].rpartition("/")[2].split("-")
    assert [int(first), int(last)] == vector["entries"]
    digests = [blake3(line[33:-1]).hexdigest() for line in rest]
    assert digests[-1].startswith(end)
    assert json.loads(rest[0][33:])["prev"].startswith(before)


def test_a_remote_in_one_file_holds_the_files_of_a_remote(tmp_path):
    vector = VECTORS["archive"]
    path = tmp_path / "record.afield"
    path.write_bytes(base64.b64decode(vector["bytes_base64"]))
    head, chunk = VECTORS["heads"][0], VECTORS["chunks"][0]
    told = {
        "format": VECTORS["format"].encode(),
        head["name"]: head["bytes"].encode(),
        chunk["name"]: bytes.fromhex(chunk["bytes_hex"]),
    }
    with ArchiveRemote(str(path)) as store:
        for name, data in told.items():
            assert store.get(name) == data
            assert store.get(name, 3, 5) == data[3:8]
            folder = name.rpartition("/")[0]
            assert [each.name for each in store.list(f"{folder}/" if folder else "")] == [name]
        with pytest.raises(FileNotFoundError):
            store.get("squeezed")
    again = tmp_path / "again.afield"
    writer = ArchiveWriter(str(again))
    for name, data in told.items():
        writer.put(name, data)
    writer.finish()
    with zipfile.ZipFile(again) as made:
        assert {one.filename: made.read(one) for one in made.infolist()} == told
        assert {one.compress_type for one in made.infolist()} == {zipfile.ZIP_STORED}


def test_a_pack_of_which_some_may_not_go_is_packed_anew_always_alike():
    vector = VECTORS["packed_anew"]
    objects = json.loads(PATH.with_name("objects.json").read_text(encoding="utf-8"))
    pack = bytes.fromhex(objects["pack"]["bytes"])
    made = without(pack, lambda digest: digest.hex() == vector["without"])
    assert made == (vector["name"], bytes.fromhex(vector["bytes"]))
    assert blake3(made[1]).hexdigest() == made[0]
    digests = {entry.digest.hex() for entry in entries_of(index_block_of(made[1]))}
    left = {one["id"] for one in objects["pack"]["objects"]} - {vector["without"]}
    assert left <= digests
    assert vector["without"] not in digests


def test_slices_make_up_a_file_when_they_lead_from_its_start_to_its_end():
    store, name = MemoryRemote(), "packs/data/" + "ab" * 32 + ".pack"
    data = bytes(range(100))
    base = "slices/packs!data!" + "ab" * 32 + ".pack!"
    for start, end in ((0, 30), (10, 60), (20, 50)):
        store.put(f"{base}{start:012d}-{end:012d}-{100:012d}", data[start:end])
    assert list(Sliced(store).list("packs/data/")) == []
    with pytest.raises(FileNotFoundError):
        Sliced(store).get(name)
    store.put(f"{base}{60:012d}-{100:012d}-{100:012d}", data[60:])
    for wrong in (f"{base}0-5-5", f"{base}{5:012d}-{5:012d}-{5:012d}", "slices/heads!x"):
        store.put(wrong, b"12345")
    whole = Sliced(store)
    assert list(whole.list("packs/data/")) == [(name, 100)]
    assert whole.get(name) == data
    assert whole.get(name, 25, 50) == data[25:75]
    assert whole.get(name, 90, 50) == data[90:]
    assert whole.get(name, 100, 5) == b""
    store.put(name, data[:7])
    assert list(Sliced(store).list("packs/data/")) == [(name, 7)], "a file goes before its slices"
    assert whole.get(name) == data[:7]


def test_a_branch_is_named_by_the_first_entry_that_differs():
    vector = VECTORS["branch"]
    name = branch_name(vector["device"], vector["seq"], vector["digest"])
    assert name == vector["name"] == f"{vector['device']}-000000000012-{vector['digest'][:16]}"
    assert is_branch(name)
    assert (device_of_log(name), branch_start(name)) == (vector["device"], vector["seq"])


@pytest.mark.parametrize("vector", VECTORS["phrases"])
def test_the_safety_phrase_is_as_specified(vector):
    founder, device = (bytes.fromhex(vector[name]) for name in ("founder", "device"))
    assert safety_phrase(vector["workspace"], founder, device) == vector["phrase"]
    said = f"{vector['workspace']}\n{vector['founder']}\n{vector['device']}".encode()
    digest = blake3(said, derive_key_context="afield 2026 safety phrase 1").digest()
    number = int.from_bytes(digest, "big") % 10**30
    assert f"{number:030d}" == vector["phrase"].replace(" ", "")
