"""Asks, blockers and threads between three copies, and what each finds in the inbox."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from starlette.testclient import TestClient
from test_team_decides import exchange, me, otter, team

from afield.hub.app import local_app
from afield.kernel.errors import NotFound
from afield.members import times
from afield.members.calendar.weekly import from_words
from afield.members.errors import HoursBad, ZoneUnknown
from afield.teamwork.errors import ItemBad, ItemNotFound, MoveRefused
from afield.teamwork.sorts.ask import ANSWERED, ASK, CLOSED
from afield.teamwork.sorts.blocker import BLOCKER
from afield.testing.clock import ManualClock
from afield.workspace.disagreements import disagreements
from afield.workspace.hosted import Hosted
from afield.workspace.team import asks, blockers, hours, threads
from afield.workspace.team.changes import changes
from afield.workspace.team.due import due_ms
from afield.workspace.team.inbox import inbox
from afield.workspace.team.items import Writing, find_item
from afield.workspace.team.lint import missing_in
from afield.workspace.team.people import find_member
from afield.workspace.team.seen import mark_read, seen_by
from afield.workspace.workspace import Workspace

__all__ = ["team"]


def letters(workspace):
    return [(one.kind, one.title, one.text) for one in inbox(workspace, me(workspace))]


def test_an_ask_waits_for_who_is_asked_and_its_answer_for_who_asked(team):
    ann, bob, cal = team
    due = due_ms(ann, me(bob), "4h")
    asked = asks.ask(ann, "Which split?", me(bob), due_ms=due, about=[otter(ann)])
    exchange(*team)
    (letter,) = inbox(bob, me(bob))
    assert (letter.kind, letter.title, letter.due_ms) == ("asked", "Which split?", due)
    assert letters(cal) == []
    assert letters(ann) == []
    asks.answer(bob, find_item(bob, ASK, asked.id), "the one of 12 November")
    exchange(*team)
    assert letters(bob) == []
    assert letters(ann) == [("answered", "Which split?", "the one of 12 November")]
    asks.close(ann, find_item(ann, ASK, asked.id))
    exchange(*team)
    assert letters(ann) == []
    assert asks.asks(cal) == []
    assert [one.id for one in asks.asks(cal, to=me(bob), closed=True)] == [asked.id]


def test_only_who_has_a_part_in_an_ask_says_what_came_of_it(team):
    ann, bob, cal = team
    asked = asks.ask(ann, "Please look at the plot", me(bob))
    exchange(*team)
    for one in (ann, cal):
        with pytest.raises(MoveRefused, match="is asked"):
            asks.answer(one, find_item(one, ASK, asked.id), "it is flat")
    for one, outcome in ((cal, "done"), (bob, "done"), (ann, "declined"), (bob, "withdrawn")):
        with pytest.raises(MoveRefused):
            asks.close(one, find_item(one, ASK, asked.id), outcome=outcome)
    asks.close(bob, find_item(bob, ASK, asked.id), outcome="declined", text="on leave")
    with pytest.raises(MoveRefused):
        asks.answer(bob, find_item(bob, ASK, asked.id), "after all")
    assert asks.ask_part(bob, asks.reopen(bob, find_item(bob, ASK, asked.id)))["state"] == "open"


def answered_unasked(workspace, item, text):
    """Write what an older version let anybody write."""
    writing = Writing(workspace)
    writing.move(ASK, item, ANSWERED, {"text": text})
    writing.done()


def test_an_answer_of_who_was_never_asked_counts_nowhere(team):
    ann, bob, cal = team
    asked = asks.ask(ann, "Which split?", me(bob))
    exchange(*team)
    answered_unasked(cal, asked.id, "none")
    exchange(*team)
    for one in team:
        assert asks.ask_part(one, find_item(one, ASK, asked.id))["state"] == "open"
        assert not [each for each in changes(one, 0, 1 << 42) if each.kind == "answered"]
    assert [one.kind for one in inbox(bob, me(bob))] == ["asked"]
    asks.hand_on(bob, find_item(bob, ASK, asked.id), me(cal))
    exchange(*team)
    assert asks.ask_part(ann, find_item(ann, ASK, asked.id))["state"] == "open"
    answered_unasked(bob, asked.id, "what I knew of it before it went to Cal")
    exchange(*team)
    assert asks.ask_part(cal, find_item(cal, ASK, asked.id))["state"] == "answered"


def test_who_has_no_part_in_an_ask_closes_it_nowhere(team):
    ann, bob, cal = team
    asked = asks.ask(ann, "Which split?", me(bob))
    exchange(*team)
    writing = Writing(cal)
    writing.move(ASK, asked.id, CLOSED, {"outcome": "done", "text": ""})
    writing.done()
    exchange(*team)
    for one in team:
        assert asks.ask_part(one, find_item(one, ASK, asked.id))["state"] == "open"
    asks.close(ann, find_item(ann, ASK, asked.id), outcome="withdrawn")
    exchange(*team)
    assert asks.ask_part(cal, find_item(cal, ASK, asked.id))["state"] == "closed"


def test_an_ask_that_two_hand_on_apart_has_one_holder_and_both_see_the_other(team):
    ann, bob, cal = team
    asked = asks.ask(ann, "Who restarts the sweep?", me(bob))
    exchange(*team)
    asks.hand_on(bob, find_item(bob, ASK, asked.id), me(cal))
    asks.hand_on(ann, find_item(ann, ASK, asked.id), me(ann))
    exchange(*team)
    holders = {find_item(one, ASK, asked.id).get("to") for one in team}
    assert len(holders) == 1
    for one in team:
        (found,) = disagreements(one, asked.id)
        assert {side.value for side in found.sides} == {me(ann), me(cal)}


def test_a_blocker_is_its_owners_until_it_is_cleared_and_offers_reach_who_is_blocked(team):
    ann, bob, cal = team
    item = blockers.block(ann, "No access to the bucket", owner=me(bob))
    exchange(*team)
    assert letters(bob) == [("blocker", "No access to the bucket", "")]
    blockers.offer(cal, find_item(cal, BLOCKER, item.id), "I have the key")
    exchange(*team)
    assert letters(ann) == [("comment", "No access to the bucket", "I have the key")]
    blockers.clear(bob, find_item(bob, BLOCKER, item.id), "it is open now")
    exchange(*team)
    assert all(kind != "blocker" for kind, *_ in letters(bob))
    with pytest.raises(MoveRefused):
        blockers.clear(ann, find_item(ann, BLOCKER, item.id))


def test_two_who_begin_a_thread_apart_have_one_and_who_is_called_hears_of_it(team):
    ann, bob, cal = team
    link = otter(ann)
    threads.comment(bob, link, "the loss jumps at 800, @cal, @nobody", anchor="metrics.loss")
    threads.comment(cal, link, "was the rate changed?")
    exchange(*team)
    parts = [threads.thread_part(one, threads.thread_of(one, link), link) for one in team]
    assert parts[0]["comments"] == parts[1]["comments"] == parts[2]["comments"]
    assert [one["anchor"] for one in parts[0]["comments"]] == ["metrics.loss", None]
    assert ("mention", "run otter", "the loss jumps at 800, @cal, @nobody") in letters(cal)
    assert letters(ann) == []  # a run's thread is heard of by who spoke or was called
    place = threads.place_of(cal, link, 1)
    item = threads.comment(cal, link, "it was", re=place)
    item = threads.resolve(cal, item, place, done=True)
    part = threads.thread_part(cal, item, link)
    assert [(one["re"], one["resolved"]) for one in part["comments"]] == [
        (None, True), (None, False), (1, True),
    ]  # fmt: skip
    with pytest.raises(ItemNotFound):
        threads.place_of(cal, link, 4)


def test_a_comment_is_read_where_it_stands_or_in_the_inbox_whichever_comes_first(team):
    ann, bob, cal = team
    link = otter(ann)
    for text in ("odd", "look, @bob"):
        threads.comment(ann, link, text)
    threads.comment(cal, link, "seen")
    exchange(*team)

    def unread(one):
        item = threads.thread_of(one, link)
        comments = threads.thread_part(one, item, link, reader=me(one))["comments"]
        return [(each["text"], each["key"]) for each in comments if each["unread"]]

    assert [text for text, _ in unread(bob)] == ["odd", "look, @bob", "seen"]
    assert [text for text, _ in unread(cal)] == ["odd", "look, @bob"]  # not one's own words
    mark_read(bob, me(bob), [one.key for one in inbox(bob, me(bob)) if one.kind == "mention"])
    assert [text for text, _ in unread(bob)] == ["odd", "seen"]
    mark_read(cal, me(cal), [key for _, key in unread(cal)])
    assert unread(cal) == []
    assert [one.unread for one in inbox(cal, me(cal))] == [False, False]
    threads.comment(ann, link, "and now?")
    exchange(*team)
    assert [text for text, _ in unread(cal)] == ["and now?"]
    assert len(unread(bob)) == 3  # what cal has read is not told


def test_me_in_a_comment_calls_nobody_and_an_id_calls_its_member(team):
    ann, bob, _ = team
    item = threads.comment(ann, otter(ann), f"@me wonders, @{me(bob)}?")
    (said,) = item.did("commented")
    assert said.values["mentions"] == [me(bob)]


def test_the_api_tells_its_reader_what_they_have_not_read(team, tmp_path):
    ann, bob, _ = team
    threads.comment(ann, otter(ann), "odd")
    threads.comment(bob, otter(bob), "is it?")
    exchange(*team)
    with (
        Hosted(tmp_path / "bob") as hosted,
        TestClient(local_app(hosted), base_url="http://127.0.0.1:5151") as client,
    ):

        def comments():
            found = client.get("/api/v1/threads", params={"about": "run:otter"}).json()
            return {one["text"]: one for one in found["comments"]}

        found = comments()
        assert [found[text]["unread"] for text in ("odd", "is it?")] == [True, False]
        client.post("/api/v1/inbox/read", json={"keys": [found["odd"]["key"]]})
        assert not comments()["odd"]["unread"]
    assert not seen_by(ann, me(ann)).keys


def test_what_was_read_is_known_in_one_copy_alone_and_stays_when_it_waits(team):
    ann, bob, _ = team
    asks.ask(ann, "Which split?", me(bob))
    threads.comment(ann, otter(ann), "look, @bob")
    exchange(*team)
    assert [one.unread for one in inbox(bob, me(bob))] == [True, True]
    before = bob.projection.positions()
    mark_read(bob, me(bob), [one.key for one in inbox(bob, me(bob))])
    assert [one.unread for one in inbox(bob, me(bob))] == [False, False]
    assert bob.refresh() == 0
    assert bob.projection.positions() == before


def test_members_are_found_by_name_and_links_by_what_people_call_things(team):
    ann, bob, _ = team
    assert find_member(ann, "@bob") == find_member(ann, me(bob)[:6]) == me(bob)
    assert find_member(bob, "me") == me(bob)
    with pytest.raises(NotFound):
        find_member(ann, "zoe")


def test_what_a_colleague_would_ask_back_is_said_beforehand():
    assert missing_in("Please run it again with seed 4", has_link=False) == []
    said = missing_in("The run took 40, call me at 15:00", has_link=False)
    assert [one.split(" ")[0] for one in said] == ["which", "a", "a"]
    assert missing_in("The run took 40 min, call me at 15:00 UTC", has_link=True) == []


def test_what_a_member_says_of_their_time_counts_for_everybody_and_from_nobody_else(team):
    ann, bob, cal = team
    assert hours.hours_part(ann, me(bob))["assumed"] is True
    hours.set_zone(bob, "Asia/Kolkata")
    hours.set_zone(bob, "America/Los_Angeles", date(2030, 1, 1))
    hours.set_hours(bob, ["Mon-Sun 09:00-17:00"])
    hours.set_holidays(bob, "DE-BE")
    away = hours.take_leave(bob, date(2026, 1, 5), date(2026, 1, 6), "skiing AKIAIOSFODNN7EXAMPLQ")
    cal.record.journal.append_many([times.hours(me(bob), from_words(["none"]))], durable=True)
    exchange(*team)
    parts = [hours.hours_part(one, me(bob)) for one in team]
    assert [one["hours"] for one in parts] == [
        [{"from": None, "value": ["Mon-Sun 09:00-17:00"]}]
    ] * 3
    assert [one["zones"][1]["from"] for one in parts] == ["2030-01-01"] * 3
    note = parts[2]["leave"][0]["note"]
    assert note.startswith("skiing redacted:")
    with pytest.raises(ItemBad):
        threads.comment(ann, otter(ann), "odd", anchor="what Ada said")
    calendar = hours.calendar_of(ann, me(bob))
    monday = int(datetime(2026, 1, 5, 4, tzinfo=UTC).timestamp() * 1000)  # 09:30 in Kolkata
    assert calendar.presence(monday).away
    hours.cancel_leave(bob, away)
    exchange(*team)
    calendar = hours.calendar_of(ann, me(bob))
    assert calendar.presence(monday).tier == "working"
    assert calendar.add_working(monday, 60) == monday + 3_600_000
    first = hours.team_part(cal)[0]["name"]
    assert first in {one["name"] for one in parts} | {"cal", cal.name_of(me(ann))}


def test_hours_that_are_none_are_refused_before_anything_is_written(team):
    ann, *_ = team
    before = ann.projection.positions()
    with pytest.raises(ZoneUnknown):
        hours.set_zone(ann, "Mars/Olympus")
    for rules in (["Mon-Fri 25:00-26:00"], ["Mon"], [""]):
        with pytest.raises(HoursBad):
            hours.set_hours(ann, rules)
    with pytest.raises(HoursBad):
        hours.set_holidays(ann, "ZZ")
    with pytest.raises(HoursBad):
        hours.take_leave(ann, date(2026, 2, 2), date(2026, 2, 1))
    with pytest.raises(HoursBad):
        hours.cancel_leave(ann, "nothing")
    assert ann.refresh() == 0
    assert ann.projection.positions() == before


def test_those_who_work_now_stand_by_name_though_the_clock_goes_on(team):
    always = from_words(["Mon-Sun 00:00-24:00"])
    drafts = [times.hours(me(one), always, date.min) for one in team]
    ann = team[0]
    for one, draft in zip(team, drafts, strict=True):
        one.record.journal.append_many([draft])
    exchange(*team)
    clock = ManualClock(ann.record.clock.wall_ns(), step_ns=2_000_000)
    with Workspace.open(ann.path, clock=clock) as looked:
        looked.refresh()
        found = hours.team_part(looked)
    names = [one["name"] for one in found]
    assert {one["presence"] for one in found} == {"working"}
    assert names == sorted(names)
