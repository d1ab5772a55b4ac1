"""Rows of two tables compared, against a plain count over all rows."""

from __future__ import annotations

import io
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.datasets import limits, rows
from afield.datasets.alignment import common_schema, survey
from afield.datasets.errors import NotATable
from afield.datasets.tables import Table, format_of


def as_file(path, data):
    return Table(path, lambda: io.BytesIO(data))


def written(table, format_name):
    sink = io.BytesIO()
    if format_name == "csv":
        pa.csv.write_csv(table, sink)
    elif format_name == "parquet":
        pa.parquet.write_table(table, sink)
    elif format_name == "feather":
        pa.feather.write_feather(table, sink, compression="uncompressed")
    elif format_name == "arrows":
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    else:
        sink.write(b"".join(_json_line(row) for row in table.to_pylist()))
    return sink.getvalue()


def _json_line(row):
    import json

    return json.dumps(row).encode() + b"\n"


def compared(before, after, key, tmp_path, parts=3):
    old, new = survey(before), survey(after)
    schema = common_schema(old, new)
    if not key:
        return rows.by_position(old, new, schema)
    size_bytes = parts * limits.PART_BYTES
    return rows.by_key(old, new, schema, key, folder=str(tmp_path), size_bytes=size_bytes)


FORMATS = ["csv", "parquet", "feather", "arrows", "jsonl"]


@pytest.mark.parametrize("format_name", FORMATS)
def test_rows_are_paired_by_key_in_every_format(format_name, tmp_path):
    before = pa.table({"id": [1, 2, 3, 4], "x": [1.5, 2.5, None, 4.5], "y": ["a", "b", "c", "d"]})
    after = pa.table({"id": [9, 4, 2, 3], "x": [0.5, 4.5, 2.0, None], "y": ["z", "d", "b", "C"]})
    tables = [as_file(f"t.{format_name}", written(t, format_name)) for t in (before, after)]
    found = compared(*tables, ["id"], tmp_path)
    assert (found.added, found.removed, found.changed, found.same) == (1, 1, 2, 1)
    assert found.cells == {"x": 1, "y": 1}
    assert found.examples["added"] == [9]
    assert found.examples["removed"] == [1]
    assert sorted(found.examples["changed"]) == [2, 3]
    assert not list(tmp_path.iterdir())


ROWS = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(0, 12)), st.sampled_from(["a", "b", None])),
    max_size=40,
)


@settings(max_examples=150)
@given(ROWS, ROWS)
def test_by_key_agrees_with_a_plain_count_whatever_repeats(before, after):
    import tempfile

    def table(found):
        keys, values = [k for k, _ in found], [v for _, v in found]
        return pa.table({"k": pa.array(keys, pa.int64()), "v": pa.array(values, pa.string())})

    tables = [as_file("t.parquet", written(table(found), "parquet")) for found in (before, after)]
    with tempfile.TemporaryDirectory() as folder:
        found = compared(*tables, ["k"], folder)
    old, new = Counter(k for k, _ in before), Counter(k for k, _ in after)
    assert found.removed == (old - new).total()
    assert found.added == (new - old).total()

    def in_order(found):
        return {k: [v for key, v in found if key == k] for k, _ in found}

    a, b = in_order(before), in_order(after)
    changed = sum(x != y for k in a.keys() & b.keys() for x, y in zip(a[k], b[k], strict=False))
    assert found.changed == found.cells["v"] == changed
    assert found.repeated == sum(n - 1 for n in [*old.values(), *new.values()])


def test_a_key_may_have_several_columns_of_several_types(tmp_path):
    before = pa.table({"a": [1, 1, 2], "b": ["x", "y", "x"], "v": [1, 2, 3]})
    after = pa.table({"a": [1.0, 2.0, 2.0], "b": ["y", "x", "y"], "v": [2, 30, 4]})
    tables = [as_file("t.parquet", written(t, "parquet")) for t in (before, after)]
    found = compared(*tables, ["a", "b"], tmp_path)
    assert (found.added, found.removed, found.changed, found.same) == (1, 1, 1, 1)
    assert found.examples["changed"] == [[2.0, "x"]]


def test_by_position_a_row_in_front_changes_all_that_follow(tmp_path):
    before = as_file("t.csv", b"a,b\n1,x\n2,y\n3,z\n")
    after = as_file("t.csv", b"a,b\n0,w\n1,x\n2,y\n3,z\n")
    found = compared(before, after, [], tmp_path)
    assert (found.added, found.removed, found.changed, found.same) == (1, 0, 3, 0)
    assert found.examples["added"] == [3]


def test_null_equals_null_and_nan_equals_nan_and_nothing_else(tmp_path):
    nan = float("nan")
    before = pa.table({"x": [None, nan, nan, 1.0], "l": [[1], [2], None, [4]]})
    after = pa.table({"x": [None, nan, None, nan], "l": [[1], [3], None, [4]]})
    tables = [as_file("t.parquet", written(t, "parquet")) for t in (before, after)]
    found = compared(*tables, [], tmp_path)
    assert found.cells == {"x": 2, "l": 1}
    assert found.changed == 3


def test_a_column_whose_type_shows_late_is_read_again_as_a_wider_one():
    body = b"".join(b"%d,%d,7\n" % (n, n) for n in range(200_000))
    data = b"a,b,c\n" + body + b"0.5,word,\xff\n"
    side = survey(as_file("t.csv", data))
    found = {name: one.to_json(sketches=False) for name, one in side.columns.found.items()}
    assert found["a"]["type"] == "double"
    assert found["b"]["type"] == "string"
    assert found["c"]["type"] == "binary"
    assert {one["rows"] for one in found.values()} == {200_001}


