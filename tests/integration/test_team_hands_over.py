"""Handovers between three copies: drawn up from the record, accepted apart, watched afterwards."""

from __future__ import annotations

from datetime import UTC, date, datetime

import click
import pytest
from click.testing import CliRunner
from test_team_decides import exchange, me, otter, team

from afield.cli.handover_asking import fill_in
from afield.cli.handover_view import draft_lines, handover_lines
from afield.members import times
from afield.members.calendar.weekly import from_words
from afield.runs.record import end_run, start_run
from afield.teamwork.errors import ItemBad, MoveRefused
from afield.teamwork.handover import escalation, handover_standing, lines
from afield.teamwork.sorts.handover import HANDOVER
from afield.teamwork.sorts.task import TASK
from afield.workspace.team import blockers, handovers, offering, reviews, taking, tasks
from afield.workspace.team.drafting import draft
from afield.workspace.team.handover_documents import handover_part
from afield.workspace.team.inbox import inbox
from afield.workspace.team.items import find_item
from afield.workspace.team.watching import firing

__all__ = ["team"]

CARE = {"assessment": "it may go wrong", "condition": "it dies", "then": "start it again"}


def always(copy):
    """Let somebody work at all hours, so that a test goes well on a Sunday."""
    rules = from_words(["Mon-Sun 00:00-24:00"])
    copy.record.journal.append_many([times.hours(me(copy), rules, date.min)], durable=True)


def never(copy):
    copy.record.journal.append_many([times.hours(me(copy), from_words(["none"]), date.min)])


def found(copy, item):
    return find_item(copy, HANDOVER, item.id)


def kinds(copy):
    return [one.kind for one in inbox(copy, me(copy))]


@pytest.fixture
def under_way(team):
    """A team that is always there; Ann runs a fox, failed at a hare, and has a task and a block."""
    ann, _, _ = team
    for one in team:
        always(one)
    fox = start_run(ann.record, kind="python", name="fox", project="vision", experiment="new")
    hare = start_run(ann.record, kind="python", name="hare", project="vision", experiment="e")
    end_run(ann.record, hare, status="failed", exit_code=1)
    ann.refresh()
    tasks.add_task(ann, "label the rest", {"due": ann.record.now_ms() + 3_600_000})
    blockers.block(ann, "no access to the bucket", owner=me(ann))
    exchange(*team)
    yield team
    end_run(ann.record, fox, status="finished", exit_code=0)


def offered_to(ann, to, **values):
    """Draw a handover up, fill in what needs care, and hand it over."""
    item = handovers.start_handover(ann, to, values)
    for one in lines(item):
        if one.severity != "stable":
            item = handovers.fill(ann, item, one.number, {**CARE, "call": me(ann)})
    return offering.offer(ann, item)


def test_the_draft_says_what_is_under_way_and_what_needs_care_first(under_way):
    ann, bob, _ = under_way
    got = [(one.severity, one.topic) for one in draft(ann, me(ann))]
    assert got == [
        ("watch", "failed"), ("watch", "running"), ("watch", "blocked"), ("stable", "task"),
    ]  # fmt: skip
    assert draft(bob, me(bob)) == []


def test_nothing_is_handed_over_before_each_line_that_needs_care_says_what_to_do(under_way):
    ann, bob, _ = under_way
    item = handovers.start_handover(ann, me(bob), {})
    with pytest.raises(MoveRefused, match=r"line 1 \(watch\) lacks assessment, if, then, call"):
        offering.offer(ann, item)
    handovers.fill(ann, item, 1, {**CARE, "call": me(ann)})
    again = handovers.start_handover(ann, me(bob), {})
    assert again.id == item.id
    assert len(lines(again)) == 4
    assert [one.number for one in lines(again) if not one.get("assessment")] == [2, 3, 4]
    assert bob.catch_up() == 0
    item = offered_to(ann, me(bob))
    with pytest.raises(MoveRefused, match="no line changes"):
        handovers.add_line(ann, item, {"facts": "one more thing"})


def test_what_a_line_is_about_is_the_receivers_only_once_they_say_so_in_their_words(under_way):
    ann, bob, cal = under_way
    item = offered_to(ann, me(bob), summary="The fox runs.")
    exchange(*under_way)
    task = tasks.tasks(bob)[0]
    assert (task.get("owner"), kinds(bob), kinds(cal)) == (me(ann), ["handover"], [])
    with pytest.raises(ItemBad, match="without a word of yours"):
        taking.accept(bob, found(bob, item), " ")
    with pytest.raises(ItemBad, match="sender's own"):
        taking.accept(bob, found(bob, item), "the fox  runs")
    with pytest.raises(MoveRefused, match="not yours to take"):
        taking.accept(cal, found(cal, item), "I take it")
    taking.question(bob, found(bob, item), "since when?", numbers=[2])
    exchange(*under_way)
    assert "question" in kinds(ann)
    taking.reply(ann, found(ann, item), "since noon")
    taking.accept(bob, found(bob, item), "I watch the fox and label the rest")
    exchange(*under_way)
    for one in under_way:
        part = handover_part(one, found(one, item))
        assert part["state"] == "accepted"
        assert part["measures"]["with_contingency"] == part["measures"]["needing"] == 3
        assert find_item(one, TASK, task.id).get("owner") == me(bob)
        assert [each.get("owner") for each in blockers.blockers(one)] == [me(bob)]
    assert [one.topic for one in draft(bob, me(bob))] == ["failed", "running", "blocked", "task"]
    assert draft(ann, me(ann)) == []
    with pytest.raises(MoveRefused, match="is accepted"):
        taking.decline(bob, found(bob, item), "after all not")


