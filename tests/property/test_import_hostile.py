"""Whatever bytes stand in another tool's files: they are read, or named as damaged, and no more."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from afield.runs.foreign.crc32c import masked
from afield.runs.foreign.protobuf_wire import message
from afield.runs.foreign.tensorboard_events import Decoder, records
from afield.workspace.bring.run_source import is_file_name
from afield.workspace.bring.wandb_log import Log
from afield.workspace.bring.wandb_records import Reading, found_of

KEYS = st.integers(1, 30).flatmap(
    lambda number: st.sampled_from([0, 1, 2, 5]).map(lambda kind: (number, kind))
)


@st.composite
def messages(draw, depth=3):
    """Bytes that look like messages in messages, with what does not fit here and there."""
    found = b""
    for number, kind in draw(st.lists(KEYS, max_size=5)):
        found += bytes([(number << 3 | kind) & 127 | 128, number >> 4])
        if kind == 0:
            found += bytes([draw(st.integers(0, 127))])
        elif kind == 2:
            inner = draw(messages(depth - 1) if depth else st.binary(max_size=9))
            found += bytes([len(inner) & 127 | 128, len(inner) >> 7]) + inner
        else:
            found += draw(st.binary(min_size=8 if kind == 1 else 4, max_size=8 if kind == 1 else 4))
    return found


BYTES = messages() | st.binary(max_size=60)


@given(BYTES)
def test_a_message_is_read_or_refused(data):
    with suppress(ValueError):
        assert all(isinstance(values, list) for values in message(data).values())


@given(st.lists(BYTES, max_size=6))
def test_events_of_any_bytes_are_read_or_refused(found):
    decoder = Decoder()
    for data in found:
        with suppress(ValueError):
            event = decoder.event(data)
            assert all(isinstance(number, float) for _, number in event.points)


@given(st.lists(BYTES, max_size=6))
def test_records_of_any_bytes_are_read_or_refused_and_make_a_run(found):
    reading = Reading()
    for data in found:
        with suppress(ValueError):
            reading.take(data)
    run = found_of(reading, None)
    assert run.started_ms <= run.ended_ms
    run.points.close()


@given(st.lists(st.binary(max_size=80), max_size=6), st.binary(max_size=40), st.data())
def test_frames_that_are_cut_or_changed_anywhere_give_whole_records_only(wanted, tail, data):
    whole = b"".join(
        head + struct.pack("<I", masked(head)) + one + struct.pack("<I", masked(one))
        for one, head in ((one, struct.pack("<Q", len(one))) for one in wanted)
    )
    cut = data.draw(st.integers(0, len(whole)))
    faults = []
    found = list(records(io.BytesIO(whole[:cut] + tail), faults))
    assert found[: len(wanted)] == wanted[: len(found)]
    log = struct.pack("<4sHB", b":W&B", 0xBEE1, 0) + b"".join(
        struct.pack("<IHB", zlib.crc32(b"\1" + one), len(one), 1) + one for one in wanted
    )
    cut = data.draw(st.integers(7, len(log)))
    reader = Log(io.BytesIO(log[:cut] + tail))
    kept = [one for one in reader.records() if one]
    plain = [one for one in wanted if one]
    assert kept[: len(plain)] == plain[: len(kept)]


@given(st.text(alphabet="a./\\:\0 ~", max_size=12))
def test_a_name_of_a_file_leads_nowhere_else(name):
    if is_file_name(name):
        assert not name.startswith(("/", "\\", "~/..")) or name.startswith("~")
        assert ".." not in name.split("/")
        assert "\\" not in name
        assert "\0" not in name
