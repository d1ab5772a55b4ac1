"""In what state an item is, worked out from what was done with it: pure, the same in every order.

Moves are in the order of their stamps; what does not fit the state it meets changes nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from afield.teamwork.query import Item, Moved


class Standing(NamedTuple):
    """A state, and the move that led to it; None: it is as it was made."""

    state: str
    by: Moved | None


def ask_standing(item: Item) -> Standing:
    """Return where an ask stands: open, answered, or closed."""
    found = Standing("open", None)
    for one in item.moves:
        if one.name == "answered" and found.state != "closed":
            found = Standing("answered", one)
        elif one.name == "closed":
            found = Standing("closed", one)
        elif one.name == "reopened" and found.state != "open":
            found = Standing("open", one)
    return found


def blocker_standing(item: Item) -> Standing:
    """Return where a blocker stands: open or cleared."""
    found = Standing("open", None)
    for one in item.moves:
        if one.name == "cleared":
            found = Standing("cleared", one)
        elif one.name == "reopened" and found.state != "open":
            found = Standing("open", one)
    return found


def open_comments(item: Item) -> list[Moved]:
    """Return the comments that nobody has said are dealt with; replies go with what they answer."""
    done: dict[str, bool] = {}
    for one in item.did("resolved"):
        if "re" in one.values:
            done[one.values["re"]] = one.values.get("done") is not False
    top = {one.place_text: one.values.get("re") for one in item.did("commented")}

    def is_done(place: str) -> bool:
        seen: set[str] = set()
        while place not in seen:
            if done.get(place):
                return True
            seen.add(place)
            before = top.get(place)
            if before is None:
                return False
            place = before
        return False

    return [one for one in item.did("commented") if not is_done(one.place_text)]


def follows(item: Item, member: str) -> bool:
    """Tell whether a member hears of an item: who has a part in it does, unless they said no."""
    said = [one for one in item.did("followed") if one.member == member]
    if said:
        return said[-1].values.get("on") is not False
    named = any(member in one.values.get("mentions", ()) for one in item.did("commented"))
    return named or member in item.people
