"""`afield meeting show`: one meeting, in everybody's time."""

from __future__ import annotations

import click

from afield.cli.meeting_telling import tell
from afield.cli.session import global_options, session_of


@click.command("show")
@click.argument("meeting")
@global_options
@click.pass_context
def command(context: click.Context, *, meeting: str) -> None:
    """Show MEETING: agenda, notes, who was there, and its time where each one is."""
    from afield.teamwork.sorts.meeting import MEETING
    from afield.workspace.team.items import find_item

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    tell(session, workspace, find_item(workspace, MEETING, meeting))
