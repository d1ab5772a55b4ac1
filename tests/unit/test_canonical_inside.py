"""Formats whose library only the run's environment has: HDF5, torch, ONNX, read over there."""

from __future__ import annotations

import io
import os
import sys

import numpy as np
import pytest

from afield.replay.canonical import Look, judge
from afield.replay.pickles import InsideJudge
from afield.replay.verdict import Grade


@pytest.fixture
def look(tmp_path):
    environ = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path)}
    inside = InsideJudge(sys.executable, environ=environ, folder=str(tmp_path))
    return Look(judge=judge, inside=inside)


def installed(name):
    return pytest.importorskip(name, reason=f"not run: {name} is not installed")


def hdf5(*, edit=None, order=1, **packing):
    h5py = installed("h5py")
    made = io.BytesIO()
    with h5py.File(made, "w", track_order=order < 0) as file:
        names = ["w", "kinds", "names", "nothing", "one", "grid"][::order]
        values = {
            "w": np.linspace(0, 1, 200).reshape(20, 10),
            "kinds": np.array([(1, 0.5), (2, 1.5)], [("n", "i4"), ("x", "f8")]),
            "names": np.array(["a", "bb"], dtype=h5py.string_dtype()),
            "nothing": h5py.Empty("f4"),
            "one": 2.5,
            "grid": np.arange(24, dtype=np.int16).reshape(2, 3, 4),
        }
        for name in names:
            settings = packing if name in ("w", "grid") else {}
            file.create_dataset(f"model/{name}", data=values[name], **settings)
        file.attrs["version"] = 3
        file["model"].attrs["layers"] = np.array([1.0, 2.0])
        file["model"].attrs["class"] = "Dense"
        file["again"] = file["model"]
        file["model/self"] = file["model"]
        file["soft"] = h5py.SoftLink("/model/w")
        file["model/w"].attrs["of"] = file["model/grid"].ref
        if edit:
            edit(file, h5py)
    return made.getvalue()


def test_chunks_compression_and_order_of_hdf5_are_not_content(look):
    old = hdf5()
    for new in (
        hdf5(chunks=True, compression="gzip"),
        hdf5(chunks=True, shuffle=True, fletcher32=True, compression="lzf", order=-1),
        hdf5(maxshape=None, chunks=True),
    ):
        judged = judge("a.h5", old, new, look)
        assert (judged.grade, judged.canonicaliser, judged.detail) == (
            Grade.CONTENT,
            "hdf5",
            None,
        )


def put(name, at, value):
    def edit(file, _):
        file[name][at] = value

    return edit


def renamed(file, _):
    file.move("model/w", "model/v")


def relinked(file, h5py):
    del file["soft"]
    file["soft"] = h5py.SoftLink("/model/grid")


def attribute(where, name, value):
    def edit(file, _):
        file[where].attrs[name] = value

    return edit


def retyped(file, _):
    del file["model/grid"]
    file["model/grid"] = np.arange(24, dtype=np.int32).reshape(2, 3, 4)


def pointed(file, _):
    file["model/w"].attrs["of"] = file["model/names"].ref


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (put("model/w", (3, 4), 9.0), "/again/w: at [3, 4]: 0."),
        (put("model/kinds", 1, (2, 1.75)), "/again/kinds.x: at [1]: 1.5 vs 1.75"),
        (put("model/names", 1, "c"), "/again/names[1]: b'bb' vs b'c'"),
        (put("model/one", (), 3.5), "/again/one: 2.5 vs 3.5"),
        (put("model/grid", (1, 2, 3), 7), "/again/grid: at [1, 2, 3]: 23 vs 7 (1 of 24 differ)"),
        (attribute("/", "version", 4), "/@version: 3 vs 4"),
        (attribute("model", "class", "Conv"), "/again@class: 'Dense' vs 'Conv'"),
        (attribute("model", "more", 1), "attribute `more` is only in the reproduction"),
        (attribute("model", "layers", [1.0, 3.0]), "/again@layers: at [1]: 2.0 vs 3.0"),
        (renamed, "/again: member `w` is missing in the reproduction"),
        (relinked, "/soft: it links elsewhere"),
        (retyped, "/again/grid: int16(2, 3, 4) vs int32(2, 3, 4)"),
        (pointed, "/again/w@of: '/again/grid' vs '/again/names'"),
    ],
)
def test_a_changed_value_of_hdf5_is_never_identical_content(look, edit, told):
    judged = judge("a.h5", hdf5(), hdf5(edit=edit), look)
    assert judged.grade is Grade.DIVERGED
    assert told in judged.detail


