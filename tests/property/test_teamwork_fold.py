"""Items of every sort fold to the same tables and states in any order; no prose is in an entry."""

from __future__ import annotations

from contextlib import closing
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afield.journal import Entry
from afield.kernel.ids import DeviceId, MemberId
from afield.projection import Projection
from afield.teamwork import events, query
from afield.teamwork.errors import ItemBad
from afield.teamwork.events import Change
from afield.teamwork.fold import ROOM
from afield.teamwork.shapes import Type
from afield.teamwork.sorts import SORTS
from afield.teamwork.sorts.ask import ANSWERED, ASK, CLOSED

DEVICES = ("a" * 32, "b" * 32)
MEMBERS = (MemberId("m" * 16), MemberId("n" * 16))
VALUES = {
    Type.MEMBER: st.sampled_from(MEMBERS),
    Type.TIME: st.integers(0, 1 << 41),
    Type.DAY: st.sampled_from(["2026-11-23", "2026-12-01"]),
    Type.NUMBER: st.one_of(st.integers(-5, 5), st.floats(-1, 1)),
    Type.FLAG: st.booleans(),
    Type.LINK: st.sampled_from(["run:" + "r" * 16, "data:cats@" + "d" * 64]),
    Type.CODE: st.sampled_from(["train.py:12", "metrics.loss"]),
    Type.PLACE: st.sampled_from([f"{device} {seq}" for device in DEVICES for seq in (1, 2)]),
    Type.PROSE: st.sampled_from(["e" * 64, "f" * 64]),
}


def value_of(field):
    return st.sampled_from(field.words) if field.type is Type.WORD else VALUES[field.type]


@st.composite
def changes(draw, sort):
    chosen = draw(st.lists(st.sampled_from(sort.fields), max_size=3, unique=True))
    given_ = {each.name: draw(value_of(each)) for each in chosen if not each.many}
    cleared = {name: None for name in given_ if draw(st.integers(0, 4)) == 0}
    many = {each.name: [draw(value_of(each))] for each in chosen if each.many}
    if draw(st.booleans()):
        return Change({**given_, **cleared}, many, {})
    return Change(given_, {}, many)


@st.composite
def drafts(draw):
    sort = draw(st.sampled_from(SORTS))
    item = draw(st.sampled_from(["1" * 16, "2" * 16]))
    which = draw(st.integers(0, 3))
    if which == 0:
        return events.made(sort, item, draw(changes(sort)), project="p")
    if which == 1:
        return events.changed(sort, item, draw(changes(sort)))
    move = draw(st.sampled_from(sort.every_move()))
    chosen = [each for each in move.fields if draw(st.booleans())]
    values = {
        each.name: [draw(value_of(each))] if each.many else draw(value_of(each)) for each in chosen
    }
    return events.moved(sort, item, move, values)


@st.composite
def histories(draw, of=None):
    """Entries of two devices, stamps rising within each, and one more order of the same."""
    seqs = {device: count(1) for device in DEVICES}
    ats = dict.fromkeys(DEVICES, 0)
    entries = []
    for draft in draw(st.lists(drafts() if of is None else of, min_size=1, max_size=12)):
        device = draw(st.sampled_from(DEVICES))
        ats[device] += draw(st.integers(1, 3)) << 20
        entries.append(
            Entry(
                device=DeviceId(device), seq=next(seqs[device]), prev="", at=ats[device],
                tz="+00:00", by=draw(st.sampled_from(MEMBERS)), kind=draft.kind, about=draft.about,
                body=dict(draft.body), refs=tuple(draft.refs),
            )
        )  # fmt: skip
    return entries, draw(st.permutations(entries))


@st.composite
def asked_and_answered(draw):
    """Histories of one ask that is made, handed on, cleared and answered, by two members."""
    asked = [Change({"to": to}) for to in (*MEMBERS, None)]
    of = [
        *(events.made(ASK, "1" * 16, one, project="p") for one in asked[:2]),
        *(events.changed(ASK, "1" * 16, one) for one in asked),
        events.moved(ASK, "1" * 16, ANSWERED, {}),
        events.moved(ASK, "1" * 16, CLOSED, {"outcome": "done"}),
    ]
    return draw(histories(st.sampled_from(of)))


def may(one, changed, sort, author):
    """Tell whether a move counts: its maker was named before it, where only they make it."""
    name = one.kind.partition(".")[2]
    field = dict(sort.named()).get(name)
    own = name == "closed" and one.by == author
    return (
        field is None
        or own
        or any(
            each.body.get("set", {}).get(field) == one.by and each.at <= one.at for each in changed
        )
    )


def _told(entries):
    with closing(Projection(":memory:", (ROOM,))) as projection:
        projection.apply(entries)
        found = [query.items_of(projection.query, sort) for sort in SORTS]
        return projection.dump(), found


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(histories(), asked_and_answered()))
def test_items_are_the_same_in_any_order_of_delivery(given_orders):
    told, again = map(_told, given_orders)
    assert told == again


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(histories(), asked_and_answered()))
def test_what_is_read_is_what_was_written(given_orders):
    entries, _ = given_orders
    _, found = _told(entries)
    for sort, items in zip(SORTS, found, strict=True):
        for item in items:
            written = [one for one in entries if one.about == item.id and one.kind in sort.kinds()]
            changed = [one for one in written if one.kind in (sort.made, sort.set)]
            moves = [
                one
                for one in written
                if one not in changed and may(one, changed, sort, item.author)
            ]
            assert [one.values for one in item.moves] == [
                one.body["with"]
                for one in sorted(moves, key=lambda each: (each.at, each.device, each.seq))
            ]
            for each in sort.fields:
                if not each.many:
                    said = [
                        one.body["set"][each.name]
                        for one in sorted(changed, key=lambda one: (one.at, one.device, one.seq))
                        if each.name in one.body.get("set", {})
                    ]
                    assert item.values.get(each.name) == (said[-1] if said else None)


PROSE = "Please look at Ada's run before noon, she is away"


@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: sort.name)
def test_no_field_of_an_entry_takes_a_persons_words_or_address(sort):
    """Walks every kind: only an object's id can carry prose; a code is one short word."""
    for each in sort.fields:
        change = Change({}, {each.name: [PROSE]}) if each.many else Change({each.name: PROSE})
        with pytest.raises(ItemBad):
            events.made(sort, "1" * 16, change, project="p")
        if each.type is Type.LINK:
            linked = Change({each.name: f"run:{PROSE}"})
            with pytest.raises(ItemBad):
                events.made(sort, "1" * 16, linked, project="p")
    for move in sort.every_move():
        for each in move.fields:
            values = [PROSE] if each.many else PROSE
            with pytest.raises(ItemBad):
                events.moved(sort, "1" * 16, move, {each.name: values})


def test_fields_for_machines_are_few_and_known():
    """Each one that is added here is one that must not hold prose."""
    codes = {
        f"{move.name}.{each.name}"
        for sort in SORTS
        for move in sort.every_move()
        for each in move.fields
        if each.type is Type.CODE
    } | {
        f"{sort.name}.{each.name}"
        for sort in SORTS
        for each in sort.fields
        if each.type is Type.CODE
    }
    assert codes == {"commented.anchor"}
