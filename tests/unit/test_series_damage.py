"""Damaged series are detected, never served; the cache of columns stays in its bounds."""

from __future__ import annotations

import io
import json
import os
import random
from pathlib import Path

import pytest

from afield.runs.errors import SeriesDamaged
from afield.runs.series import columns as series_columns
from afield.runs.series import format as series_format
from afield.runs.series import seal as series_seal
from afield.runs.series.live import RECORD, LiveSeries, live_parts

VECTORS = Path(__file__).parents[2] / "docs" / "format" / "vectors" / "series.json"


def _sealed(tmp_path, points=500):
    live = LiveSeries(str(tmp_path), 1, "")
    number = live.introduce("loss")
    live.introduce("acc")
    for step in range(points):
        if live.position == live.end:
            live.grow()
        RECORD.pack_into(live.window, live.position, step, step * 7, step * 0.1, 1 + step % 2)
        live.position += RECORD.size
    live.close()
    assert number == 1
    out = io.BytesIO()
    series_seal.seal_series(live_parts(str(tmp_path)), out)
    return out.getvalue()


def test_every_flipped_bit_is_detected_or_changes_nothing(tmp_path):
    sealed = _sealed(tmp_path)
    whole = series_columns.decode_columns(sealed)
    chance = random.Random(5)
    places = [(at, bit) for at in range(60) for bit in range(8)]
    places += [(chance.randrange(len(sealed)), chance.randrange(8)) for _ in range(600)]
    noticed = 0
    for at, bit in places:
        bad = bytearray(sealed)
        bad[at] ^= 1 << bit
        try:
            found = series_columns.decode_columns(bytes(bad))
        except SeriesDamaged:
            noticed += 1
        else:  # a bit of the compressed form that nothing depends on
            assert found.places == whole.places
            assert found.value.tobytes() == whole.value.tobytes()
            assert found.step.tobytes() == whole.step.tobytes()
    assert noticed > len(places) * 0.98


def test_a_series_that_was_cut_is_detected(tmp_path):
    sealed = _sealed(tmp_path, points=100)
    for size in range(len(sealed)):
        with pytest.raises(SeriesDamaged):
            series_columns.decode_columns(sealed[:size])
    with pytest.raises(SeriesDamaged, match="after its end"):
        series_columns.decode_columns(sealed + b"\x00")


def test_impossible_frames_are_refused_before_memory_is_taken():
    head = series_format.head()
    bomb = series_format.FRAME.pack(series_format.BLOCK, 1 << 31, 10) + bytes(10)
    with pytest.raises(SeriesDamaged, match="impossible"):
        series_columns.decode_columns(head + bomb + series_format.end_frame())
    orphan = series_format.block_frame(bytes(32)) + series_format.end_frame()
    with pytest.raises(SeriesDamaged, match="before any names"):
        series_columns.decode_columns(head + orphan)


def test_a_newer_format_is_refused():
    data = series_format.HEAD.pack(series_format.MAGIC, 2) + series_format.end_frame()
    with pytest.raises(SeriesDamaged, match="format 2"):
        series_columns.decode_columns(data)


@pytest.mark.parametrize("vector", json.loads(VECTORS.read_text("utf-8"))["sealed"])
def test_the_vectors_of_the_format_decode_as_written(vector):
    columns = series_columns.decode_columns(bytes.fromhex(vector["hex"]))
    for name, expected in vector["points"].items():
        points = columns.points(name)
        found = zip(points.step.tolist(), points.time_ns.tolist(), points.value, strict=True)
        assert [[step, time_ns, repr(float(value))] for step, time_ns, value in found] == expected
    assert set(columns.places) == set(vector["points"])


@pytest.mark.parametrize("vector", json.loads(VECTORS.read_text("utf-8"))["live"])
def test_the_vectors_of_live_files_read_as_written(tmp_path, vector):
    (tmp_path / "series-1-0.bin").write_bytes(bytes.fromhex(vector["bin"]))
    (tmp_path / "series-1-0.names").write_text(vector["names"], "utf-8")
    columns = series_columns.live_columns(live_parts(str(tmp_path)))
    found = {name: columns.points(name).value.tolist() for name in columns.places}
    assert found == vector["points"]


def test_a_torn_line_of_names_hides_no_other_metric(tmp_path):
    (tmp_path / "series-1-0.bin").write_bytes(RECORD.pack(1, 2, 3.0, 1) + bytes(64))
    (tmp_path / "series-1-0.names").write_text('{"afield.series":1,"pid":1,"born":""}\n"a"\n"b')
    (part,) = live_parts(str(tmp_path))
    assert part.names == ("a",)
    assert part.records == 1


def test_the_cache_returns_what_it_was_given_and_drops_the_oldest(tmp_path):
    columns = series_columns.decode_columns(_sealed(tmp_path))
    one = len(b"".join(series_columns._pack(columns)))
    cache = series_columns.ColumnCache(str(tmp_path / "cache"), size_bytes_max=one * 2)
    for turn, key in enumerate("abc"):
        cache.store(key, columns)
        os.utime(tmp_path / "cache" / f"{key}.columns", (turn, turn))
    assert cache.load("a") is None
    found = cache.load("c")
    assert found.places == columns.places
    assert found.points("loss").value.tolist() == columns.points("loss").value.tolist()
    assert found.points("nope") is None


@pytest.mark.parametrize("content", [b"", b"x", b"AFCOLUM1" + bytes(100)])
def test_an_unfit_cache_file_counts_as_none(tmp_path, content):
    (tmp_path / "a.columns").write_bytes(content)
    assert series_columns.ColumnCache(str(tmp_path)).load("a") is None


def test_a_cache_that_cannot_be_written_is_no_fault(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    columns = series_columns.decode_columns(_sealed(tmp_path))
    cache = series_columns.ColumnCache(str(tmp_path / "cache"))
    cache.store("a", columns)
    assert cache.load("a") is None
