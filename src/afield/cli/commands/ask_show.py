"""`afield ask show`: an ask with what was said to it."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("show")
@click.argument("ask")
@global_options
@click.pass_context
def command(context: click.Context, *, ask: str) -> None:
    """Show ASK: what is needed, by when, and what was said."""
    from afield.cli.team_view import tell_ask
    from afield.teamwork.sorts.ask import ASK
    from afield.workspace.team.asks import ask_part
    from afield.workspace.team.items import find_item

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    part = ask_part(workspace, find_item(workspace, ASK, ask))
    if session.json:
        emit_json({"schema": "afield.ask/1", **part})
        return
    tell_ask(workspace, part)