def test_a_line_that_is_declined_stays_and_a_review_goes_with_who_takes_it(under_way):
    ann, bob, cal = under_way
    review = reviews.ask_review(cal, otter(cal), [me(ann)])
    exchange(*under_way)
    item = offered_to(ann, me(bob))
    exchange(*under_way)
    numbers = {one.get("topic"): one.number for one in lines(found(bob, item))}
    taking.decline(bob, found(bob, item), "I cannot get there", numbers=[numbers["blocked"]])
    taking.accept(bob, found(bob, item), "the rest is mine")
    exchange(*under_way)
    assert handover_standing(found(ann, item)).state == "accepted"
    assert [one.get("owner") for one in blockers.blockers(ann)] == [me(ann)]
    assert [one.id for one in reviews.reviews(cal, reviewer=me(bob))] == [review.id]
    assert reviews.reviews(cal, reviewer=me(ann)) == []


def test_two_who_accept_apart_both_stay_one_holds_it_and_both_see_that(under_way):
    ann, bob, cal = under_way
    item = offered_to(ann, me(bob), backup=me(cal))
    exchange(*under_way)
    taking.accept(bob, found(bob, item), "mine, says bob")
    taking.accept(cal, found(cal, item), "mine, says cal")
    exchange(*under_way)
    parts = [handover_part(one, found(one, item)) for one in under_way]
    holders = {tuple(line["by"] for line in one["lines"]) for one in parts}
    assert len(holders) == 1
    (holder,) = set(holders.pop())
    for copy, part in zip(under_way, parts, strict=True):
        assert part["contested"] == [1, 2, 3, 4]
        assert set(part["lines"][0]["accepted_by"]) == {me(bob), me(cal)}
        assert {one.get("owner") for one in tasks.tasks(copy)} == {holder}


def test_who_is_not_there_in_time_passes_it_to_the_backup_and_then_to_its_sender(under_way):
    ann, bob, cal = under_way
    item = offered_to(ann, me(bob), backup=me(cal))
    stages = []
    for minutes in (0, 61, 122):
        now_ms = ann.record.now_ms() + minutes * 60_000
        stages.append(escalation(item, now_ms))
    assert [one.stage for one in stages] == ["receiver", "backup", "anyone"]
    assert [set(one.members) for one in stages] == [
        {me(bob)}, {me(bob), me(cal)}, {me(ann), me(bob), me(cal)},
    ]  # fmt: skip


def test_a_time_in_which_nobody_works_names_what_is_safe_meanwhile(under_way):
    ann, bob, _ = under_way
    for one in (ann, bob):
        never(one)
    exchange(*under_way)
    with pytest.raises(MoveRefused, match="without a safe state"):
        offered_to(ann, me(bob))
    item = offered_to(ann, me(bob), safe_state="stop the fox")
    assert handover_standing(item).state == "offered"


def test_a_contingency_with_a_predicate_fires_for_its_holder_until_they_hand_over(under_way):
    ann, bob, cal = under_way
    item = handovers.start_handover(ann, me(bob), {})
    for one in lines(item):
        if one.severity != "stable":
            when = "status = failed" if one.get("topic") == "failed" else "metrics.loss > 2"
            is_run = one.get("about").startswith("run:")
            looked = {"when": when, "condition": ""} if is_run else {}
            values = {**CARE, **looked, "call": me(ann)}
            item = handovers.fill(ann, item, one.number, values)
    with pytest.raises(ItemBad, match="cannot be looked after"):
        handovers.fill(ann, item, 1, {"when": "params.lr > 2"})
    offering.offer(ann, item)
    exchange(*under_way)
    assert firing(bob) == []
    taking.accept(bob, found(bob, item), "I look after it")
    (fires,) = firing(bob)
    assert (fires.member, fires.line.get("topic")) == (me(bob), "failed")
    assert kinds(bob)[0] == "firing"
    (first, *_) = draft(bob, me(bob))
    assert (first.severity, first.topic) == ("unstable", "firing")
    assert next(draft_lines([first], {first.about: "run fox"})).startswith("  firing    run fox: ")
    on = offered_to(bob, me(cal))
    exchange(*under_way)
    taking.accept(cal, found(cal, on), "now I do")
    assert {one.member for one in firing(cal)} == {me(cal)}


