"""Pinning another machine to the recorded kernels and threads."""

from __future__ import annotations

import msgspec
import pytest

from afield.replay.pins import pins_for
from afield.runs.manifest import Capture, Host, Manifest

BASE = Manifest(argv=("x",), cwd=".", root="/p", exit_code=0, capture=Capture(layers=()))


def manifest(kernels=None, *, cores=2, variables=None, threads=None):
    host = Host(system="Linux", release="6", machine="x86_64", cpu="c", cores=cores, memory_bytes=1)
    return msgspec.structs.replace(
        BASE, kernels=kernels or {}, host=host, variables=variables or {}, threads=threads or {}
    )


def test_equal_machines_need_no_pins():
    pins = pins_for(manifest({"openblas": "Zen"}), manifest({"openblas": "Zen"}))
    assert (pins.variables, pins.told, pins.cannot) == ({}, (), ())


@pytest.mark.parametrize(
    ("recorded", "repeated", "set_to"),
    [
        ({"openblas": "Haswell"}, {"openblas": "SkylakeX"}, {"OPENBLAS_CORETYPE": "Haswell"}),
        ({"torch": "AVX2"}, {"torch": "AVX512"}, {"ATEN_CPU_CAPABILITY": "avx2"}),
        ({"numpy": "A"}, {"numpy": "A B C"}, {"NPY_DISABLE_CPU_FEATURES": "B C"}),
    ],
)
def test_a_kernel_is_pinned_by_the_variable_of_its_library(recorded, repeated, set_to):
    pins = pins_for(manifest(recorded), manifest(repeated))
    assert pins.variables == set_to
    assert pins.told
    assert not pins.cannot


def test_features_that_a_variable_switched_off_come_back():
    switched = {"NPY_DISABLE_CPU_FEATURES": "B,C"}
    pins = pins_for(manifest({"numpy": "A B C"}), manifest({"numpy": "A"}, variables=switched))
    assert pins.variables == {"NPY_DISABLE_CPU_FEATURES": None}
    assert not pins.cannot


def test_features_that_this_cpu_lacks_are_named():
    pins = pins_for(manifest({"numpy": "A B C"}), manifest({"numpy": "A"}))
    assert pins.cannot == ("numpy: this CPU lacks B C",)


def test_kernels_that_processes_chose_differently_cannot_be_pinned():
    pins = pins_for(manifest({"openblas": "Haswell | Zen"}), manifest({"openblas": "Zen"}))
    assert not pins.variables
    assert pins.cannot


def test_threads_follow_the_recorded_cores_unless_they_were_set():
    recorded = manifest(cores=8, threads={"OMP_NUM_THREADS": "3"})
    pins = pins_for(recorded, manifest(cores=2))
    assert pins.variables["OMP_NUM_THREADS"] == "3"
    assert pins.variables["OPENBLAS_NUM_THREADS"] == "8"
    assert pins.told == ("threads: 2 → 8",)
