"""Pickles are compared by structure, by another Python, and never loaded here."""

from __future__ import annotations

import os
import pickle
import sys
from collections import OrderedDict, defaultdict

import numpy as np
import pytest

from afield.replay.canonical import Look, judge
from afield.replay.pickles import InsideJudge
from afield.replay.verdict import Grade

MODULE = """\
import marshal, types

def make_function(code, name, defaults, named, cells, held):
    cells = tuple(types.CellType(cell) for cell in cells)
    made = types.FunctionType(marshal.loads(code), dict(held), name, defaults, cells)
    made.__kwdefaults__ = named
    return made

class Carried:
    "Pickles a function by value."
    def __init__(self, made, held=()):
        self.made, self.held = made, dict(held)

    def __reduce__(self):
        made = self.made
        cells = tuple(cell.cell_contents for cell in made.__closure__ or ())
        code = marshal.dumps(made.__code__)
        parts = (made.__name__, made.__defaults__, made.__kwdefaults__, cells, self.held)
        return make_function, (code, *parts)

class Model:
    def __init__(self, weights, note=""):
        self.weights, self.note = weights, note

class Slotted:
    __slots__ = ("a", "b")
    def __init__(self, a, b):
        self.a, self.b = a, b
"""


@pytest.fixture
def inside(tmp_path):
    (tmp_path / "shapes.py").write_text(MODULE)
    return InsideJudge(sys.executable, environ={"PATH": os.defpath}, folder=str(tmp_path))


@pytest.fixture
def shapes(tmp_path, inside, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("shapes", None)
    import shapes

    yield shapes
    sys.modules.pop("shapes", None)


def found(inside, old, new, tolerance=1e-6):
    # another protocol, so that equal structures have other bytes
    return inside("m.pkl", pickle.dumps(old, 4), pickle.dumps(new, 3), tolerance)


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.5, None, True, "x", b"y"], "s": {1, 2}, "t": (1, (2,))},
        np.arange(6.0).reshape(2, 3),
        np.array([1, 2, np.nan]),
        np.array([(1, 2.0)], dtype=[("n", "i1"), ("x", "f8")]),
        np.array([{"a": 1}, None], dtype=object),
        np.random.default_rng(3),
        OrderedDict(a=1),
        defaultdict(list, a=[1]),
        float("nan"),
        print,
        np.float32,
        complex(1, 2),
    ],
)
def test_equal_structures_are_identical_content(inside, value):
    assert found(inside, value, value).grade is Grade.CONTENT


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({"a": [1, 2]}, {"a": [1, 3]}, "builtins.dict.a[1]: 2 vs 3"),
        ({"a": 1}, {"b": 1}, "builtins.dict: key 'a' is missing"),
        ({"a": 1}, {"a": 1, "b": 2}, "builtins.dict: 1 vs 2 keys"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "builtins.dict: keys stand in another order"),
        ([1.0], [1], "builtins.list[0]: builtins.float vs builtins.int"),
        ({1, 2}, {1, 3}, "builtins.set: 2 items of the set differ"),
        (np.zeros(3), np.zeros(4), "numpy.ndarray: float64(3,) vs float64(4,)"),
        (np.zeros(3), np.zeros(3, "f4"), "numpy.ndarray: float64(3,) vs float32(3,)"),
        (np.array([1, 2]), np.array([1, 3]), "numpy.ndarray: at [1]: 2 vs 3 (1 of 2 differ)"),
        (print, len, "builtins.builtin_function_or_method"),
        (OrderedDict(a=1), {"a": 1}, "collections.OrderedDict vs builtins.dict"),
        (np.random.default_rng(3), np.random.default_rng(4), "vs"),
    ],
)
def test_a_changed_structure_is_never_identical_content(inside, old, new, told):
    judged = found(inside, old, new)
    assert judged.grade is Grade.DIVERGED
    assert told in judged.detail


