"""`afield blocker list`: what is in the way, the oldest first."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("list")
@click.option("--cleared", is_flag=True, help="Also those that are out of the way.")
@global_options
@click.pass_context
def command(context: click.Context, *, cleared: bool) -> None:
    """List blockers with their age in their owners' working hours."""
    from afield.cli.team_view import tell_blockers
    from afield.workspace.team.blockers import blocker_part, blockers

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    found = reversed(blockers(workspace, cleared=cleared))
    parts = [blocker_part(workspace, one) for one in found]
    if session.json:
        emit_json({"schema": "afield.blockers/1", "blockers": parts})
        return
    if not parts:
        click.echo("nothing is in anybody's way")
        return
    tell_blockers(workspace, parts)
