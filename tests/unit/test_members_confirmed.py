"""Whose entries count: founders, the confirmed, and nobody else, in any order of delivery."""

from __future__ import annotations

import itertools

import pytest

from afield.journal import DeviceKey, Entry
from afield.kernel.clock import COUNTER_BITS
from afield.kernel.digest import digest
from afield.members.events import device_confirmed, device_introduced, member_introduced
from afield.members.fold import room
from afield.members.phrase import safety_phrase, same_phrase
from afield.members.query import members
from afield.projection import Projection

FOUNDER, SECOND, THIRD = (DeviceKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
MEMBER = {FOUNDER: "a" * 16, SECOND: "b" * 16, THIRD: "c" * 16}


def entry(key, draft, seq, *, by=None):
    text = f"{key.device} {seq} {draft.kind} {draft.body}"
    return Entry(
        device=key.device, seq=seq, prev="0" * 64, at=(1000 + seq) << COUNTER_BITS, tz="+00:00",
        by=by or MEMBER[key], kind=draft.kind, about=draft.about, body=dict(draft.body),
        refs=tuple(draft.refs), digest=digest(text.encode()),
    )  # fmt: skip


def introduces(key):
    draft = device_introduced(key.device, public_key=key.public, member=MEMBER[key])
    return entry(key, draft, 1)


def says_who(key, seq=2):
    return entry(key, member_introduced(MEMBER[key], profile="0" * 64), seq)


def confirms(key, other, seq=3, *, member=None):
    draft = device_confirmed(other.device, public_key=other.public, member=member or MEMBER[other])
    return entry(key, draft, seq)


ALL = [
    introduces(FOUNDER), says_who(FOUNDER), confirms(FOUNDER, SECOND),
    introduces(SECOND), says_who(SECOND), confirms(SECOND, THIRD),
    introduces(THIRD), says_who(THIRD),
]  # fmt: skip


@pytest.fixture
def projection():
    projection = Projection(":memory:", [room([FOUNDER.device])])
    yield projection
    projection.close()


def known(projection):
    return [member.id for member in members(projection)]


def test_a_stranger_waits_visibly_and_is_not_applied(projection):
    projection.apply([introduces(FOUNDER), introduces(SECOND), says_who(SECOND)])
    assert known(projection) == []
    assert [(each.device, each.seq) for each in projection.set_aside()] == [
        (SECOND.device, 1),
        (SECOND.device, 2),
    ]


def test_trust_goes_from_the_founder_on_whatever_the_order():
    dumps = set()
    for order in itertools.islice(itertools.permutations(ALL), 0, None, 397):
        projection = Projection(":memory:", [room([FOUNDER.device])])
        for each in order:
            projection.apply([each])
        assert known(projection) == sorted(MEMBER.values())
        assert projection.set_aside() == []
        dumps.add(projection.dump())
        projection.close()
    assert len(dumps) == 1


def test_strangers_that_confirm_one_another_stay_strangers(projection):
    projection.apply([introduces(SECOND), confirms(SECOND, THIRD), introduces(THIRD)])
    projection.apply([confirms(THIRD, SECOND), says_who(THIRD), says_who(SECOND)])
    assert known(projection) == []


def test_a_confirmation_is_for_one_key_and_one_member(projection):
    projection.apply(ALL[:2])
    wrong_key = device_confirmed(SECOND.device, public_key=THIRD.public, member=MEMBER[SECOND])
    projection.apply([entry(FOUNDER, wrong_key, 5), introduces(SECOND), says_who(SECOND)])
    assert known(projection) == [MEMBER[FOUNDER]]
    projection.apply([confirms(FOUNDER, SECOND, 6, member=MEMBER[THIRD])])
    assert known(projection) == [MEMBER[FOUNDER]], "it was confirmed as somebody else's"
    projection.apply([confirms(FOUNDER, SECOND, 7)])
    assert known(projection) == [MEMBER[FOUNDER], MEMBER[SECOND]]


def test_of_two_entries_with_one_number_and_time_the_same_wins_in_any_order():
    two = [
        entry(FOUNDER, member_introduced(MEMBER[FOUNDER], profile=digit * 64), 2) for digit in "12"
    ]
    two[1] = Entry(**{name: getattr(two[1], name) for name in Entry.__struct_fields__[:-1]},
                   digest=digest(b"another"))  # fmt: skip
    assert (two[0].at, two[0].seq) == (two[1].at, two[1].seq)
    dumps = set()
    for order in itertools.permutations([introduces(FOUNDER), *two]):
        projection = Projection(":memory:", [room([FOUNDER.device])])
        for each in order:
            projection.apply([each])
        dumps.add(projection.dump())
        projection.close()
    assert len(dumps) == 1


def test_a_phrase_is_the_same_for_both_and_another_for_any_other_key():
    phrase = safety_phrase("w" * 26, FOUNDER.public, SECOND.public)
    assert [len(group) for group in phrase.split(" ")] == [5] * 6
    assert phrase.replace(" ", "").isdigit()
    assert same_phrase(phrase.replace(" ", "-"), phrase)
    assert not same_phrase(phrase[:-1], phrase)
    others = {
        safety_phrase("v" * 26, FOUNDER.public, SECOND.public),
        safety_phrase("w" * 26, FOUNDER.public, THIRD.public),
        safety_phrase("w" * 26, SECOND.public, FOUNDER.public),
    }
    assert phrase not in others
    assert len(others) == 3
