"""`Workspace.team`: the team's verbs for Python, in the words that people type."""

from __future__ import annotations

import pytest
from test_team_decides import exchange, me, team

from afield.kernel.errors import NotFound, Refused, Usage
from afield.teamwork.errors import ItemBad

__all__ = ["team"]


def test_a_day_can_be_spoken_in_python(team):
    ann, bob, _ = team
    asked = ann.team.ask("bob", "Which split?", about="run:otter", due="4h")
    blocked = ann.team.block("no access", about="run:otter")
    ann.team.comment("run:otter", "the loss jumps, @bob", at="metrics.loss")
    review = ann.team.review("run:otter", by="bob")
    task = ann.team.task("label the rest", owner="bob", due="2d", about="run:otter")
    exchange(*team)
    assert {one.kind for one in bob.team.inbox()} == {"asked", "mention", "review"}
    bob.team.answer(asked["id"], "the one of November", about="run:otter")
    bob.team.judge(review["id"], "approve")
    bob.team.done(task["id"])
    exchange(*team)
    assert [one.kind for one in ann.team.inbox()][:1] == ["answered"]
    ann.team.close(asked["id"])
    ann.team.clear(blocked["id"])
    decided = ann.team.decide("Keep it", evidence="run:otter", deciders="me", context="two")
    ann.team.propose(decided["id"], minutes=60)
    assert ann.team.settle(decided["id"], "accepted")["state"] == "accepted"
    assert ann.team.standup(next="- rest")["next"] == "- rest"
    assert ann.team.standup_draft()["written"]
    assert ann.team.end_day()["presence"] != "working"
    assert [one["author"] for one in ann.team.standups("me")] == [me(ann)]
    assert ann.team.reviews(closed=True)[0]["state"] == "approved"
    assert (ann.team.tasks(), ann.team.decisions("proposed")) == ([], [])
    exchange(*team)
    sections = {one.name for one in bob.team.brief("1d").sections}
    assert "decisions" in sections
    assert [one["by"] for one in bob.team.digest()["standups"]] == [ann.name_of(me(ann))]
    assert bob.team.thread("run:otter")["comments"][0]["anchor"] == "metrics.loss"
    assert bob.team.resolve("run:otter", 1)["comments"][0]["resolved"]
    assert not bob.team.resolve("run:otter", 1, done=False)["comments"][0]["resolved"]
    assert len(bob.team.people()) == 3
    assert bob.team.person("me")["member"] == me(bob)


def test_people_meet_and_write_in_python(team):
    ann, bob, _ = team
    assert ann.team.overlap("bob", minutes=45)["slots"]
    met = ann.team.meet("The split", "2030-01-07T10:00", "bob", about="run:otter")
    exchange(*team)
    assert [one["id"] for one in bob.team.meetings()] == [met["id"]]
    with pytest.raises(ItemBad, match="over already"):
        ann.team.meet("The split", "2020-01-07T10:00", "bob")
    assert ann.team.meet("The split", "2020-01-07T10:00", "bob", held=True)["state"] == "held"
    noted = bob.team.notes(met["id"], "- [ ] label\n! keep it", present="me")
    assert len(noted["raised"]) == 2
    page = ann.team.page("How", "a\n\nb", owner="bob", review="2020-01-01")
    ann.team.edit(page["id"], "a one\n\nb")
    assert ann.team.edit(page["id"], "a\n\nb two", page["heads"])["text"] == "a one\n\nb two"
    assert [one["id"] for one in ann.team.pages(due=True)] == [page["id"]]
    turn = ann.team.take_call("2030-01-07T10:00", "2030-01-08T10:00")
    assert [one["id"] for one in ann.team.on_call()] == [turn["id"]]


