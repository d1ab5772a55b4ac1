"""Where a handover stands, line by line: who holds what, what is missing, who is to take it now.

Pure: the same in every order of delivery. Moves count in the order of their stamps. Before it is
offered only its author writes lines; afterwards nobody does. When two members accept a line and
neither knew of the other, the later one holds it, and both acceptances stay to be seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from afield.teamwork.hours import Hours
from afield.teamwork.query import Item, Moved
from afield.teamwork.shapes import Place
from afield.teamwork.sorts.handover import LINED
from afield.teamwork.states import Standing

SURPRISE_MS = 2 * 3_600_000
"""What comes up so soon after an acceptance should have been in the handover."""

CLOSED = frozenset({"accepted", "declined", "withdrawn"})


class Line(NamedTuple):
    """One line.

    Attributes:
        number: what people call it, from 1; the same for all that replace it.
        place: of the move that it is now, by which other moves name it.
        values: of the move's fields.
        state: `waiting`, `accepted`, `questioned` or `declined`.
        by: the move that led there; None while it waits.
        accepted: everybody's acceptance of it, in order; several: see the module.
    """

    number: int
    place: str
    values: Mapping[str, Any]
    state: str
    by: Moved | None
    accepted: tuple[Moved, ...]

    @property
    def severity(self) -> str:
        """How much it has to be looked after: `stable`, `watch` or `unstable`."""
        return str(self.get("severity"))

    def get(self, name: str) -> Any:
        """Return the value of a field, its first word where none stands."""
        each = LINED.field(name)
        first = each.words[0] if each is not None and each.words else None
        return self.values.get(name, first)


class Escalation(NamedTuple):
    """Who is to take a handover now: the `receiver`, the `backup` too, or `anyone` of these."""

    stage: str
    members: tuple[str, ...]


class Measures(NamedTuple):
    """How one handover went; nothing here is about how good a person is.

    Attributes:
        accept_minutes: the receiver's working time from the offer to the first acceptance.
        with_synthesis: somebody said in their own words what they took over.
        needing: lines that are to be watched or unstable.
        with_contingency: how many of these say what to do if.
        surprises: what came up within two hours of the acceptance and was not on a line.
    """

    accept_minutes: int | None
    with_synthesis: bool
    needing: int
    with_contingency: int
    surprises: int


class Watch(NamedTuple):
    """A contingency that is looked after: `line` of `item`, for who accepted it."""

    item: Item
    line: Line
    member: str


def offered(item: Item) -> Moved | None:
    """Return the move that handed it over; None: it is a draft."""
    return next((one for one in item.did("offered") if one.member == item.author), None)


def lines(item: Item) -> list[Line]:
    """Return the lines that stand, by number."""
    start = offered(item)
    roots: dict[str, int] = {}
    stands: dict[int, Moved] = {}
    for one in item.did("lined", "dropped"):
        if one.member != item.author or (start is not None and one.at > start.at):
            continue
        if one.name == "dropped":
            for place in one.values.get("lines", ()):
                stands.pop(roots.get(place, 0), None)
            continue
        number = roots.get(one.values.get("replaces", ""), 0) or len(set(roots.values())) + 1
        roots[one.place_text] = number
        stands[number] = one
    answers = _answers(item, start)
    return [_line(number, stands[number], answers) for number in sorted(stands)]


def _line(number: int, made: Moved, answers: list[Moved]) -> Line:
    state: str = "waiting"
    by: Moved | None = None
    accepted: list[Moved] = []
    for one in answers:
        named = one.values.get("lines", ())
        if named and made.place_text not in named:
            continue
        if one.name == "accepted":
            accepted.append(one)
            state, by = "accepted", one
        elif state != "accepted":
            state, by = one.name, one
    return Line(number, made.place_text, made.values, state, by, tuple(accepted))


def _answers(item: Item, start: Moved | None) -> list[Moved]:
    """Return what receivers said, up to a withdrawal that came before any acceptance."""
    if start is None:
        return []
    found: list[Moved] = []
    for one in item.did("accepted", "questioned", "declined", "withdrawn"):
        if one.at < start.at:
            continue
        if one.name == "withdrawn":
            if one.member == item.author and not any(each.name == "accepted" for each in found):
                break
            continue
        found.append(one)
    return found


def handover_standing(item: Item) -> Standing:
    """Return where a handover stands.

    `draft`, `offered`, `questioned` while a question has no reply, `partly` while some lines are
    accepted and others wait, `accepted` or `declined` when no line waits, `withdrawn`.
    """
    start = offered(item)
    answers = _answers(item, start)
    gone = [one for one in item.did("withdrawn") if one.member == item.author]
    if gone and not any(one.name == "accepted" for one in answers):
        return Standing("withdrawn", gone[0])
    if start is None:
        return Standing("draft", None)
    found = lines(item)
    accepted = [one for one in answers if one.name == "accepted"]
    last = answers[-1] if answers else start
    open_lines = [one for one in found if one.state in ("waiting", "questioned")]
    if not open_lines and accepted:
        return Standing("accepted", accepted[-1])
    if not open_lines and found:
        return Standing("declined", last)
    if open_questions(item):
        return Standing("questioned", last)
    return Standing("partly" if accepted else "offered", last)


def open_questions(item: Item) -> list[Moved]:
    """Return questions that have no reply, on lines that wait."""
    replied = {one.values.get("re") for one in item.did("replied")}
    return [
        one
        for one in item.did("questioned")
        if one.place_text not in replied
        and any(line.state == "questioned" and line.by == one for line in lines(item))
    ]


def contested(item: Item) -> list[Line]:
    """Return lines that several members accepted, not knowing of one another."""
    return [one for one in lines(item) if len({each.member for each in one.accepted}) > 1]


def missing(line: Line) -> tuple[str, ...]:
    """Return what a line still needs before it can be offered; stable ones need nothing."""
    if line.severity == "stable":
        return ()
    wanted = {
        "assessment": bool(line.get("assessment")),
        "if": bool(line.get("condition") or line.get("when")),
        "then": bool(line.get("then")),
        "call": bool(line.get("call")),
    }
    return tuple(name for name, there in wanted.items() if not there)


def escalation(item: Item, now_ms: int, oncall: Collection[str] = ()) -> Escalation:
    """Return who is to take an offered handover now.

    The receiver, until `due`; then the backup too, until `backup_due`; then its author and who is
    on call as well. Without a backup it goes to these at once.
    """
    to, backup = item.get("to"), item.get("backup")
    due, backup_due = item.get("due"), item.get("backup_due")
    first = tuple(one for one in (to,) if one)
    if first and (due is None or now_ms < due):
        return Escalation("receiver", first)
    second = tuple(dict.fromkeys(one for one in (to, backup) if one))
    if backup and (backup_due is None or now_ms < backup_due):
        return Escalation("backup", second)
    return Escalation("anyone", tuple(dict.fromkeys((*second, item.author, *sorted(oncall)))))


def measures(item: Item, hours: Hours, surprises: int = 0) -> Measures:
    """Return how a handover went.

    Args:
        item: an offered one.
        hours: the receiver's.
        surprises: those that the record knows of; what people call one is added.
    """
    start = offered(item)
    accepted = [one for one in _answers(item, start) if one.name == "accepted"]
    taken_ms = accepted[0].at_ms if accepted else None
    told = [
        one
        for one in item.did("surprised")
        if taken_ms is not None and 0 <= one.at_ms - taken_ms <= SURPRISE_MS
    ]
    needing = [one for one in lines(item) if one.severity != "stable"]
    both = [one for one in needing if not {"if", "then"} & set(missing(one))]
    took = None
    if start is not None and taken_ms is not None:
        took = hours.working_minutes(start.at_ms, taken_ms)
    return Measures(
        accept_minutes=took,
        with_synthesis=any(one.values.get("synthesis") for one in accepted),
        needing=len(needing),
        with_contingency=len(both),
        surprises=len(told) + surprises,
    )


def held(items: Iterable[Item]) -> dict[str, tuple[str, int]]:
    """Return by link who holds what was handed over, and since when (Unix ms)."""
    found: dict[str, Moved] = {}
    for item in items:
        for line in lines(item):
            about = line.get("about")
            if line.state != "accepted" or line.by is None or about is None:
                continue
            if about not in found or _order(found[about]) < _order(line.by):
                found[about] = line.by
    return {link: (one.member, one.at_ms) for link, one in found.items()}


def watches(items: Iterable[Item], now_ms: int) -> list[Watch]:
    """Return the contingencies that are looked after now.

    A line with a predicate is from its acceptance on, until whoever accepted it hands over again
    and that is accepted, or until its own end.
    """
    known = list(items)
    last: dict[str, int] = {}
    for item in known:
        taken = [one.at for one in _answers(item, offered(item)) if one.name == "accepted"]
        start = offered(item)
        if taken and start is not None:
            last[item.author] = max(last.get(item.author, 0), start.at)
    return [
        Watch(item, line, line.by.member)
        for item in known
        for line in lines(item)
        if line.state == "accepted"
        and line.by is not None
        and line.get("when")
        and line.by.at > last.get(line.by.member, 0)
        and (line.get("until") is None or now_ms < line.get("until"))
    ]


def _order(one: Moved) -> tuple[int, Place]:
    return one.at, one.place
