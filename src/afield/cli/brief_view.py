"""The brief as people read it: what needs them, then what changed, each with how to open it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click

from afield.cli.output import plain
from afield.cli.when import when
from afield.cli.words import count
from afield.workspace.team.telling import KINDS

if TYPE_CHECKING:
    from afield.workspace.team.brief import Brief, Line
    from afield.workspace.workspace import Workspace

_HEADS = {
    "waits": "needs you",
    "decisions": "decisions",
    "said": "said to you",
    "results": "results",
    "failures": "failed",
    "team": "the team",
    "data": "data and models",
    "runs": "runs",
}
_WORDS = {
    **KINDS,
    "answered": "answered",
    "blocker": "is blocked; it is yours to clear",
    "firing": "a contingency is true now",
    "best": "has the best yet:",
    "failed": "failed",
    "finished": "ran",
    "reproduced": "repeated",
    "data": "added",
    "model": "registered",
    "decided": "settled",
    "proposed": "proposed",
    "judged": "reviewed",
    "done": "did",
    "took": "took over",
    "standup": "stand-up",
}
_SHOWS = {"run": "afield show", "data": "afield data show", "model": "afield model show"}
_BY = {"looked": "since you last looked", "away": "since you stopped working", "asked": "since"}
_SHORT = 8


def brief_lines(
    workspace: Workspace, found: Brief, now: datetime, reader: str | None = None
) -> Iterator[str]:
    """Yield the lines of a brief: one's own, or that of a `reader` of this name."""
    yield click.style(f"{_to(_BY[found.by], reader)}, {when(found.since_ms, now)}", bold=True)
    if found.standup_due:
        yield _to("your stand-up is due", reader) + ("" if reader else ": afield standup")
    for section in found.sections:
        yield ""
        yield click.style(_to(_HEADS[section.name], reader), bold=True)
        for line in section.lines:
            yield from _line(workspace, line, now, reader)
        if section.more:
            yield f"  … and {section.more} more (--json)"
    if not found.sections:
        yield "nothing changed"
    yield ""
    yield _state(found, now)


def _to(words: str, reader: str | None) -> str:
    """Say of a colleague what is worded to oneself."""
    if reader is None:
        return words
    theirs = {"you are": f"{reader} is", "yours": "theirs", "your": "their", "you": reader}
    return plain(re.sub("you are|yours?|you", lambda found: theirs[found[0]], words))


def _line(
    workspace: Workspace, one: Line, now: datetime, reader: str | None = None
) -> Iterator[str]:
    who = "" if one.member is None else workspace.name_of(one.member)
    until = "comments until" if one.kind == "proposed" else "due"
    due = f", {until} {when(one.due_ms, now)}" if one.due_ms is not None else ""
    sign = "!" if one.urgent else " "
    text = f": {one.text}" if one.text else ""
    yield plain(f"{sign} {who} {_to(_WORDS[one.kind], reader)} {one.title}{text}")
    yield click.style(plain(f"      {_opens(one)}   {when(one.at_ms, now)}{due}"), dim=True)


def _opens(one: Line) -> str:
    kind, _, rest = one.link.partition(":")
    if kind == "data":
        return f"afield data show {rest.partition('@')[0]}"
    if kind == "model":
        return f"afield model show {one.title.removeprefix('model ').partition(' ')[0]}"
    if kind == "thread":
        return f"afield thread thread:{rest[:_SHORT]}"
    show = _SHOWS.get(kind, f"afield {kind} show")
    return f"{show} {rest[:_SHORT]}"


def _state(found: Brief, now: datetime) -> str:
    state = found.state
    if state.until_ms is None:
        return "only your own work is here; afield sync brings the others'"
    text = f"holds what others did up to {when(state.until_ms, now)}"
    if state.unheard:
        many = count(len(state.unheard), "device")
        oldest = min(at_ms for _, at_ms in state.unheard)
        names = ", ".join(name for name, _ in state.unheard[:3])
        text += f"; {many} not heard of since {when(oldest, now)} ({names})"
    return plain(text)
