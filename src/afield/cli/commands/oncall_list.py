"""`afield oncall list`: turns that go on or are ahead."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("list")
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """List who is on call now and next."""
    from afield.cli.standup_view import turn_lines
    from afield.workspace.team.oncall import turn_part, turns

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    found = turns(workspace, after_ms=workspace.record.now_ms())
    parts = [turn_part(workspace, one) for one in found]
    if session.json:
        emit_json({"schema": "afield.oncall/1", "turns": parts})
        return
    for line in turn_lines(workspace, parts, session.local_now()):
        click.echo(line)
    if not parts:
        click.echo("nobody is on call")
