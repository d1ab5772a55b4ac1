"""Where a meeting stands, and what its notes say is to be done and was decided. Pure.

In notes, a line `- [ ] @ada label the rest by 2026-12-01` is a task, and a line
`! train on the split of November` is a decision; everything else is told.
"""

from __future__ import annotations

from typing import NamedTuple

from afield.kernel.late import late
from afield.teamwork.query import Item
from afield.teamwork.states import Standing

_TASK = late(r"\s*[-*]\s*\[( |x|X)\]\s*(?:@(?P<who>[\w][\w.\-]*)\s+)?(?P<what>\S.*?)\s*")
_DUE = late(r"(?P<what>.*?)\s+by\s+(?P<due>\d{4}-\d\d-\d\d(?:T\d\d:\d\d)?|\d{1,4}\s*[mhd])")
_DECIDED = late(r"\s*!\s+(?:decided:?\s+)?(?P<what>\S.*?)\s*")


class Action(NamedTuple):
    """A task in notes: what, whose (a name; None: whoever writes), by when (as people say it)."""

    what: str
    who: str | None
    due: str | None


class Outcome(NamedTuple):
    """What notes raise: tasks that are open, and decisions."""

    actions: tuple[Action, ...]
    decided: tuple[str, ...]


def outcome_of(notes: str) -> Outcome:
    """Return what notes raise, in their order; a task that is ticked off raises nothing."""
    actions: list[Action] = []
    decided: list[str] = []
    for line in notes.splitlines():
        task = _TASK().fullmatch(line)
        if task is not None and task[1] == " ":
            due = _DUE().fullmatch(task["what"])
            what = due["what"] if due is not None else task["what"]
            actions.append(Action(what, task["who"], due["due"] if due is not None else None))
            continue
        said = _DECIDED().fullmatch(line)
        if said is not None:
            decided.append(said["what"])
    return Outcome(tuple(actions), tuple(decided))


def meeting_standing(item: Item, now_ms: int) -> Standing:
    """Return where a meeting stands: ahead, on, held, or cancelled by who called it."""
    gone = [one for one in item.did("cancelled") if one.member == item.author]
    if gone:
        return Standing("cancelled", gone[-1])
    start_ms, end_ms = item.get("from") or 0, item.get("until") or 0
    if now_ms < start_ms:
        return Standing("ahead", None)
    return Standing("on" if now_ms < end_ms else "held", None)


def came(item: Item) -> frozenset[str]:
    """Return who was there, as far as anybody said."""
    return frozenset(member for one in item.did("came") for member in one.values.get("members", ()))


def to_read(item: Item) -> frozenset[str]:
    """Return who was not there, and has not said that they read what came of it."""
    if not item.get("must_read") or not item.get("notes"):
        return frozenset()
    asked = {item.author, *item.get("attendees")}
    return frozenset(asked - came(item) - {one.member for one in item.did("read")})
