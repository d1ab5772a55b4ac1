"""`afield handover withdraw`: take one back."""

from __future__ import annotations

import click

from afield.cli.handing import do
from afield.cli.session import global_options, session_of


@click.command("withdraw")
@click.argument("handover")
@click.argument("text", nargs=-1)
@global_options
@click.pass_context
def command(context: click.Context, *, handover: str, text: tuple[str, ...]) -> None:
    """Take back HANDOVER, which nobody has accepted."""
    from afield.workspace.team.taking import withdraw

    session = session_of(context)
    words = " ".join(text)
    do(session, handover, lambda workspace, item: withdraw(workspace, item, words))
