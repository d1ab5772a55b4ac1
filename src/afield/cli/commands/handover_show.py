"""`afield handover show`: one handover, line by line."""

from __future__ import annotations

import click

from afield.cli.handing import tell
from afield.cli.session import global_options, session_of


@click.command("show")
@click.argument("handover")
@global_options
@click.pass_context
def command(context: click.Context, *, handover: str) -> None:
    """Show HANDOVER: its lines, who is to take it, what was said, and how it went."""
    from afield.teamwork.sorts.handover import HANDOVER
    from afield.workspace.team.items import find_item

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    tell(session, workspace, find_item(workspace, HANDOVER, handover))
