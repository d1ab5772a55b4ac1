"""The journal's format as documented: the vectors, and the same bytes on every file system."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from blake3 import blake3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from afield.journal import DeviceKey, Draft, Journal
from afield.kernel.files import OsFileSystem
from afield.testing.clock import ManualClock
from afield.testing.disk import SimulatedDisk

VECTORS = json.loads(
    Path(__file__).parents[2].joinpath("docs/format/vectors/journal.json").read_text("utf-8")
)
KEY = DeviceKey.from_private_bytes(bytes.fromhex(VECTORS["private_key"]))
LINES = [vector["line"].encode() for vector in VECTORS["entries"]]


@pytest.fixture(params=["memory", "folder"])
def files_and_root(request, tmp_path):
    """Both real file systems of the product; the same must hold on each."""
    if request.param == "memory":
        return SimulatedDisk(), "/journal"
    return OsFileSystem(), str(tmp_path / "journal")


def open_journal(files, root, **settings):
    return Journal(
        root,
        files,
        ManualClock(offset="+05:30"),
        key=KEY,
        device=KEY.device,
        member="m" * 16,
        **{"sync_within_s": None, **settings},
    )


def put(files, root, data):
    folder = f"{root}/{KEY.device}"
    files.make_folder(folder)
    files.write_new(f"{folder}/000000000001.log", data)


def entries_of(journal):
    return [entry for batch in journal.read() for entry in batch.entries]


def test_the_device_id_is_derived_from_the_public_key():
    assert KEY.public.hex() == VECTORS["public_key"]
    assert KEY.device == VECTORS["device"] == blake3(KEY.public).hexdigest()[:32]


def test_the_vectors_are_read_as_they_say(files_and_root):
    put(*files_and_root, b"".join(LINES))
    entries = entries_of(open_journal(*files_and_root))
    found = [
        {
            "line": line.decode(),
            "digest": entry.digest,
            "seq": entry.seq,
            "prev": entry.prev,
            "at": entry.at,
            "kind": entry.kind,
            "body": entry.body,
            "refs": list(entry.refs),
        }
        for line, entry in zip(LINES, entries, strict=True)
    ]
    assert found == VECTORS["entries"]
    assert list(open_journal(*files_and_root).verify()) == []


def test_the_same_entries_are_written_with_the_same_bytes(files_and_root):
    files, root = files_and_root
    journal = open_journal(files, root)
    first, *rest = VECTORS["entries"][:-1]
    about = json.loads(first["line"][33:])["about"]
    journal.append(first["kind"], about, first["body"])
    journal.append_many([Draft(v["kind"], "r" * 16, v["body"], v["refs"]) for v in rest])
    journal.close()
    assert files.read(f"{root}/{KEY.device}/000000000001.log") == b"".join(LINES)


def test_the_seal_signs_the_documented_message():
    seal = VECTORS["seal"]
    public = Ed25519PublicKey.from_public_bytes(KEY.public)
    public.verify(bytes.fromhex(seal["signature"]), seal["message"].encode())
    assert VECTORS["entries"][-1]["body"]["signature"] == seal["signature"]


@pytest.mark.parametrize("vector", VECTORS["not_served"], ids=lambda vector: vector["why"])
def test_lines_that_do_not_verify_are_not_served(files_and_root, vector):
    put(*files_and_root, b"".join([LINES[0], vector["line"].encode(), *LINES[1:]]))
    journal = open_journal(*files_and_root)
    assert [entry.seq for entry in entries_of(journal)] == [1, 2, 3, 4, 5]
    assert [f.name for f in journal.verify()] == [f"{KEY.device}/2"]


def test_rolling_compressing_and_resuming_work_alike(files_and_root):
    files, root = files_and_root
    journal = open_journal(files, root, segment_bytes_max=1_500)
    for n in range(30):
        journal.append("run.params", "r" * 16, {"n": n}, durable=n % 10 == 0)
    positions = {batch.device: batch.position for batch in journal.read()}
    journal.append("run.params", "r" * 16, {"n": 30})
    journal.close()
    names = files.list(f"{root}/{KEY.device}")
    assert names[0] == "000000000001.log.zst"
    assert sum(name.endswith(".log") for name in names) == 1
    assert [e.body.get("n") for e in entries_of(journal)] == [*range(31), None]
    new = [e for batch in journal.read(positions) for e in batch.entries]
    assert [e.body.get("n") for e in new] == [30, None]
