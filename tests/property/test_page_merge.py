"""Pages that several edit apart: the same text for everybody, and nobody's paragraph lost."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from afield.teamwork.page import has_marks, heads_of, merged, split
from afield.teamwork.query import Item, Moved


def edit(number, member, base):
    place = (f"{member:032x}", number)
    return Moved("edited", f"m{member}", number << 16, {"base": base, "text": "x"}, place)


def page(edits):
    return Item(id="p", sort="page", project="d", author="m0", made_ms=0, touched_ms=0, values={},
                moves=tuple(sorted(edits, key=lambda one: (one.at, one.place))))  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(seed=st.integers(0, 1 << 30), people=st.integers(2, 4), steps=st.integers(1, 14))
def test_what_anybody_wrote_is_there_and_everybody_sees_the_same(seed, people, steps):
    made = random.Random(seed)
    first = edit(1, 0, [])
    texts = {first.place_text: "\n\n".join(f"ground {number}" for number in range(6))}
    known = [[first] for _ in range(people)]
    for number in range(2, 2 + steps):
        who = made.randrange(people)
        if made.random() < 0.4:  # two meet
            other = made.randrange(people)
            both = {one.place: one for one in known[who] + known[other]}
            known[who] = known[other] = list(both.values())
        now = merged(page(known[who]), texts)
        paragraphs = [one.text for one in now.paragraphs if one.text]
        at = made.randrange(len(paragraphs) + 1)
        if made.random() < 0.5 and at < len(paragraphs):
            paragraphs[at] = f"changed {number}"
        else:
            paragraphs.insert(at, f"put in {number}")
        one = edit(number, who, [each.place_text for each in heads_of(page(known[who]))])
        texts[one.place_text] = "\n\n".join(paragraphs)
        known[who] = [*known[who], one]
    whole = list({one.place: one for each in known for one in each}.values())
    made.shuffle(whole)
    found = merged(page(whole), texts)
    assert found == merged(page(reversed(whole)), texts)
    there = found.text
    for head in found.heads:
        base = head.values["base"]
        before = {part for place in base for part in split(texts[place])}
        for part in set(split(texts[head.place_text])) - before:
            number = int(part.rpartition(" ")[2])
            if part.startswith(("changed", "put in")) and number << 16 == head.at:
                assert part in there, "what the newest edits brought is in the text"
    assert has_marks(there) == found.is_conflicted


def test_paragraphs_apart_are_both_taken_and_the_same_one_is_kept_in_both_ways():
    first = edit(1, 0, [])
    one, two = edit(2, 1, [first.place_text]), edit(3, 2, [first.place_text])
    texts = {
        first.place_text: "a\n\nb\n\nc\n\nd",
        one.place_text: "a one\n\nb\n\nc\n\nd\n\nend one",
        two.place_text: "a\n\nb\n\nc two\n\nd",
    }
    found = merged(page([first, one, two]), texts)
    assert found.text == "a one\n\nb\n\nc two\n\nd\n\nend one"
    texts[two.place_text] = "a two\n\nb\n\nd"
    found = merged(page([first, one, two]), texts)
    assert found.paragraphs[0].others[0].text == "a two"
    assert [each.text for each in found.paragraphs[1:]] == ["b", "d", "end one"]
    assert found.text.startswith("<<<<<<< m1\n\na one\n\n=======\n\na two\n\n>>>>>>> m2\n\nb")
    settled = edit(4, 0, [one.place_text, two.place_text])
    texts[settled.place_text] = "a both"
    assert not merged(page([first, one, two, settled]), texts).is_conflicted


def test_a_paragraph_that_one_changed_and_another_took_away_stays_to_be_seen():
    first = edit(1, 0, [])
    one, two = edit(2, 1, [first.place_text]), edit(3, 2, [first.place_text])
    texts = {first.place_text: "a\n\nb\n\nc", one.place_text: "a\n\nb one\n\nc",
             two.place_text: "a\n\nc"}  # fmt: skip
    found = merged(page([first, one, two]), texts)
    assert found.is_conflicted
    assert "b one" in found.text


def test_a_fence_of_code_is_one_paragraph():
    assert split("a\n\n```\nx\n\ny\n```\n\nb") == ["a", "```\nx\n\ny\n```", "b"]
