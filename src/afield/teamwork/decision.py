"""Where a decision stands, who still has time to comment, and whether two settled it otherwise.

Pure: the same in every order of delivery. Hours are those of the calendars that are handed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from afield.teamwork.hours import Hours
from afield.teamwork.query import Item, Moved
from afield.teamwork.states import Standing

MINUTES = 8 * 60
"""Working time for comments where nobody says another: a day of each member's."""

MINUTES_MAX = 60 * MINUTES
ONE_WAY = "one-way"


class Window(NamedTuple):
    """The time that a member has for comments.

    Attributes:
        member: whose.
        closes_ms: when it is over, in Unix milliseconds; None: they do not work for so long.
        spoke: whether they have said something since it was proposed.
        is_open: whether there is time left, and they have said nothing.
    """

    member: str
    closes_ms: int | None
    spoke: bool
    is_open: bool


def decision_standing(item: Item) -> Standing:
    """Return where a decision stands: draft, proposed, accepted, rejected or withdrawn.

    The last word counts, by its stamp; see `settled_otherwise` for who said another.
    """
    found = Standing("draft", None)
    for one in item.moves:
        if one.name == "proposed":
            found = Standing("proposed", one)
        elif one.name == "settled" and "outcome" in one.values:
            found = Standing(one.values["outcome"], one)
    return found


def settled_otherwise(item: Item) -> list[Moved]:
    """Return what others settled last in another way than it stands, since it was proposed last."""
    standing = decision_standing(item)
    if standing.by is None or standing.by.name != "settled":
        return []
    last: dict[str, Moved] = {}
    for one in item.moves:
        if one.name == "proposed":
            last.clear()
        elif one.name == "settled" and "outcome" in one.values:
            last[one.member] = one
    return [one for one in last.values() if one.values["outcome"] != standing.state]


def voices(item: Item) -> list[str]:
    """Return the members who are asked what they think: deciders and consulted, by id."""
    named = {*item.get("deciders"), *item.get("consulted")} - {item.author}
    return sorted(named)


def windows(item: Item, calendars: Mapping[str, Hours], now_ms: int) -> list[Window]:
    """Return the time for comments of each member who is asked; none before it is proposed.

    Args:
        item: the decision.
        calendars: of these members.
        now_ms: the time, in Unix milliseconds.
    """
    proposed = next(reversed(item.did("proposed")), None)
    if proposed is None:
        return []
    minutes = int(proposed.values.get("minutes") or MINUTES)
    after = [one for one in item.moves if one.at > proposed.at]
    spoke = {one.member for one in after if one.name in ("commented", "settled")}
    found = []
    for member in voices(item):
        closes_ms = calendars[member].add_working(proposed.at_ms, minutes)
        waits = member not in spoke and (closes_ms is None or closes_ms > now_ms)
        found.append(Window(member, closes_ms, member in spoke, waits))
    return found
