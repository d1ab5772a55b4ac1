"""Whatever bytes stand under a name, they are judged: no fault, and equal bytes alone are equal."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
import zlib

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from afield.replay.canonical import Look, judge
from afield.replay.verdict import Grade


def samples():
    made, array = io.BytesIO(), np.arange(12.0)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
        archive.writestr("b.json", '{"a": [1, 2.5]}')
    packed = made.getvalue()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        info = tarfile.TarInfo("x")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    tarred = made.getvalue()
    made = io.BytesIO()
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(made, "PNG")
    png = made.getvalue()
    made = io.BytesIO()
    np.save(made, array)
    photograph = io.BytesIO()
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(photograph, "JPEG")
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    pdf = b"%PDF-1.4\n1 0 obj\n<< /Filter /FlateDecode /Length 9 >>\nstream\n"
    return {
        "a.zip": packed,
        "a.npz": packed,
        "a.tar": tarred,
        "a.tar.gz": gzip.compress(tarred, mtime=0),
        "a.png": png,
        "a.jpg": photograph.getvalue(),
        "a.safetensors": len(header).to_bytes(8, "little") + header + bytes(8),
        "a.ubj": b"{i\x01ai\x05i\x01b[$d#i\x02" + bytes(8) + b"i\x01cSi\x021.}",
        "model.json": b'{"learner": {"trees": [0.5, 1], "rate": "5E-1"}, "version": [3, 2]}',
        "model.txt": b"tree\nversion=v4\ntree_sizes=1 2\n\nTree=0\nleaf_value=0.5 -1\n",
        "a.npy": made.getvalue(),
        "a.pdf": pdf + zlib.compress(b"1 2 m") + b"\nendstream\nendobj\n%%EOF",
        "a.svg": b'<svg><defs id="p0123456789"/><use href="#p0123456789"/></svg>',
        "a.json": json.dumps({"a": [1, None, "x"], "time": 1.5}).encode(),
        "a.jsonl": b'{"a": 1}\n{"a": 2}\n',
        "a.csv": b'a,b\n1,"x, y"\n',
        "a.pkl": b"\x80\x04\x95\x00",
        "a.log": b"took 3.2s at 12:00:01 0x7f0000000001\n",
        "a.txt": b"accuracy 0.91\n",
    }


SAMPLES = samples()
LOOK = Look(judge=judge)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=400)
@given(st.sampled_from(sorted(SAMPLES)), EDITS, st.floats(0, 1))
def test_damaged_files_are_judged_without_a_fault(name, edits, cut):
    whole = SAMPLES[name]
    damaged = bytearray(whole)
    for place, value in edits:
        damaged[int(place * (len(whole) - 1))] = value
    for other in (bytes(damaged), whole[: int(cut * len(whole))], bytes(damaged) + whole):
        for old, new in ((whole, other), (other, whole)):
            judged = judge(name, old, new, LOOK)
            assert (judged.grade is Grade.BYTES) == (old == new)
            assert judged.grade not in (Grade.MISSING, Grade.UNCHECKED)


@settings(deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_under_any_name_are_judged(name, old, new):
    assert (judge(name, old, new, LOOK).grade is Grade.BYTES) == (old == new)


@settings(deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), EDITS)
def test_a_verdict_does_not_depend_on_which_side_is_which(name, edits):
    damaged = bytearray(SAMPLES[name])
    for place, value in edits:
        damaged[int(place * (len(damaged) - 1))] = value
    one = judge(name, SAMPLES[name], bytes(damaged), LOOK).grade
    assert one is judge(name, bytes(damaged), SAMPLES[name], LOOK).grade
