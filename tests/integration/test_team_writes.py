"""Pages between three copies: merged by paragraph, a conflict seen by all until somebody edits."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient
from test_team_decides import exchange, me, otter, team

from afield.hub.api.pages import Page, Pages
from afield.hub.app import local_app
from afield.teamwork.errors import ItemBad
from afield.teamwork.query import items_naming
from afield.teamwork.sorts.page import PAGE
from afield.workspace.hosted import Hosted
from afield.workspace.search.find import search_each
from afield.workspace.team import pages
from afield.workspace.team.items import find_item
from afield.workspace.workspace import Workspace

__all__ = ["team"]

TEXT = "# Labels\n\nWe trained run:otter and run:nobody.\n\nKeep the faint ones."


def found(copy, item):
    return find_item(copy, PAGE, item.id)


def text(copy, item):
    return pages.page_text(copy, found(copy, item)).text


def test_two_who_edit_apart_have_one_text_and_a_real_conflict_is_seen_by_both(team):
    ann, bob, cal = team
    item = pages.new_page(ann, "Labels", TEXT)
    exchange(*team)
    pages.edit_page(bob, found(bob, item), TEXT.replace("# Labels", "# How we label"))
    pages.edit_page(cal, found(cal, item), f"{TEXT}\n\nAsk Cal.")
    exchange(*team)
    assert {text(one, item) for one in team} == {
        TEXT.replace("# Labels", "# How we label") + "\n\nAsk Cal."
    }
    for one, words in ((bob, "Drop the faint ones."), (cal, "Keep all of them.")):
        now = found(one, item)
        told = text(one, item).replace("Keep the faint ones.", words)
        pages.edit_page(one, now, told)
    exchange(*team)
    (whole,) = {text(one, item) for one in team}
    assert "Drop the faint ones." in whole
    assert "Keep all of them." in whole
    assert {pages.page_part(one, found(one, item))["state"] for one in team} == {"conflicted"}
    with pytest.raises(ItemBad, match="marks are left"):
        pages.edit_page(ann, found(ann, item), whole)
    pages.edit_page(ann, found(ann, item), "Keep all.")
    exchange(*team)
    assert {text(one, item) for one in team} == {"Keep all."}
    assert len(pages.page_part(cal, found(cal, item))["history"]) == 6


def test_a_page_links_is_linked_found_and_due_for_its_owner(team):
    ann, bob, _ = team
    item = pages.new_page(ann, "Labels", TEXT, owner=me(bob), review="2020-01-01")
    exchange(*team)
    part = pages.page_part(bob, found(bob, item))
    assert (part["about"], part["broken"], part["state"]) == ([otter(bob)], ["run:nobody"], "due")
    assert ("page", item.id) in items_naming(bob.query, otter(bob))
    assert item.id in {one.id for one in search_each(bob, "faint", limit=5)}
    pages.set_page(bob, found(bob, item), {"review": None})
    assert pages.pages(bob, due=True) == []
    same = pages.edit_page(bob, found(bob, item), TEXT)
    assert len(same.did("edited")) == 1, "what is the same is no edit"
    for bad, why in (("", "empty"), ("x", "no edit")):
        with pytest.raises(ItemBad, match=why):
            pages.edit_page(bob, found(bob, item), bad, base=["0" * 32 + " 1"])


def test_a_page_is_written_edited_from_what_was_seen_and_listed_over_the_api(tmp_path):
    Workspace.init(tmp_path).close()
    with (
        Hosted(tmp_path) as hosted,
        TestClient(local_app(hosted), base_url="http://127.0.0.1:5151") as client,
    ):

        def told(answer, shape, status=200):
            assert answer.status_code == status, answer.text
            TypeAdapter(shape).validate_python(answer.json())
            return answer.json()

        at = "/api/v1/pages"
        made = told(client.post(at, json={"title": "Labels", "text": "a\n\nb"}), Page, 201)
        here, base = f"{at}/{made['id']}", made["heads"]
        told(client.post(f"{here}/edits", json={"text": "a one\n\nb", "base": base}), Page)
        both = told(client.post(f"{here}/edits", json={"text": "a\n\nb two", "base": base}), Page)
        assert both["text"] == "a one\n\nb two"
        due = told(client.patch(here, json={"review": "2020-01-01", "title": "How"}), Page)
        assert (due["state"], due["title"]) == ("due", "How")
        assert len(told(client.get(at, params={"due": True}), Pages)["pages"]) == 1
        assert told(client.patch(here, json={"review": ""}), Page)["review"] is None
        bad = client.post(f"{here}/edits", json={"text": "x", "base": ["y"]})
        assert (bad.status_code, bad.json()["code"]) == (400, "team.item_bad")