def test_floats_of_hdf5_are_compared_within_the_tolerance(look):
    judged = judge("a.h5", hdf5(), hdf5(edit=put("model/one", (), 2.5000000001)), look)
    assert judged.grade is Grade.TOLERANCE


def test_a_dataset_larger_than_a_block_is_compared_to_its_end(look):
    h5py = installed("h5py")
    sides = []
    for last in (0, 1, 2):
        made = io.BytesIO()
        values = np.zeros((3, 3 << 20), np.int64)
        values[-1, -1] = last
        with h5py.File(made, "w") as file:
            file.create_dataset("x", data=values, compression="gzip", compression_opts=last or 1)
        sides.append(made.getvalue())
    judged = judge("a.h5", sides[0], sides[2], look)
    assert judged.grade is Grade.DIVERGED
    assert "/x from [2, 2097152]: at [0, 1048575]: 0 vs 2" in judged.detail


def test_an_hdf5_file_of_enormous_size_is_not_read(look):
    h5py = installed("h5py")
    sides = []
    for value in (1.0, 2.0):
        made = io.BytesIO()
        with h5py.File(made, "w") as file:
            file.create_dataset("x", (1 << 40,), "f8", chunks=(1 << 20,), fillvalue=value)
        sides.append(made.getvalue())
    assert judge("a.h5", *sides, look).detail.endswith("ValueError: it holds more than 4096 MB")


def test_values_that_stand_in_other_files_are_not_followed(look, tmp_path):
    h5py = installed("h5py")
    (tmp_path / "elsewhere").write_bytes(bytes(80))
    sides = []
    for size in (1, 2):
        made = io.BytesIO()
        with h5py.File(made, "w") as file:
            outside = [(str(tmp_path / "elsewhere"), 0, 8)]
            file.create_dataset("x", (1,), "f8", external=outside)
            file["size"] = h5py.ExternalLink(f"{size}.h5", "/x")
        sides.append(made.getvalue())
    judged = judge("a.h5", *sides, look)
    assert judged.detail == "/size: it links elsewhere"