def test_the_sign_of_zero_is_told_but_tolerated(inside):
    assert found(inside, [0.0], [-0.0]).grade is Grade.TOLERANCE
    assert found(inside, np.zeros(2), -np.zeros(2)).grade is Grade.TOLERANCE


def test_floats_are_compared_within_the_tolerance(inside):
    old, new = {"w": np.ones(3), "b": 0.5}, {"w": np.ones(3) * (1 + 1e-9), "b": 0.5}
    assert found(inside, old, new).grade is Grade.TOLERANCE
    assert found(inside, old, new, tolerance=1e-12).grade is Grade.DIVERGED
    assert found(inside, {"b": 0.5}, {"b": 0.5 + 1e-9}).grade is Grade.TOLERANCE


def test_objects_of_the_project_are_compared_by_their_state(inside, shapes):
    model = shapes.Model(np.ones(2), "first")
    assert found(inside, model, shapes.Model(np.ones(2), "first")).grade is Grade.CONTENT
    judged = found(inside, model, shapes.Model(np.zeros(2), "first"))
    assert judged.grade is Grade.DIVERGED
    assert "weights: at [0]: 1.0 vs 0.0" in judged.detail
    assert found(inside, model, shapes.Model(np.ones(2), "second")).grade is Grade.DIVERGED


def test_objects_with_slots_are_compared_by_their_state(inside, shapes):
    one = shapes.Slotted(1, [2])
    assert found(inside, one, shapes.Slotted(1, [2])).grade is Grade.CONTENT
    assert found(inside, one, shapes.Slotted(1, [3])).grade is Grade.DIVERGED


def _scaled(factor):
    return lambda value: value * factor


def _held_in(data):
    return lambda: data["nested"]


def _least(values):
    return lambda factor: values.min() * factor


def _greatest(values):
    return lambda factor: values.max() * factor


def _named(way="a"):
    def function(value, *, factor=1):
        return value, factor

    function.__kwdefaults__ = {"factor": way}
    return function


def _default(way):
    def function(value=way):
        return value

    return function


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (lambda x: x.min(), lambda x: x.max()),  # co_names
        (lambda x: x + 1, lambda x: x + 2),  # co_consts
        (lambda x: [y + 1 for y in x], lambda x: [y + 2 for y in x]),  # nested code
        (_scaled(2), _scaled(3)),  # a cell
        (_held_in({"nested": [1, 2]}), _held_in({"nested": [1, 3]})),
        (_least(3), _greatest(3)),
        (_named("a"), _named("b")),  # __kwdefaults__
        (_default(1), _default(2)),
        (lambda x, y: (x, y), lambda y, x: (y, x)),  # the names of arguments
        (lambda *, x=0: x, lambda x=0: x),
    ],
)
def test_functions_carried_by_value_are_compared_by_all_they_do(inside, shapes, old, new):
    assert found(inside, shapes.Carried(old), shapes.Carried(old)).grade is Grade.CONTENT
    assert found(inside, shapes.Carried(old), shapes.Carried(new)).grade is Grade.DIVERGED


def test_globals_that_a_function_carries_are_compared(inside, shapes):
    function = lambda: SCALE  # noqa: E731, F821 - a function of its own, with globals of its own
    old, new = (shapes.Carried(function, {"SCALE": scale, "other": 1}) for scale in (2, 3))
    assert found(inside, old, old).grade is Grade.CONTENT
    judged = found(inside, old, new)
    assert judged.grade is Grade.DIVERGED
    assert "__globals__.SCALE: 2 vs 3" in judged.detail
    assert found(inside, old, shapes.Carried(function, {"SCALE": 2})).grade is Grade.CONTENT


def test_methods_of_built_in_values_are_compared_by_the_value(inside):
    assert found(inside, [1].append, [1].append).grade is Grade.CONTENT
    assert found(inside, [1].append, [2].append).grade is Grade.DIVERGED


