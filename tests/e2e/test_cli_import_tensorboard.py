"""TensorBoard's event files, written by tensorboardX and by hand: every value stands here."""

from __future__ import annotations

import importlib.util
import json
import math
import struct

import pytest

from afield.runs.foreign.crc32c import crc32c, masked
from afield.workspace.workspace import Workspace

STEPS = (0, -3, 2**40, 5, 5)
VALUES = (math.nan, math.inf, -math.inf, 2.0, 3.0)


@pytest.fixture
def here(afield, tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    assert afield("init", str(folder)).code == 0
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def logs(tmp_path):
    """A log folder of tensorboardX: runs in runs, all kinds of summaries."""
    if not importlib.util.find_spec("tensorboardX"):
        pytest.skip("not run: tensorboardX is not installed")
    import numpy as np
    from tensorboardX import SummaryWriter

    folder = tmp_path / "logs"
    with SummaryWriter(str(folder / "first")) as writer:
        for i in range(50):
            writer.add_scalar("loss", 1 / (i + 1), i, walltime=1_700_000_000.25 + i)
        for step, value in zip(STEPS, VALUES, strict=True):
            writer.file_writer.add_summary(scalar("odd/name", value), step, 1_700_000_100)
        writer.add_text("words", "hello *x*", 1, walltime=1_700_000_101)
        writer.add_histogram("weights", np.arange(10.0), 1, walltime=1_700_000_102)
        writer.add_scalars("both", {"a": 1.0, "b": 2.0}, 3, walltime=1_700_000_103)
        writer.add_hparams({"lr": 0.1, "name": "adam", "flag": True, "n": 3}, {"acc": 0.9}, "trial")
    return folder


def scalar(tag, value):
    from tensorboardX.proto.summary_pb2 import Summary

    return Summary(value=[Summary.Value(tag=tag, simple_value=value)])


def views(here):
    workspace = Workspace.open(here)
    return workspace, {view.name: view for view in workspace.runs(limit=None)}


def test_every_value_that_the_writer_was_given_stands_here(afield, here, logs):
    done = afield("import", "tensorboard", str(logs), "--project", "p", "--json")
    assert done.code == 0, done.err
    workspace, found = views(here)
    with workspace:
        assert set(found) == {"first", "first/both/a", "first/both/b", "first/trial"}
        first = found["first"]
        assert (first.project, first.experiment, first.status) == ("p", "logs", "finished")
        assert first.started.timestamp() <= 1_700_000_000.25
        loss = workspace.points(first, "loss")
        assert loss.step.tolist() == list(range(50))
        assert loss.time_ns.tolist() == [1_700_000_000_250_000_000 + i * 10**9 for i in range(50)]
        kept = [struct.unpack("f", struct.pack("f", 1 / (i + 1)))[0] for i in range(50)]
        assert loss.value.tolist() == kept
        odd = workspace.points(first, "odd/name")
        assert odd.step.tolist() == list(STEPS)
        assert list(map(repr, odd.value.tolist())) == list(map(repr, VALUES))
        assert first.summary == {"words": "hello *x*"}
        assert found["first/trial"].params == {"lr": 0.1, "name": "adam", "flag": True, "n": 3}
        assert found["first/trial"].metrics["acc"].last == pytest.approx(0.9)
        assert {found[name].parent for name in found if name != "first"} == {first.id}
        kept_file, texts = first.saved
        (line,) = workspace.record.vault.get(texts.object).splitlines()
        assert json.loads(line) == {
            "tag": "words/text_summary", "step": 1, "time": 1_700_000_101, "text": "hello *x*",
        }  # fmt: skip
        (event_file,) = (logs / "first").glob("*tfevents*")
        assert workspace.record.vault.get(kept_file.object) == event_file.read_bytes()


def test_a_second_import_adds_nothing_and_a_later_one_what_is_new(afield, here, logs):
    from tensorboardX import SummaryWriter

    assert afield("import", "tensorboard", str(logs)).code == 0
    again = afield("import", "tensorboard", str(logs), "--json")
    assert (again.json["new"], again.json["grown"], again.json["same"]) == (0, 0, 4)
    inner = afield("import", "tensorboard", str(logs / "first" / "both"), "--json")
    assert inner.json["same"] == 2, "wherever it is looked at from"
    with SummaryWriter(str(logs / "first"), filename_suffix=".more") as writer:
        writer.add_scalar("loss", 7.0, 99)
    with SummaryWriter(str(logs / "second")) as writer:
        writer.add_scalar("loss", 1.0, 0)
    moved = logs.rename(logs.with_name("moved"))
    grown = afield("import", "tensorboard", str(moved), "--json")
    assert (grown.json["new"], grown.json["grown"]) == (1, 1)
    workspace, found = views(here)
    with workspace:
        assert found["first"].metrics["loss"].count == 51
        assert len(found["first"].saved) == 3


def test_what_is_whole_of_a_cut_or_damaged_file_is_brought_and_the_rest_named(afield, here, logs):
    (file,) = (logs / "first").glob("*tfevents*")
    data = file.read_bytes()
    places = starts(data)
    torn = logs / "torn" / "events.out.tfevents.1.h"
    torn.parent.mkdir()
    torn.write_bytes(data[: places[10] + 20])
    wrong = logs / "wrong" / "events.out.tfevents.2.h"
    wrong.parent.mkdir()
    flipped = bytearray(data)
    flipped[places[5] + 14] ^= 1  # in its data: the next is read
    flipped[places[20]] ^= 1  # in its length: nothing behind it is
    wrong.write_bytes(flipped)
    (logs / "none").mkdir()
    (logs / "none" / "events.out.tfevents.3.h").write_bytes(b"nothing of the kind")
    (logs / "none" / "events.out.tfevents.4.h").symlink_to(file)
    done = afield("import", "tensorboard", str(logs), "--json")
    assert done.code == 3
    left = {one["name"]: [each["why"] for each in one["left"]] for one in done.json["runs"]}
    assert left["torn"] == [f"cut at byte {places[10]}"]
    assert left["wrong"] == [
        f"a damaged record at byte {places[5]}",
        f"damaged at byte {places[20]}; nothing behind it was read",
    ]
    assert [one["why"] for one in done.json["left"]] == [
        "it has no whole record", "it is a link, or no file",
    ]  # fmt: skip
    workspace, found = views(here)
    with workspace:
        assert found["torn"].status == "interrupted"
        assert found["torn"].metrics["loss"].count == 9
        assert found["wrong"].metrics["loss"].count == 18


def starts(data):
    """Return where each record begins."""
    places, at = [], 0
    while at < len(data):
        places.append(at)
        at += 16 + struct.unpack_from("<Q", data, at)[0]
    return places


def record(data):
    head = struct.pack("<Q", len(data))
    return head + struct.pack("<I", masked(head)) + data + struct.pack("<I", masked(data))


def part(number, data):
    """Return a field of bytes; shorter than 16,384."""
    size = len(data)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + length + data


@pytest.mark.parametrize(
    ("tensor", "value"),
    [
        (b"\x08\x01" + part(4, struct.pack("<f", 0.5)), 0.5),
        (b"\x08\x01" + part(5, struct.pack("<f", 0.25)), 0.25),
        (b"\x08\x02" + part(6, struct.pack("<d", 0.1)), 0.1),
        (b"\x08\x03" + part(7, b"\x07"), 7.0),
        (b"\x08\x09" + part(4, struct.pack("<q", -9)), -9.0),
        (b"\x08\x13" + part(13, b"\x80\x78"), 1.0),
        (b"\x08\x0e" + part(4, b"\x80\x3f"), 1.0),
        (b"\x08\x0a" + part(4, b"\x01"), 1.0),
    ],
)
def test_numbers_in_the_form_of_tensors_of_every_type_are_read(
    afield, here, tmp_path, tensor, value
):
    metadata = part(9, part(1, part(1, b"scalars")))
    summary = part(1, part(1, b"loss") + part(8, tensor) + metadata)
    event = b"\x09" + struct.pack("<d", 1_700_000_000.5) + b"\x10\x2a" + part(5, summary)
    file = tmp_path / "logs" / "events.out.tfevents.1.h.v2"
    file.parent.mkdir()
    file.write_bytes(record(event) + record(b"\xff" * 12) + record(b"\x2a\x7f"))
    done = afield("import", "tensorboard", str(file), "--json")
    assert done.code == 3, "two records are no events"
    assert len(done.json["runs"][0]["left"]) == 2
    workspace, found = views(here)
    with workspace:
        points = workspace.points(found["logs"], "loss")
        assert (points.step.tolist(), points.value.tolist()) == ([42], [value])


def test_the_checksum_is_the_one_of_the_standard_however_long_the_data():
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    for size in (0, 1, 2, 7, 300_001):
        data = (bytes(range(256)) * 1200)[:size]
        expected = 0xFFFFFFFF
        for byte in data:  # bit by bit, as RFC 3720 has it
            expected ^= byte
            for _ in range(8):
                expected = expected >> 1 ^ (0x82F63B78 if expected & 1 else 0)
        assert crc32c(data) == expected ^ 0xFFFFFFFF
