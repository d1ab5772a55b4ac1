"""Series: decoding undoes encoding, buckets and summaries equal the plainest Python."""

from __future__ import annotations

import io
import math
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afield.runs.series import columns as series_columns
from afield.runs.series import format as series_format
from afield.runs.series import seal as series_seal
from afield.runs.series.live import RECORD, LivePart, LiveSeries, live_parts

VALUES = st.floats(allow_nan=True, allow_infinity=True)
INT64 = st.integers(-(2**63), 2**63 - 1)
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = st.lists(st.text(max_size=12), min_size=1, max_size=6, unique=True)


@st.composite
def logs(draw, parts_max=3, points_max=60):
    """Per process: names, and (step, time, value, metric) in the order of logging."""
    found = []
    for _ in range(draw(st.integers(1, parts_max))):
        names = draw(NAMES)
        points = draw(
            st.lists(
                st.tuples(INT64, INT64, VALUES, st.integers(1, len(names))), max_size=points_max
            )
        )
        found.append((names, points))
    return found


class MemoryPart(LivePart):
    """A part whose records are at hand instead of in a file."""

    def blocks(self, records_max):
        data = self.path
        for start in range(0, len(data), records_max * RECORD.size):
            yield data[start : start + records_max * RECORD.size]


def _parts(log):
    for names, points in log:
        data = b"".join(RECORD.pack(*point) for point in points)
        yield MemoryPart(data, 1, "", tuple(names), len(points))


def _sealed(log, block_records=7):
    out = io.BytesIO()
    before, series_seal.BLOCK_RECORDS = series_seal.BLOCK_RECORDS, block_records
    try:
        summaries = series_seal.seal_series(_parts(log), out)
    finally:
        series_seal.BLOCK_RECORDS = before
    return out.getvalue(), summaries


def _by_metric(log):
    """What is expected: name -> points, one process's in order, several by time."""
    found: dict[str, list[tuple[int, int, float]]] = {}
    for names, points in log:
        for step, time_ns, value, metric in points:
            found.setdefault(names[metric - 1], []).append((step, time_ns, value))
    for name, points in found.items():
        if sum(name in {names[point[3] - 1] for point in part} for names, part in log) > 1:
            points.sort(key=lambda point: point[1])
    return found


def _bits(values):
    return [struct.pack("<d", value) for value in values]


@unhurried
@given(logs())
def test_decoding_undoes_encoding(log):
    sealed, _ = _sealed(log)
    expected = _by_metric(log)
    if not expected:
        assert sealed == b""
        return
    columns = series_columns.decode_columns(sealed)
    assert set(columns.places) == set(expected)
    for name, points in expected.items():
        found = columns.points(name)
        assert found.step.tolist() == [point[0] for point in points]
        assert found.time_ns.tolist() == [point[1] for point in points]
        assert _bits(found.value.tolist()) == _bits(point[2] for point in points)


@unhurried
@given(st.lists(st.tuples(INT64, INT64, VALUES, st.integers(1, 9)), min_size=1, max_size=200))
def test_a_block_of_planes_becomes_its_records_again(points):
    records = b"".join(RECORD.pack(*point) for point in points)
    sealed = series_format.head() + series_format.names_frame(["x"])
    sealed += series_format.block_frame(records) + series_format.end_frame()
    names, block = series_format.read_frames(sealed)
    assert series_format.names_of(names) == ["x"]
    assert series_format.records_of(block) == records


@unhurried
@given(logs())
def test_summaries_are_those_of_plain_python(log):
    _, summaries = _sealed(log)
    points = [
        (time_ns, order, names[metric - 1], value)
        for order, (names, part) in enumerate(log)
        for _, time_ns, value, metric in part
    ]
    assert set(summaries) == {point[2] for point in points}
    for name, summary in summaries.items():
        values = [value for _, _, found, value in points if found == name]
        known = [value for value in values if not math.isnan(value)]
        assert summary.count == len(values)
        expected = (min(known), max(known)) if known else (math.nan, math.nan)
        assert _same(summary.min, expected[0])
        assert _same(summary.max, expected[1])
        if known and all(abs(value) < 1e300 for value in known):
            mean = math.fsum(known) / len(known)
            scale = max(map(abs, known))
            assert math.isclose(summary.mean, mean, rel_tol=1e-9, abs_tol=scale * 1e-9)


def _same(one, other):
    return one == other or (math.isnan(one) and math.isnan(other))


@unhurried
@given(st.lists(VALUES, min_size=1, max_size=300), st.integers(1, 400))
def test_buckets_are_those_of_plain_python(values, points_max):
    count = len(values)
    steps = np.arange(count, dtype=np.int64)
    points = series_columns.Points(steps, steps * 1000, np.array(values))
    last, low, high = series_columns.bucket(points, points_max)
    buckets = min(points_max, count)
    assert len(last.step) == buckets
    for number in range(buckets):
        start, end = number * count // buckets, (number + 1) * count // buckets
        known = [value for value in values[start:end] if not math.isnan(value)]
        assert last.step[number] == end - 1
        assert _same(last.value[number], values[end - 1])
        assert _same(low[number], min(known, default=math.nan))
        assert _same(high[number], max(known, default=math.nan))


@settings(unhurried, max_examples=20)
@given(log=logs(parts_max=2, points_max=150))
def test_live_files_read_back_as_they_were_logged(tmp_path_factory, log):
    folder = str(tmp_path_factory.mktemp("live"))
    for names, points in log:
        live = LiveSeries(folder, 1, "")
        for step, time_ns, value, metric in points:
            number = live.ids.get(names[metric - 1]) or live.introduce(names[metric - 1])
            if live.position == live.end:
                live.grow()
            RECORD.pack_into(live.window, live.position, step, time_ns, value, number)
            live.position += RECORD.size
        live.close()
    expected = _by_metric(log)
    parts = live_parts(folder)
    assert sum(part.records for part in parts) == sum(map(len, expected.values()))
    columns = series_columns.live_columns(parts)
    for name, points in expected.items():
        one = series_columns.live_points(parts, name)
        for found in (one, columns.points(name)):
            assert found.step.tolist() == [point[0] for point in points]
            assert _bits(found.value.tolist()) == _bits(point[2] for point in points)


def test_a_part_without_points_is_left_out():
    assert _sealed([(["a"], [])])[0] == b""
    with pytest.raises(AssertionError):
        series_format.block_frame(b"")
