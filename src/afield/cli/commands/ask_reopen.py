"""`afield ask reopen`: open an ask again."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("reopen")
@click.argument("ask")
@click.argument("text", nargs=-1)
@global_options
@click.pass_context
def command(context: click.Context, *, ask: str, text: tuple[str, ...]) -> None:
    """Open ASK again, and say why."""
    from afield.cli.team_view import tell_ask
    from afield.teamwork.sorts.ask import ASK
    from afield.workspace.team.asks import ask_part, reopen
    from afield.workspace.team.items import find_item

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    found = reopen(workspace, find_item(workspace, ASK, ask), text=" ".join(text))
    part = ask_part(workspace, found)
    if session.json:
        emit_json({"schema": "afield.ask/1", **part})
        return
    tell_ask(workspace, part)
