"""Decisions, reviews and tasks from the command line."""

from __future__ import annotations


def made(answer):
    assert answer.code == 0, answer.err
    return answer.json


def test_a_decision_is_written_proposed_settled_and_found_by_why(afield, project):
    words = ("Use", "the", "tree", "--evidence", "run:second", "--context", "two models")
    draft = made(afield("decide", *words, "--way", "one-way", "--json"))
    assert (draft["state"], draft["title"], draft["way"]) == ("draft", "Use the tree", "one-way")
    id_ = draft["id"][:8]
    assert made(afield("decision", "propose", id_, "--for", "4", "--json"))["state"] == "proposed"
    settled = made(afield("decision", "settle", id_, "accepted", "nobody objects", "--json"))
    assert settled["state"] == "accepted"
    shown = afield("decision", "show", id_).out
    assert "two models" in shown
    assert "evidence: run second" in shown
    assert "nobody objects" in shown
    revisited = made(
        afield("decision", "revisit", id_, "holds", "--review", "2027-03-01", "--json")
    )
    assert revisited["review"] == "2027-03-01"
    refused = afield("decision", "change", id_, "--outcome", "other")
    assert (refused.code, "--supersedes" in refused.err) == (1, True)
    listed = made(afield("decision", "list", "--state", "accepted", "--json"))["decisions"]
    assert [one["id"] for one in listed] == [draft["id"]]
    assert any("decision by" in line for line in afield("why", "second").out.splitlines())
    traced = made(afield("why", f"decision:{id_}", "--json"))["object"]
    assert [one["label"] for one in traced["sources"]] == ["second"]
    assert afield("search", "sort:decision", "tree").out.startswith("decision  Use the tree")


def test_a_review_is_asked_for_shown_and_taken_back(afield, project):
    asked = made(afield("review", "run:second", "--title", "look at the odd one", "--json"))
    assert (asked["state"], asked["asked"], asked["what"]) == ("open", [], "run")
    id_ = asked["id"][:8]
    own = afield("review", "judge", id_, "approve")
    assert (own.code, "somebody else is to look" in own.err) == (1, True)
    code = made(afield("review", "run:third", "--against", "run:first", "--json"))
    assert code["what"] == "code"
    assert "look at the odd one" in afield("review", "list").out
    assert "nobody else" in afield("review", "suggest", "run:second").out
    alone = afield("review", "pass", id_)
    assert (alone.code, "nobody else could look" in alone.err) == (1, True)
    assert made(afield("review", "withdraw", id_, "--json"))["state"] == "withdrawn"
    assert "look at the odd one" not in afield("review", "list").out


def test_a_task_has_parts_a_place_in_the_matrix_and_a_day(afield, project):
    whole = made(afield("task", "Sweep", "again", "--about", "run:first", "--json"))
    assert (whole["title"], whole["project"]) == ("Sweep again", "digits")
    id_ = whole["id"][:8]
    part = made(
        afield("task", "Pick rates", "--part-of", id_, "--important", "--due", "1h", "--json")
    )
    matrix = made(afield("task", "matrix", "--json"))["matrix"]
    assert [one["id"] for one in matrix["do"]] == [part["id"]]
    assert "urgent and important: do" in afield("task", "matrix").out
    six = made(afield("task", "six", part["id"][:8], id_, "--day", "2026-12-01", "--json"))
    assert [one["id"] for one in six["tasks"]] == [part["id"], whole["id"]]
    assert "1. " in afield("task", "six", "--day", "2026-12-01").out
    assert afield("task", "done", id_).code == 1
    assert made(afield("task", "done", part["id"][:8], "--json"))["state"] == "done"
    changed = made(afield("task", "change", id_, "--not-important", "--due", "none", "--json"))
    assert (changed["important"], changed["due"]) == (False, None)
    assert made(afield("task", "done", id_, "--dropped", "--json"))["state"] == "dropped"
    assert made(afield("task", "reopen", id_, "--json"))["state"] == "open"
    assert [one["id"] for one in made(afield("task", "list", "--json"))["tasks"]] == [whole["id"]]
