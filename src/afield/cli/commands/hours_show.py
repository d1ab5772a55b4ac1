"""`afield hours show`: what somebody said of their time."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("show")
@click.argument("who", default="me")
@global_options
@click.pass_context
def command(context: click.Context, *, who: str) -> None:
    """Show when WHO works, where it is what time for them, and what they said."""
    from afield.cli.hours_view import tell_hours
    from afield.workspace.team.hours import hours_part
    from afield.workspace.team.people import find_member

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    member = find_member(workspace, who)
    part = hours_part(workspace, member)
    if session.json:
        emit_json({"schema": "afield.hours/1", **part})
        return
    tell_hours(part)