def test_work_is_handed_over_in_python(team):
    ann, bob, _ = team
    ann.team.task("label the rest", due="1h")
    assert [one.topic for one in ann.team.draft()] == ["task"]
    item = ann.team.hand_over("bob", summary="little is open")
    ann.team.line(item["id"], facts="the proxy is off", severity="watch")
    with pytest.raises(Refused, match="lacks assessment"):
        ann.team.offer(item["id"])
    ann.team.line(item["id"], 2, assessment="no harm", condition="it is on again", then="tell me",
                  call="me")  # fmt: skip
    ann.team.offer(item["id"], safe_state="nothing runs")
    exchange(*team)
    bob.team.question(item["id"], "which proxy?", [2])
    exchange(*team)
    ann.team.reply(item["id"], "that of the lab")
    bob.team.decline(item["id"], "not mine", [2])
    taken = bob.team.accept(item["id"], "I label the rest")
    assert [one["state"] for one in taken["lines"]] == ["accepted", "declined"]
    assert [one["state"] for one in bob.team.handovers(closed=True)] == ["accepted"]
    assert bob.team.tasks("me")
    with pytest.raises(NotFound, match="no such member"):
        ann.team.hand_over("zoe")


def test_own_time_is_said_in_python(team):
    ann, _, _ = team
    assert ann.team.zone("Asia/Kolkata")["zone"] == "Asia/Kolkata"
    assert not ann.team.hours(["Mon-Thu 09:00-17:00", "Fri 09:00-13:00"])["assumed"]
    assert ann.team.focus("Tue 09:00-11:00")["focus_hours"]
    assert ann.team.holidays("DE-BE")["holidays"]
    away = ann.team.leave("2030-12-24", "2031-01-02")["leave"]
    assert [(one["first"], one["last"]) for one in away] == [("2030-12-24", "2031-01-02")]
    assert ann.team.cancel_leave(away[0]["id"])["leave"] == []
    with pytest.raises(Usage, match="not a day"):
        ann.team.leave("24.12.2030")


def test_second_thoughts_are_spoken_in_python(team):
    ann, bob, cal = team
    asked = ann.team.ask("bob", "Which split?")
    exchange(*team)
    assert bob.team.pass_on(asked["id"], "cal")["to"] == me(cal)
    ann.team.close(asked["id"], "withdrawn")
    assert ann.team.reopen(f"ask:{asked['id']}", "again")["state"] == "open"
    blocked = ann.team.block("no access")
    exchange(*team)
    assert bob.team.offer_help(blocked["id"], "I have a key")["moves"][-1]["move"] == "offered"
    ann.team.clear(blocked["id"])
    assert ann.team.reopen(f"blocker:{blocked['id']}")["state"] == "open"
    task = ann.team.task("label")
    ann.team.done(task["id"])
    assert ann.team.reopen(f"task:{task['id']}")["state"] == "open"
    with pytest.raises(NotFound, match="ask:ID"):
        ann.team.reopen("run:otter")
    review = ann.team.review("run:otter", by="bob")
    assert len(ann.team.ask_also(review["id"], "cal")["asked"]) == 2
    assert ann.team.withdraw(review["id"])["state"] == "withdrawn"
    met = ann.team.meet("The split", "2030-01-07T10:00", "bob")
    assert ann.team.cancel(met["id"])["state"] == "cancelled"
    turn = ann.team.take_call("2030-01-07T10:00", "2030-01-08T10:00")
    ann.team.drop_call(turn["id"])
    assert ann.team.on_call() == []
    decided = ann.team.decide("Keep it", deciders="me")
    ann.team.propose(decided["id"], minutes=60)
    ann.team.settle(decided["id"], "accepted")
    assert ann.team.revisit(decided["id"], "still so", "2031-01-01")["review"] == "2031-01-01"


def test_what_there_is_is_found_in_python(team):
    ann, _, _ = team
    ann.team.task("label the badgers")
    assert [one["kind"] for one in ann.search("badgers")["found"]] == ["task"]
    assert ann.why("run:otter")["schema"] == "afield.why/1"
