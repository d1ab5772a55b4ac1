"""A device that was removed: what was known of it stays, what it writes later never counts."""

from __future__ import annotations

import shutil

import pytest

from afield.journal.places import is_branch
from afield.members.events import device_confirmed, device_removed, member_introduced
from afield.members.gate import REMOVED
from afield.members.query import waiting
from afield.members.removal import heads_of, may_remove, overruled
from afield.sync.pace import Pace
from afield.workspace.remotes import add_remote, remotes
from afield.workspace.sync import Wishes, clone, sync
from afield.workspace.workspace import Workspace

PACE = Pace(None, monotonic_s=lambda: 0.0, sleep=lambda _: None)


def exchange(*copies):
    for copy in copies:
        for remote in remotes(copy).values():
            sync(copy, remote, PACE, Wishes())


def says(copy, name):
    """Give one's member another profile, which shows in the tables of all."""
    vault, journal = copy.record.vault, copy.record.journal
    profile = vault.put(name.encode(), meta=True)
    vault.flush()
    journal.append_many([member_introduced(copy.config.member, profile=profile)])
    return profile


def confirm(by, other):
    by.refresh()
    (one,) = [one for one in waiting(by.projection) if one.id == other.config.device]
    draft = device_confirmed(one.id, public_key=one.public_key, member=one.member)
    by.record.journal.append_many([draft])


def remove(by, other):
    by.refresh()
    device = other.config.device
    heads = heads_of(by.record.journal, device)
    by.record.journal.append_many([device_removed(device, heads=heads)])


def profile_of(copy, other):
    copy.refresh()
    rows = copy.query(f"SELECT profile_object FROM members WHERE id = '{other.config.member}'")
    return rows[0][0] if rows else None


def tables(copy):
    copy.refresh()
    return copy.projection.dump()


@pytest.fixture
def team(tmp_path):
    """Yield Ann, who founded the workspace, and Bob and Cat, whom she has confirmed."""
    ann = Workspace.init(tmp_path / "ann")
    add_remote(ann, "team", str(tmp_path / "team"))
    exchange(ann)
    others = [
        clone(str(tmp_path / "team"), str(tmp_path / name), person=lambda name=name: name)[0]
        for name in ("bob", "cat")
    ]
    exchange(*others, ann)
    for other in others:
        confirm(ann, other)
    exchange(ann, *others)
    yield ann, *others
    for each in (ann, *others):
        each.close()


def test_what_was_known_counts_on_and_what_comes_later_never_does(team):
    ann, bob, cat = team
    before = says(bob, "before")
    exchange(bob, ann, cat)
    remove(ann, bob)
    after = says(bob, "after")
    exchange(bob, ann, cat, bob, ann, cat)
    assert after != before
    assert [profile_of(copy, bob) for copy in (ann, cat)] == [before, before]
    assert REMOVED in {each.why for each in ann.projection.set_aside()}
    assert tables(ann) == tables(cat)
    assert bob.config.device in bob.config.removed, "it knows that it was removed"


def test_a_copy_that_took_later_entries_before_it_heard_lets_go_of_them(team):
    ann, bob, cat = team
    before = says(bob, "before")
    exchange(bob, ann)
    after = says(bob, "after")
    exchange(bob, cat)
    assert profile_of(cat, bob) == after
    remove(ann, bob)
    exchange(ann, cat, ann)
    assert profile_of(cat, bob) == profile_of(ann, bob) == before
    assert tables(ann) == tables(cat)
    again = Workspace.open(cat.path)
    assert tables(again) == tables(ann)
    again.close()
    shutil.rmtree(cat.path / "cache")
    again = Workspace.open(cat.path)
    assert tables(again) == tables(ann)
    again.close()


