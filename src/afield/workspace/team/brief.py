"""The brief: what a member has to know of what happened since they last looked, or were away.

Worked out from the record each time. What waits for them comes first; when they last looked is
known in their own copy alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import Any, Literal

import msgspec

from afield.kernel.ids import MemberId
from afield.kernel.late import late
from afield.members.calendar import Calendar
from afield.teamwork.errors import ItemBad
from afield.workspace.membership import members
from afield.workspace.sharing import sharing_document
from afield.workspace.team.changes import Change, changes
from afield.workspace.team.hours import calendar_of
from afield.workspace.team.inbox import Letter, inbox
from afield.workspace.team.items import words_of
from afield.workspace.team.seen import held_then, looked_ms
from afield.workspace.team.standup_days import written_ms
from afield.workspace.team.standups import FIELDS, is_due, standups
from afield.workspace.workspace import Workspace

Since = Literal["looked", "away", "asked"]
LINES_MAX = 20
"""Lines of one section that are told; what is more is counted."""

SECTIONS = (
    "waits", "decisions", "said", "results", "failures", "team", "data", "runs",
)  # fmt: skip
_SECTION_OF = {
    "decided": "decisions",
    "proposed": "decisions",
    "best": "results",
    "reproduced": "results",
    "failed": "failures",
    "finished": "runs",
    "data": "data",
    "model": "data",
    "judged": "team",
    "done": "team",
    "answered": "team",
    "took": "team",
    "standup": "team",
}
_TOLD_BY_LETTERS = frozenset({"proposed", "answered", "took"})
"""What a letter of the inbox says already, where it is for the reader."""

_DAY_MS = 24 * 3_600_000
_WORDS_MAX = 240
_QUIET_MS = 3 * _DAY_MS
"""A device that was not heard of for so long is named."""

LATE_MS_MAX = 60 * _DAY_MS
"""What was written longer before the last look, and synced after it, is not told."""

_SPAN = late(r"(\d{1,4})\s*(h|d|w)")
_UNITS_MS = {"h": 3_600_000, "d": _DAY_MS, "w": 7 * _DAY_MS}


class Line(msgspec.Struct, frozen=True):
    """One line of a brief.

    Attributes:
        kind: what it is: of an inbox letter or of a change.
        link: to what it is about.
        project: where.
        title: what that is called.
        text: what is to be said of it.
        member: who did or said it.
        at_ms: when, in Unix milliseconds.
        due_ms: by when something is to be done.
        urgent: it does not wait.
    """

    kind: str
    link: str
    project: str | None
    title: str
    text: str
    member: str | None
    at_ms: int
    due_ms: int | None = None
    urgent: bool = False


class Section(msgspec.Struct, frozen=True):
    """Lines of one kind, what needs the reader first; `more` are not told."""

    name: str
    lines: list[Line]
    more: int


class State(msgspec.Struct, frozen=True):
    """How much of the others' work is here.

    Attributes:
        until_ms: the newest entry of others that is here, in Unix milliseconds.
        unheard: devices of which nothing was heard for three days: name and since when.
    """

    until_ms: int | None
    unheard: list[tuple[str, int]]


class Brief(msgspec.Struct, frozen=True):
    """What a member has to know.

    Attributes:
        since_ms: from when on; `until_ms` up to when, in Unix milliseconds.
        by: the last look, the end of an absence, or what was asked for.
        sections: what there is to know; empty ones are left out.
        standup_due: the time they chose for their stand-up has passed without a word.
        state: how much of the others' work is here.
    """

    since_ms: int
    until_ms: int
    by: Since
    sections: list[Section]
    standup_due: bool
    state: State


def brief(
    workspace: Workspace,
    member: MemberId,
    since_ms: int,
    by: Since = "asked",
    *,
    may: Callable[[str, str | None], bool] = lambda _link, _project: True,
) -> Brief:
    """Return what happened since an instant, for a member.

    Since the last look, it also has what others did before that and synced after it.

    Args:
        workspace: with its tables up to date.
        member: for whom; what they did themselves is left out.
        since_ms: from when on, in Unix milliseconds.
        by: why from then on.
        may: whether the member may see what a link names, in a project.
    """
    now_ms = workspace.record.now_ms()
    behind = _behind(workspace, member, since_ms) if by == "looked" else {}

    def is_new(who: str | None, at_ms: int) -> bool:
        return at_ms >= behind.get(who or "", since_ms)

    found: dict[str, list[Line]] = {name: [] for name in SECTIONS}
    letters = inbox(workspace, member)
    told = {one.link for one in letters if one.waits or is_new(one.member, one.at_ms)}
    first_ms = min([since_ms, *behind.values()])
    happened = [
        one for one in changes(workspace, first_ms, now_ms + 1) if is_new(one.member, one.at_ms)
    ]
    settled = {one.link for one in happened if one.kind == "decided"}
    for letter in letters:
        if letter.waits or is_new(letter.member, letter.at_ms):
            found["waits" if letter.waits else "said"].append(_of_letter(letter))
    for change in happened:
        is_told = change.kind in _TOLD_BY_LETTERS and change.link in told
        is_over = change.kind == "proposed" and change.link in settled
        if change.member != member and not is_told and not is_over:
            found[_SECTION_OF[change.kind]].append(_of_change(change))
    wrote = _standups(workspace, member, first_ms)
    found["team"] += [one for one in wrote if is_new(one.member, one.at_ms)]
    best = {one.link for one in found["results"]}
    found["runs"] = [one for one in found["runs"] if one.link not in best]
    found = {
        name: [one for one in lines if may(one.link, one.project)] for name, lines in found.items()
    }
    return Brief(
        since_ms=since_ms,
        until_ms=now_ms,
        by=by,
        sections=[
            Section(name, lines[:LINES_MAX], max(0, len(lines) - LINES_MAX))
            for name, lines in found.items()
            if lines
        ],
        standup_due=is_due(workspace, member),
        state=_state(workspace, now_ms),
    )


def _behind(workspace: Workspace, member: str, looked: int) -> dict[str, int]:
    """Return by member from when on there is something that came after the last look.

    A device's entries come in the order in which it wrote them: what came later is newer than what
    was here of it then. Of somebody with several devices a little is told twice.
    """
    held = held_then(workspace, member)
    if held is None:
        return {}
    found: dict[str, int] = {}
    for one in members(workspace):
        for device in one.devices:
            before = held.get(device.id, 0)
            if one.id != member and (device.last_ms or 0) > before and before < looked:
                start = max(before + 1, looked - LATE_MS_MAX)
                found[one.id] = min(start, found.get(one.id, start))
    return found


def since(
    workspace: Workspace, member: MemberId, words: str | None, *, own: bool = True
) -> tuple[int, Since]:
    """Return from when on a brief is.

    Args:
        workspace: with its tables up to date.
        member: for whom.
        words: `8h`, `3d`, `2w`, a date or a time of theirs, `away` (the end of their working time
            before the last time off), `leave` (that before their last leave), or `last` or None:
            when they last looked, else `away`.
        own: they ask themselves; when a colleague last looked is theirs to know.

    Raises:
        ItemBad: it is no such time, it is ahead, they had no leave, or it is not to be known.
    """
    calendar, now_ms = calendar_of(workspace, member), workspace.record.now_ms()
    looked = looked_ms(workspace, member) if own else None
    if words == "last" and not own:
        why = "when a colleague last looked is known in their own copy alone"
        raise ItemBad("not a time to look back to", words, why, hint="--since away, --since 8h")
    words = None if words == "last" else words
    if words is None and looked is not None:
        return min(looked, now_ms), "looked"
    if words is None or words == "away":
        return _left_ms(calendar, now_ms), "away"
    if words == "leave":
        return _before_leave_ms(calendar, now_ms), "away"
    span = _SPAN().fullmatch(words.strip().lower())
    if span:
        return now_ms - int(span[1]) * _UNITS_MS[span[2]], "asked"
    try:
        said = datetime.fromisoformat(words.strip())
    except ValueError as error:
        hint = "--since 8h, --since 3d, --since 2026-11-20, --since away, --since last"
        raise ItemBad("not a time to look back to", words, str(error), hint=hint) from error
    zoned = said if said.tzinfo is not None else said.replace(tzinfo=calendar.local(now_ms).tzinfo)
    at_ms = int(zoned.timestamp() * 1000)
    if at_ms > now_ms:
        raise ItemBad("not a time to look back to", words, "it is ahead")
    return max(0, at_ms), "asked"


def _before_leave_ms(calendar: Calendar, now_ms: int) -> int:
    """Return when a member stopped working before their last leave, which may still go on."""
    now = calendar.local(now_ms)
    begun = [one.first for one in calendar.facts.leaves if one.first <= now.date()]
    if not begun:
        hint = "afield hours away FIRST LAST; else --since away"
        raise ItemBad("not a time to look back to", "leave", "there was none", hint=hint)
    begins = int(datetime.combine(max(begun), time(), now.tzinfo).timestamp() * 1000)
    worked = calendar.working(begins - 28 * _DAY_MS, begins + _DAY_MS)  # a shift may cross midnight
    ended = [one.end_ms for one in worked if one.start_ms < begins]
    return ended[-1] if ended else begins


def _left_ms(calendar: Calendar, now_ms: int) -> int:
    """Return when a member last stopped working before now, or before they began today."""
    worked = calendar.working(now_ms - 28 * _DAY_MS, now_ms)
    ended = [one.end_ms for one in worked if one.end_ms < now_ms]
    return ended[-1] if ended else now_ms - _DAY_MS


def _standups(workspace: Workspace, member: str, since_ms: int) -> Sequence[Line]:
    return [
        Line(
            "standup",
            one.link,
            one.project,
            one.get("day") or "",
            "nothing changed" if one.get("unchanged") else _first_words(workspace, one),
            one.author,
            written_ms(workspace, one.id),
        )
        for one in standups(workspace, since_ms=since_ms)
        if one.author != member
    ]


def _first_words(workspace: Workspace, item: Any) -> str:
    said = [_on_one_line(words_of(workspace, item.get(name))) for name in FIELDS]
    labelled = zip(("", "next: ", "decided: ", "stuck: "), said, strict=True)
    found = "; ".join(f"{label}{text}" for label, text in labelled if text)
    return found if len(found) <= _WORDS_MAX else f"{found[:_WORDS_MAX]}…"


def _on_one_line(text: str) -> str:
    return ", ".join(" ".join(line.removeprefix("- ").split()) for line in text.splitlines())


def _state(workspace: Workspace, now_ms: int) -> State:
    devices = [one for one in sharing_document(workspace)["devices"] if not one["here"]]
    heard = [(one, int(one["at"].timestamp() * 1000)) for one in devices if one["at"] is not None]
    return State(
        until_ms=max((at_ms for _, at_ms in heard), default=None),
        unheard=[
            (one["name"] or one["by"], at_ms)
            for one, at_ms in heard
            if one["state"] == "counts" and now_ms - at_ms > _QUIET_MS
        ],
    )


def _of_letter(one: Letter) -> Line:
    return Line(
        one.kind, one.link, one.project, one.title, one.text, one.member, one.at_ms,
        one.due_ms, one.urgent,
    )  # fmt: skip


def _of_change(one: Change) -> Line:
    return Line(
        one.kind, one.link, one.project, one.title, one.text, one.member, one.at_ms, one.due_ms
    )  # fmt: skip
