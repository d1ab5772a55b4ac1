"""`afield ask pass`: let somebody else be asked."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("pass")
@click.argument("ask")
@click.argument("who")
@global_options
@click.pass_context
def command(context: click.Context, *, ask: str, who: str) -> None:
    """Let WHO be asked instead; everything that was said stays."""
    from afield.cli.team_view import tell_ask
    from afield.teamwork.sorts.ask import ASK
    from afield.workspace.team.asks import ask_part, hand_on
    from afield.workspace.team.items import find_item
    from afield.workspace.team.people import find_member

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    found = hand_on(workspace, find_item(workspace, ASK, ask), find_member(workspace, who))
    part = ask_part(workspace, found)
    if session.json:
        emit_json({"schema": "afield.ask/1", **part})
        return
    tell_ask(workspace, part)
