"""Parquet and Arrow IPC: schema and values count, how they lie in the file does not."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from afield.replay.canonical import Look, judge
from afield.replay.canonical.tables_apart import compare
from afield.replay.limits import TABLE_MEMORY_BYTES
from afield.replay.verdict import Grade

LOOK = Look(judge=judge)
ROWS = 500


def table(**changes):
    rng = np.random.default_rng(4)
    columns = {
        "id": pa.array(np.arange(ROWS)),
        "x": pa.array(rng.normal(size=ROWS), mask=np.arange(ROWS) % 7 == 0),
        "name": pa.array([f"row {at % 9}" for at in range(ROWS)]),
        "kind": pa.DictionaryArray.from_arrays(
            pa.array(np.arange(ROWS, dtype=np.int32) % 3), pa.array(["a", "b", "c", "unused"])
        ),
        "vector": pa.array([[at * 0.5, 1.0] if at % 5 else None for at in range(ROWS)]),
        "fixed": pa.FixedSizeListArray.from_arrays(pa.array(np.arange(2.0 * ROWS)), 2),
        "pair": pa.array([{"a": at * 0.25, "b": str(at)} for at in range(ROWS)]),
        "map": pa.array([[("k", at * 0.5)] for at in range(ROWS)], pa.map_("string", "double")),
        "tags": pa.array([["t"] * (at % 3) for at in range(ROWS)]),
        "when": pa.array(np.arange(ROWS), pa.timestamp("us", "UTC")),
        "half": pa.array(np.arange(ROWS).astype(np.float16)),
        "fit_time": pa.array(rng.random(ROWS)),
    }
    return pa.table(columns | changes)


def parquet(content, **settings):
    made = io.BytesIO()
    pq.write_table(content, made, **settings)
    return made.getvalue()


def arrow(content, *, rows=None, packed=None, stream=False):
    made = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=packed)
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(made, content.schema, options=options) as writer:
        writer.write_table(content, max_chunksize=rows)
    return made.getvalue()


def changed(name, at, value):
    plain = table()
    values = plain[name].to_pylist()
    values[at] = value
    column = pa.array(values, plain.schema.field(name).type)
    if name == "kind":
        column = column.dictionary_decode().dictionary_encode()
    return plain.set_column(plain.schema.get_field_index(name), plain.schema.field(name), column)


def apart(tmp_path, kind, old, new, tolerance=1e-6):
    """Compare in this process, which takes a hundredth of the time."""
    for name, data in (("old", old), ("new", new)):
        (tmp_path / name).write_bytes(data)
    return compare(kind, str(tmp_path / "old"), str(tmp_path / "new"), tolerance)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("a.parquet", parquet(table()), parquet(table(), row_group_size=77, compression="zstd")),
        ("a.feather", arrow(table()), arrow(table(), rows=33, packed="lz4")),
        ("a.arrows", arrow(table(), stream=True), arrow(table(), packed="zstd", stream=True)),
    ],
)
def test_row_groups_chunks_and_compression_are_not_content(name, old, new):
    judged = judge(name, old, new, LOOK)
    assert (judged.grade, judged.detail) == (Grade.CONTENT, None)
    assert judged.canonicaliser == ("parquet" if name == "a.parquet" else "arrow")


def test_encodings_pages_and_versions_of_parquet_are_not_content(tmp_path):
    plain = table().drop_columns(["kind"])  # a Parquet file has no other list of categories
    again = [
        parquet(plain, use_dictionary=False),
        parquet(plain, version="1.0", data_page_version="2.0", data_page_size=100),
        parquet(plain, write_statistics=False, compression="none", store_schema=True),
    ]
    for new in again:
        assert apart(tmp_path, "parquet", parquet(plain), new).grade is Grade.CONTENT


CHANGES = [
    ("id", 3, -1, "column `id`, row 3: 3 vs -1"),
    ("x", 1, 9.5, "column `x`, row 1: "),
    ("x", 1, None, " vs None"),
    ("x", 7, 0.0, "column `x`, row 7: None vs 0.0"),
    ("name", ROWS - 1, "row 0", f"column `name`, row {ROWS - 1}: row 4 vs row 0"),
    ("kind", 0, "b", "column `kind`, row 0: a vs b"),
    ("vector", 1, [0.5, 2.0], "column `vector`, row 1[1]: 1.0 vs 2.0"),
    ("vector", 1, [0.5], "column `vector`, row 1: 2 vs 1 items"),
    ("vector", 5, [], "column `vector`, row 5: None vs []"),
    ("fixed", 9, [18.0, 20.0], "column `fixed`, row 9[1]: 19.0 vs 20.0"),
    ("pair", 8, {"a": 2.5, "b": "8"}, "column `pair`, row 8.a: 2.0 vs 2.5"),
    ("pair", 8, {"a": 2.0, "b": "9"}, "column `pair`, row 8.b: 8 vs 9"),
    ("pair", 8, None, "column `pair`, row 8: "),
    ("map", 2, [("k", 2.0)], "column `map`, row 2: [('k', 1.0)] vs [('k', 2.0)]"),
    ("tags", 4, ["u"], "column `tags`, row 4: ['t'] vs ['u']"),
    ("half", 4, np.float16(5), "column `half`, row 4: 4.0 vs 5.0"),
]


@pytest.mark.parametrize(("name", "at", "value", "told"), CHANGES)
def test_a_changed_value_is_never_identical_content(tmp_path, name, at, value, told):
    for kind, write in (("parquet", parquet), ("arrow", arrow)):
        judged = apart(tmp_path, kind, write(table()), write(changed(name, at, value)))
        assert judged.grade is Grade.DIVERGED
        assert told in judged.detail


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (table().rename_columns([f"c{at}" for at in range(12)]), "column `id` vs `c0`"),
        (table().drop_columns(["half"]), "column `half` vs `fit_time`"),
        (table().drop_columns(["fit_time"]), "12 vs 11 columns"),
        (table(id=pa.array(np.arange(ROWS, dtype=np.int32))), "column `id`: int64 vs int32"),
        (table().slice(0, 400), "500 vs 400 rows"),
        (pa.concat_tables([table(), table()]), "500 vs 1000 rows"),
        (table().replace_schema_metadata({"by": "me"}), "metadata `by` of the schema differs"),
        (table().take(np.arange(ROWS)[::-1]), "column `id`, row 0: 0 vs 499"),
    ],
)
def test_schema_order_and_number_of_rows_are_content(tmp_path, new, told):
    for kind, write in (("parquet", parquet), ("arrow", arrow)):
        judged = apart(tmp_path, kind, write(table()), write(new))
        assert (judged.grade, judged.detail) == (Grade.DIVERGED, told)


def test_categories_are_content_even_those_without_rows(tmp_path):
    plain = table()
    codes = plain["kind"].combine_chunks().indices
    other = pa.DictionaryArray.from_arrays(codes, pa.array(["a", "b", "c", "other"]))
    judged = apart(tmp_path, "arrow", arrow(plain), arrow(table(kind=other)))
    assert (judged.grade, judged.detail) == (
        Grade.DIVERGED,
        "column `kind`: its categories differ",
    )


def test_who_wrote_a_frame_is_not_content(tmp_path):
    texts = [
        {"pandas": '{"columns": [1], "pandas_version": "2.0", "creator": {"version": "9"}}'},
        {"pandas": '{"creator": {"version": "8"}, "pandas_version": "3.0", "columns": [1]}'},
        {"pandas": '{"columns": [2]}'},
    ]
    old, same, other = (parquet(table().replace_schema_metadata(text)) for text in texts)
    assert apart(tmp_path, "parquet", old, same).grade is Grade.CONTENT
    assert apart(tmp_path, "parquet", old, other).grade is Grade.DIVERGED


def test_floats_are_compared_within_the_tolerance_wherever_they_stand(tmp_path):
    for name, value in (
        ("vector", [0.5, 1.000000001]),
        ("pair", {"a": 0.25000000001, "b": "1"}),
        ("fixed", [2.0, 3.000000001]),
    ):
        judged = apart(tmp_path, "arrow", arrow(table()), arrow(changed(name, 1, value)))
        assert judged.grade is Grade.TOLERANCE
        assert f"column `{name}`, row 1" in judged.detail
        strict = apart(tmp_path, "arrow", arrow(table()), arrow(changed(name, 1, value)), 1e-12)
        assert strict.grade is Grade.DIVERGED


def test_measured_times_are_shown_and_not_judged(tmp_path):
    judged = apart(tmp_path, "arrow", arrow(table()), arrow(changed("fit_time", 3, 7.5)))
    assert (judged.grade, judged.detail) == (Grade.CONTENT, "times not judged: fit_time")
    assert judged.unjudged
    assert not judged.hollow
    judged = apart(tmp_path, "arrow", arrow(table()), arrow(changed("fit_time", 3, -7.5)))
    assert judged.grade is Grade.DIVERGED
    only = [parquet(pa.table({"fit_time": [seconds]})) for seconds in (1.5, 2.5)]
    judged = judge("a.parquet", *only, LOOK)
    assert (judged.unjudged, judged.hollow) == (("times not judged: fit_time",), True)


def test_the_sign_of_zero_is_told_but_tolerated(tmp_path):
    zeros = [pa.table({"x": pa.array([sign * 0.0, 1.0])}) for sign in (1, -1)]
    judged = apart(tmp_path, "arrow", *(arrow(one) for one in zeros))
    assert judged.grade is Grade.TOLERANCE


@pytest.mark.parametrize(("kind", "write"), [("parquet", parquet), ("arrow", arrow)])
def test_damaged_tables_are_judged_without_a_fault(kind, write):
    rng, whole = np.random.default_rng(5), write(table().slice(0, 50))
    for _ in range(4):
        damaged = bytearray(whole)
        for at in rng.integers(8, len(whole) - 12, 6):
            damaged[at] ^= 1 << int(rng.integers(8))
        assert judge(f"a.{kind}", whole, bytes(damaged), LOOK).grade is not Grade.BYTES
    for cut in (4, 9, len(whole) // 2):
        judged = judge(f"a.{kind}", whole, whole[:cut], LOOK)
        assert judged.canonicaliser == "bytes"


def test_a_table_that_unpacks_without_end_is_bounded():
    rows = (1 << 31) - 1
    for many in (pa.nulls(rows), pa.RunEndEncodedArray.from_arrays([rows], pa.array([1.5]))):
        tables = [pa.table({"x": pa.chunked_array([many] * count)}) for count in (3, 4)]
        old, new = (arrow(one, rows=rows) for one in tables)
        assert max(len(old), len(new)) < 10_000
        judged = judge("a.arrow", old, new, LOOK)
        assert judged.detail == "bytes differ; not looked into: it unpacks to more than 4096 MB"


def test_a_batch_that_unpacks_to_more_than_the_memory_given_is_bounded():
    resource = pytest.importorskip("resource")
    old, new = (
        arrow(pa.table({"x": [bytes(1 << 28) + end]}), packed="zstd") for end in (b"1", b"2")
    )
    assert len(old) < 1 << 20
    judged = judge("a.arrow", old, new, LOOK)
    assert judged.grade is Grade.DIVERGED
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < TABLE_MEMORY_BYTES >> 10


def test_a_reader_that_is_brought_down_is_an_answer():
    argv = [sys.executable, "-m", "afield.replay.canonical.tables_apart", "arrow", "/no", "/no"]
    done = subprocess.run([*argv, "1e-6"], capture_output=True, check=True)
    assert b"bytes differ; not looked into: FileNotFoundError" in done.stdout
