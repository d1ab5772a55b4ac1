"""The text of a page out of its edits: merged by paragraph, a real conflict kept as two. Pure.

Edits are a graph: each names those that it was made from. Where several stand that know nothing of
one another, they are merged in the order of their stamps, against the text that both come from:
what only one changed is taken, what both inserted is kept side by side, and a paragraph that both
changed otherwise is kept in both ways until somebody edits the page. Where both come from several
edits that know nothing of one another, the text that they come from is the merge of those, found
in the same way (git's "recursive" strategy). The same for everybody who has the same edits, in
whatever order they came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from afield.kernel.late import late
from afield.teamwork.query import Item, Moved

_BLANK = late(r"\n[ \t]*\n\s*")
OURS, BETWEEN, THEIRS = "<<<<<<<", "=======", ">>>>>>>"


class Other(NamedTuple):
    """What another one made of a paragraph: `text` is empty where they took it away."""

    text: str
    member: str


class Paragraph(NamedTuple):
    """A paragraph; `others` are versions of it that exclude this one."""

    text: str
    member: str
    others: tuple[Other, ...] = ()


class Merged(NamedTuple):
    """A page's text as it stands, and the edits that it comes from."""

    paragraphs: tuple[Paragraph, ...]
    heads: tuple[Moved, ...]

    @property
    def is_conflicted(self) -> bool:
        """Whether two versions of a paragraph stand side by side."""
        return any(one.others for one in self.paragraphs)

    @property
    def text(self) -> str:
        """The text; of a conflict both versions, between marks that a person takes away."""
        return "\n\n".join(part for one in self.paragraphs for part in _shown(one))


def split(text: str) -> list[str]:
    """Return the paragraphs of a text: what stands between blank lines, fences kept whole."""
    found: list[str] = []
    fence: list[str] = []
    for part in _BLANK().split(text.strip("\n")):
        if not part.strip() and not fence:
            continue
        fence.append(part)
        if "\n\n".join(fence).count("```") % 2 == 0:
            found.append("\n\n".join(fence).strip("\n"))
            fence = []
    if fence:
        found.append("\n\n".join(fence).strip("\n"))
    return found


def has_marks(text: str) -> bool:
    """Tell whether marks of a conflict are left in a text."""
    lines = text.splitlines()
    return any(line.startswith(f"{OURS} ") for line in lines) and any(
        line.startswith(THEIRS) for line in lines
    )


def heads_of(item: Item) -> list[Moved]:
    """Return the edits on which none is built, in the order of their stamps."""
    edits = item.did("edited")
    built_on = {place for one in edits for place in one.values.get("base", ())}
    return [one for one in edits if one.place_text not in built_on]


def merged(item: Item, texts: Mapping[str, str]) -> Merged:
    """Return a page's text.

    Args:
        item: the page.
        texts: the text of each edit, by its place; one that is missing is taken to be empty.
    """
    heads = heads_of(item)
    if not heads:
        return Merged((), ())
    return Merged(tuple(_Graph(item, texts).joined(heads)), tuple(heads))


