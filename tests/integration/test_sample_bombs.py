"""Tables made to fill the memory of who looks at their first rows: refused, or read in bits."""

from __future__ import annotations

import contextlib
import io
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from afield.datasets.errors import NotATable
from afield.datasets.parquet_pages import largest_page
from afield.workspace.samples import rows_of


def written(table, **how):
    out = io.BytesIO()
    pq.write_table(table, out, **{"compression": "zstd", **how})
    return out.getvalue()


def sample(data, limit=20):
    vault = SimpleNamespace(open=lambda _: io.BytesIO(data))
    workspace = SimpleNamespace(record=SimpleNamespace(vault=vault))
    return rows_of(workspace, SimpleNamespace(path="a.parquet", object="x"), limit)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
@pytest.mark.parametrize("has_dictionary", [False, True])
def test_the_sizes_of_pages_are_read_in_every_layout(version, compression, has_dictionary):
    table = pa.table(
        {"a": range(50_000), "b": [f"x{n % 99}" for n in range(50_000)], "c": [[1, 2]] * 50_000,
         "d": [{"e": None, "f": "q" * (n % 9)} for n in range(50_000)]},
    )  # fmt: skip
    data = written(
        table, compression=compression, data_page_version=version, row_group_size=20_000,
        use_dictionary=has_dictionary, write_page_index=True,
    )  # fmt: skip
    file = pq.ParquetFile(io.BytesIO(data))
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        largest = largest_page(io.BytesIO(data), group)
        columns = [group.column(at).total_uncompressed_size for at in range(group.num_columns)]
        assert max(columns) / 20 < largest <= max(columns)
    assert sample(data, 2)["rows"][1][:3] == [1, "x1", "[1, 2]"]


def test_a_page_that_unpacks_to_a_thousand_times_its_size_is_not_unpacked():
    table = pa.table({"x": pa.array(["\0" * (40 << 20)], pa.large_string())})
    data = written(table, use_dictionary=False, write_statistics=False)
    assert len(data) < 10_000
    with pytest.raises(NotATable, match="40 MiB"):
        sample(data)


def test_a_value_that_stands_once_and_is_in_every_row_is_read_a_few_rows_at_a_time():
    codes = pa.array([0] * 30_000, pa.int32())
    table = pa.table({"x": pa.DictionaryArray.from_arrays(codes, pa.array(["z" * (4 << 20)]))})
    before = pa.default_memory_pool().max_memory()
    assert sample(written(table))["rows"][19] == ["z" * 200]
    assert pa.default_memory_pool().max_memory() - before < 512 << 20  # all rows are 120 GB


def test_tables_that_harm_nobody_are_shown():
    assert sample(written(pa.table({"a": pa.array([], pa.int64())})))["rows"] == []
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    assert sample(written(twice))["rows"] == [[1, 2]]
    dotted = pa.table({"a.b": [1], "a": [{"b": 2}]})
    assert sample(written(dotted))["rows"] == [[1, "{'b': 2}"]]


@pytest.mark.parametrize("cut", range(4, 400, 7))
def test_a_file_that_was_cut_or_changed_is_no_table_and_no_fault(cut):
    data = bytearray(written(pa.table({"x": [1, 2, 3]}), use_dictionary=False))
    data[min(cut, len(data) - 9)] ^= 0xFF
    with contextlib.suppress(NotATable):
        assert sample(bytes(data))["columns"]
