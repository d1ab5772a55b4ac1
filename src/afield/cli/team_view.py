"""Asks, blockers, threads and the inbox, in words for people."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from afield.cli.output import plain
from afield.cli.when import now_of, when
from afield.cli.words import duration

if TYPE_CHECKING:
    from afield.cli.session import Session
    from afield.workspace.team.inbox import Letter
    from afield.workspace.workspace import Workspace

_ID_CHARS = 8


def said(session: Session, text: Sequence[str], what: str) -> str:
    """Return what a person says: the words of the command, or what stands on stdin."""
    words = " ".join(text)
    if text and words != "-":
        return words
    if not text and session.is_terminal(sys.stdin):
        click.echo(f"write {what}; end with Ctrl-D:", err=True)
    return sys.stdin.read()


def tell_lint(found: Sequence[str]) -> None:
    """Say what a colleague who is asleep now would have to ask back."""
    for one in found:
        click.echo(f"hint: {one}", err=True)


def tell_ask(workspace: Workspace, part: dict[str, Any]) -> None:
    """Show an ask with what was said to it."""
    now = now_of(workspace)
    click.echo(_ask_line(part, now))
    what = {"answer": "an answer"}.get(part["need"], f"a {part['need']}")
    if part["need"] == "action":
        what = "something done"
    click.echo(plain(f"  {part['by']} needs {what} from {part['to_name'] or 'nobody'}"))
    for line in (part["detail"] or "").splitlines():
        click.echo(f"    {plain(line)}")
    for label in part["labels"].values():
        click.echo(plain(f"  about {label}"))
    for move in part["moves"]:
        _tell_move(move, now)


def tell_asks(workspace: Workspace, parts: Sequence[dict[str, Any]]) -> None:
    """List asks, two lines each."""
    now = now_of(workspace)
    for part in parts:
        click.echo(_ask_line(part, now))
        click.echo(plain(f"          {part['by']} asks {part['to_name'] or 'nobody'}"))


def tell_blockers(workspace: Workspace, parts: Sequence[dict[str, Any]]) -> None:
    """List blockers with who is to clear them, their age, and who offers help."""
    from afield.kernel.ids import MemberId
    from afield.workspace.team.hours import hours_of

    now = now_of(workspace)
    now_ms = int(now.timestamp() * 1000)
    for part in parts:
        click.echo(plain(f"{part['id'][:_ID_CHARS]}  {part['state']}  {part['title']}"))
        hours = hours_of(workspace, MemberId(part["owner"] or part["author"]))
        age = duration(hours.working_minutes(part["made_ms"], now_ms) * 60)
        owner = part["owner_name"] or part["by"]
        click.echo(plain(f"          blocks {part['by']}; {owner} is to clear it"), nl=False)
        click.echo(f"; {age} of working time" if part["state"] == "open" else "")
        for label in part["labels"].values():
            click.echo(plain(f"          about {label}"))
        for move in part["moves"]:
            _tell_move(move, now, indent=10)


def tell_thread(workspace: Workspace, part: dict[str, Any]) -> None:
    """Show what was said about something."""
    now = now_of(workspace)
    click.echo(plain(part["label"]))
    if not part["comments"]:
        click.echo("nothing was said yet")
        click.echo(f'hint: afield comment {part["about"]} "what you think"', err=True)
    for one in part["comments"]:
        to = f", to {one['re']}" if one["re"] else ""
        at = f" at {one['anchor']}" if one["anchor"] else ""
        done = "  (dealt with)" if one["resolved"] else ""
        new = "  (new)" if one["unread"] else ""
        head = f"{one['number']:>3}  {one['by']}{to}{at}, {when(one['at_ms'], now)}{done}{new}"
        click.echo(plain(head))
        for line in one["text"].splitlines():
            click.echo(f"     {plain(line)}")


def tell_inbox(workspace: Workspace, letters: Sequence[Letter]) -> None:
    """List what waits and what was said."""
    if not letters:
        click.echo("nothing waits for you")
        return
    now = now_of(workspace)
    for one in letters:
        for line in letter_lines(workspace, one, now):
            click.echo(line)


def letter_lines(
    workspace: Workspace, one: Letter, now: datetime, *, indent: int = 0
) -> Iterator[str]:
    """Yield the lines of one thing in the inbox."""
    from afield.workspace.team.telling import letter_head

    pad = " " * indent
    sign = "!" if one.urgent and one.waits else "*" if one.unread else " "
    sort, _, item = one.link.partition(":")
    head = letter_head(workspace, one, lambda at_ms: when(at_ms, now))
    yield plain(f"{pad}{sign} {head}")
    yield plain(f"{pad}    {one.title}  ({sort} {item[:_ID_CHARS]})")
    if one.text:
        yield plain(f"{pad}    {one.text}")


def _ask_line(part: dict[str, Any], now: datetime) -> str:
    urgent = "urgent, " if part["urgency"] == "urgent" and part["state"] != "closed" else ""
    due = ""
    if part["state"] == "open":
        late = part["due"] is not None and part["due"] < now.timestamp() * 1000
        due = f", {'overdue since' if late else 'due'} {when(part['due'], now)}"
        if part["due"] is None:
            due = ""
    return plain(f"{part['id'][:_ID_CHARS]}  {urgent}{part['state']}{due}  {part['title']}")


def _tell_move(move: dict[str, Any], now: datetime, *, indent: int = 2) -> None:
    how = f" as {move['outcome']}" if move.get("outcome", "done") != "done" else ""
    text = f": {move['text']}" if move.get("text") else ""
    head = f"{move['by']} {move['move']}{how}, {when(move['at_ms'], now)}{text}"
    click.echo(" " * indent + plain(head))
