"""`afield handover surprise`: what was not in it."""

from __future__ import annotations

import click

from afield.cli.handing import do
from afield.cli.session import global_options, session_of


@click.command("surprise")
@click.argument("handover")
@click.argument("text", nargs=-1)
@global_options
@click.pass_context
def command(context: click.Context, *, handover: str, text: tuple[str, ...]) -> None:
    """Say what came up after HANDOVER and was not in it."""
    from afield.cli.team_view import said
    from afield.workspace.team.taking import surprise

    session = session_of(context)
    words = said(session, text, "what came up")
    do(session, handover, lambda workspace, item: surprise(workspace, item, words))
