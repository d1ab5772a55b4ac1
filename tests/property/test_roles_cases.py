"""What counts of whom once roles are granted: the cases that people meet, and those of thieves."""

from __future__ import annotations

import pytest
from role_world import ANN, BOB, CAT, DAN, KEYS, STAGED, Log, applied, heads

from afield.journal.entry import Draft
from afield.members.events import (
    MEMBER_GRANTED,
    device_removed,
    member_granted,
    member_revoked,
)
from afield.members.rights import UNGRANTED, UNRULED
from afield.members.roles import Role


def grants(log, member, role, *, at, project="*", known=0, by=None):
    draft = member_granted(member, project=project, role=role, heads={KEYS[member].device: known})
    return log.add(draft, at=at, by=by)


def revokes(log, member, role, *, at, project="*", known=0):
    draft = member_revoked(member, project=project, role=role, heads={KEYS[member].device: known})
    return log.add(draft, at=at)


@pytest.fixture
def team():
    """Ann, who founded the record, with Bob and Cat confirmed, and Dan who is not."""
    logs = [Log(member) for member in (ANN, BOB, CAT, DAN)]
    for log in logs:
        log.introduce()
    for member in (BOB, CAT):
        logs[0].confirm(member, at=2)
    return logs


def test_where_no_role_was_granted_whoever_is_confirmed_may_write(team):
    _ann, bob, _cat, dan = team
    bob.write("of bob", at=3)
    bob.write("staged", at=3, kind=STAGED)
    dan.write("of dan", at=3)
    things, _, found = applied(*team)
    assert things == ["of bob", "staged"]
    assert found.rights.name == ""
    assert found.rights.now(BOB, confirmed=True) == UNRULED
    assert found.rights.now(DAN, confirmed=False) == {}
    assert found.rights.now(ANN, confirmed=True) == {"*": {Role.ADMIN}}
    bob.confirm(DAN, at=4)
    assert applied(*team)[0] == ["of bob", "of dan", "staged"]


def test_once_roles_are_granted_the_others_are_developers_and_no_more(team):
    ann, bob, cat, _ = team
    bob.write("before", at=9, kind=STAGED)
    grants(ann, CAT, Role.VIEWER, at=10)
    bob.write("run", at=11)
    bob.write("staged", at=11, kind=STAGED)
    ann.write("by the founder", at=11, kind=STAGED)
    cat.write("early", at=9)
    cat.write("late", at=10)
    things, whys, found = applied(*team)
    assert things == ["before", "by the founder", "early", "run"]
    assert whys["staged"] == f"no role of its author allows it: {STAGED} by {BOB}"
    assert CAT in whys["late"]
    assert found.rights.now(BOB, confirmed=True) == UNGRANTED
    assert found.rights.now(CAT, confirmed=True) == {"*": {Role.VIEWER}}


def test_a_role_counts_from_the_grant_to_the_revocation(team):
    ann, bob, *_ = team
    grants(ann, BOB, Role.LOGGER, at=10)
    revokes(ann, BOB, Role.LOGGER, at=20)
    grants(ann, BOB, Role.LOGGER, at=30)
    for at in (9, 10, 19, 20, 29, 30):
        bob.write(f"at {at}", at=at)
    assert applied(*team)[0] == ["at 10", "at 19", "at 30", "at 9"]


def test_who_is_let_in_with_a_role_never_had_another_one_whatever_the_clock_says(team):
    ann, *_, dan = team
    grants(ann, DAN, Role.VIEWER, at=10)
    ann.confirm(DAN, at=10)
    for at in (1, 9, 10, 11):
        dan.write(f"at {at}", at=at)
    assert applied(*team)[0] == []


def test_nobody_takes_a_role(team):
    ann, bob, _cat, dan = team
    grants(bob, BOB, Role.ADMIN, at=5)
    grants(dan, DAN, Role.ADMIN, at=5)
    bob.confirm(DAN, at=6, hub=True)
    _things, whys, found = applied(*team)
    assert found.rights.since is None
    assert "had no right" in whys[BOB]
    grants(ann, BOB, Role.ADMIN, at=10, project="p")
    grants(bob, CAT, Role.ADMIN, at=11, project="p")
    bob.confirm(DAN, at=12)
    _, whys, found = applied(*team)
    assert CAT not in found.rights.spans
    assert "had no right" in whys[CAT]


def test_in_a_ruled_record_only_admins_confirm(team):
    ann, bob, cat, dan = team
    grants(ann, CAT, Role.ADMIN, at=10)
    bob.confirm(DAN, at=11)
    dan.write("of dan", at=12)
    assert applied(*team)[0] == []
    cat.confirm(DAN, at=13)
    assert applied(*team)[0] == ["of dan"]


def test_an_unmade_admin_gets_nothing_back_by_a_clock_set_back(team):
    ann, bob, _cat, dan = team
    grants(ann, BOB, Role.ADMIN, at=10)
    honest = grants(bob, CAT, Role.DEPLOYER, at=11)
    revokes(ann, BOB, Role.ADMIN, at=20, known=honest.seq)
    grants(bob, BOB, Role.ADMIN, at=12)
    grants(bob, CAT, Role.ADMIN, at=13)
    revokes(bob, ANN, Role.ADMIN, at=14)
    bob.confirm(DAN, at=15)
    dan.write("of dan", at=16)
    things, _, found = applied(*team)
    assert things == []
    assert found.rights.now(BOB, confirmed=True) == {}
    assert found.rights.now(CAT, confirmed=True) == {"*": {Role.DEPLOYER}}
    assert found.rights.now(ANN, confirmed=True) == {"*": {Role.ADMIN}}