def test_beginning_the_log_anew_further_down_does_not_get_around_it(team, tmp_path):
    ann, bob, cat = team
    bob.record.journal.sync()
    shutil.copytree(bob.path.parent, tmp_path / "backup")
    before = says(bob, "before")
    exchange(bob, ann, cat)
    remove(ann, bob)
    exchange(ann)
    thief = Workspace.open(tmp_path / "backup")
    stolen = says(thief, "stolen")
    exchange(thief, cat, ann, cat)
    assert any(is_branch(log) for log in cat.record.journal.heads())
    assert stolen not in {profile_of(ann, bob), profile_of(cat, bob)}
    assert profile_of(ann, bob) == before
    assert tables(ann) == tables(cat)
    thief.close()


def test_nobody_removes_one_as_near_to_the_founder_and_what_was_removed_removes_nobody(team):
    ann, bob, cat = team
    remove(bob, cat)
    remove(cat, bob)
    exchange(bob, cat, ann, bob, cat, ann, cat)
    assert not ann.config.removed
    assert not cat.config.removed
    for copy, other, may in ((ann, bob, True), (bob, ann, True), (cat, bob, False)):
        founder = copy.config.founded_by
        member, device = copy.config.member, other.config.device
        assert may_remove(copy.projection, founder, member, device) is may
    assert tables(ann) == tables(cat)


def test_the_founders_device_is_removed_by_another_that_counts(team, tmp_path):
    ann, bob, cat = team
    before = says(ann, "before")
    exchange(ann, bob, cat)
    remove(bob, ann)
    says(ann, "after")
    friend, _ = clone(str(tmp_path / "team"), str(tmp_path / "dan"), person=lambda: "dan")
    exchange(friend, bob, ann, bob, cat)
    confirm(ann, friend)
    remove(ann, bob)  # it has heard of its own removal by now: too late
    exchange(ann, bob, cat, friend, ann, bob, cat, bob)
    assert [profile_of(copy, ann) for copy in (bob, cat)] == [before, before]
    assert friend.config.device in {one.id for one in waiting(cat.projection)}
    assert set(cat.config.removed) == set(bob.config.removed) == {ann.config.device}
    assert tables(bob) == tables(cat)
    assert ann.config.device in ann.config.removed
    confirm(bob, friend)
    exchange(bob, cat, friend)
    assert profile_of(friend, ann) == before, "a new copy finds its way without the founder"
    assert friend.config.device not in {one.id for one in waiting(cat.projection)}
    friend.close()


def test_of_two_who_remove_each_other_unheard_the_founder_stays_and_both_are_told(team):
    ann, bob, cat = team
    remove(ann, bob)
    remove(bob, ann)
    exchange(bob, cat, ann, bob, cat, ann, cat)
    for copy in (ann, cat):
        assert set(copy.config.removed) == {bob.config.device}
    for copy in team:
        assert overruled(copy.projection, copy.config.removed) == [
            (bob.config.device, ann.config.device)
        ]
    assert tables(ann) == tables(cat)


def test_who_was_removed_does_not_remove_the_founder_by_an_older_log(team, tmp_path):
    ann, bob, cat = team
    bob.record.journal.sync()
    shutil.copytree(bob.path.parent, tmp_path / "backup")
    says(bob, "before")
    exchange(bob, ann, cat)
    remove(ann, bob)
    exchange(ann, cat)
    thief = Workspace.open(tmp_path / "backup")
    remove(thief, ann)
    says(thief, "stolen")
    exchange(thief, cat, ann, cat)
    assert any(is_branch(log) for log in cat.record.journal.heads())
    assert set(cat.config.removed) == set(ann.config.removed) == {bob.config.device}
    assert tables(ann) == tables(cat)
    thief.close()


def test_whom_a_removed_device_confirms_waits(team, tmp_path):
    ann, bob, cat = team
    remove(ann, bob)
    friend, _ = clone(str(tmp_path / "team"), str(tmp_path / "dan"), person=lambda: "dan")
    exchange(friend, bob)
    confirm(bob, friend)
    exchange(bob, ann, cat, friend, ann, cat)
    assert friend.config.device in {one.id for one in waiting(ann.projection)}
    assert tables(ann) == tables(cat)
    friend.close()
