from __future__ import annotations

import itertools

import pytest

from afield.journal import DeviceKey, Entry
from afield.kernel.clock import COUNTER_BITS
from afield.members.events import device_introduced, member_introduced
from afield.members.fold import ROOM
from afield.members.query import Device, Member, device, devices, member, members
from afield.projection import Projection
from afield.projection.gate import WAITS

ANN, BOB = "a" * 16, "b" * 16
PROFILE = "0" * 64
KEYS = sorted((DeviceKey.generate() for _ in range(2)), key=lambda key: key.device)


@pytest.fixture
def projection():
    projection = Projection(":memory:", [ROOM])
    yield projection
    projection.close()


def entry(draft, *, key, seq, by=ANN, at_ms=1000):
    return Entry(
        device=key.device, seq=seq, prev="0" * 64, at=at_ms << COUNTER_BITS, tz="+00:00", by=by,
        kind=draft.kind, about=draft.about, body=dict(draft.body), refs=tuple(draft.refs),
    )  # fmt: skip


def introduction(key, *, by=ANN, seq=1, at_ms=1000, name=None, public=None):
    draft = device_introduced(key.device, public_key=public or key.public, member=by, name=name)
    return entry(draft, key=key, seq=seq, by=by, at_ms=at_ms)


def whys(projection):
    return [each.why for each in projection.set_aside()]


def test_a_device_and_its_member_are_known_once_introduced(projection):
    (key, _) = KEYS
    projection.apply(
        [
            introduction(key, name="laptop"),
            entry(member_introduced(ANN, profile=PROFILE), key=key, seq=2, at_ms=2000),
        ]
    )
    known = Device(key.device, ANN, key.public, "laptop", 1000)
    assert devices(projection) == devices(projection, of=ANN) == [known]
    assert device(projection, key.device) == known
    assert devices(projection, of=BOB) == []
    assert members(projection) == [Member(ANN, 2000, PROFILE)]
    assert member(projection, ANN) == Member(ANN, 2000, PROFILE)
    assert member(projection, BOB) is None
    assert device(projection, "0" * 32) is None


def test_the_latest_profile_counts_and_the_first_introduction_stays(projection):
    (key, _) = KEYS
    projection.apply([introduction(key)])
    late = entry(member_introduced(ANN, profile="1" * 64), key=key, seq=3, at_ms=3000)
    early = entry(member_introduced(ANN, profile=PROFILE), key=key, seq=2, at_ms=2000)
    for order in itertools.permutations([late, early]):
        projection.apply(order)
        assert members(projection) == [Member(ANN, 2000, "1" * 64)]


def test_entries_wait_for_the_introduction_and_then_count(projection):
    (key, _) = KEYS
    profile = entry(member_introduced(ANN, profile=PROFILE), key=key, seq=2)
    projection.apply([profile])
    assert members(projection) == []
    assert whys(projection) == [WAITS]
    projection.apply([introduction(key)])
    assert [each.id for each in members(projection)] == [ANN]
    assert whys(projection) == []


def test_a_device_writes_for_its_own_member_only(projection):
    (key, _) = KEYS
    forged = entry(member_introduced(BOB, profile=PROFILE), key=key, seq=2, by=BOB)
    projection.apply([introduction(key), forged])
    assert members(projection) == []
    assert whys(projection) == ["its member is not the one that its device writes for"]


def test_nobody_introduces_another_member(projection):
    (key, _) = KEYS
    projection.apply(
        [introduction(key), entry(member_introduced(BOB, profile=PROFILE), key=key, seq=2)]
    )
    assert members(projection) == []
    assert whys(projection) == ["members introduce themselves only"]


def test_a_device_is_introduced_once_and_by_itself(projection):
    first, second = KEYS
    again = introduction(first, seq=2, name="stolen")
    other = entry(
        device_introduced(second.device, public_key=second.public, member=ANN), key=first, seq=3
    )
    projection.apply([introduction(first, name="laptop"), again, other])
    assert [each.name for each in devices(projection)] == ["laptop"]
    assert whys(projection) == ["a device is introduced once, by itself"] * 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"member": ANN},
        {"member": 1, "public_key": KEYS[0].public.hex()},
        {"member": ANN, "public_key": "no hex"},
        {"member": ANN, "public_key": KEYS[1].public.hex()},
    ],
)
def test_an_introduction_with_a_key_that_is_not_the_devices_own_introduces_nobody(projection, body):
    whole = introduction(KEYS[0])
    projection.apply(
        [
            Entry(
                device=whole.device, seq=1, prev=whole.prev, at=whole.at, tz="", by=ANN,
                kind=whole.kind, about=whole.about, body=body,
            )
        ]
    )  # fmt: skip
    assert devices(projection) == []
    assert whys(projection) == [WAITS]
