"""Asking on a terminal for a stand-up: Enter keeps what stands there, `=` is "nothing changed".

Who is stuck and begins with `@name` asks them; else it is a blocker of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from afield.cli.standup_view import prefill_lines
from afield.kernel.errors import AfieldError

if TYPE_CHECKING:
    from afield.kernel.ids import MemberId
    from afield.workspace.team.standup_drafts import Prefill
    from afield.workspace.workspace import Workspace

NOTHING_CHANGED = "="
_ASKED = {
    "state": "what else did you do",
    "next": "what is next",
    "decided": "what did you decide",
}


class Said(NamedTuple):
    """What a person says: by field, what they raise, or that nothing changed."""

    values: dict[str, str | None]
    blockers: list[str]
    asks: list[tuple[MemberId, str]]
    unchanged: bool


def asked(workspace: Workspace, found: Prefill, values: dict[str, str | None]) -> Said:
    """Ask for each field of a stand-up and for what keeps its author from going on."""
    for line in prefill_lines(found):
        click.echo(line, err=True)
    said = dict(values)
    for name, text in _ASKED.items():
        answer = _prompt(f"{text}? [Enter keeps it, {NOTHING_CHANGED} nothing changed]")
        if answer == NOTHING_CHANGED:
            return Said(values, [], [], unchanged=True)
        if answer:
            answer = answer.removeprefix("- ")
            before = getattr(found, name)
            said[name] = f"{before}\n- {answer}" if before and name != "next" else f"- {answer}"
    blockers: list[str] = []
    asks: list[tuple[MemberId, str]] = []
    text = "what keeps you from going on? [Enter: nothing; @name ... asks them]"
    while answer := _prompt(text):
        name, _, words = answer.removeprefix("@").partition(" ")
        if not answer.startswith("@"):
            blockers.append(answer)
        elif words.strip() and (member := _member(workspace, name)) is not None:
            asks.append((member, words.strip()))
        text = "what else? [Enter: nothing]"
    return Said(said, blockers, asks, unchanged=False)


def _member(workspace: Workspace, name: str) -> MemberId | None:
    from afield.workspace.team.people import find_member

    try:
        return find_member(workspace, name.replace("_", " "))
    except AfieldError as error:
        click.echo(f"  {error}", err=True)
        return None


def _prompt(text: str) -> str:
    return str(click.prompt(text, default="", show_default=False, err=True)).strip()
