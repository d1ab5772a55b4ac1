"""`afield meeting list`: those that are ahead."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("list")
@click.option("--all", "held", is_flag=True, help="Also those that are over, the newest first.")
@global_options
@click.pass_context
def command(context: click.Context, *, held: bool) -> None:
    """List the meetings ahead, the next one first."""
    from afield.cli.meeting_view import meeting_row
    from afield.workspace.team.meetings import meeting_part, meetings

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    parts = [meeting_part(workspace, one) for one in meetings(workspace, held=held)]
    if session.json:
        emit_json({"schema": "afield.meetings/1", "meetings": parts})
        return
    for part in parts:
        click.echo(meeting_row(part, session.local_now()))
    if not parts:
        click.echo("no meeting is ahead" if not held else "nobody met yet")
