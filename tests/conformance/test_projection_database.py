"""What every `Database` keeps: the one in a file, the one in memory and PostgreSQL's."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afield.kernel.errors import Busy
from afield.projection import Column, Table
from afield.projection.errors import ProjectionDamaged
from afield.projection.limits import FRAME_BLOCKS_MIN
from afield.projection.ops import Frame
from afield.projection.patterns import matches, matches_folded
from afield.projection.sqlite import MEMORY, SqliteDatabase

T = Table(
    "t",
    key=(Column("id", "text"),),
    groups={"once": (Column("a", "text"),), "late": (Column("b", "real"),)},
)
WIDE = Table("wide", key=T.key, groups=T.groups, wide=True)


@pytest.fixture(params=["file", "memory", "postgres"])
def place(request, tmp_path):
    """Return what opens a database, empty at first, as often as one likes."""
    if request.param != "postgres":
        path = str(tmp_path / "db") if request.param == "file" else MEMORY
        yield partial(SqliteDatabase, path)
        return
    url = request.getfixturevalue("postgres_url")
    from afield.projection.postgres import PostgresDatabase

    database = PostgresDatabase(url, "conformance")
    database.query("CREATE SCHEMA conformance")
    yield partial(PostgresDatabase, url, "conformance")
    database.query("DROP SCHEMA conformance CASCADE")
    database.close()


@pytest.fixture
def database(place):
    database = place()
    yield database
    database.close()


@pytest.mark.parametrize("table", [T, WIDE], ids=["narrow", "wide"])
def test_an_upsert_keeps_the_winner_whatever_comes_first(database, table):
    database.query(database.table_sql(table))
    late = [("k", 1.0, b"1"), ("k", 3.0, b"3"), ("k", 2.0, b"2"), ("k", 3.5, b"3")]
    once = [("k", "2", b"2"), ("k", "1", b"1"), ("k", "3", b"3")]
    with database.writing():
        database.upsert(table, ["late"], late)
        database.upsert(table, ["once"], once)
    assert database.query(f"SELECT a, b FROM {table.name}") == [("1", 3.0)]


def test_what_fails_in_between_leaves_nothing(database):
    database.query(database.table_sql(T))

    def write_and_fail():
        with database.writing():
            database.upsert(T, ["late"], [("k", 1.0, b"1")])
            raise LookupError

    with pytest.raises(LookupError):
        write_and_fail()
    assert database.query("SELECT * FROM t") == []
    with database.writing():
        database.upsert(T, ["late"], [("k", 1.0, b"1")])
    assert len(database.query("SELECT * FROM t")) == 1


def test_a_second_writer_is_told_when_it_waits_too_long(place):
    first, second = place(), place(busy_wait_s=0.05)
    if getattr(first, "path", "") == MEMORY:  # nobody else sees it
        first.close()
        second.close()
        return
    with first.writing():
        turn = second.writing()
        with pytest.raises(Busy):
            turn.__enter__()
    first.close()
    second.close()


letters = st.text("aAbBäÄ*?[]^\\-", max_size=6)
patterns = st.text("aAbBäÄ*?[]^\\-%_", max_size=6)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(letters, patterns)
def test_like_means_what_the_plain_matcher_says(database, text, pattern):
    sql, params = database.like_sql("v", pattern, fold=False)
    got = database.query(f"SELECT {sql} FROM (SELECT ? AS v) one", (*params, text))
    assert bool(got[0][0]) == matches(pattern, text)
    sql, params = database.like_sql("v", pattern, fold=True)
    got = database.query(f"SELECT {sql} FROM (SELECT ? AS v) one", (*params, text))
    if pattern.isascii():  # then only A to Z lose their case
        assert bool(got[0][0]) == matches(pattern.lower(), ascii_lower(text))
    else:
        assert bool(got[0][0]) == matches_folded(pattern, text)


def ascii_lower(text):
    return "".join(char.lower() if char.isascii() else char for char in text)


def test_a_text_whose_bytes_are_no_text_any_more_is_damage():
    database = SqliteDatabase(MEMORY)
    with pytest.raises(ProjectionDamaged):
        database.query("SELECT CAST(x'61ff62' AS TEXT)")
    database.close()


def test_what_no_column_holds_is_made_to_fit(database):
    odd = Table(
        "odd",
        key=(Column("id", "text"), Column("part", "text")),
        groups={"v": (Column("t", "text", long=True), Column("r", "real"), Column("b", "boolean"))},
        indexes=(("t", "r"),),
    )
    database.query(database.table_sql(odd))
    keys = ["k" * 5_000 + end for end in ("1", "2")]
    texts = ["".join(chr(33 + n * n % 997) for n in range(9_000)) + '{"\\\\",NULL}', "\udc80"]
    with database.writing():
        rows = zip(keys, texts, (2**70, float("nan")), (True, None), strict=True)
        database.upsert(odd, ["v"], [(*("p", key), t, r, b, b"1") for key, t, r, b in rows])
        database.upsert_many(odd, "v", 2, [["q", b"1", "k", "a", 1, 1, "k", "b", 2, 0]])
        database.make_indexes([odd])
    found = database.query("SELECT t, r, b FROM odd WHERE id = 'p' ORDER BY part")
    by_text = {text: (real, truth) for text, real, truth in found}
    assert by_text == {texts[0]: (float(2**70), 1), "\\udc80": (None, None)}
    assert len(database.query("SELECT part FROM odd WHERE b IS TRUE AND id = 'p'")) == 1
    assert database.query("SELECT t FROM odd WHERE id = 'q'") in ([("a",)], [("b",)])


@pytest.mark.parametrize("rarely", [None, 0.5])
def test_many_rows_are_those_that_come_one_by_one(database, rarely):
    """Many bind each column once that is the same as another, and none that is NULL throughout."""
    stamps = [bytes([number]) for number in range(2 * FRAME_BLOCKS_MIN)]
    rows = [(f"k{at % 20}", None, stamp, rarely, stamp) for at, stamp in enumerate(stamps)]
    rows[3] = ("k3", "a", b"\1", 4.5, b"\xff")
    sql = "SELECT id, a, once_at, b, late_at FROM t ORDER BY id"
    database.query(database.table_sql(T))
    with database.writing():
        database.upsert(T, ["once", "late"], rows)
        together = database.query(sql)
        database.query("DELETE FROM t")
        for row in rows:
            database.upsert(T, ["once", "late"], [row])
    assert together == database.query(sql)
    assert ("k3", "a", b"\1", 4.5, b"\xff") in together


@pytest.mark.parametrize("name", ["plain", "it's ?1 \"--", "nul\0", "\udc80"])
def test_rows_of_a_frame_are_those_that_its_cells_would_give(database, name):
    pairs = Table(
        "pairs",
        key=(Column("id", "text"), Column("name", "text")),
        groups={"v": (Column("t", "text"), Column("r", "real"), Column("again", "real"))},
    )
    frame = Frame(((name, "'text'", 0, 0), ("other", None, 0, None)), 1)
    blocks = [["a", b"2", 0.25, 2.5], ["b", b"2", float("nan"), 2**70], ["a", b"1", 7.0, 7.0]]
    database.query(database.table_sql(pairs))
    sql = "SELECT * FROM pairs ORDER BY id, name = 'other'"
    with database.writing():
        database.upsert_alike(pairs, "v", frame, blocks)
        alike = database.query(sql)
        database.query("DELETE FROM pairs")
        whole = [(*block[:2], *frame.cells(block[2:])) for block in blocks]
        database.upsert_many(pairs, "v", 2, whole)
    assert alike == database.query(sql)
    assert [(row[2], row[3], row[4]) for row in alike] == [
        ("'text'", 0.25, 0.25),
        (None, 2.5, None),
        ("'text'", None, None),
        (None, float(2**70), None),
    ]


def test_like_of_nothing_is_nothing(database):
    for fold in (True, False):
        for pattern in ("%", "ä%"):
            sql, params = database.like_sql("v", pattern, fold=fold)
            (found,) = database.query(f"SELECT ({sql}) IS TRUE FROM (SELECT NULL AS v) one", params)
            assert found == (0,)


def test_a_hostile_pattern_takes_no_time(database):
    pattern, text = "%a" * 16 + "%b", "a" * 20_000
    for fold in (True, False):
        sql, params = database.like_sql("v", pattern, fold=fold)
        assert database.query(f"SELECT {sql} FROM (SELECT ? AS v) one", (*params, text)) == [(0,)]
    assert not matches("%ä" * 16 + "%b", "ä" * 2_000)
