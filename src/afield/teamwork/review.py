"""Where a review stands: who was asked, what they found, and whether they found otherwise.

Pure: the same in every order of delivery.
"""

from __future__ import annotations

from typing import NamedTuple

from afield.teamwork.query import Item, Moved
from afield.teamwork.sorts.review import APPROVE, CHANGES, NOT_REPRODUCED, REPRODUCED
from afield.teamwork.states import Standing

FOR = frozenset({APPROVE, REPRODUCED})
AGAINST = frozenset({CHANGES, NOT_REPRODUCED})
OPEN, APPROVED, REFUSED, GONE = "open", "approved", "changes-requested", "withdrawn"


class Asked(NamedTuple):
    """Somebody who is to look.

    Attributes:
        member: who.
        due_ms: by when, in Unix milliseconds; None: at no time.
        asked_ms: since when.
        verdict: what they found last that is for or against it; None: nothing yet.
    """

    member: str
    due_ms: int | None
    asked_ms: int
    verdict: Moved | None


def verdicts(item: Item) -> dict[str, Moved]:
    """Return by member the last verdict that is for or against; a comment takes none back."""
    return {
        one.member: one for one in item.did("judged") if one.values.get("verdict") in FOR | AGAINST
    }


def asked(item: Item) -> list[Asked]:
    """Return who is to look, in the order they were asked; who was passed over is not."""
    moves: dict[str, Moved] = {}
    for one in item.did("asked"):
        moves.pop(one.values.get("instead", ""), None)
        if "reviewer" in one.values:
            moves[one.values["reviewer"]] = one
    found = verdicts(item)
    return [
        Asked(member, one.values.get("due"), one.at_ms, found.get(member))
        for member, one in moves.items()
    ]


def review_standing(item: Item) -> Standing:
    """Return where a review stands.

    `withdrawn`; `changes-requested` while anybody's last verdict is against it; `approved` once
    all who were asked, or anybody where nobody was, are for it; else `open`.
    """
    gone = item.did("withdrawn")
    if gone:
        return Standing(GONE, gone[-1])
    found = list(verdicts(item).values())
    against = [one for one in found if one.values["verdict"] in AGAINST]
    if against:
        return Standing(REFUSED, against[-1])
    if found and all(one.verdict is not None for one in asked(item)):
        return Standing(APPROVED, found[-1])
    return Standing(OPEN, None)


def is_contested(item: Item) -> bool:
    """Tell whether some are for it and some against, by their last verdicts."""
    said = {one.values["verdict"] in FOR for one in verdicts(item).values()}
    return len(said) > 1
