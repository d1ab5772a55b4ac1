"""`afield oncall drop`: take one's turn back."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("drop")
@click.argument("turn")
@global_options
@click.pass_context
def command(context: click.Context, *, turn: str) -> None:
    """Take TURN back; it is one of yours."""
    from afield.teamwork.sorts.oncall import ONCALL
    from afield.workspace.team.items import find_item
    from afield.workspace.team.oncall import drop_call, turn_part

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    item = drop_call(workspace, find_item(workspace, ONCALL, turn))
    if session.json:
        emit_json({"schema": "afield.oncall/1", "turns": [turn_part(workspace, item)]})
    else:
        click.echo(f"{item.id[:8]} was taken back")