def test_what_changes_hands_for_good_is_reproduced_described_and_can_be_undone(under_way):
    ann, bob, _ = under_way
    with pytest.raises(ItemBad, match="nothing is handed over"):
        handovers.start_handover(ann, me(bob), {"kind": "role"})
    item = handovers.start_handover(ann, me(bob), {"kind": "role", "about": [otter(ann)]})
    with pytest.raises(MoveRefused, match="reproduced otter: nobody but who ran it"):
        offering.offer(ann, item)
    part = handover_part(ann, item)
    assert {one["name"]: one["good"] for one in part["readiness"]} == {
        "reproduced": False, "environment": False, "rollback": False,
    }  # fmt: skip
    values = {"despite": "it is a demo", "rollback": "point champion at version 3"}
    item = offering.offer(ann, item, values=values)
    assert handover_part(ann, item)["readiness"][-1]["good"]
    exchange(*under_way)
    taking.accept(bob, found(bob, item), "otter is mine to run")
    taking.surprise(bob, found(bob, item), "it needs a GPU")
    assert handover_part(bob, found(bob, item))["measures"]["surprises"] == 1


def test_only_what_runs_can_be_looked_after(under_way):
    ann, bob, _ = under_way
    item = handovers.start_handover(ann, me(bob), {})
    (line,) = [one for one in lines(item) if one.get("topic") == "blocked"]
    with pytest.raises(ItemBad, match="the line is about no run"):
        handovers.fill(ann, item, line.number, {"when": "metrics.loss > 2"})
    filled = handovers.fill(
        ann, item, line.number, {"when": "status = failed", "about": otter(ann)}
    )
    assert handover_part(ann, filled)["lines"][line.number - 1]["when"] == "status = failed"


def test_a_handover_says_which_lines_were_asked_about_and_what_role_lacks(under_way):
    ann, bob, _ = under_way
    item = offered_to(ann, me(bob), safe_state="stop the fox")
    exchange(*under_way)
    asked = taking.question(bob, found(bob, item), "which one?", numbers=[2])
    told = list(handover_lines(handover_part(bob, asked), datetime.now(UTC)))
    assert any(f"{bob.name_of(me(bob))} questioned line 2, " in line for line in told)
    with pytest.raises(ItemBad, match="nothing is said") as refused:
        taking.decline(bob, found(bob, item), " ")
    assert refused.value.hint == f'afield handover decline {item.id[:8]} "…"'
    shift = handovers.start_handover(ann, me(bob), {})
    role = handovers.start_handover(ann, me(bob), {"kind": "role", "about": [otter(ann)]})
    assert (shift.id != role.id, shift.get("kind"), role.get("kind")) == (True, "shift", "role")
    told = list(handover_lines(handover_part(ann, role), datetime.now(UTC)))
    assert told[0].endswith("  1 line")
    assert "  1  stable    run otter: changes hands for good" in told
    assert any(f"offer {role.id[:8]} --rollback" in line for line in told)
    assert told[-1].endswith('--despite "…"')


def asked_on_a_terminal(workspace, item, *answers):
    with CliRunner().isolation(input="\n".join([*answers, ""])) as (_, told, _):
        try:
            return fill_in(workspace, item), told.getvalue().decode()
        except click.Abort:
            return None, told.getvalue().decode()


def test_on_a_terminal_what_is_for_good_is_asked_for_what_it_lacks(under_way):
    ann, bob, _ = under_way
    values = {"kind": "role", "about": [otter(ann)]}
    item = handovers.start_handover(ann, me(bob), values)
    left, told = asked_on_a_terminal(ann, item, "the one before", "")
    assert (handover_standing(left).state, "no  reproduced otter" in told) == ("draft", True)
    assert "no  rollback" not in told
    given, _ = asked_on_a_terminal(ann, item, "the one before", "no other machine", "y")
    part = handover_part(ann, given)
    assert (part["state"], part["rollback"], part["despite"]) == (
        "offered", "the one before", "no other machine",
    )  # fmt: skip
    assert "  not ready, all the same: no other machine" in list(
        handover_lines(part, datetime.now(UTC))
    )
    exchange(*under_way)
    taking.accept(bob, found(bob, item), "the otter is mine")
    with pytest.raises(ItemBad, match="nothing is said") as refused:
        taking.surprise(bob, found(bob, item), "")
    assert refused.value.hint == f'afield handover surprise {item.id[:8]} "…"'
    taken = handover_part(bob, taking.surprise(bob, found(bob, item), "it bites"))
    told = list(handover_lines(taken, datetime.now(UTC)))
    assert any(f"{bob.name_of(me(bob))} was surprised, " in line for line in told)


def test_on_a_terminal_a_name_is_asked_for_again_and_what_was_said_is_kept(under_way):
    ann, bob, _ = under_way
    item = handovers.start_handover(ann, me(bob), {})
    ended, told = asked_on_a_terminal(ann, item, "it stands", "it dies", "restart", "nobody", "me")
    assert ended is None
    assert "no such member: `nobody`" in told
    assert f"it stays a draft: afield handover show {item.id[:8]}" in told
    first = handover_part(ann, found(ann, item))["lines"][0]
    assert (first["missing"], first["call"]) == ([], me(ann))