def test_damaged_hdf5_is_judged_without_a_fault(look):
    rng, whole = np.random.default_rng(5), hdf5(chunks=True, compression="gzip")
    for _ in range(4):
        damaged = bytearray(whole)
        for at in rng.integers(8, len(whole), 20):
            damaged[at] ^= 1 << int(rng.integers(8))
        judged = judge("a.h5", whole, bytes(damaged), look)
        assert judged.canonicaliser == "hdf5"
    judged = judge("a.h5", whole, whole[: len(whole) // 2], look)
    assert "bytes differ; cannot be loaded to look inside: OSError" in judged.detail


@pytest.mark.parametrize("name", ["a.h5", "a.onnx", "a.pt"])
def test_without_an_environment_the_reason_is_said(name):
    start = b"\x89HDF\r\n\x1a\n" if name == "a.h5" else b"\x08"
    judged = judge(name, start + b"1", start + b"2", Look(judge=judge))
    assert judged.grade is Grade.DIVERGED
    assert judged.detail == "bytes differ; no environment at hand to look inside"


@pytest.mark.parametrize(("name", "library"), [("a.onnx", "onnx"), ("a.pt", "torch")])
def test_without_the_library_the_reason_is_said(tmp_path, name, library):
    (tmp_path / f"{library}.py").write_text(f"raise ModuleNotFoundError('no {library}')")
    inside = InsideJudge(sys.executable, environ={"PATH": os.defpath}, folder=str(tmp_path))
    judged = judge(name, b"\x08a", b"\x08b", Look(judge=judge, inside=inside))
    assert (judged.grade, judged.canonicaliser) == (Grade.DIVERGED, library)
    assert judged.detail == (
        f"bytes differ; cannot be loaded to look inside: ModuleNotFoundError: no {library}"
    )


def checkpoint(torch, *, zipped=True, edit=None):
    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    state = {
        "model": dict(model.state_dict()),
        "half": torch.arange(4.0).to(torch.bfloat16),
        "step": 7,
        "lr": 0.1,
        "best": torch.nn.Parameter(torch.ones(2)),
    }
    if edit:
        edit(state)
    made = io.BytesIO()
    torch.save(state, made, _use_new_zipfile_serialization=zipped)
    return made.getvalue()


def weight(state):
    state["model"]["0.weight"][1, 2] += 1


def nearly(state):
    state["model"]["0.bias"] *= 1 + 1e-6


def frozen(state):
    state["best"].requires_grad_(requires_grad=False)


def backwards(state):
    state["model"] = dict(reversed(state["model"].items()))


@pytest.mark.parametrize(
    ("edit", "grade", "told"),
    [
        (weight, Grade.DIVERGED, "model.0.weight: at [1, 2]: "),
        (nearly, Grade.TOLERANCE, "model.0.bias: "),
        (frozen, Grade.DIVERGED, "best: one is trained, the other not"),
        (lambda state: state.update(step=8), Grade.DIVERGED, "step: 7 vs 8"),
        (lambda state: state["model"].pop("0.bias"), Grade.DIVERGED, "7 vs 6 keys"),
        (lambda state: state["half"].add_(1), Grade.DIVERGED, "half: at [0]: 0.0 vs 1.0"),
        (backwards, Grade.CONTENT, ""),
    ],
)
def test_checkpoints_of_torch_are_compared_by_structure(look, edit, grade, told):
    torch = installed("torch")
    wider = Look(judge=judge, inside=look.inside, tolerance=1e-5)
    judged = judge("a.pt", checkpoint(torch), checkpoint(torch, edit=edit), wider)
    assert judged.grade is grade, judged
    assert told in (judged.detail or "")


def test_how_a_checkpoint_was_packed_is_not_content(look):
    torch = installed("torch")
    judged = judge("a.pth", checkpoint(torch), checkpoint(torch, zipped=False), look)
    assert (judged.grade, judged.canonicaliser) == (Grade.CONTENT, "torch")


def onnx_model(onnx, *, raw=True, order=1, value=0.5, kind="Gemm", **about):
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    weights = {"w": np.arange(6, dtype=np.float32).reshape(3, 2), "b": np.float32([value, 1])}
    kept = []
    for name in list(weights)[::order]:
        array = weights[name]
        if raw:
            kept.append(numpy_helper.from_array(array, name))
        else:
            kept.append(helper.make_tensor(name, 1, array.shape, array.ravel().tolist()))
    inputs = [helper.make_tensor_value_info("x", 1, [None, 3])]
    outputs = [helper.make_tensor_value_info("y", 1, [None, 2])]
    node = helper.make_node(kind, ["x", "w", "b"], ["y"], name="fc", alpha=about.pop("alpha", 1.0))
    graph = helper.make_graph([node], "g", inputs, outputs, initializer=kept)
    return helper.make_model(graph, **about).SerializeToString()


def test_packing_order_and_writer_of_an_onnx_model_are_not_content(look):
    onnx = installed("onnx")
    new = onnx_model(onnx, raw=False, order=-1, producer_name="other", producer_version="9")
    judged = judge("a.onnx", onnx_model(onnx), new, look)
    assert (judged.grade, judged.canonicaliser) == (Grade.CONTENT, "onnx")


@pytest.mark.parametrize(
    ("changes", "grade", "told"),
    [
        ({"value": 0.75}, Grade.DIVERGED, "model.graph.initializer[b]: at [0]: 0.5 vs 0.75"),
        ({"value": 0.50000006}, Grade.TOLERANCE, "model.graph.initializer[b]: "),
        ({"kind": "Other"}, Grade.DIVERGED, "node[fc].op_type: 'Gemm' vs 'Other'"),
        ({"alpha": 2.0}, Grade.DIVERGED, "attribute[alpha].f: 1.0 vs 2.0"),
        ({"model_version": 4}, Grade.DIVERGED, "model: model_version is only in"),
    ],
)
def test_a_changed_onnx_model_is_never_identical_content(look, changes, grade, told):
    onnx = installed("onnx")
    judged = judge("a.onnx", onnx_model(onnx), onnx_model(onnx, **changes), look)
    assert judged.grade is grade
    assert told in judged.detail
