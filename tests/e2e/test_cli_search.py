"""`afield search` from the command line."""

from __future__ import annotations


def test_a_search_shows_the_best_first_with_what_was_found_of_it(afield, project):
    assert afield("note", "second", "the plateau is an artefact").code == 0
    document = afield("search", "plateau", "--json").json
    (found,) = document["found"]
    (mark,) = found["excerpt"]["marks"]
    assert (document["schema"], document["complete"]) == ("afield.search/1", True)
    assert (found["kind"], found["label"], found["project"]) == ("note", "second", "digits")
    assert found["excerpt"]["text"][slice(*mark)] == "plateau"
    told = afield("search", "plateau").out
    assert told.startswith("note  second")
    assert "the plateau is an artefact" in told
    runs = afield("search", "tree -third", "--sort", "run", "--json").json["found"]
    assert [one["label"] for one in runs] == ["second"]
    assert afield("search", "sort:run -- nothing-like-it").out == "nothing found\n"
    assert afield("search", "plateau", "--sort", "shoe").code == 2
