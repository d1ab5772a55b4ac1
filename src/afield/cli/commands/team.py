"""`afield team`: who is where, who works now, and when the others will."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("team")
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """List the members with their local time: those who work now, then by when they will."""
    from afield.cli.hours_view import tell_team
    from afield.workspace.team.hours import team_part

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    parts = team_part(workspace)
    if session.json:
        emit_json({"schema": "afield.team/1", "members": parts})
        return
    tell_team(parts)
