"""safetensors and UBJSON: by values, whatever their order and packing, and within bounds."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from afield.replay.canonical import Look, judge
from afield.replay.verdict import Grade

LOOK = Look(judge=judge)
NAMES = {"float32": "F32", "float64": "F64", "int64": "I64", "uint16": "BF16", "bool": "BOOL"}
WEIGHTS = {
    "a.weight": np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4),
    "a.bias": np.array([0.5, np.nan, np.inf]),
    "steps": np.array([1, 2, 3]),
    "half": np.array([0x3F80, 0x4000], np.uint16),
    "mask": np.array([True, False]),
    "scale": np.array(2.0),
    "none": np.zeros((0, 3)),
}


def file(tensors, *, order=None, padding=0, **texts):
    header, parts, at = {}, [], 0
    for name in order or tensors:
        data = np.ascontiguousarray(tensors[name]).tobytes()
        kind = NAMES[str(tensors[name].dtype)]
        span = [at, at + len(data)]
        header[name] = {"dtype": kind, "shape": list(tensors[name].shape), "data_offsets": span}
        parts.append(data)
        at += len(data)
    if texts:
        header["__metadata__"] = texts
    return raw(json.dumps(header).encode() + b" " * padding, b"".join(parts))


def raw(header, body=b""):
    return struct.pack("<Q", len(header)) + header + body


def look_at(old, new, name="model.safetensors"):
    return judge(name, old, new, LOOK)


def test_the_order_of_tensors_and_padding_are_not_content():
    again = file(WEIGHTS, order=sorted(WEIGHTS), padding=9)
    judged = look_at(file(WEIGHTS), again)
    assert (judged.grade, judged.canonicaliser) == (Grade.CONTENT, "safetensors")


@pytest.mark.parametrize("name", [name for name in WEIGHTS if WEIGHTS[name].size])
def test_a_changed_number_is_never_identical_content(name):
    old = file(WEIGHTS)
    for at in range(WEIGHTS[name].size):
        changed = WEIGHTS[name].copy()
        flat = changed.reshape(-1)
        flat[at] = ~flat[at] if flat.dtype == bool else flat[at] + flat.dtype.type(1)
        if np.array_equal(changed, WEIGHTS[name], equal_nan=True):
            continue  # infinity and one, NaN and one
        judged = look_at(old, file(WEIGHTS | {name: changed}))
        assert judged.grade is Grade.DIVERGED or name == "half"
        assert judged.grade > Grade.CONTENT
        assert judged.detail.startswith(f"{name} at [")


def test_floats_are_compared_within_the_tolerance_and_the_place_is_told():
    near = WEIGHTS["a.bias"] * (1 + 1e-9)
    judged = look_at(file(WEIGHTS), file(WEIGHTS | {"a.bias": near}))
    assert judged.grade is Grade.TOLERANCE
    assert judged.detail.startswith("a.bias at [0]: 0.5 vs 0.5000000005")
    weight = WEIGHTS["a.weight"].copy()
    weight[1, 2] = 7
    judged = look_at(file(WEIGHTS), file(WEIGHTS | {"a.weight": weight}))
    assert judged.detail.startswith("a.weight at [1, 2]: 0.")
    assert judged.detail.endswith(" vs 7.0")
    judged = look_at(file({"w": np.zeros(2)}), file({"w": -np.zeros(2)}))
    assert judged.grade is Grade.TOLERANCE


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"steps": np.array([1.0, 2, 3])}, "steps: I64[3] vs F64[3]"),
        ({"steps": np.array([[1, 2, 3]])}, "steps: I64[3] vs I64[1, 3]"),
        ({"more": np.zeros(1)}, "tensor `more` is only in the reproduction"),
    ],
)
def test_names_types_and_shapes_of_tensors_are_content(changed, told):
    assert look_at(file(WEIGHTS), file(WEIGHTS | changed)).detail == told


def test_texts_beside_the_tensors_are_content():
    judged = look_at(file(WEIGHTS, format="pt"), file(WEIGHTS, format="np"))
    assert (judged.grade, judged.detail) == (Grade.DIVERGED, "metadata `format` differs")


ENTRY = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"a": 1}',
        json.dumps({"a": ENTRY | {"shape": [1 << 40]}}).encode(),
        json.dumps({"a": ENTRY | {"shape": [-1, -1]}}).encode(),
        json.dumps({"a": ENTRY | {"shape": [True]}}).encode(),
        json.dumps({"a": ENTRY | {"dtype": "F3"}}).encode(),
        json.dumps({"a": ENTRY | {"dtype": []}}).encode(),
        json.dumps({"a": ENTRY | {"data_offsets": [0, 1 << 60]}}).encode(),
        json.dumps({"a": ENTRY | {"data_offsets": [4, 8]}}).encode(),
        json.dumps({"a": ENTRY, "b": ENTRY}).encode(),
        json.dumps({"a": ENTRY, "__metadata__": {"x": 1}}).encode(),
        json.dumps({"a": ENTRY, "__metadata__": []}).encode(),
        b'{"a": %b, "a": %b}' % (json.dumps(ENTRY).encode(), json.dumps(ENTRY).encode()),
    ],
)
def test_files_with_an_odd_header_are_compared_by_bytes(header):
    judged = look_at(raw(header, b"\0\0\0\0"), raw(header, b"\0\0\0\1"))
    assert (judged.grade, judged.canonicaliser) == (Grade.DIVERGED, "bytes")


def test_a_header_longer_than_the_file_is_compared_by_bytes():
    old = struct.pack("<Q", 1 << 62) + b"{}"
    assert look_at(old, old + b"\0").canonicaliser == "bytes"


def packed(value):
    if isinstance(value, dict):
        return b"{" + b"".join(text(k) + packed(v) for k, v in value.items()) + b"}"
    if isinstance(value, np.ndarray):
        kind = {"float32": b"d", "int32": b"l", "uint8": b"U"}[str(value.dtype)]
        data = value.astype(value.dtype.newbyteorder(">")).tobytes()
        return b"[$" + kind + b"#L" + struct.pack(">q", len(value)) + data
    if isinstance(value, list):
        return b"[" + b"".join(map(packed, value)) + b"]"
    if isinstance(value, str):
        return b"S" + text(value)
    if value is None or isinstance(value, bool):
        return {None: b"Z", True: b"T", False: b"F"}[value]
    return b"D" + struct.pack(">d", value) if isinstance(value, float) else integer(value)


def integer(value):
    return b"L" + struct.pack(">q", value)


def text(value):
    return integer(len(value.encode())) + value.encode()


TREE = {
    "learner": {
        "base_score": "[5.0E-1]",
        "names": ["a", "b"],
        "weights": np.array([0.25, 0.5, -1.5], np.float32),
        "left": np.array([1, -1, -1], np.int32),
        "kinds": np.array([0, 1], np.uint8),
        "empty": np.zeros(0, np.float32),
        "rate": 0.1,
        "deep": True,
        "none": None,
    },
    "version": [3, 2, 0],
}


def with_value(*path, value):
    changed = json.loads(json.dumps(TREE, default=lambda array: {"array": id(array)}))
    changed["learner"] = dict(TREE["learner"])
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


def test_key_order_and_packing_of_ubjson_are_not_content():
    other = {"version": TREE["version"], "learner": dict(reversed(TREE["learner"].items()))}
    sized = packed(other).replace(b"[L", b"N[#i\x03L", 1)
    sized = sized.replace(packed(TREE["version"])[1:], packed(TREE["version"])[1:-1])
    for new in (packed(other), sized):
        judged = look_at(packed(TREE), new, "model.ubj")
        assert (judged.grade, judged.canonicaliser) == (Grade.CONTENT, "ubjson")


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("learner", "weights"), np.array([0.25, 0.5, 1.5], "f4"), "learner.weights[2]: -1.5"),
        (("learner", "left"), np.array([1, -1, -2], "i4"), "learner.left[2]: -1 vs -2"),
        (("learner", "weights"), np.array([0.25], "f4"), ">f4[3] vs >f4[1]"),
        (("learner", "left"), np.array([1, -1, -1], "f4"), ">i4[3] vs >f4[3]"),
        (("learner", "names"), ["a", "c"], "learner.names[1]: 'b' vs 'c'"),
        (("learner", "names"), ["a"], "learner.names: 2 vs 1 items"),
        (("learner", "base_score"), "[6.0E-1]", "learner.base_score: '[5.0E-1]'"),
        (("learner", "rate"), 0.2, "learner.rate: 0.1 vs 0.2"),
        (("learner", "deep"), False, "learner.deep: True vs False"),
        (("learner", "deep"), 1, "learner.deep: True vs 1"),
        (("learner", "none"), 0, "learner.none: None vs 0"),
        (("version",), [3, 2, 1], "version[2]: 0 vs 1"),
        (("more",), 1, ".more is only in the reproduction"),
    ],
)
def test_a_changed_value_of_ubjson_is_never_identical_content(path, value, told):
    judged = look_at(packed(TREE), packed(with_value(*path, value=value)), "model.ubj")
    assert judged.grade is Grade.DIVERGED
    assert told in judged.detail


def test_floats_of_ubjson_are_compared_within_the_tolerance():
    for path, value in (
        (("learner", "weights"), np.array([0.25, 0.50000006, -1.5], "f4")),
        (("learner", "rate"), 0.1000000001),
        (("learner", "base_score"), "[5.00000001E-1]"),
    ):
        judged = look_at(packed(TREE), packed(with_value(*path, value=value)), "model.ubj")
        assert judged.grade is Grade.TOLERANCE, judged


def test_a_ubjson_model_is_known_by_its_first_bytes():
    assert look_at(packed(TREE), packed(with_value("more", value=1)), "x").canonicaliser == "ubjson"


@pytest.mark.parametrize(
    "data",
    [
        b"[$Z#L" + struct.pack(">q", 1 << 60),
        b"[#L" + struct.pack(">q", 1 << 60) + b"Z",
        b"[$D#L" + struct.pack(">q", 1 << 60),
        b"[$D#L" + struct.pack(">q", -1),
        b"[$U",
        b"[#D" + bytes(8),
        b"[" * 100_000,
        b"{i\x01ai\x01{i\x01ai\x02}}",
        b"{i\x01aZi\x01aZ}",
        b"S" + integer(-4),
        b"Si\x01\xff",
        b"N" * 1000,
        b"?",
        b"Z",
    ],
)
def test_hostile_ubjson_is_compared_by_bytes(data):
    judged = look_at(data, data + b"Z", "model.ubj")
    assert judged.grade is Grade.DIVERGED
    assert judged.canonicaliser in ("bytes", "text")
