"""Sketches of columns: within their error, and the same however the rows are split and joined."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.datasets.columns import Column
from afield.datasets.distinct import Distinct, hash_values
from afield.datasets.quantiles import RANK_ERROR, Quantiles

SHARES = [0.01, 0.25, 0.5, 0.75, 0.99]


def rank_errors(values, sketch):
    """How far each share's value is from its place, as a share of the rows."""
    ordered = np.sort(values)
    for share, found in zip(SHARES, sketch.at(SHARES), strict=True):
        low = np.searchsorted(ordered, found, "left") / len(ordered)
        high = np.searchsorted(ordered, found, "right") / len(ordered)
        yield max(low - share, share - high, 0.0)


def values_of(kind, seed, count):
    rng = np.random.default_rng(seed)
    made = {
        "normal": rng.normal(size=count),
        "few": rng.integers(0, 5, count).astype(float),
        "sorted": np.arange(count, dtype=float),
        "skewed": rng.pareto(0.5, count),
    }
    return made[kind]


@settings(max_examples=40)
@given(
    kind=st.sampled_from(["normal", "few", "sorted", "skewed"]),
    seed=st.integers(0, 1000),
    cuts=st.lists(st.integers(0, 50_000), max_size=6),
)
def test_quantiles_of_parts_merged_in_any_cut_are_within_the_error(kind, seed, cuts):
    values = values_of(kind, seed, 50_000)
    whole = Quantiles()
    for part in np.split(values, sorted(cuts)):
        sketch = Quantiles()
        sketch.add(part)
        whole.merge(Quantiles.from_json(sketch.to_json()))
    assert whole.count == len(values)
    # The bound holds for 99 of 100 questions; three times it for all that are asked here.
    assert max(rank_errors(values, whole)) <= 3 * RANK_ERROR
    assert sum(len(text) for text in whole.to_json()["levels"]) < 12_000


def test_quantiles_lean_to_neither_side():
    leans = []
    for seed in range(60):
        values = np.random.default_rng(seed).random(30_000 + 37 * seed)
        sketch = Quantiles()
        for part in np.array_split(values, 20):
            sketch.add(part)
        leans.append((values <= sketch.at([0.5])[0]).mean() - 0.5)
    assert abs(np.mean(leans)) < 0.0025


def test_quantiles_of_few_values_are_exact_and_of_none_are_nan():
    sketch = Quantiles()
    assert np.isnan(sketch.at([0.5])[0])
    sketch.add(np.array([3.0, 1.0, 2.0]))
    assert sketch.at([0.0, 0.5, 1.0]) == [1.0, 2.0, 3.0]


def test_the_same_column_gives_the_same_sketch_byte_for_byte():
    values = values_of("normal", 7, 30_000)
    first, second = Quantiles(), Quantiles()
    first.add(values)
    second.add(values)
    assert first.to_json() == second.to_json()


@pytest.mark.parametrize("count", [0, 1, 900, 1024, 1025, 5_000, 12_000, 20_000, 60_000, 400_000])
@pytest.mark.parametrize("kind", ["int", "float", "text"])
def test_distinct_values_are_counted_exactly_while_few_and_within_the_error_after(count, kind):
    numbers = np.arange(count)
    arrays = {
        "int": pa.array(numbers * 7919),
        "float": pa.array(numbers / 7.0),
        "text": pa.array([f"user-{n}@example.org" for n in numbers], pa.string()),
    }
    values = arrays[kind]
    found = Distinct()
    for start in range(0, max(len(values), 1), 9_973):
        some = values.slice(start, 9_973)
        found.add(hash_values(some))
        found.add(hash_values(some))
    assert found.exact is (count <= 1024)
    error = 0 if found.exact else 0.0163 * 4
    assert abs(found.count() - count) <= error * count


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(0, 5_000), max_size=3_000), max_size=5))
def test_merging_counts_of_parts_is_the_count_of_the_whole(parts):
    whole, merged = Distinct(), Distinct()
    for part in parts:
        hashes = hash_values(pa.array(part, pa.int64()))
        whole.add(hashes)
        one = Distinct()
        one.add(hashes)
        merged.merge(Distinct.from_json(one.to_json()))
    assert merged.count() == whole.count()
    assert merged.exact == whole.exact


@settings(max_examples=60)
@given(
    st.lists(
        st.one_of(st.none(), st.floats(width=32), st.integers(-(2**40), 2**40).map(float)),
        min_size=1,
        max_size=300,
    ),
    st.integers(0, 300),
)
def test_a_column_of_two_files_is_the_column_of_one_file_with_the_rows_of_both(values, cut):
    whole, left, right = Column("x"), Column("x"), Column("x")
    whole.add(pa.array(values, pa.float64()))
    left.add(pa.array(values[:cut], pa.float64()))
    right.add(pa.array(values[cut:], pa.float64()))
    merged = Column.from_json(left.to_json(sketches=True))
    merged.merge(Column.from_json(right.to_json(sketches=True)))
    found, expected = merged.to_json(sketches=False), whole.to_json(sketches=False)
    for name in ("rows", "nulls", "nans", "min", "max", "distinct", "type", "quantiles"):
        assert found[name] == expected[name], name


def test_minus_zero_is_zero_and_texts_that_differ_in_length_differ():
    assert len(set(hash_values(pa.array([0.0, -0.0])).tolist())) == 1
    texts = ["", "\0", "\0\0", "a", "a\0", "\0a", "ab", "ba"]
    assert len(set(hash_values(pa.array(texts)).tolist())) == len(texts)
