"""`afield handover drop`: leave lines out of a draft."""

from __future__ import annotations

import click

from afield.cli.handing import do
from afield.cli.session import global_options, session_of


@click.command("drop")
@click.argument("handover")
@click.argument("lines", type=int, nargs=-1, required=True)
@global_options
@click.pass_context
def command(context: click.Context, *, handover: str, lines: tuple[int, ...]) -> None:
    """Leave LINES out of the draft HANDOVER."""
    from afield.workspace.team.handovers import drop

    session = session_of(context)
    do(session, handover, lambda workspace, item: drop(workspace, item, lines))
