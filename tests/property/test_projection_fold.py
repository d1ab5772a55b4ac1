"""Any delivery of a set of entries folds to the same tables, and to those of a naive model.

Guards: drop the `WHERE` of the upsert in `statements.py`, `>=` for `>` in `Pending.add`, the
waiting of not yet introduced devices in `fold.py`, or the stamp's device part in `ops.py`, and
a test here fails.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afield.journal import Entry
from afield.projection import Add, Column, Frame, Projection, Put, PutAlike, PutMany, Room, Table
from afield.projection.limits import FRAME_BLOCKS_MIN

DEVICES = [f"{digit}" * 32 for digit in "1af"]
ITEMS = Table(
    "items",
    key=(Column("id", "text"),),
    groups={
        "once": (Column("maker", "text"),),
        "named": (Column("name", "text"),),
        "sized": (Column("size", "real"), Column("count", "integer")),
    },
    indexes=(("name",),),
    wide=True,
)
PAIRS = Table(
    "pairs",
    key=(Column("owner", "text"), Column("name", "text")),
    groups={"value": (Column("text", "text"), Column("raw", "blob"))},
    indexes=(("name", "text"),),
)
MARKS = Table(
    "marks",
    key=(Column("owner", "text"), Column("mark", "integer")),
    groups={"once": (Column("by", "text"),)},
)


def fold_item(entry):
    body = entry.body
    if "made" in body:
        yield Put("items", (entry.about,), "once", (body["made"],))
    if "name" in body:
        yield Put("items", (entry.about,), "named", (body["name"],))
        yield Put("items", (entry.about,), "named", (body["name"] + body.get("suffix", ""),))
    if "size" in body:
        size = body["size"]
        size = float(size) if isinstance(size, str) else size
        yield Put("items", (entry.about,), "sized", (size, len(body)))


def fold_pairs(entry):
    for name, text in entry.body.items():
        yield Put("pairs", (entry.about, name), "value", (text, b"\0" * entry.seq))


def fold_many_pairs(entry):
    """The same at once."""
    cells = [each for name, text in entry.body.items() for each in (name, text, b"\0" * entry.seq)]
    yield PutMany("pairs", entry.about, "value", cells)


@cache
def frame(pairs):
    return Frame(tuple((name, 0 if there else None, 1) for name, there in pairs), 2)


def fold_alike(entry):
    """The same in rows of one frame, in so many that they have a statement of their own."""
    shape = frame(tuple((name, text is not None) for name, text in entry.body.items()))
    values = [each for text in entry.body.values() for each in (text, b"\0" * entry.seq)]
    others = range(FRAME_BLOCKS_MIN) if entry.seq % 2 else ()
    for first in (entry.about, *map(str, others)):
        yield PutAlike("pairs", first, "value", shape, values)


def fold_mark(entry):
    for mark in entry.body["marks"]:
        yield Add("marks", (entry.about, mark, entry.by))


class FirstEntryIntroduces:
    kinds = frozenset({"device.introduced"})

    name = "first"
    free = frozenset()

    def grants(self, entry):
        member = entry.body.get("member")
        return (entry.device, member) if entry.seq == 1 and member else None

    def founds(self, entry):
        return entry.seq == 1

    def refusal(self, entry, standings):
        return None if entry.by in standings else "another member's device"


FOLDS = {
    "item.changed": fold_item,
    "pairs.set": fold_pairs,
    "pairs.filled": fold_many_pairs,
    "pairs.alike": fold_alike,
    "mark.added": fold_mark,
}
OPEN = Room("things", tables=(ITEMS, PAIRS, MARKS), folds=FOLDS)
GATED = Room("things", tables=(ITEMS, PAIRS, MARKS), folds=FOLDS, gate=FirstEntryIntroduces())

texts = st.sampled_from(["", "a", "é", "\0", "x" * 40])
numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([None, "nan", "inf", "-inf", 2**63 - 1, 2**63, -(2**64)]),
    st.integers(-5, 5),
)
names = st.sampled_from(["p", "'q", "?1"])
pairs = st.dictionaries(names, st.one_of(texts, st.none()), max_size=3)
bodies = {
    "item.changed": st.fixed_dictionaries(
        {}, optional={"made": texts, "name": texts, "suffix": texts, "size": numbers}
    ),
    "pairs.set": pairs,
    "pairs.filled": pairs,
    "pairs.alike": pairs,
    "mark.added": st.one_of(
        st.fixed_dictionaries({"marks": st.lists(st.integers(0, 3), max_size=3)}),
        st.just({"marks": [1, None]}),  # cannot be folded, not even its first half
        st.just({}),
    ),
    "unknown.kind": st.just({"x": 1}),
}


@st.composite
def entries_of_device(draw, device):
    found = []
    introduced = draw(st.booleans())
    for seq in range(1, draw(st.integers(1, 8)) + 1):
        kind = draw(st.sampled_from(sorted(bodies)))
        body = draw(bodies[kind])
        if seq == 1 and introduced:
            kind, body = "device.introduced", {"member": "ann"}
        found.append(
            Entry(
                device=device,
                seq=seq,
                prev="0" * 64,
                at=draw(st.integers(0, 4)),
                tz="+00:00",
                by=draw(st.sampled_from(["ann", "ann", "bob"])),
                kind=kind,
                about=draw(st.sampled_from(["i", "j"])),
                body=body,
            )
        )
    return found


@st.composite
def deliveries(draw):
    """A set of entries, and a delivery of it: any order, repetitions, any batches."""
    entries = [each for device in DEVICES for each in draw(entries_of_device(device))]
    again = draw(st.lists(st.sampled_from(entries), max_size=6))
    order = draw(st.permutations(entries + again))
    cuts = draw(st.lists(st.integers(0, len(order)), max_size=5))
    edges = sorted({0, len(order), *cuts})
    return entries, [order[start:end] for start, end in pairwise(edges)]


def folded(room, batches):
    projection = Projection(":memory:", [room])
    for batch in batches:
        assert projection.apply(batch) == len(batch)
    dump = projection.dump()
    projection.close()
    return dump


thorough = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@thorough
@given(deliveries())
def test_any_delivery_of_a_set_of_entries_folds_to_equal_tables(delivery):
    entries, batches = delivery
    assert folded(OPEN, batches) == folded(OPEN, [entries])


@thorough
@given(deliveries())
def test_any_delivery_is_judged_alike_by_the_gate(delivery):
    entries, batches = delivery
    assert folded(GATED, batches) == folded(GATED, [entries])


@settings(thorough, max_examples=30)
@given(deliveries(), st.sampled_from([OPEN, GATED]))
def test_in_postgresql_any_delivery_folds_to_the_tables_of_sqlite(postgres_tables, delivery, room):
    entries, batches = delivery
    dumps = []
    for each in (batches, [entries]):
        projection = postgres_tables(room)
        for batch in each:
            projection.apply(batch)
        dumps.append(projection.dump())
    assert dumps[0] == dumps[1] == folded(room, [[spelt(each) for each in entries]])


def spelt(entry):
    """Return an entry in whose texts NUL is spelt out, since PostgreSQL has none."""
    body = {
        name: value.replace("\0", "\\x00") if isinstance(value, str) else value
        for name, value in entry.body.items()
    }
    return msgspec.structs.replace(entry, body=body)


def model(entries):
    """The tables as plain dictionaries: replay everything in the order of the stamps."""
    tables = {"items": {}, "pairs": {}, "marks": {}}
    for entry in sorted(entries, key=lambda entry: (entry.at, entry.device, entry.seq)):
        fold = FOLDS.get(entry.kind)
        try:
            ops = [] if fold is None else list(fold(entry))
        except KeyError:
            continue
        if any(None in op.row for op in ops if isinstance(op, Add)):
            continue
        for op in ops:
            if isinstance(op, PutMany | PutAlike):
                cells = op.cells if isinstance(op, PutMany) else op.frame.cells(op.values)
                for name, *values in zip(*[iter(cells)] * 3, strict=True):
                    tables["pairs"].setdefault((op.first, name), {})["value"] = values
            elif isinstance(op, Add):
                tables["marks"].setdefault(op.row[:2], {}).setdefault("once", op.row[2:])
            elif op.group == "once":
                tables[op.table].setdefault(op.key, {}).setdefault("once", op.values)
            else:
                tables[op.table].setdefault(op.key, {})[op.group] = op.values
    return tables


def stored(value):
    """What SQLite gives back for a value."""
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return value


@thorough
@given(deliveries())
def test_the_tables_are_those_of_a_replay_in_the_order_of_the_stamps(delivery):
    entries, batches = delivery
    projection = Projection(":memory:", [OPEN])
    for batch in batches:
        projection.apply(batch)
    wanted = model(entries)
    rows = projection.query("SELECT id, maker, name, size, count FROM items ORDER BY id")
    assert rows == [
        (
            key[0],
            *map(stored, row.get("once", (None,))),
            *map(stored, row.get("named", (None,))),
            *(
                float(part) if index == 0 and part is not None else part
                for index, part in enumerate(map(stored, row.get("sized", (None, None))))
            ),
        )
        for key, row in sorted(wanted["items"].items())
    ]
    rows = projection.query("SELECT owner, name, text, raw FROM pairs ORDER BY owner, name")
    assert rows == [
        (*key, *map(stored, row["value"])) for key, row in sorted(wanted["pairs"].items())
    ]
    rows = projection.query('SELECT owner, mark, "by" FROM marks ORDER BY owner, mark')
    assert rows == [(*key, *row["once"]) for key, row in sorted(wanted["marks"].items())]
    projection.close()


@thorough
@given(deliveries())
def test_what_the_gate_refuses_leaves_no_trace_but_in_quarantine(delivery):
    entries, batches = delivery
    introduced = {each.device for each in entries if each.kind == "device.introduced"}
    gated = Projection(":memory:", [GATED])
    for batch in batches:
        gated.apply(batch)
    allowed = [each for each in entries if each.device in introduced and each.by == "ann"]
    assert tables_of(gated.dump()) == tables_of(folded(OPEN, [allowed]))
    known = {each for each in map(key_of, entries) if each[2] in FOLDS}
    refused = {(each.device, each.seq, each.kind) for each in gated.set_aside()}
    assert known - {key_of(each) for each in allowed} <= refused
    waiting = {each.device for each in gated.set_aside() if "never introduced" in each.why}
    assert waiting.isdisjoint(introduced)
    gated.close()


def key_of(entry):
    return entry.device, entry.seq, entry.kind


def tables_of(dump):
    return dump.partition(b"\nquarantine")[0]


def test_many_rows_of_one_key_are_all_written_and_what_no_column_holds_is_made_to_fit():
    odd = {"\udc80": "a", "wide": "\udcff"}
    first, later = ({f"n{index}": str(index) for index in range(1_000)} | odd, {"n7": "later"})
    entries = [
        Entry(
            device=DEVICES[0], seq=seq, prev="0" * 64, at=seq, tz="+00:00", by="ann",
            kind="pairs.filled", about="i", body=body,
        )
        for seq, body in enumerate((first, later), 1)
    ]  # fmt: skip
    for order in (entries, entries[::-1]):
        projection = Projection(":memory:", [OPEN])
        projection.apply(order)
        found = dict(projection.query("SELECT name, text FROM pairs"))
        fitting = {"\\udc80": "a", "wide": "\\udcff"}
        wanted = {name: text for name, text in (first | later).items() if name not in odd}
        assert found == wanted | fitting
        projection.close()
