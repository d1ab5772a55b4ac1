"""Histograms of columns: the shares of the rows, within the error of the sketch they come from."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.datasets.columns import Column
from afield.datasets.histograms import buckets_of
from afield.datasets.limits import HISTOGRAM_BUCKETS
from afield.datasets.quantiles import RANK_ERROR


def column(values):
    found = Column("x")
    found.add(pa.array(values))
    return found


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 20_000))
def test_each_bucket_holds_the_share_of_the_rows_that_lies_in_it(seed, count):
    values = np.random.default_rng(seed).gamma(2.0, size=count)
    found = buckets_of(column(values))
    assert (found["from"], found["to"]) == (values.min(), values.max())
    assert sum(found["shares"]) == pytest.approx(1, abs=1e-4)
    told = np.cumsum(found["shares"])
    real = np.histogram(values, HISTOGRAM_BUCKETS)[0].cumsum() / count
    assert np.abs(told - real).max() <= 3 * RANK_ERROR


def test_whole_numbers_of_few_values_have_a_bucket_each():
    assert buckets_of(column([3, 3, 5, 3])) == {"from": 2.5, "to": 5.5, "shares": [0.75, 0, 0.25]}


@pytest.mark.parametrize("values", [["a", "b"], [7, 7], [None, None], [True, False], []])
def test_what_holds_no_two_numbers_has_no_histogram(values):
    assert buckets_of(column(values)) is None
