"""What a process tells of the code that its libraries of numbers chose for the CPU."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy", reason="not run: numpy is not installed")


def test_numpy_tells_its_core_and_features_at_the_end(runner):
    told = runner.run("-c", "import numpy").trace.kernels
    from numpy._core._multiarray_umath import __cpu_dispatch__

    assert set(told["numpy"].split()) <= set(__cpu_dispatch__)
    assert told["openblas"]


def test_a_feature_that_is_switched_off_is_not_told(runner):
    features = runner.run("-c", "import numpy").trace.kernels["numpy"].split()
    if not features:
        pytest.skip("not run: this CPU has no optional feature that numpy knows")
    runner.extra["NPY_DISABLE_CPU_FEATURES"] = features[-1]
    told = runner.run("-c", "import numpy").trace.kernels["numpy"].split()
    assert told == features[:-1]


def test_a_process_without_numbers_tells_nothing(runner):
    assert runner.run("-c", "print(1)").trace.kernels == {}
