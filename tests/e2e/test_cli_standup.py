"""Stand-ups, the digest and the end of a day from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest


def made(answer):
    assert answer.code == 0, answer.err
    return answer.json


def test_a_standup_is_drafted_said_listed_and_shown(afield, project):
    draft = made(afield("standup", "--draft", "--json"))
    assert not draft["written"]
    assert {one["link"].partition(":")[0] for one in draft["lines"]} == {"run"}
    said = made(afield("standup", "--next", "- label", "--stuck", "no access", "--json"))
    assert (said["state"], said["stuck"]) == (draft["state"], "- no access")
    assert made(afield("standup", "--decided", "- by patient", "--json"))["next"] == "- label"
    assert made(afield("standup", "--unchanged", "--json"))["next"] == "- label"
    assert "said this before, and it stays" in afield("standup", "--unchanged").err
    assert "next: label" in afield("standup", "list", "me").out
    assert "raised blocker: no access" in afield("standup", "show").out
    yesterday = made(afield("standup", "--day", "2026-01-05", "--state", "- away", "--json"))
    assert (yesterday["day"], yesterday["slot"]) == ("2026-01-05", "evening")
    shown = made(afield("standup", "show", "me", "--day", "2026-01-05", "--json"))["standups"]
    assert [one["id"] for one in shown] == [yesterday["id"]]
    ahead = afield("standup", "--day", "2999-01-05", "--unchanged")
    assert (ahead.code, "it is ahead" in ahead.err) == (2, True)
    assert "when your working day ends" in afield("standup", "at", "evening").out
    assert made(afield("standup", "at", "09:15", "--json"))["minute"] == 555


def test_where_there_is_nothing_to_say_nothing_changed(afield, project):
    nothing = made(afield("standup", "--day", "2026-01-06", "--json"))
    assert nothing["unchanged"]
    said = made(afield("standup", "--day", "2026-01-06", "--next", "- rest", "--json"))
    assert (said["unchanged"], said["next"]) == (False, "- rest")


def test_a_day_ends_in_one_go_and_what_cannot_be_is_refused_before_anything_is_said(
    afield, project
):
    refused = afield("eod", "--to", "me", "--stuck", "no access")
    assert (refused.code, "sender, receiver" in refused.err) == (2, True)
    assert made(afield("blocker", "list", "--json"))["blockers"] == []
    ended = made(afield("eod", "--next", "- label", "--stuck", "no access", "--json"))
    assert (ended["standup"]["slot"], ended["handover"]) == ("evening", None)
    assert [one.partition(":")[0] for one in ended["standup"]["raised"]] == ["blocker"]
    assert ended["quiet_until_ms"] > ended["standup"]["written_ms"]
    stayed = afield("eod", "--unchanged", "--stay")
    assert "next\n    - label" in stayed.out
    assert "not at rest yet" in stayed.out
    assert "nothing is brought to you until" in afield("eod", "--unchanged").out


@pytest.mark.skipif(sys.platform == "win32", reason="not run: there is no pseudo-terminal")
def test_a_stand_up_is_asked_for_on_a_terminal(own_home, project):
    import pty

    ours, theirs = pty.openpty()
    os.write(ours, b"- the split leaks\n\n\n@me which split?\nno access\n\n")
    done = subprocess.run(
        [sys.executable, "-m", "afield", "standup"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        timeout=120,
        check=False,
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0
    shown = subprocess.run(
        [sys.executable, "-m", "afield", "standup", "show", "--json"],
        capture_output=True,
        check=True,
    )
    (part,) = json.loads(shown.stdout)["standups"]
    assert part["state"].endswith("\n- the split leaks")
    assert sorted(one.partition(":")[0] for one in part["raised"]) == ["ask", "blocker"]


@pytest.mark.parametrize("words", [("me",), ("standup", "list"), ("brief",), ("eod", "--stay")])
def test_outside_any_workspace_it_is_said_once_whose_record_is_used(
    afield, own_home, tmp_path, monkeypatch, words
):
    monkeypatch.chdir(tmp_path)
    answer = afield(*words)
    assert answer.code == 0
    assert answer.err.count("no workspace is here: this is your own record, ~") == 1
    assert afield("init").code == 0
    assert "your own record" not in afield(*words).err


def test_a_record_that_was_named_is_nothing_to_be_said_of(afield, project, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path.parent)
    for words in (("standup", "list"), ("me",), ("eod", "--stay")):
        assert "your own record" not in afield(*words, "--workspace", str(project)).err
    monkeypatch.setenv("AFIELD_WORKSPACE", str(project))
    assert "your own record" not in afield("me").err
