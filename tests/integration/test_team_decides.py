"""Decisions, reviews and tasks: what is allowed, and what becomes of what two say apart."""

from __future__ import annotations

import pytest

from afield.cli.reviewing import tell_reviews
from afield.cli.session import Session
from afield.members.query import waiting
from afield.replay import Report
from afield.runs.record import end_run, start_run
from afield.sync.pace import Pace
from afield.teamwork.errors import ItemBad, MoveRefused
from afield.teamwork.sorts.decision import DECISION
from afield.teamwork.sorts.review import REVIEW
from afield.workspace.membership import let_in
from afield.workspace.remotes import add_remote, remotes
from afield.workspace.sync import Wishes, clone, sync
from afield.workspace.team import decisions, reviews, tasks
from afield.workspace.team.expertise import suggested
from afield.workspace.team.items import find_item
from afield.workspace.workspace import Workspace

PACE = Pace(None, monotonic_s=lambda: 0.0, sleep=lambda _: None)


def exchange(*copies):
    for _ in range(2):
        for copy in copies:
            for remote in remotes(copy).values():
                sync(copy, remote, PACE, Wishes())
    for copy in copies:
        copy.refresh()


@pytest.fixture
def team(tmp_path):
    """Ann, who founded the workspace and has a run there, Bob and Cal."""
    ann = Workspace.init(tmp_path / "ann")
    add_remote(ann, "team", str(tmp_path / "team"))
    run = start_run(ann.record, kind="python", name="otter", project="vision", experiment="e")
    end_run(ann.record, run, status="finished", exit_code=0)
    exchange(ann)
    people = [ann]
    for name in ("bob", "cal"):
        found, _ = clone(
            str(tmp_path / "team"), str(tmp_path / name), person=lambda name=name: name
        )
        people.append(found)
        exchange(found, ann)
        (device,) = waiting(ann.projection)
        let_in(ann, device)
    exchange(*people)
    yield people
    for each in people:
        each.close()


def me(workspace):
    return workspace.config.member


def otter(workspace):
    return f"run:{workspace.run('otter').id}"


def test_two_who_judge_one_review_apart_both_stay_and_both_see_it(team):
    ann, bob, cal = team
    item = reviews.ask_review(ann, otter(ann), [me(bob), me(cal)], due="4h")
    exchange(*team)
    reviews.judge(bob, find_item(bob, REVIEW, item.id), "approve")
    reviews.judge(cal, find_item(cal, REVIEW, item.id), "request-changes", text="no seed is set")
    exchange(*team)
    seen = [reviews.review_part(one, find_item(one, REVIEW, item.id)) for one in team]
    for one in seen:
        assert (one["state"], one["contested"]) == ("changes-requested", True)
        assert {(each["name"], each["verdict"]) for each in one["verdicts"]} == {
            (ann.name_of(me(bob)), "approve"),
            (ann.name_of(me(cal)), "request-changes"),
        }
    reviews.judge(cal, find_item(cal, REVIEW, item.id), "approve")
    exchange(*team)
    after = reviews.review_part(bob, find_item(bob, REVIEW, item.id))
    assert (after["state"], after["contested"]) == ("approved", False)


def test_a_review_is_asked_for_handed_on_and_judged_by_others_alone(team):
    ann, bob, cal = team
    with pytest.raises(ItemBad, match="yourself"):
        reviews.ask_review(ann, otter(ann), [me(ann)])
    item = reviews.ask_review(ann, otter(ann), [me(bob)], due="4h")
    assert item.project == "vision"
    with pytest.raises(MoveRefused, match="your own"):
        reviews.judge(ann, item, "approve")
    with pytest.raises(ItemBad, match="nothing is said"):
        reviews.judge(ann, item, "request-changes", by=me(bob))
    item = reviews.ask_also(ann, item, me(cal), instead=me(bob), text="away")
    assert [one.member for one in reviews.asked(item)] == [me(cal)]
    assert reviews.reviews(ann, reviewer=me(bob)) == []
    assert [one.id for one in reviews.reviews(ann, reviewer=me(cal))] == [item.id]
    exchange(*team)
    judged = reviews.judged_by_reproduction(cal, cal.run("otter").id, "diverged", "x" * 16, "seed")
    assert [reviews.review_standing(one).state for one in judged] == ["changes-requested"]
    (said,) = reviews.review_part(cal, judged[0])["verdicts"]
    assert (said["verdict"], said["text"]) == ("could-not-reproduce", "seed")
    assert reviews.judged_by_reproduction(cal, cal.run("otter").id, "incomplete", "x", "") == []
    assert reviews.judged_by_reproduction(bob, bob.run("otter").id, "identical", "x", "") == []
    with pytest.raises(MoveRefused, match="asked for it"):
        reviews.withdraw(cal, judged[0])