def test_an_admin_is_unmade_by_one_made_earlier_or_the_founder_and_can_go(team):
    ann, bob, cat, _ = team
    grants(ann, BOB, Role.ADMIN, at=10)
    grants(ann, CAT, Role.ADMIN, at=11)
    revokes(cat, BOB, Role.ADMIN, at=12)
    assert applied(*team)[2].rights.now(BOB, confirmed=True) == {"*": {Role.ADMIN}}
    revokes(bob, CAT, Role.ADMIN, at=13, known=9)
    revokes(bob, ANN, Role.ADMIN, at=13)
    found = applied(*team)[2].rights
    assert found.now(CAT, confirmed=True) == {}
    assert found.now(ANN, confirmed=True) == {"*": {Role.ADMIN}}
    revokes(ann, ANN, Role.ADMIN, at=14, known=9)
    assert applied(*team)[2].rights.now(ANN, confirmed=True) == {}


def test_roles_in_one_project_count_through_a_hub_alone(team):
    ann, bob, cat, dan = team
    ann.confirm(DAN, at=3, hub=True)
    grants(ann, BOB, Role.DEVELOPER, at=4, project="p")
    bob.write("own device", at=5)
    dan.write("through the hub", at=5, by=BOB)
    dan.write("staged", at=5, by=BOB, kind=STAGED)
    dan.write("for the founder", at=5, by=ANN, kind=STAGED)
    cat.write("for another", at=5, by=BOB)
    things, whys, _ = applied(*team)
    assert things == ["for the founder", "through the hub"]
    assert whys["for another"] == "its member is not the one that its device writes for"


def test_a_hubs_admin_manages_members_through_it_and_nobody_else_does(team):
    ann, _bob, cat, dan = team
    ann.confirm(DAN, at=3, hub=True)
    grants(dan, BOB, Role.VIEWER, at=4, by=ANN)
    grants(dan, CAT, Role.ADMIN, at=5, by=BOB)
    found = applied(*team)[2].rights
    assert found.now(BOB, confirmed=True) == {"*": {Role.VIEWER}}
    assert found.now(CAT, confirmed=True) == UNGRANTED
    cat.confirm(DAN, at=6, hub=True)
    assert "had no right" in applied(*team)[1][KEYS[DAN].device]


def test_an_admin_removes_a_device_and_a_developer_does_not(team):
    ann, bob, cat, dan = team
    bob.confirm(DAN, at=3)
    grants(ann, CAT, Role.ADMIN, at=4)
    dan.add(device_removed(KEYS[BOB].device, heads=heads(bob)), at=5)
    bob.add(device_removed(KEYS[ANN].device, heads=heads(ann)), at=5)
    assert applied(*team)[2].removed == {}
    cat.add(device_removed(KEYS[BOB].device, heads=heads(bob)), at=6)
    bob.write("after", at=7)
    things, _, found = applied(*team)
    assert set(found.removed) == {KEYS[BOB].device}
    assert things == []


def test_an_admin_removes_the_founders_device_unless_it_was_removed_by_that_one(team):
    ann, _, cat, _ = team
    grants(ann, CAT, Role.ADMIN, at=4)
    known = heads(cat)
    cat.add(device_removed(KEYS[ANN].device, heads=heads(ann)), at=5)
    ann.write("after", at=6)
    things, _, found = applied(*team)
    assert (set(found.removed), things) == ({KEYS[ANN].device}, [])
    ann.add(device_removed(KEYS[CAT].device, heads=heads(cat)), at=7)
    assert set(applied(*team)[2].removed) == {KEYS[ANN].device}, "it knew of its removal"
    ann.add(device_removed(KEYS[CAT].device, heads=known), at=8)
    assert set(applied(*team)[2].removed) == {KEYS[CAT].device}, "it did not"


def test_two_admins_who_remove_one_another_leave_the_one_made_earlier(team):
    ann, bob, cat, _ = team
    grants(ann, BOB, Role.ADMIN, at=10)
    grants(ann, CAT, Role.ADMIN, at=11)
    cat.add(device_removed(KEYS[BOB].device, heads=heads(bob)), at=12)
    bob.add(device_removed(KEYS[CAT].device, heads=[(1, heads(cat)[0][1])]), at=13)
    assert set(applied(*team)[2].removed) == {KEYS[CAT].device}


@pytest.mark.parametrize(
    "body",
    [{}, {"project": "", "role": "admin", "heads": {}},
     {"project": "*", "role": "king", "heads": {}},
     {"project": "*", "role": "admin"}, {"project": "*", "role": "admin", "heads": {"x": "1"}},
     {"project": "*", "role": ["admin"], "heads": {}}],
)  # fmt: skip
def test_a_grant_that_says_no_role_gives_none(team, body):
    ann, *_ = team
    ann.add(Draft(MEMBER_GRANTED, BOB, body), at=5)
    assert applied(*team)[2].rights.since is None


def test_of_several_removals_the_one_that_lets_least_count_holds(team):
    ann, bob, cat, dan = team
    cat.confirm(DAN, at=3)
    first = dan.write("first", at=4)
    dan.write("second", at=5)
    ann.add(device_removed(KEYS[DAN].device, heads=heads(dan)), at=6)
    known = [(first.seq, first.digest)]
    for log in (cat, bob):
        log.add(device_removed(KEYS[DAN].device, heads=known), at=7)
    things, _, found = applied(*team)
    assert things == ["first"]
    assert found.removed[KEYS[DAN].device].last == first.seq
