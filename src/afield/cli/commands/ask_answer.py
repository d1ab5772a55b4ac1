"""`afield ask answer`: answer what was asked."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("answer")
@click.argument("ask")
@click.argument("text", nargs=-1)
@click.option("--about", multiple=True, metavar="WHAT", help="What the answer points to; again.")
@global_options
@click.pass_context
def command(
    context: click.Context, *, ask: str, text: tuple[str, ...], about: tuple[str, ...]
) -> None:
    """Answer ASK; `-` or nothing reads the text from stdin."""
    from afield.cli.team_view import said, tell_ask
    from afield.teamwork.sorts.ask import ASK
    from afield.workspace.team.asks import answer, ask_part
    from afield.workspace.team.items import find_item
    from afield.workspace.team.links import link_to

    session = session_of(context)
    workspace = session.writing("team.write")
    workspace.refresh()
    found = find_item(workspace, ASK, ask)
    words = said(session, text, "the answer")
    found = answer(workspace, found, words, about=[link_to(workspace, one) for one in about])
    part = ask_part(workspace, found)
    if session.json:
        emit_json({"schema": "afield.ask/1", **part})
        return
    tell_ask(workspace, part)