def test_a_repetition_judges_the_review_that_one_was_asked_for(team, capsys):
    ann, bob, _ = team
    item = reviews.ask_review(ann, otter(ann), [me(bob)])
    exchange(*team)
    run = bob.run("otter").id
    tell_reviews(Session({}), bob, Report(run=run, new_run=run, verdict="identical"))
    assert capsys.readouterr().err == f"afield: review {item.id[:8]}: reproduced\n"
    exchange(*team)
    part = reviews.review_part(ann, find_item(ann, REVIEW, item.id))
    assert (part["state"], part["verdicts"][0]["evidence"]) == ("approved", f"run:{run}")


def test_who_knows_a_thing_is_suggested_before_who_does_not(team):
    ann, bob, cal = team
    for _ in range(3):
        run = start_run(cal.record, kind="python", name="fox", project="vision", experiment="e")
        end_run(cal.record, run, status="finished", exit_code=0)
    exchange(*team)
    found = suggested(ann, otter(ann), but={me(ann)})
    assert [one.member for one in found] == [me(cal), me(bob)]
    assert "3 of same experiment" in found[0].why
    assert (found[1].why, found[1].starts_ms is not None) == ((), True)


def test_a_decision_without_a_way_back_waits_for_those_who_have_time_to_comment(team):
    ann, bob, cal = team
    values = {"way": "one-way", "consulted": [me(bob), me(cal)], "evidence": [otter(ann)]}
    item = decisions.decide(ann, "Drop the old split", values, project="vision")
    item = decisions.propose(ann, item, minutes=960)
    with pytest.raises(MoveRefused, match="still have time"):
        decisions.settle(ann, item, "accepted")
    with pytest.raises(MoveRefused, match="decide"):
        decisions.settle(ann, item, "accepted", by=me(cal))
    early = decisions.settle(ann, item, "accepted", early="both said so on the call")
    assert decisions.state_of(ann, early) == "accepted"
    with pytest.raises(MoveRefused, match="it is accepted"):
        decisions.change(ann, early, {"context": "other"})
    later = decisions.decide(ann, "Take it back", {"supersedes": [early.link]})
    assert decisions.state_of(ann, find_item(ann, DECISION, early.id)) == "accepted"
    decisions.settle(ann, later, "accepted")
    part = decisions.decision_part(ann, find_item(ann, DECISION, early.id))
    assert (part["state"], part["superseded_by"]) == ("superseded", [later.link])


def test_a_decision_that_two_settle_apart_has_one_state_and_shows_both(team):
    ann, bob, cal = team
    values = {"deciders": [me(bob), me(cal)]}
    item = decisions.propose(ann, decisions.decide(ann, "Use mixed precision", values))
    exchange(*team)
    decisions.settle(bob, find_item(bob, DECISION, item.id), "accepted")
    decisions.settle(cal, find_item(cal, DECISION, item.id), "rejected", text="it overflows")
    exchange(*team)
    seen = [decisions.decision_part(one, find_item(one, DECISION, item.id)) for one in team]
    assert len({one["state"] for one in seen}) == 1
    for one in seen:
        (other,) = one["settled_otherwise"]
        assert {one["state"], other["outcome"]} == {"accepted", "rejected"}


def test_a_task_is_done_after_its_parts_and_six_fit_a_day(team):
    ann, bob, _ = team
    whole = tasks.add_task(ann, "Relabel", {"about": [otter(ann)]})
    part = tasks.add_task(ann, "Draw a sample", {"part_of": whole.link, "important": True})
    assert (whole.project, part.project) == ("vision", "vision")
    with pytest.raises(ItemBad, match="a part of itself"):
        tasks.change(ann, whole, {"part_of": part.link})
    with pytest.raises(MoveRefused, match="parts of it are open"):
        tasks.finish(ann, whole)
    tasks.finish(ann, part)
    assert tasks.task_part(ann, tasks.finish(ann, whole))["state"] == "done"
    many = [tasks.add_task(ann, f"Thing {number}", {}) for number in range(7)]
    with pytest.raises(ItemBad, match="a day holds 6"):
        tasks.choose_six(ann, "2026-12-01", many)
    tasks.choose_six(ann, "2026-12-01", many[:3])
    chosen = tasks.choose_six(ann, "2026-12-01", [many[2], many[0]])
    assert [one.id for one in chosen] == [many[2].id, many[0].id]
    theirs = tasks.add_task(ann, "Theirs", {"owner": me(bob), "urgent": True, "important": True})
    with pytest.raises(ItemBad, match="of yours"):
        tasks.choose_six(ann, "2026-12-01", [theirs])
    assert [one.id for one in tasks.matrix(ann, me(bob))["do"]] == [theirs.id]
    assert len(tasks.matrix(ann, me(ann))["drop"]) == 7
