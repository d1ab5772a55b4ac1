"""What the commands of `afield meeting` share: one is found, something is done, it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from afield.cli.output import emit_json

if TYPE_CHECKING:
    from afield.cli.session import Session
    from afield.teamwork.query import Item
    from afield.workspace.workspace import Workspace


def do(session: Session, words: str, act: Callable[[Workspace, Item], Item]) -> None:
    """Do something with the meeting of an id, and show how it stands."""
    from afield.teamwork.sorts.meeting import MEETING
    from afield.workspace.team.items import find_item

    workspace = session.writing("team.write")
    workspace.refresh()
    tell(session, workspace, act(workspace, find_item(workspace, MEETING, words)))


def tell(session: Session, workspace: Workspace, item: Item) -> None:
    """Show a meeting."""
    from afield.cli.meeting_view import meeting_lines
    from afield.workspace.team.meetings import meeting_part

    part = meeting_part(workspace, item)
    if session.json:
        emit_json({"schema": "afield.meeting/1", **part})
        return
    for line in meeting_lines(part, session.local_now()):
        click.echo(line)
