"""Which columns of a table are read, and what they are called."""

from __future__ import annotations

import io
import threading
import time

import pytest

from afield.datasets.errors import ColumnNotFound
from afield.datasets.read import read_tables
from afield.datasets.tables import Retyped, Table
from afield.kernel.digest import digest

pa = pytest.importorskip("pyarrow")
ROWS = 20_000


class Counting(io.BytesIO):
    """Bytes that count how many of them were read."""

    read_bytes = 0

    def read(self, size=-1):
        data = super().read(size)
        Counting.read_bytes += len(data)
        return data


def table():
    noise = [digest(f"{number}".encode()) for number in range(ROWS)]
    return pa.table({"x": list(range(ROWS)), "noise": noise, "y": [1.5] * ROWS})


def written(name, found):
    from pyarrow import csv, feather, parquet

    sink = io.BytesIO()
    if name.endswith(".csv"):
        csv.write_csv(found, sink)
    elif name.endswith(".arrow"):
        feather.write_feather(found, sink, compression="uncompressed")
    elif name.endswith(".jsonl"):
        sink.write(b"".join(b'{"x": %d, "noise": "n", "y": 1.5}\n' % n for n in range(ROWS)))
    else:
        parquet.write_table(found, sink)
    return sink.getvalue()


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.csv", "t.jsonl"])
def test_columns_are_those_that_were_asked_for_in_that_order(name):
    data = written(name, table())
    found = read_tables({name: lambda: io.BytesIO(data)}, ["y", "x"])
    assert found.schema.names == ["y", "x"]
    assert found.num_rows == ROWS
    assert found.column("x").to_pylist() == list(range(ROWS))
    with pytest.raises(ColumnNotFound):
        read_tables({name: lambda: io.BytesIO(data)}, ["z"])


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow"])
def test_bytes_of_other_columns_are_not_read(name):
    data = written(name, table())
    Counting.read_bytes = 0
    read_tables({name: lambda: Counting(data)}, ["x"])
    assert 0 < Counting.read_bytes < len(data) / 3


def test_a_column_that_one_file_lacks_is_null_in_its_rows():
    files = {
        name: (lambda data=data: io.BytesIO(data))
        for name, data in (("a.csv", b"x,y\n1,2\n"), ("b.csv", b"y\n3\n"), ("c.csv", b"z\n4\n"))
    }
    found = read_tables(files, ["x", "y"])
    assert found.to_pydict() == {"x": [1, None, None], "y": [2, 3, None]}


@pytest.mark.parametrize("columns", [None, ["x"]])
def test_a_column_of_text_that_began_as_numbers_is_read_with_others_left_out(columns):
    data = b"y,x\n" + b"0,1\n" * 400_000 + b"0,word\n"
    found = read_tables({"t.csv": lambda: io.BytesIO(data)}, columns)
    assert found.column("x").to_pylist()[-1] == "word"
    assert found.num_rows == 400_001


@pytest.mark.parametrize("name", ["t.csv", "t.arrow", "t.parquet"])
def test_columns_of_one_name_are_kept_apart_and_told(name):
    arrays = [pa.array([number]) for number in range(4)]
    if name.endswith(".csv"):
        data = b"a,a,a.1,b\n0,1,2,3\n"
    else:
        data = written(name, pa.Table.from_arrays(arrays, ["a", "a", "a.1", "b"]))
    read = Table(name, lambda: io.BytesIO(data))
    batches = list(read.batches())
    assert batches[-1].to_pydict() == {"a": [0], "a.2": [1], "a.1": [2], "b": [3]}
    assert read.repeated == ("a",)
    some = read_tables({name: lambda: io.BytesIO(data)}, ["b", "a.2"])
    assert some.to_pydict() == {"b": [3], "a.2": [1]}


def test_one_of_two_columns_of_a_name_may_turn_out_to_be_text():
    data = b"a,a\n" + b"0,1\n" * 400_000 + b"0,word\n"
    read = Table("t.csv", lambda: io.BytesIO(data))
    for _ in range(3):
        try:
            last = list(read.batches())[-1]
            break
        except Retyped:
            continue
    assert last.to_pydict()["a.1"][-1] == "word"


HOLDERS = []


def hold(stream):
    time.sleep(0.3)
    del stream


class Held(io.BytesIO):
    """A stream that a thread holds for a while after it was read to its end, as pyarrow's may."""

    def read(self, size_bytes=-1):
        found = super().read(size_bytes)
        if not found:
            HOLDERS.append(threading.Thread(target=hold, args=(self,)))
            HOLDERS[-1].start()
        return found


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_no_thread_holds_a_stream_when_its_table_was_read(name):
    data = b"a,b\n1,2\n" if name.endswith("csv") else b'{"a": 1, "b": 2}\n'
    HOLDERS.clear()
    batches = Table(name, lambda: Held(data)).batches()
    assert sum(batch.num_rows for batch in batches) == 1
    assert HOLDERS
    for one in HOLDERS:
        one.join(0.1)  # it has let go, and comes to its end
        assert not one.is_alive()
