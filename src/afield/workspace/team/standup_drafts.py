"""A stand-up drawn up from the record: what its author did since their last one, line by line.

Nothing is written here. What a person has said already in the same half of a day stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal

import msgspec

from afield.kernel.ids import MemberId
from afield.teamwork.errors import ItemBad
from afield.teamwork.query import Item, read
from afield.teamwork.sorts.standup import SLOTS, STANDUP
from afield.teamwork.task import task_standing
from afield.workspace.team.blockers import blockers
from afield.workspace.team.changes import Change, changes
from afield.workspace.team.hours import calendar_of
from afield.workspace.team.items import title_of, words_of
from afield.workspace.team.standup_days import (
    day_end_ms,
    last_written_ms,
    past_day,
    slot_of,
    standup_day,
    standup_id,
)
from afield.workspace.team.tasks import next_day, six, tasks
from afield.workspace.workspace import Workspace

Place = Literal["state", "next", "decided", "stuck"]
TOGETHER = 3
"""Runs that ended alike are told in one line when there are more of them."""

_DAY_MS = 24 * 3_600_000
_ABOUT_MAX = 50
_AHEAD_MAX = 6
_RUNNING_MAX = 20
_VERBS = {
    "best": "best yet:",
    "failed": "failed:",
    "finished": "ran",
    "reproduced": "repeated",
    "data": "added",
    "model": "registered",
    "proposed": "proposed",
    "judged": "reviewed",
    "done": "did",
    "answered": "answered",
    "took": "took over",
}
_ENDED = (
    "SELECT id, name, project, experiment, status, ended_ms, exception FROM runs WHERE member = ?"
    " AND ended_ms >= ? AND ended_ms < ? AND deleted IS NOT TRUE AND reproduces IS NULL"
    " ORDER BY ended_ms DESC"
)
_RUNNING = (
    "SELECT id, name, experiment, started_ms FROM runs WHERE member = ? AND started_ms < ?"
    " AND (status IS NULL OR status = 'running') AND deleted IS NOT TRUE AND reproduces IS NULL"
    " ORDER BY started_ms DESC LIMIT ?"
)


class Told(msgspec.Struct, frozen=True):
    """One line that the record suggests.

    Attributes:
        place: the field in which it stands.
        kind: as of a change; `running`, `task` or `blocker`.
        text: in words.
        link: what it is about; of several runs, the newest.
        at_ms: when, in Unix milliseconds.
    """

    place: Place
    kind: str
    text: str
    link: str
    at_ms: int


class Prefill(msgspec.Struct, frozen=True):
    """What the record says of a member's day before they say anything.

    Attributes:
        day: of theirs, `2026-11-23`.
        slot: `morning` or `evening`.
        since_ms: from when on it looks, in Unix milliseconds; `until_ms` up to when.
        state: what was done, a line each, or what the member said of it already; so are `next`
            and `decided`, and `stuck`, which is always as the record has it.
        about: links to it.
        lines: what the record says, each with its link.
        written: there is a stand-up of this half of the day already.
    """

    day: str
    slot: str
    since_ms: int
    until_ms: int
    state: str
    next: str
    decided: str
    stuck: str
    about: list[str]
    lines: list[Told]
    written: bool


def prefill(
    workspace: Workspace, member: MemberId, *, day: str | None = None, slot: str | None = None
) -> Prefill:
    """Draw a member's stand-up up from what they did since the one before.

    Args:
        workspace: with its tables up to date.
        member: whose.
        day: of theirs; None: that to which this moment belongs.
        slot: `morning` or `evening`; None: see `slot_of`.

    Raises:
        ItemBad: the day is none, or ahead; or the slot is none.
    """
    calendar, now_ms = calendar_of(workspace, member), workspace.record.now_ms()
    today = standup_day(calendar, now_ms)
    on = today if day is None else past_day(day, today)
    until_ms = min(now_ms + 1, day_end_ms(calendar, on)) if on < today else now_ms + 1
    half = slot or ("evening" if on < today else slot_of(workspace, member, calendar, now_ms))
    if half not in SLOTS:
        raise ItemBad("not a half of a day", half, f"one of {', '.join(SLOTS)}")
    since_ms = last_written_ms(workspace, member, before=(on.isoformat(), half))
    if since_ms is None or since_ms >= until_ms:
        worked = calendar.working(until_ms - 7 * _DAY_MS, until_ms)
        since_ms = worked[-2].start_ms if len(worked) > 1 else until_ms - _DAY_MS
    lines = [
        *_done(workspace, member, since_ms, until_ms),
        *_ahead(workspace, member, on.isoformat(), half),
        *_open(workspace, member),
    ]
    known = read(workspace.query, STANDUP, [standup_id(member, on.isoformat(), half)])
    told = {place: _text(lines, place) for place in ("state", "next", "decided", "stuck")}
    if known and not known[0].get("unchanged"):
        for place in ("state", "next", "decided"):
            told[place] = words_of(workspace, known[0].get(place))
    links = dict.fromkeys(one.link for one in lines if one.place in ("state", "decided"))
    return Prefill(
        day=on.isoformat(),
        slot=half,
        since_ms=since_ms,
        until_ms=until_ms,
        about=list(links)[:_ABOUT_MAX],
        lines=lines,
        written=bool(known),
        **told,
    )


def _done(workspace: Workspace, member: str, since_ms: int, until_ms: int) -> Iterator[Told]:
    """Yield what a member did in a span, the best first, then the newest."""
    happened = changes(workspace, since_ms, until_ms, member=member)
    best = [one for one in happened if one.kind == "best"]
    others = [one for one in happened if one.kind not in ("best", "failed", "finished")]
    for one in best:
        yield _of_change(one)
    yield from _running(workspace, member, until_ms)
    yield from _ended(workspace, member, since_ms, until_ms, {one.link for one in best})
    for one in others:
        yield _of_change(one)


def _of_change(one: Change) -> Told:
    if one.kind == "decided":
        return Told("decided", one.kind, f"{one.title} ({one.text})", one.link, one.at_ms)
    text = f": {one.text}" if one.text else ""
    said = f"{_VERBS.get(one.kind, one.kind)} {one.title}{text}"
    return Told("state", one.kind, said, one.link, one.at_ms)


def _running(workspace: Workspace, member: str, until_ms: int) -> Iterator[Told]:
    rows = workspace.query(_RUNNING, (member, until_ms, _RUNNING_MAX))
    for run, name, experiment, started_ms in rows:
        text = f"running: {name}, in {experiment}"
        yield Told("state", "running", text, f"run:{run}", started_ms)


def _ended(
    workspace: Workspace, member: str, since_ms: int, until_ms: int, told: set[str]
) -> Iterator[Told]:
    """Yield runs that ended; many that ended alike in one line, best ones elsewhere."""
    rows = workspace.query(_ENDED, (member, since_ms, until_ms))
    kept = [row for row in rows if f"run:{row[0]}" not in told]

    def alike(row: tuple[str, ...]) -> tuple[bool, str, str, str]:
        _, _, project, experiment, status, _, exception = row
        return status == "finished", str(exception or status), project, experiment or ""

    for key, found in groupby(sorted(kept, key=alike), key=alike):
        some = list(found)
        is_finished, how, _, experiment = key
        kind = "finished" if is_finished else "failed"
        where = f": in {experiment}" if is_finished else "" if how == "failed" else f": {how}"
        if len(some) > TOGETHER:
            newest = some[0]
            text = f"{_VERBS[kind]} {len(some)} runs{where}; the newest is {newest[1]}"
            yield Told("state", kind, text, f"run:{newest[0]}", newest[5])
            continue
        for run, name, *_, ended_ms, _ in some:
            yield Told("state", kind, f"{_VERBS[kind]} {name}{where}", f"run:{run}", ended_ms)


def _ahead(workspace: Workspace, member: MemberId, day: str, slot: str) -> Iterator[Told]:
    """Yield what a member does next: the six they chose, else what is due first."""
    chosen = six(workspace, member, day if slot == "morning" else next_day(workspace, member))
    found = [one for one in chosen if task_standing(one).state == "open"]
    if not found:
        due = [one for one in tasks(workspace, owner=member) if one.get("due")]
        found = sorted(due, key=lambda one: one.get("due"))[:_AHEAD_MAX]
    for one in found:
        yield _of_item(workspace, "next", one)


def _open(workspace: Workspace, member: str) -> Iterator[Told]:
    for one in blockers(workspace):
        if one.author == member:
            yield _of_item(workspace, "stuck", one)


def _of_item(workspace: Workspace, place: Place, one: Item) -> Told:
    return Told(place, one.sort, title_of(workspace, one), one.link, one.made_ms)


def _text(found: Iterable[Told], place: str) -> str:
    return "\n".join(f"- {one.text}" for one in found if one.place == place)
