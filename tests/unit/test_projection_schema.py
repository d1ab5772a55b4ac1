from __future__ import annotations

import pytest

from afield.journal import Entry
from afield.projection import Add, Column, Index, Projection, Put, Room, Table
from afield.projection.ops import STAMP_BYTES, stamp, stamp_prefix
from afield.projection.schema import fingerprint

KEY = (Column("id", "text"),)
NAMED = {"named": (Column("name", "text"),)}
THINGS = Table("things", key=KEY, groups=NAMED)
DEVICE = "ab" * 16


def entry(seq=1, *, at=1, about="x", body=None, kind="thing.named", device=DEVICE):
    return Entry(
        device=device, seq=seq, prev="0" * 64, at=at, tz="+00:00", by="ann", kind=kind,
        about=about, body=body or {},
    )  # fmt: skip


@pytest.fixture
def opened():
    """Open projections of some rooms, and close them at the end."""
    found = []

    def opening(*rooms):
        found.append(Projection(":memory:", rooms))
        return found[-1]

    yield opening
    for projection in found:
        projection.close()


def folding(fold, *tables):
    return Room("things", tables or (THINGS,), {"thing.named": fold})


def test_stamps_order_by_time_then_device_then_sequence_then_digest():
    low, high = stamp_prefix("0" * 32), stamp_prefix("f" * 32)
    in_order = [
        stamp(1, low, 2, ""), stamp(1, low, 300, "0" * 64), stamp(1, low, 300, "a" * 64),
        stamp(1, high, 1, ""), stamp(256, low, 1, "f" * 64), stamp(2**62, low, 1, ""),
    ]  # fmt: skip
    assert in_order == sorted(in_order)
    assert {len(each) for each in in_order} == {STAMP_BYTES} == {37}


@pytest.mark.parametrize("device", ["", "ab", "z" * 32, "ab" * 17, "ab " * 16])
def test_a_stamp_wants_a_real_device(device):
    with pytest.raises(ValueError, match="hex"):
        stamp_prefix(device)


@pytest.mark.parametrize("name", ["", "Bad", "a b", 'x"; drop', "1a", "ünder"])
def test_names_that_sql_might_misread_are_refused(name):
    with pytest.raises(ValueError, match="no name"):
        Column(name, "text")


def test_a_table_names_no_column_twice_not_even_a_hidden_one():
    with pytest.raises(ValueError, match="twice"):
        Table("t", key=KEY, groups={"a": (Column("b_at", "text"),), "b": ()})


def test_an_index_is_on_columns_that_are_there():
    with pytest.raises(ValueError, match="nope"):
        Table("t", key=KEY, groups=NAMED, indexes=(Index(("nope",)),))


def test_the_fingerprint_changes_with_everything_that_tables_depend_on():
    def nothing(_):
        return ()

    rooms = [
        Room("r", (THINGS,)),
        Room("r", (THINGS,), version=2),
        Room("r", (THINGS,), {"thing.named": nothing}),
        Room("r", (Table("things", key=KEY, groups=NAMED, wide=True),)),
        Room("r", (Table("things", key=KEY, groups=NAMED, indexes=(("name",),)),)),
        Room("r", (Table("things", key=KEY, groups={"named": (Column("name", "real"),)}),)),
    ]
    assert len({fingerprint([room]) for room in rooms}) == len(rooms)
    assert fingerprint([Room("a"), Room("b")]) == fingerprint([Room("b"), Room("a")])


def test_an_entry_that_cannot_be_folded_is_set_aside_whole_and_stops_nothing(opened):
    def fold(entry):
        yield Put("things", (entry.about,), "named", ("first half",))
        yield Put("things", (entry.about + "2",), "named", (entry.body["name"],))

    projection = opened(folding(fold))
    projection.apply(
        [
            entry(1, about="a"),
            entry(2, about="b", body={"name": ["a", "list"]}),
            entry(3, about="c", body={"name": "fine"}),
            entry(4, about="d", body={"name": "fine"}, at=-1),
            entry(5, about="e", body={"name": "fine"}, device="no device"),
        ]
    )
    assert projection.query("SELECT id, name FROM things ORDER BY id") == [
        ("c", "first half"),
        ("c2", "fine"),
    ]
    assert [(each.seq, each.why) for each in projection.set_aside()] == [
        (1, "it cannot be folded (KeyError)"),
        (2, "it cannot be folded (TypeError)"),
        (4, "it cannot be folded (OverflowError)"),
        (5, "it cannot be folded (ValueError)"),
    ]


@pytest.mark.parametrize("op", [Put("nope", ("x",), "named", ("n",)), Add("things", ("x", "y"))])
def test_a_fold_into_what_was_never_declared_is_a_bug_and_says_so(op, opened):
    projection = opened(folding(lambda _: [op]))
    with pytest.raises(AssertionError, match="no such table or group"):
        projection.apply([entry()])


def test_values_that_sqlite_cannot_hold_are_made_to_fit(opened):
    values = Table(
        "vals",
        key=KEY,
        groups={"v": (Column("whole", "integer"), Column("part", "real"), Column("t", "text"))},
    )
    body = {"v": (2**70, float("inf"), "a\ud800b")}
    projection = opened(
        folding(lambda each: [Put("vals", (each.about,), "v", each.body["v"])], values)
    )
    projection.apply([entry(body=body), entry(2, about="y", body={"v": (1, float("nan"), None)})])
    assert projection.query("SELECT whole, part, t FROM vals ORDER BY id") == [
        (2.0**70, float("inf"), "a\\ud800b"),
        (1, None, None),
    ]


def test_several_rooms_may_fold_one_kind(opened):
    other = Table("others", key=KEY, groups={"once": ()})
    first = Room(
        "a", (THINGS,), {"k.k": lambda each: [Put("things", (each.about,), "named", ("n",))]}
    )
    second = Room("b", (other,), {"k.k": lambda each: [Add("others", (each.about,))]})
    projection = opened(first, second)
    projection.apply([entry(kind="k.k")])
    assert projection.query("SELECT id FROM things") == projection.query("SELECT id FROM others")