class _Graph:
    """The edits of a page, and the texts that some of them make together."""

    def __init__(self, item: Item, texts: Mapping[str, str]) -> None:
        self._edits = {one.place_text: one for one in item.did("edited")}
        self._texts = texts
        self._pasts: dict[str, frozenset[str]] = {}
        self._joined: dict[tuple[str, ...], list[Paragraph]] = {}

    def joined(self, heads: Sequence[Moved]) -> list[Paragraph]:
        """Return the text of edits that know nothing of one another, given by their stamps.

        What several merges need is merged first, the oldest first: each asks only for edits that
        lie before its own.
        """
        whole = tuple(one.place_text for one in heads)
        asked = {whole}
        ahead = [whole]
        while ahead:
            for ground in self._grounds(ahead.pop()):
                if ground not in asked:
                    asked.add(ground)
                    ahead.append(ground)
        for places in sorted(asked, key=lambda places: (len(self._known(places)), places)):
            self._joined[places] = self._join(places)
        return self._joined[whole]

    def _join(self, places: tuple[str, ...]) -> list[Paragraph]:
        if not places:
            return []
        first = self._edits[places[0]]
        found = [Paragraph(one, first.member) for one in self._split(places[0])]
        for place, ground in zip(places[1:], self._grounds(places), strict=True):
            base = [
                "\0".join(_shown(one)) if one.others else one.text for one in self._joined[ground]
            ]
            found = _merge(base, found, self._split(place), self._edits[place].member)
        return found

    def _grounds(self, places: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return of each edit but the first which edits it and those before it both come from."""
        found = []
        for at, place in enumerate(places[1:], 1):
            common = self._known(places[:at]) & self._past(place)
            below = {one for each in common for one in self._bases(each)}
            newest = (self._edits[one] for one in common - below)
            ordered = sorted(newest, key=lambda one: (one.at, one.place))
            found.append(tuple(one.place_text for one in ordered))
        return found

    def _known(self, places: tuple[str, ...]) -> frozenset[str]:
        return frozenset().union(*(self._past(place) for place in places))

    def _past(self, place: str) -> frozenset[str]:
        """Return the places of an edit and of all that it comes from, of those that are here."""
        if place not in self._pasts:
            found: set[str] = set()
            ahead = [place]
            while ahead:
                one = ahead.pop()
                if one not in found:
                    found.add(one)
                    ahead += self._bases(one)
            self._pasts[place] = frozenset(found)
        return self._pasts[place]

    def _bases(self, place: str) -> list[str]:
        return [one for one in self._edits[place].values.get("base", ()) if one in self._edits]

    def _split(self, place: str) -> list[str]:
        return split(self._texts.get(place, ""))


def _merge(
    ground: Sequence[str], ours: Sequence[Paragraph], theirs: Sequence[str], member: str
) -> list[Paragraph]:
    """Merge two texts that come from one, paragraph by paragraph."""
    mine = _kept(ground, [one.text for one in ours])
    other = _kept(ground, theirs)
    both = [at for at in range(len(ground)) if at in mine and at in other]
    found: list[Paragraph] = []
    done, done_mine, done_other = 0, 0, 0
    for at in [*both, len(ground)]:
        end_mine = mine.get(at, len(ours))
        end_other = other.get(at, len(theirs))
        found += _chunk(
            ground[done:at], ours[done_mine:end_mine], theirs[done_other:end_other], member
        )
        if at < len(ground):
            found.append(ours[end_mine])
        done, done_mine, done_other = at + 1, end_mine + 1, end_other + 1
    return found


def _chunk(
    ground: Sequence[str], ours: Sequence[Paragraph], theirs: Sequence[str], member: str
) -> list[Paragraph]:
    """Merge a stretch between two paragraphs that nobody changed."""
    plain = [one.text for one in ours]
    if plain == list(theirs):
        return list(ours)
    if plain == list(ground) and not any(one.others for one in ours):
        return [Paragraph(one, member) for one in theirs]
    if list(theirs) == list(ground):
        return list(ours)
    if not ground:  # both put something here: one after the other, what is the same once
        return [*ours, *(Paragraph(one, member) for one in theirs if one not in plain)]
    if len(ours) == len(theirs) == len(ground) and _stay(ground, plain) and _stay(ground, theirs):
        return [
            _one(before, mine, other, member)
            for before, mine, other in zip(ground, ours, theirs, strict=True)
        ]
    member_of_ours = ours[0].member if ours else member
    others = (*(other for one in ours for other in one.others), Other("\n\n".join(theirs), member))
    return [Paragraph("\n\n".join(plain), member_of_ours, others)]


def _stay(ground: Sequence[str], text: Sequence[str]) -> bool:
    """Tell whether none of the ground's paragraphs stands in a text at another's place."""
    return all(one == before or one not in ground for before, one in zip(ground, text, strict=True))


def _one(before: str, mine: Paragraph, other: str, member: str) -> Paragraph:
    if other in (before, mine.text):
        return mine
    if mine.text == before and not mine.others:
        return Paragraph(other, member)
    return mine._replace(others=(*mine.others, Other(other, member)))


def _kept(ground: Sequence[str], text: Sequence[str]) -> dict[int, int]:
    """Return which paragraphs of the ground stand where in a text."""
    matcher = SequenceMatcher(None, ground, text, autojunk=False)
    return {
        block.a + step: block.b + step
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    }


def _shown(one: Paragraph) -> list[str]:
    if not one.others:
        return [one.text] if one.text else []
    parts = [f"{OURS} {one.member}", *([one.text] if one.text else [])]
    for other in one.others:
        parts += [BETWEEN, *([other.text] if other.text else [])]
    return [*parts, f"{THEIRS} {one.others[-1].member}"]
