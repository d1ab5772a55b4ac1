"""Stand-ups, the brief and the digest: what the record says of a day, and whose day it is."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_team_decides import exchange, me, otter, team

from afield.cli.brief_view import brief_lines
from afield.members import times
from afield.members.calendar import Calendar, Facts
from afield.members.calendar.weekly import from_words
from afield.runs.record import end_run, start_run
from afield.teamwork.errors import ItemBad, MoveRefused
from afield.testing.clock import ManualClock
from afield.workspace.membership import leave, members
from afield.workspace.session import init
from afield.workspace.team import (
    asks,
    decisions,
    hours,
    oncall,
    standup_days,
    standup_drafts,
    standups,
)
from afield.workspace.team.best import bests
from afield.workspace.team.brief import brief, since
from afield.workspace.team.digest import digest
from afield.workspace.team.seen import looked_ms, mark_looked
from afield.workspace.workspace import Workspace

__all__ = ["team"]


def ns(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1e9)


@pytest.fixture
def late(tmp_path):
    """Somebody in Berlin with a late shift, and their clock."""
    clock = ManualClock(ns("2026-11-23T20:00:00"))
    with Workspace.init(tmp_path, clock=clock) as workspace:
        member = workspace.config.member
        drafts = [
            times.zone(member, "Europe/Berlin"),
            times.hours(member, from_words(["Mon-Fri 16:00-00:30"]), date.min),
        ]
        workspace.record.journal.append_many(drafts, durable=True)
        workspace.refresh()
        yield workspace, clock


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-11-23T22:55:00", "2026-11-23"),  # 23:55 in Berlin
        ("2026-11-23T23:05:00", "2026-11-23"),  # 00:05 of the 24th, the shift goes on
        ("2026-11-24T02:00:00", "2026-11-23"),  # 03:00, two hours and a half after it
        ("2026-11-24T06:00:00", "2026-11-24"),  # 07:00, slept
    ],
)
def test_what_is_said_around_midnight_is_of_the_day_on_which_the_shift_began(late, at, day):
    workspace, clock = late
    clock.now_ns = ns(at)
    item = standups.write_standup(workspace, {"next": "- label"})
    assert item.get("day") == day


@settings(deadline=None, max_examples=60)
@given(minutes=st.integers(0, 14 * 24 * 60), zone=st.sampled_from(
    ["Australia/Lord_Howe", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Apia", "Europe/Dublin"]
))  # fmt: skip
def test_what_is_said_in_a_shift_is_of_one_day_whenever_in_it(minutes, zone):
    spans = from_words(["Mon-Sun 20:00-04:00"])
    facts = Facts(zones=((date.min, zone),), hours=((date.min, tuple(spans)),))
    calendar = Calendar(facts)
    at_ms = ns("2026-10-01T00:00:00") // 1_000_000 + minutes * 60_000
    for one in calendar.working(at_ms - 86_400_000, at_ms + 86_400_000)[1:-1]:
        days = {
            standup_days.standup_day(calendar, moment)
            for moment in (one.start_ms, (one.start_ms + one.end_ms) // 2, one.end_ms - 1)
        }
        assert days == {calendar.day_of(one.start_ms)}


def test_a_standup_is_filled_in_from_the_record_said_once_a_half_day_and_asks(team):
    ann, bob, _ = team
    tried = start_run(ann.record, kind="python", name="hare", project="vision", experiment="e")
    end_run(ann.record, tried, status="failed", exit_code=1)
    ann.refresh()
    found = standup_drafts.prefill(ann, me(ann))
    assert "failed: hare" in found.state
    assert f"run:{tried}" in found.about
    item = standups.write_standup(
        ann, {"next": "- label"}, raise_blockers=["no access"], raise_asks=[(me(bob), "Which?")]
    )
    again = standups.write_standup(ann, {"next": "- label more", "slot": item.get("slot")})
    assert again.id == item.id
    exchange(*team)
    (part,) = [standups.standup_part(bob, one) for one in standups.standups(bob)]
    assert part["next"] == "- label more"
    assert {link.partition(":")[0] for link in part["raised"]} == {"blocker", "ask"}
    assert [one.author for one in asks.asks(bob, to=me(bob))] == [me(ann)]
    with pytest.raises(ItemBad, match="half of a day"):
        standups.write_standup(ann, {"slot": "noon"})


def test_nothing_changed_says_nothing_else(team):
    ann, *_ = team
    item = standups.write_standup(ann, {}, unchanged=True)
    assert item.get("unchanged")
    assert item.get("state") is None
    assert item.get("about") == []


def test_a_brief_has_what_needs_its_reader_first_and_leaves_out_what_they_did(team):
    ann, bob, _ = team
    start = bob.record.now_ms()
    asks.ask(ann, "Which split?", me(bob))
    made = decisions.decide(ann, "Keep it", {"evidence": [otter(ann)]})
    decisions.settle(ann, made, "accepted")
    for loss, name in ((0.5, "first"), (0.3, "second")):
        with init("p", "sweep", name=name, workspace=ann.path.parent) as run:
            run.log({"loss": loss, "colour": 1.0})
    broken = start_run(bob.record, kind="python", name="mine", project="p", experiment="sweep")
    end_run(bob.record, broken, status="failed", exit_code=1)
    standups.write_standup(ann, {}, unchanged=True)
    exchange(*team)
    found = brief(bob, me(bob), start)
    got = {one.name: [(line.kind, line.title) for line in one.lines] for one in found.sections}
    assert next(iter(got)) == "waits"
    assert got["waits"] == [("asked", "Which split?")]
    assert got["decisions"] == [("decided", "Keep it")]
    assert got["results"] == [("best", "second")]
    assert [kind for kind, _ in got["team"]] == ["standup"]
    assert got["runs"] == [("finished", "first")]
    assert "failures" not in got
    assert found.state.until_ms is not None
    assert "0.5 → 0.3 (lower is better" in found.sections[2].lines[0].text


def test_a_brief_says_what_was_superseded_and_until_when_one_may_speak(team):
    ann, bob, cal = team
    start = bob.record.now_ms()
    made = decisions.decide(ann, "Keep it", {})
    decisions.settle(ann, made, "accepted")
    other = decisions.decide(ann, "Change it", {"supersedes": [made.link]})
    decisions.settle(ann, other, "accepted", text="after the audit")
    open_one = decisions.decide(ann, "Move it", {"consulted": [me(cal)]})
    decisions.propose(ann, open_one)
    exchange(*team)
    (section,) = [one for one in brief(bob, me(bob), start).sections if one.name == "decisions"]
    told = {one.title: one for one in section.lines}
    assert told["Keep it"].text == "accepted, now superseded by Change it"
    assert told["Change it"].text == "accepted: after the audit"
    assert told["Change it"].due_ms is None
    assert told["Move it"].due_ms > bob.record.now_ms()


def test_what_was_done_offline_before_the_last_look_is_told_once_it_syncs(team):
    ann, bob, _ = team
    run = start_run(ann.record, kind="python", name="hare", project="vision", experiment="e")
    end_run(ann.record, run, status="failed", exit_code=1)
    ann.refresh()
    made = decisions.decide(ann, "Keep it", {})
    decisions.settle(ann, made, "accepted")
    mark_looked(bob, me(bob), bob.record.now_ms())
    exchange(*team)
    start, by = since(bob, me(bob), None)
    found = {one.name: one.lines for one in brief(bob, me(bob), start, by).sections}
    assert [one.title for one in found["decisions"]] == ["Keep it"]
    assert [one.title for one in found["failures"]] == ["hare"]
    mark_looked(bob, me(bob), bob.record.now_ms())
    start, by = since(bob, me(bob), None)
    assert brief(bob, me(bob), start, by).sections == []


def test_many_runs_that_went_well_hide_no_failure_and_what_may_not_be_seen_counts_nowhere(team):
    ann, bob, _ = team
    start = ann.record.now_ms()
    for name, status in [
        ("hare", "failed"),
        *((f"fox {number}", "finished") for number in range(30)),
    ]:
        run = start_run(ann.record, kind="python", name=name, project="vision", experiment="e")
        end_run(ann.record, run, status=status, exit_code=int(status == "failed"))
    ann.refresh()
    found = {one.name: one for one in brief(ann, me(bob), start).sections}
    assert [one.title for one in found["failures"].lines] == ["hare"]
    assert len(found["runs"].lines) + found["runs"].more == 30
    seen = brief(ann, me(bob), start, may=lambda link, _: link == f"run:{ann.run('fox 3').id}")
    assert [(one.name, len(one.lines), one.more) for one in seen.sections] == [("runs", 1, 0)]


def test_a_brief_looks_back_to_the_last_look_else_to_the_end_of_the_last_shift(late):
    workspace, clock = late
    clock.now_ns = ns("2026-11-24T16:00:00")
    assert since(workspace, me(workspace), None) == (ns("2026-11-23T23:30:00") // 1_000_000, "away")
    mark_looked(workspace, me(workspace), workspace.record.now_ms() - 60_000)
    assert since(workspace, me(workspace), None) == (looked_ms(workspace, me(workspace)), "looked")
    assert since(workspace, me(workspace), "last") == since(workspace, me(workspace), None)
    assert since(workspace, me(workspace), "3d")[0] == workspace.record.now_ms() - 3 * 86_400_000
    day = since(workspace, me(workspace), "2026-11-20")[0]
    assert day == ns("2026-11-19T23:00:00") // 1_000_000, "midnight in Berlin"
    for words in ("soon", "2027-01-01", "leave"):
        with pytest.raises(ItemBad, match="look back"):
            since(workspace, me(workspace), words)
    hours.take_leave(workspace, date(2026, 11, 24), date(2026, 12, 4))
    clock.now_ns = ns("2026-12-09T16:00:00")
    assert since(workspace, me(workspace), "leave")[0] == ns("2026-11-23T23:30:00") // 1_000_000
    assert since(workspace, me(workspace), "away")[0] == ns("2026-12-08T23:30:00") // 1_000_000


def test_a_digest_says_who_is_silent_and_why_and_puts_first_what_names_its_reader(team):
    ann, bob, cal = team
    standups.write_standup(ann, {"next": "- label"})
    standups.write_standup(cal, {"stuck": f"- waiting for @{bob.name_of(me(bob))}"})
    exchange(*team)
    found = digest(bob, me(bob))
    assert [one["author"] for one in found.standups] == [me(cal), me(ann)]
    assert found.silent == []
    (silent,) = digest(ann, me(ann)).silent
    assert (silent.member, silent.last_ms) == (me(bob), None)


def test_a_digest_puts_first_what_is_the_readers_then_who_is_stuck_and_forgets_who_left(team):
    ann, bob, cal = team
    standups.write_standup(bob, {}, raise_asks=[(me(ann), "Which split?")])
    standups.write_standup(cal, {}, raise_blockers=["no access"])
    exchange(*team)
    found = digest(ann, me(ann))
    assert [one["author"] for one in found.standups] == [me(bob), me(cal)]
    assert [one["yours"] for one in found.standups] == [found.standups[0]["raised"], []]
    assert [one.kind for one in found.needs] == ["asked"]
    assert [one["author"] for one in digest(bob, me(bob)).standups] == [me(cal)]
    long_ago = digest(ann, me(ann), day="2026-01-05")
    assert (long_ago.standups, {one.member for one in long_ago.silent}) == ([], {me(bob), me(cal)})
    (gone,) = [one for one in members(ann) if one.id == me(cal)]
    leave(ann, gone)
    ann.refresh()
    assert [one.member for one in digest(ann, me(ann), day="2026-01-05").silent] == [me(bob)]


def test_a_turn_on_call_is_ones_own_to_take_and_to_drop(team):
    ann, bob, _ = team
    now_ms = ann.record.now_ms()
    item = oncall.take_call(ann, now_ms - 1, now_ms + 3_600_000)
    assert oncall.take_call(ann, now_ms, now_ms + 3_600_000) == item
    assert len(oncall.turns(ann)) == 1
    exchange(*team)
    assert oncall.oncall_at(bob, now_ms) == [me(ann)]
    assert oncall.oncall_at(bob, now_ms + 3_600_000) == []
    with pytest.raises(MoveRefused, match="somebody else"):
        oncall.drop_call(bob, item)
    oncall.drop_call(ann, item)
    assert oncall.turns(ann) == []
    with pytest.raises(ItemBad):
        oncall.take_call(ann, now_ms, now_ms)


def ended(workspace, name, *, lr, loss=None, status="finished"):
    """Record a run of an experiment, with one param and how it ended."""
    run = init("p", "sweep", name=name, config={"lr": lr}, workspace=workspace.path.parent)
    if loss is not None:
        run.log({"loss": loss})
    run.finish(exit_code=0 if status == "finished" else 1)


def failures(workspace, start):
    found = brief(workspace, me(workspace), start).sections
    return {line.title: line.text for one in found if one.name == "failures" for line in one.lines}


def test_a_failure_names_what_somebody_else_had_with_the_same_params(team):
    ann, bob, cal = team
    start = cal.record.now_ms()
    ended(ann, "best", lr=0.1, loss=0.2)
    ended(ann, "worse", lr=0.5, loss=0.9)
    ended(ann, "broke", lr=0.9, status="failed")
    ended(bob, "again", lr=0.5, status="failed")
    ended(bob, "too", lr=0.9, status="failed")
    ended(bob, "luck", lr=0.1, status="failed")
    ended(bob, "alone", lr=0.3, status="failed")
    exchange(*team)
    told = failures(cal, start)
    name = ann.name_of(me(ann))
    broke, worse = (f"{name}'s {one} ({ann.run(one).id[:8]})" for one in ("broke", "worse"))
    params = "with the same configuration"
    assert f"{broke} failed {params}" in told["too"]
    assert f"{worse} came to loss 0.9 {params} (the best is 0.2)" in told["again"]
    assert params not in told["luck"]
    assert params not in told["alone"]


def test_a_best_value_is_one_of_all_runs_however_many_are_looked_at(team):
    ann, *_ = team
    for index, loss in enumerate((0.5, 0.1, 0.4, 0.3)):
        ended(ann, f"r{index}", lr=0.1, loss=loss)
    ann.refresh()
    (best,) = bests(ann, 0, 1 << 42)
    assert (best.name, best.way, best.before, best.value) == ("r1", "lower", 0.5, 0.1)
    assert list(bests(ann, 0, 1 << 42, rows_max=2)) == []


def test_what_a_colleague_would_read_keeps_their_look_private(team):
    ann, bob, _ = team
    asks.ask(ann, "Which split?", me(bob))
    mark_looked(ann, me(bob), ann.record.now_ms())  # as where both use one copy
    exchange(*team)
    assert since(ann, me(bob), None)[1] == "looked"
    start, by = since(ann, me(bob), None, own=False)
    assert by == "away"
    with pytest.raises(ItemBad, match="own copy"):
        since(ann, me(bob), "last", own=False)
    lines = list(brief_lines(ann, brief(ann, me(bob), start, by), datetime.now(UTC), "bob"))
    assert lines[0].startswith("\x1b[1msince bob stopped working, ")
    assert "\x1b[1mneeds bob\x1b[0m" in lines
    assert any("asks bob Which split?" in line for line in lines)
    assert {one.name for one in ann.team.brief(None, "bob").sections} == {"waits", "runs"}
    assert looked_ms(ann, me(bob)) is not None
