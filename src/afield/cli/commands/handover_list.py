"""`afield handover list`: handovers, the newest first."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("list")
@click.option("--to", metavar="WHO", help="Those that somebody is to take.")
@click.option("--from", "author", metavar="WHO", help="Those of somebody.")
@click.option("--all", "closed", is_flag=True, help="Also those that are over.")
@global_options
@click.pass_context
def command(context: click.Context, *, to: str | None, author: str | None, closed: bool) -> None:
    """List handovers, the newest first."""
    from afield.cli.handing import SCHEMA
    from afield.cli.handover_view import handover_row
    from afield.workspace.team.handover_documents import handover_part
    from afield.workspace.team.handovers import handovers
    from afield.workspace.team.people import find_member

    session = session_of(context)
    workspace = session.workspace()
    workspace.refresh()
    found = handovers(
        workspace,
        to=None if to is None else find_member(workspace, to),
        author=None if author is None else find_member(workspace, author),
        closed=closed,
    )
    parts = [handover_part(workspace, one) for one in found]
    if session.json:
        emit_json({"schema": f"{SCHEMA.partition('/')[0]}s/1", "handovers": parts})
        return
    for part in parts:
        click.echo(handover_row(part))
    if not parts:
        click.echo("no handover is open" if not closed else "nobody handed over yet")