def test_json_lines_may_leave_columns_out_and_change_their_types():
    data = b'{"a": 1}\n{"a": 2, "b": "x"}\n' * 3 + b'{"c": {"d": [1]}}'
    found = {c.name: c.to_json(sketches=False) for c in survey_columns("t.jsonl", data)}
    assert (found["a"]["rows"], found["a"]["nulls"]) == (7, 1)
    assert (found["b"]["nulls"], found["c"]["nulls"]) == (4, 6)
    assert found["c"]["distinct"] is None


def survey_columns(path, data):
    return survey(as_file(path, data)).columns.found.values()


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("t.parquet", b"PAR1 no"),
        ("t.arrow", b"ARROW1no"),
        ("t.feather", b"FEA1...."),
        ("t.csv", b"a,b\n1,2\n3\n"),
        ("t.csv", b"a,\xe9\n1,2\n"),
        ("t.jsonl", b"{no json\n"),
        ("t.csv.gz", b"no gzip"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused_in_words(path, data):
    with pytest.raises(NotATable) as caught:
        survey(as_file(path, data))
    assert caught.value.why


@pytest.mark.parametrize(
    ("first", "names"),
    [
        (b"a;b;c", ["a", "b", "c"]),
        (b'"a,x";b', ["a,x", "b"]),
        (b"\xef\xbb\xbfa|b", ["a", "b"]),
        (b"a\tb", ["a", "b"]),
        (b"a,b;c", ["a", "b;c"]),
        (b"a", ["a"]),
    ],
)
def test_what_stands_between_columns_is_seen_in_the_first_line(first, names):
    found = survey_columns("t.csv", first + b"\n")
    assert [column.name for column in found] == names


def test_formats_are_told_by_names():
    assert format_of("a/B.CSV") == "csv"
    assert format_of("x.jsonl.gz") == "jsonl"
    assert format_of("x.parquet.gz") is None
    assert format_of("x.json") is None
    with pytest.raises(NotATable):
        Table("x.txt", lambda: io.BytesIO(b""))


def test_a_compressed_table_is_read():
    import gzip

    (column,) = survey_columns("t.csv.gz", gzip.compress(b"a\n1\n2\n"))
    assert column.to_json(sketches=False)["max"] == 2


def test_every_kind_of_column_has_its_statistics():
    import datetime as dt

    table = pa.table(
        {
            "bool": [True, False, True],
            "date": [dt.date(2024, 1, 2), None, dt.date(2023, 5, 6)],
            "time": pa.array([5, 4, 3], pa.time64("us")),
            "ns": pa.array([1, 2, 3], pa.timestamp("ns", "UTC")),
            "dict": pa.array(["u", "v", "u"]).dictionary_encode(),
            "dec": pa.array([1, 2, 3]).cast(pa.decimal128(30, 2)),
            "big": pa.array([2**64 - 1, 0, 5], pa.uint64()),
            "inf": [float("inf"), 1.0, float("nan")],
            "null": pa.nulls(3),
            "bin": [b"\0", b"\1", b"\0"],
        }
    )
    side = survey(as_file("t.parquet", written(table, "parquet")))
    found = {name: one.to_json(sketches=False) for name, one in side.columns.found.items()}
    assert (found["bool"]["min"], found["bool"]["max"], found["bool"]["distinct"]) == (0, 1, 2)
    assert (found["date"]["min"], found["date"]["max"]) == ("2023-05-06", "2024-01-02")
    assert found["dict"]["distinct"] == 2
    assert found["dec"]["max"] == 3.0
    assert found["big"]["max"] == 2**64 - 1
    assert (found["inf"]["max"], found["inf"]["nans"]) == ("inf", 1)
    assert (found["null"]["type"], found["null"]["nulls"]) == ("null", 3)
    assert found["bin"]["distinct"] == 2
    assert found["ns"]["distinct"] == 3
    assert np.isfinite(found["bool"]["mean"])


@pytest.mark.parametrize("format_name", ["feather", "arrows"])
def test_a_record_batch_too_large_for_memory_is_refused_before_it_is_read(format_name):
    rows = limits.BATCH_BYTES_MAX // 8 + 1
    table = pa.table({"a": pa.array(np.zeros(rows))})
    sink = io.BytesIO()
    new = pa.ipc.new_file if format_name == "feather" else pa.ipc.new_stream
    with new(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows)
    data = sink.getvalue()
    with pytest.raises(NotATable, match="48 MiB would be read at once"):
        survey(as_file(f"t.{format_name}", data))
    whole = Table(f"t.{format_name}", lambda: io.BytesIO(data), bounded=False)
    assert sum(batch.num_rows for batch in whole.batches()) == rows


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_make_the_look_at_arrow_messages_fail_otherwise(data, is_file):
    from afield.datasets.ipc import largest_body

    stream = io.BytesIO((b"ARROW1\0\0" if is_file else b"") + data)
    try:
        assert largest_body(stream) >= 0
    except ValueError:
        pass
    else:
        assert stream.tell() == 0


def test_a_line_of_megabytes_is_no_reason_to_read_no_table():
    data = b"a,b\n1," + b"x" * 3_000_000 + b"\n"
    with pytest.raises(NotATable):
        survey(as_file("t.csv", data))
    whole = Table("t.csv", lambda: io.BytesIO(data), bounded=False)
    assert sum(batch.num_rows for batch in whole.batches()) == 1
