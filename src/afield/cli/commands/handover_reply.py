"""`afield handover reply`: answer questions."""

from __future__ import annotations

import click

from afield.cli.handing import do
from afield.cli.session import global_options, session_of


@click.command("reply")
@click.argument("handover")
@click.argument("text", nargs=-1)
@global_options
@click.pass_context
def command(context: click.Context, *, handover: str, text: tuple[str, ...]) -> None:
    """Answer the open questions on HANDOVER."""
    from afield.cli.team_view import said
    from afield.workspace.team.taking import reply

    session = session_of(context)
    words = said(session, text, "the answer")
    do(session, handover, lambda workspace, item: reply(workspace, item, words))
