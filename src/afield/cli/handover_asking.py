"""Asking on a terminal for what the record cannot know of a handover, then handing over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from afield.cli.handover_view import care
from afield.cli.output import plain
from afield.kernel.errors import AfieldError

if TYPE_CHECKING:
    from afield.teamwork.handover import Line
    from afield.teamwork.query import Item
    from afield.workspace.workspace import Workspace

_ASKED = {
    "assessment": "how is it, as you see it",
    "if": "if what happens (a query such as metrics.loss > 2 is looked after)",
    "then": "then do what",
    "call": "else call whom",
}


def fill_in(workspace: Workspace, item: Item) -> Item:
    """Ask line by line, then whether to hand over; an empty answer leaves something open."""
    from afield.teamwork.handover import lines, missing
    from afield.workspace.team.handovers import fill

    for line in lines(item):
        lacking = missing(line)
        if lacking:
            values = _asked(workspace, line, lacking)
            if values:
                item = fill(workspace, item, line.number, values)
    if any(missing(line) for line in lines(item)):
        return item
    if not click.confirm("hand over now?", default=True, err=True):
        return item
    return _offered(workspace, item)


def _asked(workspace: Workspace, line: Line, lacking: tuple[str, ...]) -> dict[str, Any]:
    from afield.workspace.team.items import words_of
    from afield.workspace.team.links import label_of
    from afield.workspace.team.people import find_member
    from afield.workspace.team.watching import checked

    about = line.get("about")
    label = f"{label_of(workspace, about)}: " if about else ""
    facts = words_of(workspace, line.get("facts"))
    how = care(line.severity, line.get("topic"))
    click.echo(plain(f"\n{line.number}  {how}  {label}{facts}"), err=True)
    found: dict[str, Any] = {}
    for name in lacking:
        answer = _prompt(_ASKED[name])
        if not answer:
            continue
        if name == "call":
            try:
                found["call"] = find_member(workspace, answer)
            except AfieldError as error:
                click.echo(f"  {error}", err=True)
        elif name == "if":
            try:
                found["when"] = checked(answer)
            except AfieldError:
                found["condition"] = answer
        else:
            found[name] = answer
    return found


def _offered(workspace: Workspace, item: Item) -> Item:
    from afield.teamwork.errors import MoveRefused
    from afield.workspace.team.offering import offer

    try:
        return offer(workspace, item)
    except MoveRefused as refused:
        if "safe state" not in str(refused):
            raise
        click.echo(f"{refused}", err=True)
    words = _prompt("what is safe while nobody is there")
    return offer(workspace, item, values={"safe_state": words}) if words else item


def _prompt(text: str) -> str:
    return str(click.prompt(f"  {text}", default="", show_default=False, err=True)).strip()
