"""Meetings: in everybody's time, notes that raise tasks and decisions, read by the absent."""

from __future__ import annotations

import pytest
from test_team_decides import exchange, me, otter, team

from afield.teamwork.errors import ItemBad, MoveRefused
from afield.teamwork.meeting import Action, outcome_of
from afield.teamwork.sorts.meeting import MEETING
from afield.workspace.team import decisions, meetings, tasks
from afield.workspace.team.inbox import inbox
from afield.workspace.team.items import find_item
from afield.workspace.team.overlap import overlap_part

__all__ = ["team"]

NOTES = """# The split
- [ ] @bob label the rest by 2d
- [x] @ann done already
- [ ] write it up
! decided: keep the split of November
we talked long"""


def kinds(copy):
    return [one.kind for one in inbox(copy, me(copy))]


def test_notes_raise_open_tasks_and_decisions_and_tell_the_rest():
    found = outcome_of(NOTES)
    assert found.actions == (
        Action("label the rest", "bob", "2d"), Action("write it up", None, None),
    )  # fmt: skip
    assert found.decided == ("keep the split of November",)
    assert outcome_of("nothing - [ ] here\n!important") == ((), ())


def test_a_meeting_is_called_noted_and_read_by_who_was_not_there(team):
    ann, bob, cal = team
    start = ann.record.now_ms() - 3_600_000
    item = meetings.call_meeting(
        ann, "The split", start, start + 1_800_000, [me(bob), me(cal)], about=[otter(ann)]
    )
    exchange(*team)
    noted = meetings.note_meeting(ann, item, NOTES, present=[me(bob)])
    again = meetings.note_meeting(ann, noted, f"{NOTES}\n- [ ] and one more")
    assert len(again.get("raised")) == 4
    exchange(*team)
    assert [one.get("owner") for one in tasks.tasks(cal, owner=me(bob))] == [me(bob)]
    assert len(tasks.tasks(cal)) == 3
    assert [one.author for one in decisions.decisions(cal)] == [me(ann)]
    assert ("read" in kinds(cal), "read" in kinds(bob)) == (True, False)
    meetings.read_meeting(cal, find_item(cal, MEETING, item.id))
    assert "read" not in kinds(cal)
    with pytest.raises(MoveRefused, match="does not wait"):
        meetings.read_meeting(cal, find_item(cal, MEETING, item.id))
    part = meetings.meeting_part(bob, find_item(bob, MEETING, item.id))
    assert [(one["came"], one["to_read"]) for one in part["people"]].count((True, False)) == 2


def test_a_meeting_is_called_off_by_who_called_it_before_it_is_over(team):
    ann, bob, _ = team
    start = ann.record.now_ms() + 3_600_000
    item = meetings.call_meeting(ann, "Later", start, start + 60_000, [me(bob)])
    exchange(*team)
    assert "meeting" in kinds(bob)
    with pytest.raises(MoveRefused, match="called it"):
        meetings.cancel_meeting(bob, find_item(bob, MEETING, item.id))
    meetings.cancel_meeting(ann, item)
    exchange(*team)
    assert kinds(bob) == []
    for start_ms, end_ms in ((2, 1), (0, 90_000_000)):
        with pytest.raises(ItemBad, match="time to meet"):
            meetings.call_meeting(ann, "Never", start_ms, end_ms, [])
    now = meetings.call_meeting(ann, "Now", 1, 2, [])
    with pytest.raises(ItemBad, match="nobody"):
        meetings.note_meeting(ann, now, "- [ ] @nobody do it")


def test_times_to_meet_know_what_earlier_meetings_cost(team):
    ann, bob, _ = team
    night = ann.record.now_ms() // 86_400_000 * 86_400_000 + 2 * 3_600_000
    meetings.call_meeting(ann, "At night", night, night + 3_600_000, [me(bob)])
    found = overlap_part(ann, [me(ann), me(bob)], night, night + 7 * 86_400_000, 60)
    assert {one["carried"] for one in found["members"]} == {600}
    assert {cost["outside"] for cost in found["slots"][0]["costs"]} == {0}
    with pytest.raises(ItemBad):
        overlap_part(ann, [], night, night)
