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


@settings(deadline=None, max_examples=400)
@given(seed=st.integers(0, 1 << 30), people=st.integers(2, 4), steps=st.integers(2, 16))
def test_a_change_is_not_undone_by_those_who_knew_of_it(seed, people, steps):
    """Paragraphs change to and fro: what a newest edit says holds, or somebody else spoke apart.

    Of each paragraph, what a newest edit says is in the text unless an edit that it does not know
    of has set this paragraph, too; and of two who set it apart to other words both are there,
    when neither went back to what both come from.
    """
    made = random.Random(seed)
    slots = range(4)
    first = edit(1, 0, [])
    says = {first.place_text: dict.fromkeys(slots, 0)}
    sets = {first.place_text: set(slots)}
    texts = {first.place_text: shown(says[first.place_text])}
    known = [[first] for _ in range(people)]
    for number in range(2, 2 + steps):
        who = made.randrange(people)
        if made.random() < 0.6:  # two meet
            other = made.randrange(people)
            both = {one.place: one for one in known[who] + known[other]}
            known[who] = known[other] = list(both.values())
        now = versions(merged(page(known[who]), texts))
        chosen = {slot: made.choice(now[slot]) for slot in slots}
        changed = {slot for slot in slots if len(now[slot]) > 1}
        for slot in made.sample(slots, made.randrange(3)):
            other = made.choice([value for value in range(3) if value != chosen[slot]])
            chosen[slot] = other
            changed.add(slot)
        one = edit(number, who, [each.place_text for each in heads_of(page(known[who]))])
        says[one.place_text], sets[one.place_text] = chosen, changed
        texts[one.place_text] = shown(chosen)
        known[who] = [*known[who], one]
    whole = {one.place_text: one for each in known for one in each}
    found = merged(page(whole.values()), texts)
    there = versions(found)
    for head in found.heads:
        past = before(head, whole)
        for slot in slots:
            mine = says[head.place_text][slot]
            unknown = [place for place in whole if place not in past and slot in sets[place]]
            assert mine in there[slot] or unknown, (slot, mine, there[slot])


def shown(values):
    return "\n\n".join(f"paragraph {slot} says {value}" for slot, value in values.items())


def versions(found):
    """Return what each paragraph says, in all its versions."""
    there = {}
    for one in found.paragraphs:
        for text in (one.text, *(other.text for other in one.others)):
            for line in text.split("\n\n"):
                slot, value = int(line.split(" ")[1]), int(line.rpartition(" ")[2])
                if value not in there.setdefault(slot, []):
                    there[slot].append(value)
    return there


def before(one, edits):
    found, ahead = set(), [one.place_text]
    while ahead:
        place = ahead.pop()
        if place not in found:
            found.add(place)
            ahead += edits[place].values["base"]
    return found


def test_who_changed_back_what_both_had_seen_is_heard():
    first = edit(1, 0, [])
    one, two = edit(2, 1, [first.place_text]), edit(3, 2, [first.place_text])
    both = [one.place_text, two.place_text]
    three, four = edit(4, 1, both), edit(5, 2, both)
    texts = {
        first.place_text: "a\n\nb",
        one.place_text: "a new\n\nb",
        two.place_text: "a\n\nb new",
        three.place_text: "a new\n\nb",  # takes the second's change back
        four.place_text: "a\n\nb new",  # takes the first's change back
    }
    found = merged(page([first, one, two, three, four]), texts)
    assert found.text == "a\n\nb"
    texts[one.place_text], texts[two.place_text] = "a one\n\nb", "a two\n\nb"
    texts[three.place_text], texts[four.place_text] = "a one\n\nb", "a two\n\nb"
    found = merged(page([first, one, two, three, four]), texts)
    assert [part.text for part in (found.paragraphs[0], *found.paragraphs[0].others)] == [
        "a one", "a two"
    ]  # fmt: skip
    texts[four.place_text] = "a one\n\nb two"
    assert merged(page([first, one, two, three, four]), texts).text == "a one\n\nb two"


def test_a_paragraph_that_moved_up_is_not_taken_for_what_stood_there():
    first = edit(1, 0, [])
    one, two = edit(2, 1, [first.place_text]), edit(3, 2, [first.place_text])
    texts = {first.place_text: "a\n\nb", one.place_text: "b\n\nx", two.place_text: "a\n\nz"}
    found = merged(page([first, one, two]), texts)
    (only,) = found.paragraphs
    assert (only.text, only.others[0].text) == ("b\n\nx", "a\n\nz")


def test_a_thousand_edits_that_cross_are_merged():
    edits = [edit(1, 0, [])]
    texts = {edits[0].place_text: "a -1\n\nb -1"}
    heads = [edits[0].place_text]
    for number in range(500):
        pair = [edit(2 * number + 2 + who, who + 1, heads) for who in range(2)]
        texts[pair[0].place_text] = f"a {number}\n\nb {number - 1}"
        texts[pair[1].place_text] = f"a {number - 1}\n\nb {number}"
        heads = [one.place_text for one in pair]
        edits += pair
    assert merged(page(edits), texts).text == "a 499\n\nb 499"


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