def test_functions_and_classes_of_cloudpickle_are_compared(inside):
    cloudpickle = pytest.importorskip("cloudpickle")

    def held(sign, way):
        class Rule:
            limit = sign

            @property
            def value(self):
                return self.limit

            def judge(self, values):
                return values.min() if way else values.max()

        return {"f": _scaled(sign), "rule": Rule, "of it": Rule()}

    def compared(old, new):
        old, new = (cloudpickle.dumps(one, protocol=p) for one, p in ((old, 4), (new, 5)))
        return inside("m.pkl", old, new + b"x", 1e-6).grade

    assert compared(held(1, way=True), held(1, way=True)) is Grade.CONTENT
    assert compared(held(1, way=True), held(2, way=True)) is Grade.DIVERGED
    # same code of both ways, told apart by the cell
    assert compared(held(1, way=True), held(1, way=False)) is Grade.DIVERGED
    assert compared(lambda x: x.min(), lambda x: x.max()) is Grade.DIVERGED


def test_structures_that_hold_themselves_are_compared(inside):
    old, new = [1], [1]
    old.append(old)
    new.append(new)
    assert found(inside, old, new).grade is Grade.CONTENT
    new[0] = 2
    assert found(inside, old, new).grade is Grade.DIVERGED


def test_classes_of_the_script_itself_are_stood_in_for(inside):
    data = b"\x80\x03c__main__\nModel\nq\x00)\x81q\x01}q\x02X\x01\x00\x00\x00wq\x03K\x07sb."
    assert inside("m.pkl", data, data + b"junk", 1e-6).grade is Grade.CONTENT
    other = data.replace(b"K\x07", b"K\x08")
    judged = inside("m.pkl", data, other, 1e-6)
    assert judged.grade is Grade.DIVERGED
    assert judged.detail.endswith("w: 7 vs 8")


def test_a_pickle_that_cannot_be_loaded_is_diverged_and_says_why(inside):
    missing = b"\x80\x03cno_such_module\nThing\n."
    judged = inside("m.pkl", missing, missing + b"x", 1e-6)
    assert judged.grade is Grade.DIVERGED
    assert "cannot be loaded to look inside: ModuleNotFoundError" in judged.detail


def test_a_pickle_that_runs_code_does_not_run_it_here(inside, tmp_path):
    marker = tmp_path / "ran-in"
    code = f"open({str(marker)!r}, 'w').write(str(__import__('os').getpid()))"
    evil = b"cbuiltins\nexec\n(V" + code.encode() + b"\ntR."
    judge("m.pkl", evil, evil + b" ", Look(judge=judge, inside=inside))
    assert marker.read_text() != str(os.getpid())
    marker.unlink()
    judge("m.pkl", evil, evil + b" ", Look(judge=judge))
    assert not marker.exists()


def test_what_the_pickle_prints_is_not_taken_for_the_answer(inside):
    loud = b'cbuiltins\nprint\n(V{"grade": "content", "detail": null}\ntR.'
    judged = inside("m.pkl", loud, loud.replace(b"null", b"1234"), 1e-6)
    assert judged.grade is Grade.CONTENT  # both load to None: that is what they hold


def test_without_a_python_the_answer_is_diverged(tmp_path):
    inside = InsideJudge(str(tmp_path / "none"), environ={}, folder=str(tmp_path))
    judged = inside("m.pkl", b"a", b"b", 1e-6)
    assert (judged.grade, judged.detail) == (
        Grade.DIVERGED,
        "bytes differ; cannot be loaded to look inside: no answer from the environment",
    )


def test_arrays_of_objects_in_npy_files_are_compared_inside(inside, tmp_path):
    files = []
    for value in (1, 1, 2):
        np.save(tmp_path / "a.npy", np.array([{"a": value}], dtype=object), allow_pickle=True)
        files.append((tmp_path / "a.npy").read_bytes())
    look = Look(judge=judge, inside=inside)
    assert judge("a.npy", files[0], files[2], look).grade is Grade.DIVERGED
