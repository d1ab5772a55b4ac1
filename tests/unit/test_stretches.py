"""Sorted values cut into stretches; values of more rows than fit stand alone.

Guards: `ahead == found` and `_TURNED` in `stretches.py`: without one of them a test here fails.
"""

import sqlite3

import pytest

from afield.projection.compile import Sql
from afield.projection.stretches import Sorted, stretches


class Values:
    """A table of values."""

    def __init__(self, values):
        self.connection = sqlite3.connect(":memory:")
        self.connection.execute("CREATE TABLE t (n, v)")
        self.connection.executemany("INSERT INTO t (v) VALUES (?)", [(each,) for each in values])

    def query(self, sql, args=()):
        return self.connection.execute(sql, args).fetchall()

    def close(self):
        self.connection.close()


def cut(values, most, *, descending=False):
    """Return the rows of each part in order, and which parts are one value."""
    table = Values(values)
    rows = Sorted(Sql("FROM t WHERE v <> ?", ("out",)), "v", "n", descending)
    found, alone = [], []
    for part in stretches(table, rows, most):
        heavy = not isinstance(part, Sql)
        condition = Sql("v = ?", part) if heavy else part
        source = f"{rows.source.text} AND {condition.text} ORDER BY {rows.order}"
        args = (*rows.source.params, *condition.params)
        found.append([value for (value,) in table.query(f"SELECT v {source}", args)])
        alone += [part[0]] if heavy else []
    table.close()
    return found, alone


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("most", [-1, 1, 2, 3, 5, 100])
@pytest.mark.parametrize(
    "values", [[], ["a"], ["a"] * 7, list("abbbbcdefffffg"), list("aabbccddee"), ["out", "b", "b"]]
)
def test_the_parts_together_are_all_rows_in_order(values, most, descending):
    parts, _ = cut(values, most, descending=descending)
    kept = [each for each in values if each != "out"]
    assert [value for part in parts for value in part] == sorted(kept, reverse=descending)


def test_a_value_of_more_rows_than_fit_stands_alone_and_no_stretch_is_longer():
    parts, alone = cut(list("abbbbcdefffffg"), 3)
    assert alone == ["b", "f"]
    assert max(len(part) for part in parts if part[0] not in alone) <= 3
    assert cut(list("abbbbcdefffffg"), 3, descending=True)[1] == ["f", "b"]
