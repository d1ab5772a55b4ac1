"""Stand-ups of one person through a day of theirs: what is drawn up, kept, raised, and when."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from afield.kernel.ids import MemberId
from afield.members import times
from afield.members.calendar.weekly import from_words
from afield.runs.record import end_run, start_run
from afield.teamwork.errors import ItemBad
from afield.testing.clock import ManualClock
from afield.workspace.team import (
    asks,
    blockers,
    hours,
    standup_days,
    standup_drafts,
    standups,
    threads,
)
from afield.workspace.workspace import Workspace

BOB = MemberId("b" * 16)


def ns(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1e9)


@pytest.fixture
def day(tmp_path):
    """Ada in Berlin, 09:00 to 17:00, on Monday at 16:00, and her clock."""
    clock = ManualClock(ns("2026-11-23T15:00:00"))
    with Workspace.init(tmp_path, clock=clock) as workspace:
        works(workspace, "Mon-Fri 09:00-17:00")
        yield workspace, clock


def works(workspace, *rules):
    member = workspace.config.member
    drafts = [
        times.zone(member, "Europe/Berlin"),
        times.hours(member, from_words(list(rules)), date.min),
    ]
    workspace.record.journal.append_many(drafts, durable=True)
    workspace.refresh()


def ran(workspace, name, status="failed", experiment="e"):
    run = start_run(workspace.record, kind="python", name=name, project="p", experiment=experiment)
    if status != "running":
        end_run(workspace.record, run, status=status, exit_code=0 if status == "finished" else 1)
    workspace.refresh()
    return run


def me(workspace):
    return workspace.config.member


def test_what_was_said_stays_when_something_is_added_in_the_same_half_day(day):
    ada, clock = day
    ran(ada, "hare")
    standups.write_standup(ada, {"state": "- the split leaks", "decided": "- split by patient"})
    clock.advance(600)
    item = standups.write_standup(ada, {"next": "- train again"})
    part = standups.standup_part(ada, item)
    assert part["state"] == "- the split leaks"
    assert part["decided"] == "- split by patient"
    assert part["next"] == "- train again"


def test_what_is_said_of_it_later_hides_nothing_of_the_next_day(day):
    ada, clock = day
    first = standups.write_standup(ada, {"next": "- train"})
    clock.advance(3600)
    ran(ada, "hare")
    clock.advance(3600)
    threads.comment(ada, first.link, "it is the split by patient")
    clock.now_ns = ns("2026-11-24T15:00:00")
    assert "hare" in standup_drafts.prefill(ada, me(ada)).state


def test_what_it_raises_is_there_with_it_or_not_at_all_and_is_due(day):
    ada, _ = day
    with pytest.raises(ItemBad):
        standups.write_standup(
            ada, {}, raise_blockers=["no access"], raise_asks=[(BOB, "which\nsplit")]
        )
    assert blockers.blockers(ada) == []
    standups.write_standup(ada, {}, raise_asks=[(BOB, "Which split?")])
    (asked,) = asks.asks(ada)
    assert asked.get("due") > ada.record.now_ms()


def test_a_stand_up_of_the_evening_is_due_when_the_shift_is_over(day):
    ada, clock = day
    standup_days.choose_time(ada, 17 * 60)
    assert not standups.is_due(ada, me(ada))
    clock.now_ns = ns("2026-11-23T16:05:00")
    assert standups.is_due(ada, me(ada))
    standups.write_standup(ada, {}, unchanged=True)
    assert not standups.is_due(ada, me(ada))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-12-01T00:30:00", "2026-11-30"),  # 16:30 in Los Angeles, where the shift began
        ("2026-12-01T03:40:00", "2026-12-01"),  # 09:10 in Kolkata, three hours after that shift
        ("2026-12-01T20:00:00", "2026-12-02"),  # 01:30 in Kolkata, awake long after the shift
    ],
)
def test_who_travels_writes_of_the_day_of_the_shift(day, at, expected):
    ada, clock = day
    member = me(ada)
    drafts = [
        times.zone(member, "America/Los_Angeles"),
        times.zone(member, "Asia/Kolkata", date(2026, 12, 1)),
    ]
    ada.record.journal.append_many(drafts, durable=True)
    ada.refresh()
    clock.now_ns = ns(at)
    assert standups.write_standup(ada, {}).get("day") == expected


def test_many_runs_that_ended_alike_are_one_line(day):
    ada, clock = day
    for number in range(5):
        clock.advance(1)
        ran(ada, f"trial-{number}", "finished")
    running = ran(ada, "long", "running")
    found = standup_drafts.prefill(ada, me(ada))
    assert found.state.splitlines() == [
        "- running: long, in e",
        "- ran 5 runs: in e; the newest is trial-4",
    ]
    assert found.lines[0].link == f"run:{running}"


def test_a_day_that_is_over_leaves_no_working_time_until_the_next_and_can_go_on(day):
    ada, clock = day
    works(ada, "Mon-Fri 09:00-12:00, 13:00-17:00")
    clock.now_ns = ns("2026-11-23T10:30:00")  # 11:30, before the break
    now_ms = ada.record.now_ms()
    hours.end_day(ada)
    calendar = hours.calendar_of(ada, me(ada))
    tomorrow_ms = ns("2026-11-24T08:00:00") // 1_000_000
    assert calendar.presence(now_ms).tier == "waking"
    assert calendar.next_working(now_ms) == tomorrow_ms
    assert calendar.working_minutes(now_ms - 3 * 3_600_000, tomorrow_ms) == 150
    hours.end_day(ada)
    hours.end_day(ada, over=False)
    assert hours.calendar_of(ada, me(ada)).next_working(now_ms) == now_ms
    for at in ("2026-11-24T04:30:00", "2026-11-28T12:00:00"):  # before work, on a Saturday
        clock.now_ns = ns(at)
        hours.end_day(ada)
        assert hours.calendar_of(ada, me(ada)).facts.off == ()


def test_who_works_around_the_clock_writes_of_today(day):
    ada, clock = day
    works(ada, "Mon-Sun 00:00-24:00")
    clock.now_ns = ns("2026-11-25T13:00:00")
    assert standups.write_standup(ada, {}).get("day") == "2026-11-25"
