"""`afield ask close`: say what came of an ask."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("close")
@click.argument("ask")
@click.argument("text", nargs=-1)
@click.option("--declined", "outcome", flag_value="declined", help="You were asked, and will not.")
@click.option("--withdrawn", "outcome", flag_value="withdrawn", help="It is needed no more.")
@global_options
@click.pass_context
def command(
    context: click.Context, *, ask: str, text: tuple[str, ...], outcome: str | None
) -> None:
    """Close ASK: it is done, unless an option says otherwise."""
    from afield.cli.team_view import tell_ask
    from afield.teamwork.sorts.ask import ASK
    from afield.workspace.team.asks import ask_part, close
    from afield.workspace.team.items import find_item

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    found = find_item(workspace, ASK, ask)
    part = ask_part(
        workspace, close(workspace, found, outcome=outcome or "done", text=" ".join(text))
    )
    if session.json:
        emit_json({"schema": "afield.ask/1", **part})
        return
    tell_ask(workspace, part)
