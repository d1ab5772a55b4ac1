"""Roles in copies of one record: what a grant costs, and that all copies come to the same."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from afield.members.query import refusals, waiting
from afield.members.rights import Rights, Span, judge_alike
from afield.members.roles import Role
from afield.projection import Projection
from afield.projection.errors import ProjectionSuperseded
from afield.runs.events import started, tagged
from afield.sync.pace import Pace
from afield.workspace.membership import RolesHeld, change_role, let_in
from afield.workspace.remotes import add_remote, remotes
from afield.workspace.rooms import rooms
from afield.workspace.sync import Wishes, clone, sync
from afield.workspace.workspace import Workspace

PACE = Pace(None, monotonic_s=lambda: 0.0, sleep=lambda _: None)
RUN = "0123456789abcdef"


def exchange(*copies):
    for copy in copies:
        for remote in remotes(copy).values():
            sync(copy, remote, PACE, Wishes())
    for copy in copies:
        copy.refresh()


def writes(copy, name="r", run=RUN):
    host = copy.record.vault.put(b"{}", meta=True)
    copy.record.vault.flush()
    draft = started(run, project="p", experiment="e", name=name, kind="python", pid=1, host=host,
                    started_ms=1)  # fmt: skip
    copy.record.journal.append_many([draft])


def tags(copy, **values):
    copy.record.journal.append_many([tagged(RUN, values)])


def mark(*copies):
    """Leave a mark in the files of the tables, which is gone when they are folded anew."""
    for copy in copies:
        with contextlib.closing(sqlite3.connect(copy.path / "projection.db")) as file:
            file.execute("CREATE TABLE IF NOT EXISTS mark (x)")


def kept(copy):
    with contextlib.closing(sqlite3.connect(copy.path / "projection.db")) as file:
        return bool(file.execute("SELECT 1 FROM sqlite_master WHERE name = 'mark'").fetchall())


def sound(copy):
    """Whether the tables are what the journal folds to anew."""
    return not [one for one in copy.verify() if one.what == "tables"]


@pytest.fixture
def team(tmp_path):
    """Ann, who founded the workspace, and Bob, whom she has confirmed."""
    ann = Workspace.init(tmp_path / "ann")
    add_remote(ann, "team", str(tmp_path / "team"))
    exchange(ann)
    bob, _ = clone(str(tmp_path / "team"), str(tmp_path / "bob"), person=lambda: "bob")
    exchange(bob, ann)
    (device,) = waiting(ann.projection)
    let_in(ann, device)
    writes(ann)
    exchange(ann, bob)
    yield ann, bob
    for each in (ann, bob):
        each.close()


def test_a_grant_of_now_leaves_the_tables_as_they_are(team):
    ann, bob = team
    mark(ann, bob)
    change_role(ann, bob.config.member, Role.VIEWER, grant=True)
    exchange(ann, bob)
    assert kept(ann)
    assert kept(bob)
    assert ann.config.rights == bob.config.rights
    tags(bob, mine="yes")
    exchange(bob, ann, bob, ann)
    assert [one.kind for one in refusals(ann.projection)] == ["run.tagged"]
    assert ann.projection.dump() == bob.projection.dump()
    assert sound(ann)
    assert sound(bob)
    assert kept(ann)
    assert kept(bob)


def test_what_was_applied_before_a_revocation_was_heard_of_is_let_go(team):
    ann, bob = team
    change_role(ann, bob.config.member, Role.DEVELOPER, grant=True)
    exchange(ann, bob)
    mark(bob)
    change_role(ann, bob.config.member, Role.DEVELOPER, grant=False)
    tags(bob, mine="yes")
    bob.refresh()
    assert bob.run(RUN).tags == {"mine": "yes"}
    exchange(ann, bob, ann, bob)
    assert bob.run(RUN).tags == ann.run(RUN).tags == {}
    assert not kept(bob), "its tables were folded anew"
    assert ann.projection.dump() == bob.projection.dump()
    assert sound(bob)


def test_several_openers_of_one_workspace_go_on_with_what_one_of_them_heeded(team):
    ann, bob = team
    other = Workspace.open(ann.path)
    other.refresh()
    mark(ann)
    change_role(ann, bob.config.member, Role.VIEWER, grant=True)
    assert RolesHeld(other).of(bob.config.member) == {"*": {Role.VIEWER}}, "as the record is now"
    writes(ann, "another", "fedcba9876543210")
    assert other.refresh() > 0
    assert other.config.rights == ann.config.rights
    ann.refresh()
    assert kept(ann)
    assert other.projection.dump() == ann.projection.dump()
    other.close()


def test_nobody_folds_by_rules_that_are_not_those_of_the_tables_any_more(team):
    ann, bob = team
    old, path = rooms(ann.config.roots), str(ann.path / "projection.db")
    behind = Projection(path, old)
    assert behind.refresh(ann.record.journal) == 0
    change_role(ann, bob.config.member, Role.VIEWER, grant=True)
    tags(bob, mine="yes")
    exchange(bob, ann)
    writes(ann, "another", "fedcba9876543210")
    with pytest.raises(ProjectionSuperseded):
        behind.refresh(ann.record.journal)
    new = rooms(ann.config.roots)
    assert behind.adopt(new, lambda _: pytest.fail("the other one has asked already"))
    assert behind.refresh(ann.record.journal) > 0
    ann.refresh()
    assert behind.dump() == ann.projection.dump()
    behind.close()
    assert sound(ann)


def test_rights_that_differ_later_than_anything_judged_judge_it_alike():
    bob, cat = "b" * 16, "c" * 16
    none, some = Rights(founder="a" * 16), Rights(10, "a" * 16, {bob: (Span(10, {}),)})
    assert judge_alike(none, some, {bob: 9, cat: 9, "a" * 16: 99})
    assert not judge_alike(none, some, {bob: 10})
    assert not judge_alike(none, some, {cat: 10}), "whoever was granted nothing is a developer now"
    more = Rights(10, "a" * 16, {bob: (Span(10, {}), Span(20, {"*": (Role.VIEWER,)}))})
    assert judge_alike(some, more, {bob: 19, cat: 99})
    assert not judge_alike(more, some, {bob: 20})
    assert not judge_alike(some, Rights(10, "a" * 16, some.spans, frozenset({"x"})), {})
