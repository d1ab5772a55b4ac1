"""Asking on a terminal for what the record cannot know of a handover, then handing over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from afield.cli.handover_view import care, is_apart
from afield.cli.output import plain
from afield.kernel.errors import AfieldError

if TYPE_CHECKING:
    from afield.teamwork.handover import Line
    from afield.teamwork.query import Item
    from afield.workspace.workspace import Workspace

_ASKED = {
    "assessment": "how is it, as you see it",
    "if": "if what happens",
    "then": "then do what",
    "call": "else call whom",
}
_LOOKED_AFTER = " (a query such as metrics.loss > 2 is looked after)"
_SHOWN = 8


def fill_in(workspace: Workspace, item: Item) -> Item:
    """Ask line by line, then whether to hand over; an empty answer leaves something open."""
    try:
        return _filled_in(workspace, item)
    except click.Abort:
        click.echo(f"\nit stays a draft: afield handover show {item.id[:_SHOWN]}", err=True)
        raise


def _filled_in(workspace: Workspace, item: Item) -> Item:
    from afield.teamwork.handover import lines, missing
    from afield.workspace.team.handovers import fill

    if any(missing(line) for line in lines(item)):
        click.echo("what the record cannot know; Enter leaves it open", err=True)
    for line in lines(item):
        lacking = missing(line)
        if lacking:
            values = _asked(workspace, line, lacking)
            if values:
                item = fill(workspace, item, line.number, values)
    if any(missing(line) for line in lines(item)):
        return item
    more = _for_good(workspace, item) if item.get("kind") == "role" else {}
    if more is None or not click.confirm("hand over now?", default=True, err=True):
        return item
    return _offered(workspace, item, more)


def _for_good(workspace: Workspace, item: Item) -> dict[str, str] | None:
    """Ask for what is not ready to change hands; None: it is not handed over yet."""
    from afield.workspace.team.items import words_of
    from afield.workspace.team.readiness import readiness

    values: dict[str, str] = {}
    rollback = words_of(workspace, item.get("rollback"))
    if not rollback:
        values["rollback"] = rollback = _prompt("how does one go back")
    bad = [one for one in readiness(workspace, item.get("about"), rollback) if not one.good]
    if not bad or item.get("despite"):
        return values
    for one in bad:
        click.echo(plain(f"  no  {f'{one.name} {one.about}'.strip()}: {one.why}"), err=True)
    values["despite"] = _prompt("why does it change hands all the same [Enter: not yet]")
    return values if values["despite"] else None


def _asked(workspace: Workspace, line: Line, lacking: tuple[str, ...]) -> dict[str, Any]:
    from afield.workspace.team.items import words_of
    from afield.workspace.team.links import label_of
    from afield.workspace.team.watching import checked

    about = line.get("about")
    label = f"{label_of(workspace, about)}: " if is_apart(about) else ""
    facts = words_of(workspace, line.get("facts"))
    how = care(line.severity, line.get("topic"))
    click.echo(plain(f"\n{line.number}  {how}  {label}{facts}"), err=True)
    found: dict[str, Any] = {}
    for name in lacking:
        is_run = name == "if" and (about or "").startswith("run:")
        answer = _prompt(f"{_ASKED[name]}{_LOOKED_AFTER if is_run else ''}")
        if not answer:
            continue
        if name == "call":
            found |= _called(workspace, answer)
        elif name == "if":
            try:
                found["when"] = checked(answer, about)
            except AfieldError:
                found["condition"] = answer
        else:
            found[name] = answer
    return found


def _called(workspace: Workspace, answer: str) -> dict[str, Any]:
    """Return who is to be called, asking again while nobody is of that name."""
    from afield.workspace.team.people import find_member

    while answer:
        try:
            return {"call": find_member(workspace, answer)}
        except AfieldError as error:
            click.echo(plain(f"  {error}"), err=True)
        answer = _prompt(_ASKED["call"])
    return {}


def _offered(workspace: Workspace, item: Item, values: dict[str, str]) -> Item:
    from afield.teamwork.errors import MoveRefused
    from afield.workspace.team.offering import offer

    try:
        return offer(workspace, item, values=values)
    except MoveRefused as refused:
        if "safe state" not in str(refused):
            raise
        click.echo(f"{refused}", err=True)
    words = _prompt("what is safe while nobody is there")
    return offer(workspace, item, values={**values, "safe_state": words}) if words else item


def _prompt(text: str) -> str:
    return str(click.prompt(f"  {text}", default="", show_default=False, err=True)).strip()
