"""`afield handover question`: ask about lines."""

from __future__ import annotations

import click

from afield.cli.handing import do
from afield.cli.session import global_options, session_of


@click.command("question")
@click.argument("handover")
@click.argument("text", nargs=-1)
@click.option("--line", "lines", type=int, multiple=True, help="Only this line; again.")
@global_options
@click.pass_context
def command(
    context: click.Context, *, handover: str, text: tuple[str, ...], lines: tuple[int, ...]
) -> None:
    """Ask about lines of HANDOVER before you take them."""
    from afield.cli.team_view import said
    from afield.workspace.team.taking import question

    session = session_of(context)
    words = said(session, text, "what you ask")
    do(session, handover, lambda workspace, item: question(workspace, item, words, numbers=lines))
