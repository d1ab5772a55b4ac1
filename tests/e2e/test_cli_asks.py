"""Asks, blockers, comments and the inbox from the command line."""

from __future__ import annotations


def made(answer):
    assert answer.code == 0, answer.err
    return answer.json


def test_an_ask_is_made_listed_answered_and_closed(afield, project):
    asked = afield("ask", "me", "Which", "run", "was", "it?", "--due", "4h")
    assert asked.code == 0, asked.err
    assert "which one is meant? link it" not in asked.err  # "which run" asks for one
    (one,) = made(afield("ask", "list", "--to", "me", "--json"))["asks"]
    assert (one["title"], one["state"]) == ("Which run was it?", "open")
    id_ = one["id"][:8]
    (letter,) = made(afield("inbox", "--keep", "--json"))["items"]
    assert (letter["kind"], letter["unread"]) == ("asked", True)
    assert "asks you, due" in afield("inbox").out
    answered = made(afield("ask", "answer", id_, "the", "second", "--about", "second", "--json"))
    assert answered["state"] == "answered"
    assert "answered you" in afield("inbox").out
    assert made(afield("ask", "close", id_, "--json"))["state"] == "closed"
    assert afield("inbox").out == "nothing waits for you\n"
    again = afield("ask", "close", id_)
    assert (again.code, "it is closed" in again.err) == (1, True)
    late = afield("ask", "me", "Hello", "--due", "2001-01-01")
    assert (late.code, "--due 4h" in late.err) == (2, True)
    nobody = afield("ask", "zoe", "Hello?")
    assert (nobody.code, "no such member: `zoe`" in nobody.err) == (1, True)


def test_a_comment_on_a_run_is_a_thread_and_a_blocker_has_an_age(afield, project):
    said = made(afield("comment", "run:second", "odd", "spike", "--at", "metrics.loss", "--json"))
    assert [one["text"] for one in said["comments"]] == ["odd spike"]
    assert (
        made(afield("comment", "second", "seen", "--re", "1", "--json"))["comments"][1]["re"] == 1
    )
    assert "(dealt with)" in afield("thread", "second", "--resolve", "1").out
    assert "nothing was said yet" in afield("thread", "run:first").out
    assert "of working time" in afield("blocker", "No access", "--about", "first").out
    (one,) = made(afield("blocker", "list", "--json"))["blockers"]
    assert "cleared" in afield("blocker", "clear", one["id"][:8], "it", "works").out
    assert afield("blocker", "list").out == "nothing is in anybody's way\n"


def test_hours_are_said_shown_and_taken_back(afield, project):
    assert "office hours are assumed" in afield("hours", "show").out
    assert "09:00 to 17:00, UTC" in afield("hours", "show").out
    half = afield("hours", "set", "Mon-Fri 08:00-16:00")
    assert "the zone is assumed: UTC" in half.out
    assert ("09:00 to 17:00" in half.out, "hours set" in half.err) == (False, False)
    assert "Asia/Kolkata: " in afield("hours", "zone", "Asia/Kolkata").out
    said = afield("hours", "set", "Mon-Fri 09:00-17:30", "Sat 10:00-12:00")
    assert "hours: Mon-Fri 09:00-17:30; Sat 10:00-12:00" in said.out
    assert "assumed" not in afield("team").out
    away = made(afield("hours", "leave", "2026-12-24", "2027-01-02", "--note", "skiing", "--json"))
    (leave,) = away["leave"]
    assert (leave["first"], leave["last"], leave["note"]) == ("2026-12-24", "2027-01-02", "skiing")
    assert made(afield("hours", "leave", "--cancel", leave["id"], "--json"))["leave"] == []
    focus = made(afield("hours", "focus", "Tue 09:00-11:00", "--from", "2026-12-01", "--json"))
    assert focus["focus_hours"] == [{"from": "2026-12-01", "value": ["Tue 09:00-11:00"]}]
    assert "holidays: none" in afield("hours", "holidays", "none").out
    wrong = afield("hours", "zone", "Mars/Olympus")
    assert (wrong.code, "afield hours zone Europe/Berlin" in wrong.err) == (1, True)
    assert afield("hours", "leave").code == afield("hours", "leave", "tomorrow").code == 2


def test_what_is_not_there_says_where_to_look(afield, project):
    for words in (
        ("ask", "show", "zzzz"),
        ("handover", "show", "zzzz"),
        ("review", "judge", "zzzz", "approve"),
        ("decision", "propose", "zzzz"),
        ("task", "done", "zzzz"),
        ("meeting", "read", "zzzz"),
        ("page", "show", "zzzz"),
    ):
        answer = afield(*words)
        assert (answer.code, f"no such {words[0]}: `zzzz`" in answer.err) == (1, True)
        assert f"hint: afield {words[0]} list" in answer.err
        assert afield(words[0], "list").code == 0


def test_a_turn_on_call_that_cannot_be_says_why(afield, project):
    back = afield("oncall", "take", "2026-11-29T18:00", "2026-11-28T18:00")
    assert (back.code, "not a turn on call: it ends before it begins" in back.err) == (2, True)
    long = afield("oncall", "take", "2026-11-28T18:00", "2027-11-28T18:00")
    assert (long.code, "it is longer than 31 days" in long.err) == (2, True)
    assert afield("oncall").out == "nobody is on call\n"


def test_a_meeting_that_is_over_is_called_only_for_its_notes(afield, project):
    refused = afield("meeting", "The split", "--at", "2020-01-07T10:00")
    assert (refused.code, "it would be over already" in refused.err) == (2, True)
    assert "--at 2020-01-07T10:00 --held" in refused.err
    assert afield("meeting", "The split", "--at", "2020-01-07T10:00", "--held").code == 0
    assert "The split" in afield("meeting", "list", "--all").out
    assert afield("meeting", "Later", "--at", "2099-01-07T10:00").code == 0


def test_times_are_worded_by_the_zone_that_was_told_not_by_the_machines(afield_process, project):
    def listed(zone):
        return afield_process("meeting", "list", cwd=project, TZ=zone).out

    at = "2099-01-07T10:00+00:00"
    assert afield_process("meeting", "The split", "--at", at, cwd=project).code == 0
    assert "Wed 07 Jan 5:00 (in" in listed("America/New_York")
    assert afield_process("hours", "zone", "Asia/Kolkata", cwd=project).code == 0
    for zone in ("America/New_York", "Europe/Berlin"):
        assert "Wed 07 Jan 15:30 (in" in listed(zone)


def test_what_quiet_hours_hold_back_is_said_with_until_when(afield, project, tmp_path):
    assert "nothing is to be brought now\n" in afield("notify", "--dry-run").out
    assert afield("ask", "me", "Which split is it, of run first?").code == 0
    assert afield("hours", "set", "none").code == 0
    assert "1 thing held back, as no working time of yours" in afield("notify", "--dry-run").out
    assert afield("hours", "set", "Mon-Sun 00:00-24:00").code == 0
    assert "Which split is it" in afield("notify", "--dry-run").out
    post = ("--webhook", "http://localhost:1", "--secret-file", str(tmp_path / "x"))
    unread = afield("notify", *post)
    assert (unread.code, "No such file or directory" in unread.err) == (2, True)
    assert "head -c 32 /dev/urandom > notify.key" in unread.err
